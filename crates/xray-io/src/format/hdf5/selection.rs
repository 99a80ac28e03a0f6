//! Selections of elements of an array, as virtual data sets have them.
//!
//! HDF5 File Format Specification, version 3.0, section VIII.A ("Dataspace selection"): types all and hyperslab, the
//! latter regular or as a list of blocks that is the product of blocks along the axes, in versions 1 to 3.

use std::collections::BTreeSet;

/// Why a selection is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    /// It ends too early, or its numbers contradict each other.
    Damaged,
    /// A kind that is not read, by name.
    Unsupported(&'static str),
}

/// Some of the places along an axis, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Places {
    /// `count` blocks of `block` places, the first at `start`, one every `stride`.
    Regular {
        start: u64,
        stride: u64,
        count: u64,
        block: u64,
    },
    /// Blocks by their first place, their length, and how many places lie in the blocks before.
    List(Vec<[u64; 3]>),
}

impl Places {
    pub(super) fn all(length: u64) -> Self {
        Self::Regular {
            start: 0,
            stride: 1,
            count: 1,
            block: length,
        }
    }

    /// How many; the numbers were checked when they were read.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Regular { count, block, .. } => count * block,
            Self::List(blocks) => blocks
                .last()
                .map_or(0, |[_, length, before]| length + before),
        }
    }

    /// One behind the last place.
    pub(super) fn end(&self) -> u64 {
        match self {
            Self::Regular {
                start,
                stride,
                count,
                block,
            } => start + (count - 1) * stride + block,
            Self::List(blocks) => blocks.last().map_or(0, |[first, length, _]| first + length),
        }
    }

    /// The first place.
    pub(super) fn start(&self) -> u64 {
        match self {
            Self::Regular { start, .. } => *start,
            Self::List(blocks) => blocks.first().map_or(0, |block| block[0]),
        }
    }

    /// The place of this number, and how many places follow without a gap, itself counted.
    pub(super) fn place(&self, number: u64) -> (u64, u64) {
        match self {
            Self::Regular {
                start,
                stride,
                block,
                ..
            } => {
                let (step, rest) = (number / block, number % block);
                (start + step * stride + rest, block - rest)
            }
            Self::List(blocks) => {
                let i = blocks.partition_point(|[_, _, before]| *before <= number);
                let [first, length, before] = blocks[i - 1];
                (first + number - before, length - (number - before))
            }
        }
    }

    /// The number of a place, if it is one of them.
    pub(super) fn number(&self, place: u64) -> Option<u64> {
        match self {
            Self::Regular {
                start,
                stride,
                count,
                block,
            } => {
                let from = place.checked_sub(*start)?;
                // One block may be longer than the stride that then means nothing.
                let step = if *count == 1 { 0 } else { from / stride };
                let rest = from - step * stride;
                (step < *count && rest < *block).then(|| step * block + rest)
            }
            Self::List(blocks) => {
                let i = blocks.partition_point(|[first, _, _]| *first <= place);
                let [first, length, before] = *blocks.get(i.checked_sub(1)?)?;
                (place - first < length).then(|| before + place - first)
            }
        }
    }
}

/// A selection, before it is known of which array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Selection {
    All,
    /// The product of places along each axis.
    Slab(Vec<Places>),
}

/// Bytes that are read from the front.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Problem> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Problem::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    /// A little-endian number of up to eight bytes.
    pub(super) fn number(&mut self, length: usize) -> Result<u64, Problem> {
        let bytes = self.take(length)?;
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |value, byte| (value << 8) | u64::from(*byte)))
    }

    /// A text that ends with a zero byte.
    pub(super) fn text(&mut self) -> Result<&'a [u8], Problem> {
        let end = self.0.iter().position(|byte| *byte == 0);
        let text = self.take(end.ok_or(Problem::Damaged)?)?;
        self.take(1)?;
        Ok(text)
    }
}

/// No array of HDF5 has more axes.
const MAX_RANK: u64 = 32;

/// Takes a selection from the front of the bytes.
pub(super) fn parse(bytes: &mut Bytes<'_>) -> Result<Selection, Problem> {
    let (kind, version) = (bytes.number(4)?, bytes.number(4)?);
    match kind {
        0 => Err(Problem::Unsupported("no elements")),
        1 => Err(Problem::Unsupported("single points")),
        2 => hyperslab(bytes, version),
        3 => {
            bytes.take(8)?;
            Ok(Selection::All)
        }
        _ => Err(Problem::Damaged),
    }
}

fn hyperslab(bytes: &mut Bytes<'_>, version: u64) -> Result<Selection, Problem> {
    let (regular, width) = match version {
        1 => {
            bytes.take(8)?;
            (false, 4)
        }
        2 => {
            let flags = bytes.number(1)?;
            bytes.take(4)?;
            (flags & 1 == 1, 8)
        }
        3 => (bytes.number(1)? & 1 == 1, bytes.number(1)? as usize),
        _ => return Err(Problem::Unsupported("a hyperslab of an unknown version")),
    };
    if !matches!(width, 2 | 4 | 8) {
        return Err(Problem::Damaged);
    }
    let rank = bytes.number(4)?;
    if !(1..=MAX_RANK).contains(&rank) {
        return Err(Problem::Damaged);
    }
    let rank = rank as usize;
    if regular {
        return (0..rank)
            .map(|_| regular_axis(bytes, width))
            .collect::<Result<_, _>>()
            .map(Selection::Slab);
    }
    let n = bytes.number(width)?;
    // Nothing is allocated for blocks that are not there.
    let size = n
        .checked_mul((2 * rank * width) as u64)
        .filter(|size| n > 0 && *size <= bytes.0.len() as u64)
        .ok_or(Problem::Damaged)?;
    let mut list = Bytes(bytes.take(size as usize)?);
    let mut blocks = BTreeSet::new();
    for _ in 0..n {
        let starts = (0..rank).map(|_| list.number(width));
        let starts = starts.collect::<Result<Vec<_>, _>>()?;
        let mut block = Vec::with_capacity(rank);
        for start in starts {
            let last = list.number(width)?;
            if last < start || last == u64::MAX {
                return Err(Problem::Damaged);
            }
            block.push([start, last - start + 1]);
        }
        blocks.insert(block);
    }
    product(rank, &blocks)
}

fn regular_axis(bytes: &mut Bytes<'_>, width: usize) -> Result<Places, Problem> {
    let unlimited = u64::MAX >> (64 - 8 * width);
    let [start, stride, count, block] = [
        bytes.number(width)?,
        bytes.number(width)?,
        bytes.number(width)?,
        bytes.number(width)?,
    ];
    if count == unlimited || block == unlimited {
        return Err(Problem::Unsupported("an unlimited hyperslab"));
    }
    let fits = |places: u64| {
        let end = (count.checked_sub(1)?.checked_mul(stride)?)
            .checked_add(start)?
            .checked_add(block)?;
        (places > 0 && end < u64::MAX).then_some(())
    };
    let apart = count == 1 || (stride >= block && stride > 0);
    count
        .checked_mul(block)
        .and_then(fits)
        .filter(|()| apart)
        .ok_or(Problem::Damaged)?;
    Ok(Places::Regular {
        start,
        // Of one block it means nothing.
        stride: stride.max(1),
        count,
        block,
    })
}

/// A set of blocks as places along each axis, if it is their product.
fn product(rank: usize, blocks: &BTreeSet<Vec<[u64; 2]>>) -> Result<Selection, Problem> {
    let mut axes = Vec::with_capacity(rank);
    let mut n = 1_usize;
    for axis in 0..rank {
        let along: BTreeSet<[u64; 2]> = blocks.iter().map(|block| block[axis]).collect();
        n = n.saturating_mul(along.len());
        let mut places = Vec::with_capacity(along.len());
        let (mut end, mut before) = (0_u64, 0_u64);
        for [start, length] in along {
            if start < end && !places.is_empty() {
                return Err(Problem::Unsupported("an irregular hyperslab"));
            }
            places.push([start, length, before]);
            end = start.checked_add(length).ok_or(Problem::Damaged)?;
            before = before.checked_add(length).ok_or(Problem::Damaged)?;
        }
        axes.push(Places::List(places));
    }
    // Each block is a combination of the blocks along the axes: as many as there are combinations are all of them.
    if n == blocks.len() {
        Ok(Selection::Slab(axes))
    } else {
        Err(Problem::Unsupported("an irregular hyperslab"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(numbers: &[(u64, usize)]) -> Vec<u8> {
        let of = |(value, width): &(u64, usize)| {
            let mut bytes = value.to_le_bytes().to_vec();
            bytes.resize(*width, 0);
            bytes
        };
        numbers.iter().flat_map(of).collect()
    }

    #[test]
    fn places_count_forth_and_back() {
        let regular = Places::Regular {
            start: 3,
            stride: 5,
            count: 4,
            block: 2,
        };
        let list = Places::List(vec![[3, 2, 0], [8, 2, 2], [13, 2, 4], [18, 2, 6]]);
        let places = [3, 4, 8, 9, 13, 14, 18, 19];
        for axis in [&regular, &list] {
            assert_eq!((axis.len(), axis.start(), axis.end()), (8, 3, 20));
            for (number, place) in places.iter().enumerate() {
                let run = 2 - number as u64 % 2;
                assert_eq!(axis.place(number as u64), (*place, run));
            }
            for place in 0..25 {
                let expected = places.iter().position(|at| *at == place);
                assert_eq!(axis.number(place), expected.map(|number| number as u64));
            }
        }
    }

    #[test]
    fn versions_of_the_same_hyperslab_agree() {
        let first = bytes(&[(2, 4), (1, 4), (0, 4), (40, 4), (2, 4), (2, 4)]);
        let blocks = bytes(&[
            (1, 4),
            (0, 4),
            (1, 4),
            (6, 4),
            (4, 4),
            (0, 4),
            (4, 4),
            (6, 4),
        ]);
        let first = parse(&mut Bytes(&[first, blocks].concat())).unwrap();
        let second = bytes(&[(2, 4), (2, 4), (1, 1), (68, 4), (2, 4)]);
        let slab = [
            (1, 8),
            (3, 8),
            (2, 8),
            (1, 8),
            (0, 8),
            (1, 8),
            (1, 8),
            (7, 8),
        ];
        let second = parse(&mut Bytes(&[second, bytes(&slab)].concat())).unwrap();
        let third = bytes(&[(2, 4), (3, 4), (1, 1), (2, 1), (2, 4)]);
        let narrow = slab.map(|(value, _)| (value, 2));
        let third = parse(&mut Bytes(&[third, bytes(&narrow)].concat())).unwrap();
        assert_eq!(second, third);
        let (Selection::Slab(first), Selection::Slab(second)) = (first, second) else {
            panic!("hyperslabs");
        };
        for (a, b) in first.iter().zip(&second) {
            assert_eq!(a.len(), b.len());
            assert!((0..a.len()).all(|number| a.place(number).0 == b.place(number).0));
        }
    }

    #[test]
    fn refuses_what_it_cannot_read() {
        let unlimited = bytes(&[(2, 4), (3, 4), (1, 1), (4, 1), (1, 4)]);
        let axis = bytes(&[(0, 4), (1, 4), (u64::from(u32::MAX), 4), (1, 4)]);
        let axes = [unlimited, axis].concat();
        let problem = Problem::Unsupported("an unlimited hyperslab");
        assert_eq!(parse(&mut Bytes(&axes)), Err(problem));
        // Two blocks that touch at a corner.
        let corner = bytes(&[
            (2, 4),
            (1, 4),
            (0, 8),
            (2, 4),
            (2, 4),
            (0, 16),
            (1, 4),
            (1, 4),
            (1, 4),
            (1, 4),
        ]);
        let problem = Problem::Unsupported("an irregular hyperslab");
        assert_eq!(parse(&mut Bytes(&corner)), Err(problem));
        // More blocks than bytes, a stride within a block, no places at all.
        let many = bytes(&[(2, 4), (1, 4), (0, 8), (1, 4), (1 << 31, 4)]);
        assert_eq!(parse(&mut Bytes(&many)), Err(Problem::Damaged));
        for [start, stride, count, block] in [[0, 1, 2, 2], [0, 1, 0, 1], [u64::MAX - 1, 1, 1, 2]] {
            let head = bytes(&[(2, 4), (2, 4), (1, 1), (0, 4), (1, 4)]);
            let axis = bytes(&[(start, 8), (stride, 8), (count, 8), (block, 8)]);
            let all = [head, axis].concat();
            assert_eq!(parse(&mut Bytes(&all)), Err(Problem::Damaged));
        }
        assert_eq!(parse(&mut Bytes(&[])), Err(Problem::Damaged));
    }
}
