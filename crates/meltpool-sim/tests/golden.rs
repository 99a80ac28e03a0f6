//! Agreement with the independent numpy programs in `tests/data`.
#![expect(
    clippy::float_cmp,
    reason = "labels and counts of the files are whole numbers"
)]

use std::path::PathBuf;

use approx::assert_relative_eq;
use meltpool_sim::{
    Detector, Flow, Keyhole, Position, PrescribedKeyhole, PulseModel, PulseNoise, SpotPulse,
    SpotRadiograph, Texture, preset,
};
use ndarray::Array2;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

fn csv(name: &str) -> Result<Vec<Vec<f64>>, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string(path(name))?;
    let rows = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(str::parse).collect());
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Values of a little-endian f32 array in the npy format.
fn npy(name: &str, n: usize) -> Result<Vec<f32>, Box<dyn std::error::Error>> {
    let bytes = std::fs::read(path(name))?;
    let data = &bytes[bytes.len() - 4 * n..];
    Ok(data
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect())
}

#[test]
fn scan_cycle_flow_keyhole_map_and_absorbance() -> Outcome {
    let field = Array2::from_shape_fn((768, 768), |(y, x)| {
        let (x, y) = (x as f64 - 128.0, y as f64 - 128.0);
        (2.0_f64.sqrt() * (std::f64::consts::TAU * (x / 37.0 + y / 53.0)).cos()) as f32
    });
    let film = preset::scan_cycle(512, 512).map_scene(|scene| {
        let plate = meltpool_sim::Plate {
            face_texture: 0.0,
            ..*scene.plate()
        };
        scene
            .texture(Texture::Field { std: 0.02, field })
            .with_plate(plate)
    });
    let plan = film.plan()?;
    let scene = film.scene();
    let Flow::Stream(stream) = scene.flow_field() else {
        return Err("flow".into());
    };
    let flow = Flow::Stream(stream.clone());
    let keyhole = scene.keyhole_shape().ok_or("keyhole")?;
    let mut absorbance = (usize::MAX, Array2::zeros((0, 0)));
    let (mut worst_map, mut worst_absorbance) = (0.0_f64, 0.0_f64);
    for row in csv("scan_cycle/scan_cycle.csv")? {
        let frame = row[0] as usize;
        let time = row[0];
        if row[1] == -1.0 {
            let pore = plan.pores(frame)?[row[2] as usize];
            // differences over 1e-4 px in place of derivatives: 1e-10 a step
            assert_relative_eq!(pore.center.x, row[6], epsilon = 1e-6);
            assert_relative_eq!(pore.center.y, row[7], epsilon = 1e-6);
            continue;
        }
        if row[1] == -2.0 {
            let count = |mask: Array2<bool>| mask.iter().filter(|inside| **inside).count() as f64;
            assert_eq!(count(plan.keyhole_mask(frame)?), row[9]);
            assert_eq!(count(plan.pool_mask(frame)?), row[10]);
            continue;
        }
        let at = Position::new(row[2], row[1]);
        assert_relative_eq!(
            stream.stream_function(at),
            row[3],
            max_relative = 1e-10,
            epsilon = 1e-12
        );
        let velocity = stream.velocity(at);
        assert_relative_eq!(velocity.u, row[4], epsilon = 1e-6);
        assert_relative_eq!(velocity.v, row[5], epsilon = 1e-6);
        let back = flow.advect(at, time, 0.0, 2);
        worst_map = worst_map
            .max((back.x - row[6]).abs())
            .max((back.y - row[7]).abs());
        let slice = keyhole.slice(time, row[1] - 0.15 * 512.0);
        let vapor = slice.map_or(0.0, |slice| slice.vapor_path(row[2]));
        assert_relative_eq!(vapor, row[8], max_relative = 1e-9, epsilon = 1e-9);
        let inside = slice.is_some_and(|slice| row[2] > slice.left && row[2] < slice.right);
        assert_eq!(f64::from(u8::from(inside)), row[9]);
        if absorbance.0 != frame {
            absorbance = (frame, plan.absorbance(frame)?);
        }
        let found = f64::from(absorbance.1[(row[1] as usize, row[2] as usize)]);
        worst_absorbance = worst_absorbance.max((found - row[10]).abs());
    }
    println!("map {worst_map:e} px, absorbance {worst_absorbance:e}");
    assert!(worst_map < 1e-6, "{worst_map}");
    // single precision: the sum of some ten terms near 2, and a map good to 1e-4 px
    assert!(worst_absorbance < 3e-6, "{worst_absorbance}");
    Ok(())
}

#[test]
fn spot_pulse_without_noise() -> Outcome {
    let rows = csv("spot_pulse/sim_golden_noisefree.csv")?;
    for power in [220.0, 240.0, 280.0, 350.0] {
        let history = SpotPulse::new(power, 60.0)
            .model(PulseModel::reference())
            .simulate(&PulseNoise::None)?;
        let rows: Vec<_> = rows.iter().filter(|row| row[0] == power).collect();
        assert_eq!(rows.len(), history.n_frames());
        for (k, row) in rows.iter().enumerate() {
            let found = [
                history.time_us[k],
                history.depth_um[k],
                history.width_um[k],
                history.absorptance[k],
                history.pool_half_width_um[k],
                history.pool_depth_um[k],
                history.absorbed_j[k],
            ];
            for (found, expected) in found.iter().zip(&row[2..]) {
                assert_relative_eq!(*found, *expected, max_relative = 1e-9, epsilon = 1e-15);
            }
        }
    }
    Ok(())
}

#[test]
fn spot_pulse_with_given_noise() -> Outcome {
    let rows = csv("spot_pulse/sim_golden_hashnoise.csv")?;
    for (run, (power, radius)) in [(240.0, 60.0), (350.0, 55.0)].into_iter().enumerate() {
        let pulse = SpotPulse::new(power, radius).model(PulseModel::reference());
        let hash = |a: f64| -> Vec<f64> {
            (0..pulse.n_steps())
                .map(|i| {
                    let x = (i as f64 * 12.9898 + run as f64 * 78.233 + a).sin() * 43758.5453;
                    x - x.floor()
                })
                .collect()
        };
        let unit = |a| {
            hash(a)
                .iter()
                .map(|x| 2.0 * 3.0_f64.sqrt() * (x - 0.5))
                .collect()
        };
        let noise = PulseNoise::Arrays {
            depth: unit(0.0),
            width: unit(1.0),
            plume: unit(2.0),
            event: hash(3.0),
            size: hash(4.0),
        };
        let history = pulse.simulate(&noise)?;
        let rows: Vec<_> = rows.iter().filter(|row| row[0] == run as f64).collect();
        assert_eq!(rows.len(), history.n_frames());
        for (k, row) in rows.iter().enumerate() {
            let found = [
                history.depth_um[k],
                history.width_um[k],
                history.absorptance[k],
                history.plume[k],
                history.pool_half_width_um[k],
                history.pool_depth_um[k],
            ];
            for (found, expected) in found.iter().zip(&row[3..]) {
                // the sine of large arguments differs in its last bit between libraries and is multiplied by 4e4
                assert_relative_eq!(*found, *expected, max_relative = 1e-9, epsilon = 1e-10);
            }
        }
    }
    Ok(())
}

#[test]
fn spot_radiographs_without_noise() -> Outcome {
    for (tilt, name) in [(0.0, ""), (7.0, "_rot7")] {
        let frame = SpotRadiograph::reference(128)
            .tilt_deg(tilt)
            .transmission(120.0, 40.0, 180.0, 170.0)?;
        let golden = npy(
            &format!("spot_pulse/sim_golden_render128{name}_noisefree.npy"),
            128 * 128,
        )?;
        for (found, expected) in frame.iter().zip(&golden) {
            assert_relative_eq!(f64::from(*found), f64::from(*expected), max_relative = 1e-5);
        }
    }
    Ok(())
}

#[test]
fn keyhole_area_is_the_integral_of_its_walls() {
    let keyhole = Keyhole::Prescribed(PrescribedKeyhole::new(300.0, 26.088));
    let (time, depth) = (3.3, keyhole.depth(3.3));
    let n = 20_000;
    let width = |i: u32| {
        keyhole
            .slice(time, depth * (f64::from(i) + 0.5) / f64::from(n))
            .map_or(0.0, |slice| slice.width())
    };
    let direct: f64 = (0..n).map(width).sum::<f64>() * depth / f64::from(n);
    assert_relative_eq!(keyhole.area(time), direct, max_relative = 1e-6);
    assert!(Detector::new(1.0).validate().is_ok());
}
