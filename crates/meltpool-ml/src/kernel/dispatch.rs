//! Runs one safe body compiled for the widest instruction set that the machine has.

/// Work whose body is put into the caller's instruction set: `run` is to be `#[inline(always)]`, and so is all that it calls.
pub(crate) trait Job {
    fn run(self);
}

/// Runs a job. The body is the same on every path, with additions and products in one order and none of them fused, and
/// so are the bits of the result.
#[inline]
pub(crate) fn dispatch<J: Job>(job: J) {
    #[cfg(target_arch = "x86_64")]
    if path() == Path::Avx2 {
        #[expect(unsafe_code, reason = "the only call into a wider instruction set")]
        // SAFETY: `path` has found AVX2 on this machine.
        return unsafe { run_avx2(job) };
    }
    job.run();
}

#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "functions of a wider instruction set are unsafe in Rust 1.85"
)]
#[target_feature(enable = "avx2")]
// SAFETY: the body is safe code; a caller must have found AVX2 on the machine.
unsafe fn run_avx2<J: Job>(job: J) {
    job.run();
}

/// The instruction set of a job.
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

#[cfg(test)]
mod tests {
    use super::*;

    struct Sum<'a>(&'a [f32], &'a mut f32);

    impl Job for Sum<'_> {
        #[inline(always)]
        fn run(self) {
            *self.1 = self.0.iter().fold(0.1, |sum, v| sum * 1.001 + v);
        }
    }

    #[test]
    fn both_paths_run_and_give_the_same_bits() {
        let values: Vec<f32> = (0..1000).map(|k| (k as f32).sin()).collect();
        let run = |baseline: bool| {
            BASELINE_ONLY.set(baseline);
            let taken = path();
            let mut sum = 0.0;
            dispatch(Sum(&values, &mut sum));
            BASELINE_ONLY.set(false);
            (taken, sum.to_bits())
        };
        let (taken, bits) = run(true);
        assert_eq!(taken, Path::Baseline);
        assert_eq!(bits, run(false).1);
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            assert_eq!(run(false).0, Path::Avx2);
        }
    }
}
