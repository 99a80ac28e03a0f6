//! Regions of masks: connected components, holes, hysteresis.

use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};

/// Which pixels touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Connectivity {
    /// Pixels that share a side.
    #[default]
    Four,
    /// Pixels that share a side or a corner.
    Eight,
}

/// One connected region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Component {
    /// Pixels.
    pub n_pixels: usize,
    /// First and last row.
    pub rows: [usize; 2],
    /// First and last column.
    pub columns: [usize; 2],
}

/// The connected regions of a mask.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    expect(
        clippy::unsafe_derive_deserialize,
        reason = "the macro that slices arrays expands to unsafe code of ndarray"
    )
)]
pub struct Components {
    /// 0 outside, else 1 + the index of the region.
    pub labels: Array2<u32>,
    /// The regions, in the order of their first pixels.
    pub list: Vec<Component>,
}

impl Components {
    /// Labels the regions of a mask, by runs and union of sets; $O(n)$ in pixels.
    ///
    /// # Examples
    ///
    /// ```
    /// use meltpool_morphology::{Components, Connectivity};
    /// use ndarray::array;
    ///
    /// let mask = array![[true, false, true], [false, true, true]];
    /// assert_eq!(Components::of(&mask.view(), Connectivity::Four).list.len(), 2);
    /// assert_eq!(Components::of(&mask.view(), Connectivity::Eight).list.len(), 1);
    /// ```
    pub fn of(mask: &ArrayView2<bool>, connectivity: Connectivity) -> Self {
        let (n_rows, n_columns) = mask.dim();
        let reach = usize::from(connectivity == Connectivity::Eight);
        let mut runs: Vec<[usize; 3]> = Vec::new(); // row, first column, one past the last
        let mut parent: Vec<u32> = Vec::new();
        let mut above = 0..0;
        for (y, row) in mask.rows().into_iter().enumerate() {
            let start = runs.len();
            let mut x = 0;
            while x < n_columns {
                if !row[x] {
                    x += 1;
                    continue;
                }
                let first = x;
                while x < n_columns && row[x] {
                    x += 1;
                }
                let run = runs.len();
                runs.push([y, first, x]);
                parent.push(run as u32);
                for k in above.clone() {
                    let [_, a, b] = runs[k];
                    if a < x + reach && first < b + reach {
                        unite(&mut parent, run as u32, k as u32);
                    }
                }
            }
            above = start..runs.len();
        }
        let mut labels = Array2::zeros((n_rows, n_columns));
        let mut number = vec![0_u32; runs.len()];
        let mut list: Vec<Component> = Vec::new();
        for (k, [y, first, end]) in runs.into_iter().enumerate() {
            // a root is the first run of its set
            let root = find(&mut parent, k as u32) as usize;
            if number[root] == 0 {
                list.push(Component {
                    n_pixels: 0,
                    rows: [y, y],
                    columns: [first, end - 1],
                });
                number[root] = list.len() as u32;
            }
            let label = number[root];
            let region = &mut list[label as usize - 1];
            region.n_pixels += end - first;
            region.rows[1] = y;
            region.columns = [region.columns[0].min(first), region.columns[1].max(end - 1)];
            labels.slice_mut(ndarray::s![y, first..end]).fill(label);
        }
        Self { labels, list }
    }

    /// The mask of one region.
    pub fn mask(&self, index: usize) -> Array2<bool> {
        self.labels.mapv(|label| label as usize == index + 1)
    }

    /// Index of the region with the most pixels, the first of equals.
    pub fn largest(&self) -> Option<usize> {
        (0..self.list.len())
            .rev()
            .max_by_key(|i| self.list[*i].n_pixels)
    }
}

pub(crate) fn find(parent: &mut [u32], mut i: u32) -> u32 {
    while parent[i as usize] != i {
        parent[i as usize] = parent[parent[i as usize] as usize];
        i = parent[i as usize];
    }
    i
}

pub(crate) fn unite(parent: &mut [u32], a: u32, b: u32) {
    let (a, b) = (find(parent, a), find(parent, b));
    if a != b {
        parent[a.max(b) as usize] = a.min(b);
    }
}

/// The mask with its holes: what is not connected to the border of the image by sides is inside.
///
/// # Examples
///
/// ```
/// use meltpool_morphology::fill_holes;
/// use ndarray::array;
///
/// let ring = array![[true, true, true], [true, false, true], [true, true, true]];
/// assert!(fill_holes(&ring.view())[[1, 1]]);
/// ```
pub fn fill_holes(mask: &ArrayView2<bool>) -> Array2<bool> {
    let (n_rows, n_columns) = mask.dim();
    let outside = Components::of(&mask.mapv(|inside| !inside).view(), Connectivity::Four);
    let open: Vec<bool> = outside
        .list
        .iter()
        .map(|region| {
            region.rows[0] == 0
                || region.columns[0] == 0
                || region.rows[1] + 1 == n_rows
                || region.columns[1] + 1 == n_columns
        })
        .collect();
    outside
        .labels
        .mapv(|label| label == 0 || !open[label as usize - 1])
}

/// Pixels above `low` in regions (by sides) that hold a pixel above `high` somewhere.
///
/// # Errors
///
/// [`Error::InvalidParameter`] unless both are finite and `low` is at most `high`.
///
/// # References
///
/// J. Canny, IEEE Trans. Pattern Anal. Mach. Intell. 8, 679 (1986), doi 10.1109/TPAMI.1986.4767851.
pub fn hysteresis(image: &ArrayView2<f32>, low: f64, high: f64) -> Result<Array2<bool>> {
    Error::finite("low", low)?;
    Error::finite("high", high)?;
    if low > high {
        return Err(Error::parameter("low", "at most high", low));
    }
    let regions = Components::of(
        &image.mapv(|v| f64::from(v) > low).view(),
        Connectivity::Four,
    );
    let mut seeded = vec![false; regions.list.len() + 1];
    for (label, value) in regions.labels.iter().zip(image) {
        if *label > 0 && f64::from(*value) > high {
            seeded[*label as usize] = true;
        }
    }
    Ok(regions.labels.mapv(|label| seeded[label as usize]))
}

/// Intersection over union of two masks; 1 if both are empty.
///
/// # Errors
///
/// [`Error::ShapeMismatch`].
pub fn intersection_over_union(a: &ArrayView2<bool>, b: &ArrayView2<bool>) -> Result<f64> {
    Error::same_shape("b", a.dim(), b.dim())?;
    let (mut both, mut either) = (0_usize, 0_usize);
    for (a, b) in a.iter().zip(b) {
        both += usize::from(*a && *b);
        either += usize::from(*a || *b);
    }
    Ok(if either == 0 {
        1.0
    } else {
        both as f64 / either as f64
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Flood fill, pixel by pixel.
    fn oracle(mask: &Array2<bool>, connectivity: Connectivity) -> Vec<usize> {
        let (h, w) = mask.dim();
        let mut seen = Array2::from_elem((h, w), false);
        let mut sizes = Vec::new();
        for y in 0..h {
            for x in 0..w {
                if !mask[(y, x)] || seen[(y, x)] {
                    continue;
                }
                let (mut stack, mut n) = (vec![(y, x)], 0);
                seen[(y, x)] = true;
                while let Some((y, x)) = stack.pop() {
                    n += 1;
                    for dy in -1_isize..=1 {
                        for dx in -1_isize..=1 {
                            if connectivity == Connectivity::Four && dy * dx != 0 {
                                continue;
                            }
                            let (a, b) = (y as isize + dy, x as isize + dx);
                            if a < 0 || b < 0 || a >= h as isize || b >= w as isize {
                                continue;
                            }
                            let at = (a as usize, b as usize);
                            if mask[at] && !seen[at] {
                                seen[at] = true;
                                stack.push(at);
                            }
                        }
                    }
                }
                sizes.push(n);
            }
        }
        sizes
    }

    proptest! {
        #[test]
        fn regions_are_those_of_a_flood_fill(bits in proptest::collection::vec(any::<bool>(), 0..200), w in 1_usize..15) {
            let h = bits.len() / w;
            let mask = Array2::from_shape_vec((h, w), bits[..h * w].to_vec()).unwrap();
            for connectivity in [Connectivity::Four, Connectivity::Eight] {
                let found = Components::of(&mask.view(), connectivity);
                let sizes: Vec<usize> = found.list.iter().map(|c| c.n_pixels).collect();
                prop_assert_eq!(sizes, oracle(&mask, connectivity));
                for (label, inside) in found.labels.iter().zip(&mask) {
                    prop_assert_eq!(*label > 0, *inside);
                }
            }
        }
    }

    #[test]
    fn hysteresis_keeps_weak_pixels_of_strong_regions() {
        let image = ndarray::array![[1.0_f32, 1.0, 0.0, 1.0], [0.0, 3.0, 0.0, 1.0]];
        let kept = hysteresis(&image.view(), 0.5, 2.0).unwrap();
        assert_eq!(kept.iter().filter(|k| **k).count(), 3);
        assert!(hysteresis(&image.view(), 2.0, 1.0).is_err());
    }

    #[test]
    fn a_bay_is_no_hole() {
        let bay = ndarray::array![[true, false, true], [true, true, true]];
        assert_eq!(fill_holes(&bay.view()), bay);
        let empty = Array2::from_elem((0, 3), false);
        assert_eq!(fill_holes(&empty.view()), empty);
    }
}
