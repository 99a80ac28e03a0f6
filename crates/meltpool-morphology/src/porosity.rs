//! Porosity and pore sizes of a tomogram.

use ndarray::{ArrayView3, Axis};
use xray_io::PixelSize;

use crate::error::{Error, Result};
use crate::mask::{find, unite};

/// A pore of a tomogram.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Void {
    /// Voxels.
    pub n_voxels: usize,
    /// Volume in µm³.
    pub volume_um3: f64,
    /// Diameter in µm of the sphere of equal volume, $(6V/\pi)^{1/3}$.
    pub equivalent_diameter_um: f64,
    /// Centroid as slice, row and column.
    pub centroid: [f64; 3],
    /// Whether it touches the border of the stack, so that its size is a lower bound.
    pub is_cut: bool,
}

/// Porosity of a tomogram.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Porosity {
    /// Volume of pores over volume of the part, pores included.
    pub fraction: f64,
    /// Pores, the largest first.
    pub voids: Vec<Void>,
    /// Voxels of the part.
    pub n_part: usize,
}

impl Porosity {
    /// Of a stack (slices, rows, columns) of pore voxels within a part; voxels that share a face belong together, pores below `min_voxels` are
    /// left out. $O(n)$ in voxels, memory for one number a voxel.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for a `part` of another shape, [`Error::TooFew`] for an empty part, [`Error::TooLarge`] above $2^{31}$ voxels.
    ///
    /// # Examples
    ///
    /// ```
    /// use meltpool_morphology::{PixelSize, Porosity};
    /// use ndarray::Array3;
    ///
    /// let part = Array3::from_elem((10, 10, 10), true);
    /// let mut pores = Array3::from_elem((10, 10, 10), false);
    /// pores.slice_mut(ndarray::s![4..6, 4..6, 4..6]).fill(true);
    /// let found = Porosity::of(&pores.view(), &part.view(), PixelSize::from_micrometers(2.0)?, 1)?;
    /// assert_eq!((found.fraction, found.voids.len(), found.voids[0].volume_um3), (0.008, 1, 64.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(
        pores: &ArrayView3<bool>,
        part: &ArrayView3<bool>,
        voxel: PixelSize,
        min_voxels: usize,
    ) -> Result<Self> {
        if pores.dim() != part.dim() {
            return Err(Error::parameter(
                "part",
                "as large as the pores",
                format!("{:?}, not {:?}", part.dim(), pores.dim()),
            ));
        }
        if pores.len() as u64 > 1 << 31 {
            return Err(Error::TooLarge {
                what: "number of voxels",
                limit: 1 << 31,
                found: pores.len() as u64,
            });
        }
        let n_part = part.iter().filter(|p| **p).count();
        Error::at_least("porosity", "voxels of the part", 1, n_part)?;
        let (depth, height, width) = pores.dim();
        // runs along columns, united with those of the row above and the slice before
        let mut runs: Vec<[usize; 4]> = Vec::new();
        let mut parent: Vec<u32> = Vec::new();
        let mut before: Vec<std::ops::Range<usize>> = vec![0..0; height];
        for (z, slice) in pores.outer_iter().enumerate() {
            let inside = part.index_axis(Axis(0), z);
            let mut above = 0..0;
            for y in 0..height {
                let start = runs.len();
                let mut x = 0;
                while x < width {
                    if !(slice[(y, x)] && inside[(y, x)]) {
                        x += 1;
                        continue;
                    }
                    let first = x;
                    while x < width && slice[(y, x)] && inside[(y, x)] {
                        x += 1;
                    }
                    let run = runs.len();
                    runs.push([z, y, first, x]);
                    parent.push(run as u32);
                    for k in above.clone().chain(before[y].clone()) {
                        if runs[k][2] < x && first < runs[k][3] {
                            unite(&mut parent, run as u32, k as u32);
                        }
                    }
                }
                above = start..runs.len();
                before[y] = above.clone();
            }
        }
        let mut sums: std::collections::BTreeMap<u32, (usize, [f64; 3], bool)> =
            std::collections::BTreeMap::new();
        for (k, [z, y, first, end]) in runs.into_iter().enumerate() {
            let entry = sums
                .entry(find(&mut parent, k as u32))
                .or_insert((0, [0.0; 3], false));
            let n = end - first;
            entry.0 += n;
            for (sum, place) in
                entry
                    .1
                    .iter_mut()
                    .zip([z as f64, y as f64, 0.5 * (first + end - 1) as f64])
            {
                *sum += n as f64 * place;
            }
            entry.2 |=
                z == 0 || y == 0 || first == 0 || z + 1 == depth || y + 1 == height || end == width;
        }
        let edge = voxel.micrometers();
        let mut voids: Vec<Void> = sums
            .into_values()
            .filter(|(n, ..)| *n >= min_voxels)
            .map(|(n, sum, is_cut)| {
                let volume = n as f64 * edge * edge * edge;
                Void {
                    n_voxels: n,
                    volume_um3: volume,
                    equivalent_diameter_um: libm::cbrt(6.0 * volume / std::f64::consts::PI),
                    centroid: sum.map(|s| s / n as f64),
                    is_cut,
                }
            })
            .collect();
        voids.sort_by_key(|void| std::cmp::Reverse(void.n_voxels));
        let n_void: usize = voids.iter().map(|v| v.n_voxels).sum();
        Ok(Self {
            fraction: n_void as f64 / n_part as f64,
            voids,
            n_part,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn spheres_have_their_diameters() {
        let centers = [([20.3, 20.1, 20.4], 8.0), ([20.4, 19.8, 40.2], 5.0)];
        let pores = Array3::from_shape_fn((40, 40, 60), |(z, y, x)| {
            let at = [z as f64, y as f64, x as f64];
            centers.iter().any(|(c, r)| {
                at.iter()
                    .zip(c)
                    .map(|(a, c)| (a - c) * (a - c))
                    .sum::<f64>()
                    < r * r
            })
        });
        let part = Array3::from_elem((40, 40, 60), true);
        let px = PixelSize::from_micrometers(3.0).unwrap();
        let found = Porosity::of(&pores.view(), &part.view(), px, 2).unwrap();
        assert_eq!(found.voids.len(), 2);
        for (void, (center, r)) in found.voids.iter().zip(&centers) {
            assert!((void.equivalent_diameter_um / (6.0 * r) - 1.0).abs() < 0.02);
            assert!(
                void.centroid
                    .iter()
                    .zip(center)
                    .all(|(a, b)| (a - b).abs() < 0.1)
                    && !void.is_cut
            );
        }
    }

    #[test]
    fn a_bent_pore_is_one_and_corners_do_not_join() {
        let mut pores = Array3::from_elem((3, 3, 3), false);
        for at in [(0, 0, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1)] {
            pores[at] = true;
        }
        pores[(2, 2, 2)] = true;
        let mut part = Array3::from_elem((3, 3, 3), true);
        let px = PixelSize::from_micrometers(1.0).unwrap();
        let found = Porosity::of(&pores.view(), &part.view(), px, 1).unwrap();
        assert_eq!(
            found.voids.iter().map(|v| v.n_voxels).collect::<Vec<_>>(),
            [4, 1]
        );
        assert!(found.voids[0].is_cut);
        part.fill(false);
        assert!(Porosity::of(&pores.view(), &part.view(), px, 1).is_err());
        assert!(
            Porosity::of(
                &pores.view(),
                &Array3::from_elem((1, 1, 1), true).view(),
                px,
                1
            )
            .is_err()
        );
    }
}
