//! Image gradients.

use crate::kernel::dispatch::dispatch;
use crate::kernel::filter::{DerivativeAlong, DerivativeDown};
use crate::parallel::bands;
use crate::plane::Plane;
use crate::smooth::pad_row;

/// Five-point derivatives $(1, -8, 0, 8, -1)/12$ of row `y` along columns and rows, the border repeated.
pub(crate) fn gradient_row(
    image: &Plane,
    y: usize,
    padded: &mut Vec<f32>,
    along: &mut [f32],
    down: &mut [f32],
) {
    let last = image.rows() - 1;
    padded.resize(image.columns() + 4, 0.0);
    pad_row(padded, image.row(y), 2);
    dispatch(DerivativeAlong, (along, &padded[..]));
    let at = |j: usize| image.row((y + j).saturating_sub(2).min(last));
    dispatch(DerivativeDown, (down, at(0), at(1), at(3), at(4)));
}

/// Both derivatives of an image.
pub(crate) fn gradients(image: &Plane, along: &mut Plane, down: &mut Plane) {
    let columns = image.columns();
    bands(
        [along.data_mut(), down.data_mut()],
        columns,
        |first, [along, down]| {
            let mut padded = Vec::new();
            let lines = along
                .chunks_exact_mut(columns)
                .zip(down.chunks_exact_mut(columns));
            for (k, (along, down)) in lines.enumerate() {
                gradient_row(image, first + k, &mut padded, along, down);
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_exact_for_quartics() {
        let image = Plane::from_fn(12, 14, |(y, x)| {
            let (x, y) = (0.1 * x as f32, 0.1 * y as f32);
            x.powi(4) - 2.0 * x * y.powi(3) + y
        });
        let (mut along, mut down) = (vec![0.0; 14], vec![0.0; 14]);
        gradient_row(&image, 5, &mut Vec::new(), &mut along, &mut down);
        for x in 2..12 {
            let (fx, fy) = (0.1 * x as f32, 0.5_f32);
            approx::assert_abs_diff_eq!(
                along[x],
                0.1 * (4.0 * fx.powi(3) - 2.0 * fy.powi(3)),
                epsilon = 1e-5
            );
            approx::assert_abs_diff_eq!(down[x], 0.1 * (1.0 - 6.0 * fx * fy * fy), epsilon = 1e-5);
        }
        gradient_row(&image, 0, &mut Vec::new(), &mut along, &mut down);
        assert!(down.iter().all(|d| d.is_finite()));
    }
}
