//! What runs beside a camera allocates nothing after construction.

#![expect(
    unsafe_code,
    reason = "an allocator that counts can only be written so"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use meltpool_ml::{AdaptiveConformal, CubicRidge, Network, NetworkConfig, StreamingStudent};
use ndarray::Array2;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call goes to the system's allocator as it came; the count is a plain number of this thread.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise about the layout is handed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from the same allocator with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations() -> usize {
    COUNT.with(Cell::get)
}

#[test]
fn steps_windows_ridge_and_adaptive_intervals_allocate_nothing()
-> Result<(), Box<dyn std::error::Error>> {
    let mut student = StreamingStudent::new(&Network::new(NetworkConfig::lstm(5, 1, 2), 0)?)?;
    let x = Array2::from_shape_fn((60, 3), |(k, j)| ((k * (j + 2)) as f64 * 0.37).sin());
    let ridge = CubicRidge::new().fit(&x.view(), &x.view())?;
    let mut scratch = vec![0.0; ridge.n_terms()];
    let mut adaptive = AdaptiveConformal::new(0.1, 0.01, 50)?;
    let (mut out, mut depths) = ([0.0_f32; 2], [0.0; 3]);
    let before = allocations();
    let check = Box::new(1_u8);
    assert!(allocations() > before, "the counter counts");
    drop(check);
    let before = allocations();
    for k in 0..200 {
        let sample = (k as f32 * 0.1).sin();
        student.push(&[sample], &mut out)?;
        student.predict_window(&mut out)?;
        ridge.predict_into(&[f64::from(sample), 0.1, 0.2], &mut scratch, &mut depths)?;
        adaptive.update(depths[0].abs())?;
    }
    assert_eq!(allocations() - before, 0);
    Ok(())
}
