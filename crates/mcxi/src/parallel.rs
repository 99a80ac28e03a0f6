//! Blocks of pixels on one or several threads, with the same bits.

use crate::kernel::block::{BlockPlan, tile_width};
use crate::sample::{Real, Sample};

/// Part of the outputs: one slice an image, of the same pixels.
pub(crate) struct Strip<'a, T> {
    pub(crate) start: usize,
    pub(crate) out: Vec<&'a mut [T]>,
}

/// Cuts images of the same size into strips of the same pixels.
pub(crate) fn strips<'a, T>(
    images: impl Iterator<Item = &'a mut [T]>,
    n_pixels: usize,
    length: usize,
) -> Vec<Strip<'a, T>> {
    let mut strips: Vec<Strip<'a, T>> = (0..n_pixels)
        .step_by(length)
        .map(|start| Strip {
            start,
            out: Vec::new(),
        })
        .collect();
    for image in images {
        for (strip, part) in strips.iter_mut().zip(image.chunks_mut(length)) {
            strip.out.push(part);
        }
    }
    strips
}

/// The images of all pixels.
pub(crate) fn run_blocks<S: Sample>(
    plan: &BlockPlan<S::Real>,
    frames: &[&[S]],
    n_pixels: usize,
) -> Vec<Vec<S::Real>> {
    let mut images = vec![vec![<S::Real as Real>::of(0.0); n_pixels]; plan.n_images()];
    let length = 4 * tile_width::<S>(plan.n_frames());
    let strips = strips(images.iter_mut().map(Vec::as_mut_slice), n_pixels, length);
    for_each(
        strips,
        || plan.workspace::<S>(),
        |workspace, mut strip| plan.run(frames, strip.start, &mut strip.out, workspace),
    );
    images
}

/// Does work on each item, with a workspace for each thread.
#[cfg(feature = "rayon")]
pub(crate) fn for_each<T: Send, W>(
    items: Vec<T>,
    workspace: impl Fn() -> W + Sync + Send,
    work: impl Fn(&mut W, T) + Sync + Send,
) {
    use rayon::prelude::*;
    items
        .into_par_iter()
        .for_each_init(workspace, |workspace, item| work(workspace, item));
}

/// Does work on each item, with one workspace.
#[cfg(not(feature = "rayon"))]
pub(crate) fn for_each<T: Send, W>(
    items: Vec<T>,
    workspace: impl Fn() -> W + Sync + Send,
    work: impl Fn(&mut W, T) + Sync + Send,
) {
    let mut workspace = workspace();
    for item in items {
        work(&mut workspace, item);
    }
}
