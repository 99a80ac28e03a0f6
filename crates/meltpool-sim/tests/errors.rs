//! Bad input gives typed errors that name what was wrong.

use meltpool_sim::{
    Camera, Detector, Error, Film, Keyhole, PrescribedKeyhole, PulseModel, PulseNoise, Scene,
    SpotPulse, SpotRadiograph, preset,
};

fn name(error: Error) -> String {
    match error {
        Error::InvalidParameter { name, .. } => name.to_owned(),
        other => other.to_string(),
    }
}

#[test]
fn films_name_their_bad_parameter() {
    let film = || preset::scan_cycle(256, 256);
    let cases: Vec<(Film, &str)> = vec![
        (film().n_frames(0), "n_frames"),
        (preset::scan_cycle(0, 256), "n_rows"),
        (preset::scan_cycle(256, 0), "n_columns"),
        (film().map_detector(|_| Detector::new(0.0)), "photons"),
        (film().map_detector(|_| Detector::new(-5.0)), "photons"),
        (film().map_detector(|_| Detector::new(f64::NAN)), "photons"),
        (film().map_detector(|d| d.afterglow(1.0)), "afterglow"),
        (film().map_detector(|d| d.exposure(0.5, 0)), "sub_frames"),
        (film().map_detector(|d| d.blur_px(f64::INFINITY)), "blur_px"),
        (
            film()
                .map_scene(|s| s.keyhole(Keyhole::Prescribed(PrescribedKeyhole::new(100.0, 0.0)))),
            "period",
        ),
        (
            film().map_scene(|s| s.liquid_deficit(1.0)),
            "liquid_deficit",
        ),
        (film().map_scene(|s| s.beam_jitter(f64::NAN)), "beam_jitter"),
    ];
    for (film, expected) in cases {
        assert_eq!(film.plan().err().map(name).as_deref(), Some(expected));
    }
}

#[test]
fn sizes_are_capped_before_anything_is_allocated() {
    for film in [
        preset::scan_cycle(usize::MAX, 2),
        preset::scan_cycle(1 << 20, 1 << 20),
    ] {
        assert!(matches!(
            film.plan(),
            Err(Error::TooLarge {
                what: "pixels of a frame",
                ..
            })
        ));
    }
    let film = preset::scan_cycle(256, 256).n_frames(usize::MAX);
    assert!(matches!(
        film.plan(),
        Err(Error::TooLarge { what: "frames", .. })
    ));
    let pulse = SpotPulse::new(200.0, 60.0).on_us(1e18);
    assert!(matches!(
        pulse.simulate(&PulseNoise::None),
        Err(Error::TooLarge { .. })
    ));
}

#[test]
fn a_keyhole_that_leaves_the_image_names_its_frame() {
    let keyhole = PrescribedKeyhole::new(100.0, 26.0).speed(20.0);
    let film = preset::scan_cycle(256, 256).map_scene(|s| s.keyhole(Keyhole::Prescribed(keyhole)));
    let Err(Error::KeyholeOutside { frame, side, .. }) = film.plan() else {
        panic!("not outside")
    };
    assert_eq!((frame, side), (7, "its right wall"));
    let deep = PrescribedKeyhole::new(100.0, 26.0).depth_and_swing(400.0, 0.0);
    let film = preset::scan_cycle(256, 256).map_scene(|s| s.keyhole(Keyhole::Prescribed(deep)));
    assert!(matches!(
        film.plan(),
        Err(Error::KeyholeOutside {
            frame: 0,
            side: "its tip",
            ..
        })
    ));
}

#[test]
fn frames_beyond_the_film_do_not_exist() -> meltpool_sim::Result<()> {
    let plan = preset::scan_cycle(256, 256).n_frames(3).plan()?;
    let missing = Error::NoSuchFrame {
        frame: 3,
        n_frames: 3,
    };
    assert_eq!(plan.frame(3).err(), Some(missing.clone()));
    assert_eq!(plan.absorbance(3).err(), Some(missing.clone()));
    assert_eq!(plan.pores(3).err(), Some(missing));
    assert_eq!(
        plan.frame(usize::MAX)
            .err()
            .map(|e| e.to_string())
            .as_deref(),
        Some("frame 18446744073709551615 does not exist in a film of 3 frames")
    );
    Ok(())
}

#[test]
fn pulses_and_radiographs_name_their_bad_parameter() {
    let none = &PulseNoise::None;
    let mut model = PulseModel::reference();
    model.step = 3e-6;
    let cases = [
        (SpotPulse::new(-1.0, 60.0), "power_w"),
        (SpotPulse::new(200.0, 0.0), "spot_radius_um"),
        (SpotPulse::new(200.0, f64::NAN), "spot_radius_um"),
        (SpotPulse::new(200.0, 60.0).model(model), "step"),
        (SpotPulse::new(200.0, 60.0).on_us(1.0), "on_us"),
    ];
    for (pulse, expected) in cases {
        assert_eq!(
            pulse.simulate(none).err().map(name).as_deref(),
            Some(expected)
        );
    }
    let short = PulseNoise::Arrays {
        depth: vec![],
        width: vec![],
        plume: vec![],
        event: vec![],
        size: vec![],
    };
    let error = SpotPulse::new(200.0, 60.0).simulate(&short).err();
    assert_eq!(
        error,
        Some(Error::LengthMismatch {
            name: "depth",
            expected: 1030,
            found: 0
        })
    );
    assert_eq!(
        SpotRadiograph::new(0)
            .transmission(1.0, 1.0, 1.0, 1.0)
            .err()
            .map(name)
            .as_deref(),
        Some("size")
    );
    let bad = SpotRadiograph::new(32).transmission(f64::NAN, 1.0, 1.0, 1.0);
    assert_eq!(bad.err().map(name).as_deref(), Some("depth_um"));
    assert!(preset::gan_movie(0, 1).is_err() && preset::gan_movie(12, 1).is_err());
    assert!(preset::moving_beam(280.0, 60.0, 0.0, 1).is_err());
}

#[test]
fn tiny_images_work() -> meltpool_sim::Result<()> {
    for (rows, columns) in [(1, 1), (1, 9), (9, 1), (2, 2)] {
        let plate = meltpool_sim::Plate {
            thickness: 100.0,
            attenuation: 0.01,
            surface_row: -5.0,
            face_texture: 0.01,
        };
        let film = Film::new(
            Scene::new(Camera::new(rows, columns, 1.0, 1.0), plate),
            Detector::new(500.0),
        );
        assert_eq!(film.n_frames(2).plan()?.frame(1)?.dim(), (rows, columns));
    }
    Ok(())
}
