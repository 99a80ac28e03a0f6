//! Agreement with the NumPy program of `tests/data/oracle`: f64 within 1e-12 and f32 within 1e-5 of the largest value of each array.

mod common;

use common::{Outcome, deviation, frames, golden};
use mcxi::{
    Band, BandPass, Detrend, Extension, FrameRate, Measure, MoveContrast, Window, zero_order,
};
use ndarray::Axis;

const RATE: f64 = 1.087e6;
const MEASURES: [(Measure, &str); 5] = [
    (Measure::Rms, "band_rms"),
    (Measure::SumAmplitude, "sum_amp"),
    (Measure::MaxAmplitude, "max_amp"),
    (Measure::PeakFrequency, "peakfreq"),
    (Measure::CentroidFrequency, "centroid"),
];

fn band() -> Band {
    Band::from_fraction(0.06, 0.25)
}

fn contrast(window: Window, detrend: Detrend) -> Result<MoveContrast, mcxi::Error> {
    let rate = FrameRate::from_hertz(RATE).map_err(|source| mcxi::Error::Read {
        frame: 0,
        source: source.into(),
    })?;
    Ok(MoveContrast::new(rate)
        .band(band())
        .window(window)
        .detrend(detrend))
}

#[test]
fn images_of_every_measure() -> Outcome {
    for n in [30, 32, 37] {
        let input = frames(&format!("T{n}_input"))?;
        let single = input.mapv(|v| v as f32);
        for (window, w) in [(Window::Rectangular, "rect"), (Window::Hann, "hann")] {
            for (detrend, d) in [(Detrend::Mean, 0), (Detrend::Linear, 1)] {
                let contrast = contrast(window, detrend)?.measures(MEASURES.map(|(m, _)| m));
                let double_images = contrast.images(&input.view())?;
                let single_images = contrast.images(&single.view())?;
                for (i, (measure, name)) in MEASURES.into_iter().enumerate() {
                    let reference = golden(&format!("T{n}_{w}_d{d}_{name}"))?;
                    let double = deviation(double_images[i].image.iter().copied(), &reference);
                    assert!(double <= 1e-12, "T{n} {w} d{d} {measure:?}: {double:e}");
                    let values = single_images[i].image.iter().map(|v| f64::from(*v));
                    let single = deviation(values, &reference);
                    assert!(
                        single <= 1e-5,
                        "T{n} {w} d{d} {measure:?}: {single:e} in f32"
                    );
                }
            }
        }
    }
    Ok(())
}

#[test]
fn images_of_other_windows_trends_and_lengths() -> Outcome {
    let mut worst = [0.0_f64; 2];
    for (n, length) in [(64, 64), (128, 128), (24, 64), (50, 80), (151, 151)] {
        let input = frames(&format!("more_T{n}_input"))?;
        let single = input.mapv(|v| v as f32);
        for (window, w) in [
            (Window::Rectangular, "rect"),
            (Window::Hann, "hann"),
            (Window::Hamming, "hamming"),
            (Window::Blackman, "blackman"),
        ] {
            for (detrend, d) in [
                (Detrend::None, "none"),
                (Detrend::Mean, "mean"),
                (Detrend::Linear, "linear"),
                (Detrend::Quadratic, "quadratic"),
            ] {
                let contrast = contrast(window, detrend)?
                    .bands([band(), Band::all()])
                    .transform_length(length);
                let reference = golden(&format!("more_T{n}_{w}_{d}"))?;
                let double_images = contrast.images(&input.view())?;
                let single_images = contrast.images(&single.view())?;
                for (i, reference) in reference.axis_iter(Axis(0)).enumerate() {
                    let double = deviation(double_images[i].image.iter().copied(), &reference);
                    assert!(double <= 1e-12, "T{n} {w} {d} image {i}: {double:e}");
                    let values = single_images[i].image.iter().map(|v| f64::from(*v));
                    let single = deviation(values, &reference);
                    // Without a trend removed the band lies some 1e3 below the mean, and so do its digits.
                    let allowed = if detrend == Detrend::None { 1e-4 } else { 1e-5 };
                    assert!(
                        single <= allowed,
                        "T{n} {w} {d} image {i}: {single:e} in f32"
                    );
                    if detrend != Detrend::None {
                        worst = [worst[0].max(double), worst[1].max(single)];
                    }
                }
            }
        }
    }
    println!("largest deviations: f64 {:e}, f32 {:e}", worst[0], worst[1]);
    Ok(())
}

#[test]
fn whole_spectra_with_amplitude_phase_and_density() -> Outcome {
    for n in [30, 32, 37] {
        let input = frames(&format!("T{n}_input"))?;
        for (window, detrend, name) in [
            (Window::Rectangular, Detrend::Mean, "rect_d0"),
            (Window::Hann, Detrend::Linear, "hann_d1"),
        ] {
            let spectrum = contrast(window, detrend)?.spectrum(&input.view())?;
            let reference = golden(&format!("T{n}_{name}_spectrum"))?;
            let parts = spectrum.values();
            let ours = parts.iter().flat_map(|x| [x.re, x.im]);
            let found = deviation(ours, &reference);
            assert!(found <= 1e-12, "T{n} {name}: {found:e}");
            let sums = window.sums(n);
            for k in [0, 1, 5, n / 2] {
                let part = |i| {
                    reference
                        .index_axis(Axis(0), k)
                        .index_axis(Axis(2), i)
                        .to_owned()
                };
                let (re, im) = (part(0), part(1));
                let factor = if k == 0 || 2 * k == n { 1.0 } else { 2.0 };
                let power = &re * &re + &im * &im;
                let amplitude = power.mapv(|p| factor * p.sqrt() / sums.first);
                let density = power.mapv(|p| factor * p / (RATE * sums.second));
                if k > 0 {
                    assert!(deviation(spectrum.amplitude(k)?, &amplitude) <= 1e-11);
                    assert!(deviation(spectrum.density(k)?, &density) <= 1e-11);
                    assert_eq!(
                        spectrum.densities().index_axis(Axis(0), k),
                        spectrum.density(k)?
                    );
                }
            }
            let k = 5;
            let ours = spectrum.phase(k)?;
            for (index, phase) in ours.indexed_iter() {
                let at = |i| reference[[k, index.0, index.1, i]];
                let turned = phase - at(1).atan2(at(0));
                assert!(turned.sin().abs() < 1e-9 && turned.cos() > 0.0);
            }
            let mean = input.mean_axis(Axis(0)).ok_or("frames")?;
            assert!(deviation(spectrum.zero_order().iter().copied(), &mean) <= 1e-15);
            assert_eq!(spectrum.zero_order(), zero_order(&input.view())?);
        }
    }
    Ok(())
}

#[test]
fn sequences_of_a_band() -> Outcome {
    let rate = FrameRate::from_hertz(RATE)?;
    for n in [30, 32, 37] {
        let input = frames(&format!("T{n}_input"))?;
        let single = input.mapv(|v| v as f32);
        let smooth = BandPass::new(rate, band()).taper(0.03);
        let sharp = BandPass::new(rate, band())
            .taper(0.0)
            .extension(Extension::Periodic);
        for (pass, name) in [(smooth, "bandpass_taper"), (sharp, "bandpass_ideal_nopad")] {
            let reference = golden(&format!("T{n}_{name}"))?;
            let double = deviation(pass.apply(&input.view())?, &reference);
            assert!(double <= 1e-12, "T{n} {name}: {double:e}");
            let ours = pass.apply(&single.view())?.mapv(f64::from);
            let single = deviation(ours, &reference);
            assert!(single <= 1e-5, "T{n} {name}: {single:e} in f32");
        }
    }
    Ok(())
}

#[test]
fn sliding_windows() -> Outcome {
    for n in [30, 32, 37] {
        let input = frames(&format!("T{n}_input"))?;
        let single = input.mapv(|v| v as f32);
        let contrast = contrast(Window::Hann, Detrend::Mean)?;
        let reference = golden(&format!("T{n}_sliding16_4"))?;
        let double = contrast.sliding(&input.view(), 16, 4)?;
        let single = contrast.sliding(&single.view(), 16, 4)?;
        assert_eq!(double.len(), reference.shape()[0]);
        for (i, reference) in reference.axis_iter(Axis(0)).enumerate() {
            let found = deviation(double[i].images[0].image.iter().copied(), &reference);
            assert!(found <= 1e-12, "T{n} window {i}: {found:e}");
            let values = single[i].images[0].image.iter().map(|v| f64::from(*v));
            let found = deviation(values, &reference);
            assert!(found <= 1e-5, "T{n} window {i}: {found:e} in f32");
        }
    }
    Ok(())
}
