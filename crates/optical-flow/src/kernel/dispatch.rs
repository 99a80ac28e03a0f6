//! Runs one safe body compiled for the widest instruction set that the machine has.

/// A body of a hot loop. `run` is to be `#[inline(always)]`, and so is all that it calls: it is then compiled into the instruction set of
/// its caller.
pub(crate) trait Kernel<A> {
    fn run(arguments: A);
}

/// Runs a kernel. It is the same on every path, with additions and products in one order and none of them fused, and so are the
/// bits of the result.
#[inline]
pub(crate) fn dispatch<A, K: Kernel<A>>(_kernel: K, arguments: A) {
    #[cfg(target_arch = "x86_64")]
    if path() == Path::Avx2 {
        #[expect(unsafe_code, reason = "the only call into a wider instruction set")]
        // SAFETY: `path` has found AVX2 on this machine.
        return unsafe { run_avx2::<A, K>(arguments) };
    }
    K::run(arguments);
}

#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "functions of a wider instruction set are unsafe in Rust 1.85"
)]
#[target_feature(enable = "avx2")]
// SAFETY: the body is safe code; a caller must have found AVX2 on the machine.
unsafe fn run_avx2<A, K: Kernel<A>>(arguments: A) {
    K::run(arguments);
}

/// The instruction set of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Path {
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

#[cfg(test)]
thread_local! {
    /// Set by tests that compare the paths.
    pub(crate) static BASELINE_ONLY: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// The widest path that this machine has; the standard library remembers what it found.
#[inline]
fn path() -> Path {
    #[cfg(test)]
    if BASELINE_ONLY.get() {
        return Path::Baseline;
    }
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        return Path::Avx2;
    }
    Path::Baseline
}
