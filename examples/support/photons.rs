//! From simulated photons to measured depths: what `photons_to_law` and its test share.
#![allow(dead_code, reason = "example and test use their part")]

use std::error::Error;

use mcxi::{Band, BandPass};
use meltpool_morphology::{
    Background, Contrast, ContrastFilm, KeyholeFinder, KeyholeGauge, Sighting, TipFit,
};
use meltpool_sim::preset::{MovingBeam, ProcessCase, ProcessMatrix};
use meltpool_sim::{Alloy, Camera, Detector, Film, FilmPlan, Plate, Scene};
use ndarray::{Array2, Array3, Axis};
use rayon::prelude::*;
use xray_io::{
    FlatField, FrameRate, ImageSequence, Metadata, PixelSize, SequenceReaderExt, mean_frame,
};

pub type Outcome<T = ()> = Result<T, Box<dyn Error>>;
/// An outcome that may cross threads.
type Sent<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The law that the simulator obeys, $e/r = 0.4\,(Ke - 1.4)$: its slope and its value at $Ke = 0$.
pub const TRUE_COEFFICIENTS: [f64; 2] = [0.4, -0.56];
/// Frames of the open beam, of the dark detector and of the plate before the laser.
const N_FIELDS: usize = 12;
/// Index of the first of them: beyond the frames of any film, so that their noise is their own.
const FIRST_FIELD: usize = 100_000;

/// What is filmed, and how.
pub struct Campaign {
    pub matrix: ProcessMatrix,
    pub camera: Camera,
    /// Photons a pixel and frame in the open beam.
    pub photons: f64,
    /// Least and greatest depth of the law that is filmed, in µm.
    pub depths_um: [f64; 2],
    /// At most so many frames from the middle of each track.
    pub max_frames: usize,
}

/// Absorptivity of the alloys, as the simulator's documentation brings its law to measured depths; that of steel is assumed.
pub fn absorptivity(alloy: Alloy) -> f64 {
    match alloy {
        Alloy::Al6061 => 0.3,
        Alloy::Ss316 => 0.5,
        _ => 0.7,
    }
}

/// Thickness of the plates in µm: of steel 500 µm would let 0.3 % of the beam through.
fn thickness_um(alloy: Alloy) -> f64 {
    if alloy == Alloy::Ss316 { 200.0 } else { 500.0 }
}

/// What a keyhole is made to stand out from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// The plate before the laser: the melt pool stands out as well.
    Plate,
    /// The median of each pixel over the film: no frames before the laser are needed.
    Median,
    /// The same, and then all that takes longer than two thirds of the film is filtered out: motion contrast. The pool goes with it.
    Motion,
}

impl Against {
    pub const ALL: [Self; 3] = [Self::Plate, Self::Median, Self::Motion];

    pub fn name(self) -> &'static str {
        match self {
            Self::Plate => "plate before the laser",
            Self::Median => "temporal median",
            Self::Motion => "motion contrast",
        }
    }
}

/// A film with its corrections.
pub struct Recorded {
    pub case: ProcessCase,
    pub plan: FilmPlan,
    /// Index of the first frame in the film.
    pub first: usize,
    /// The frames as recorded, in counts.
    pub raw: ImageSequence,
    /// Transmission by flat and dark field.
    pub transmission: ImageSequence,
    fields: FlatField,
}

/// The depth in one frame, in µm: true, of the outline, and with its tip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Depth {
    pub truth: f64,
    pub outline: Option<f64>,
    pub tip: Option<f64>,
}

/// What the films of one setting tell of its depth.
pub struct Measured {
    pub case: ProcessCase,
    /// The depth that the law prescribes, in µm.
    pub law_um: f64,
    pub frames: Vec<Depth>,
}

impl Measured {
    /// Mean and standard deviation in µm, and number, of a depth over the frames that have it.
    pub fn mean(&self, of: impl Fn(&Depth) -> Option<f64>) -> Option<[f64; 3]> {
        let summary = meltpool_morphology::Summary::of(self.frames.iter().filter_map(of))?;
        Some([summary.mean, summary.std, summary.n as f64])
    }
}

/// Frames of a film as a sequence with its calibration.
fn frames_of(plan: &FilmPlan, first: usize, n: usize) -> Sent<ImageSequence> {
    let (n_rows, n_columns) = plan.camera().shape();
    let mut frames = Array3::zeros((n, n_rows, n_columns));
    for (k, mut out) in frames.axis_iter_mut(Axis(0)).enumerate() {
        out.assign(&plan.frame(first + k)?.mapv(f32::from));
    }
    let metadata = Metadata::new()
        .with_frame_rate(FrameRate::from_hertz(plan.camera().frame_rate_hz())?)
        .with_pixel_size(PixelSize::from_micrometers(plan.camera().pixel_size_um())?);
    Ok(ImageSequence::new(frames)?.with_metadata(metadata)?)
}

/// Frames of a plate alone by the detector of a film.
fn beside(film: &Film, plate: Plate) -> Sent<ImageSequence> {
    let alone = film
        .clone()
        .map_scene(|scene| Scene::new(*scene.camera(), plate));
    let plan = alone.n_frames(FIRST_FIELD + N_FIELDS).plan()?;
    frames_of(&plan, FIRST_FIELD, N_FIELDS)
}

impl Campaign {
    /// The settings whose keyholes are within the range of depths.
    pub fn cases(&self) -> Outcome<Vec<ProcessCase>> {
        let [least, greatest] = self.depths_um;
        let cases = self.matrix.cases()?.into_iter();
        Ok(cases
            .filter(|case| (least..=greatest).contains(&case.depth_um(absorptivity(case.alloy))))
            .collect())
    }

    /// Films a setting, with flat, dark and plate frames beside it, and corrects it.
    pub fn record(&self, case: &ProcessCase, seed: u64) -> Sent<Recorded> {
        let film = MovingBeam::new(*case, case.depth_um(absorptivity(case.alloy)), self.camera)
            .thickness_um(thickness_um(case.alloy))
            .film(seed)?
            .map_detector(|_| Detector::new(self.photons));
        let plan = film.plan()?;
        let n = plan.n_frames().min(self.max_frames);
        let first = (plan.n_frames() - n) / 2;
        let raw = frames_of(&plan, first, n)?;

        // the same detector looks at nothing, and without a beam
        let nothing = Plate {
            attenuation: 0.0,
            face_texture: 0.0,
            ..*film.scene().plate()
        };
        let flats = beside(&film, nothing)?;
        let unlit = film.map_detector(|_| Detector::new(1e-9));
        let fields = FlatField::from_readers(&flats, &beside(&unlit, nothing)?)?;
        let transmission = (&raw).correct(&fields)?.read_all()?;
        Ok(Recorded {
            case: *case,
            plan,
            first,
            raw,
            transmission,
            fields,
        })
    }

    /// Films and measures every setting, seeds counting up from `1000 seed`; by each of these contrasts.
    pub fn measure(&self, seed: u64, against: &[Against]) -> Outcome<Vec<Vec<Measured>>> {
        let cases = self.cases()?;
        let all: Sent<Vec<Vec<Measured>>> = cases
            .par_iter()
            .enumerate()
            .map(|(i, case)| {
                let recorded = self.record(case, 1000 * seed + i as u64)?;
                let measured = against.iter().map(|how| {
                    Ok(Measured {
                        case: *case,
                        law_um: case.depth_um(absorptivity(case.alloy)),
                        frames: recorded.depths(&recorded.contrast(*how)?)?,
                    })
                });
                measured.collect()
            })
            .collect();
        // from settings of contrasts to contrasts of settings
        let mut by_contrast: Vec<Vec<Measured>> = against.iter().map(|_| Vec::new()).collect();
        for case in all.map_err(|e| e.to_string())? {
            for (list, measured) in by_contrast.iter_mut().zip(case) {
                list.push(measured);
            }
        }
        Ok(by_contrast)
    }
}

impl Recorded {
    pub fn surface_row(&self) -> f64 {
        self.plan.film().scene().plate().surface_row
    }

    /// The film as contrast; the gain of each frame from the open beam above the plate.
    pub fn contrast(&self, against: Against) -> Sent<ContrastFilm> {
        let above = self.surface_row() - 4.0;
        let open = Array2::from_shape_fn(self.plan.camera().shape(), |(y, _)| (y as f64) < above);
        let background = match against {
            // the plate before the laser
            Against::Plate => {
                let before = beside(self.plan.film(), *self.plan.film().scene().plate())?;
                Background::Image(mean_frame(&before.correct(&self.fields)?)?)
            }
            Against::Median | Against::Motion => Background::TemporalMedian,
        };
        let mut film = Contrast::new(background)
            .gain_region(open)
            .apply(&self.transmission.view())?;
        if against == Against::Motion {
            let rate = FrameRate::from_hertz(self.plan.camera().frame_rate_hz())?;
            let band = Band::from_fraction(1.5 / film.n_frames() as f64, 0.5);
            film.frames = BandPass::new(rate, band).apply(&film.frames.view())?;
        }
        Ok(film)
    }

    /// The keyholes frame by frame: pixel size and surface as of the camera, all else as the finder has it.
    pub fn sightings(&self, film: &ContrastFilm) -> Sent<Vec<Sighting>> {
        let pixel = PixelSize::from_micrometers(self.plan.camera().pixel_size_um())?;
        let finder = KeyholeFinder::new(KeyholeGauge::new(pixel), self.surface_row());
        Ok(finder.apply_all(film)?)
    }

    /// The depths frame by frame.
    pub fn depths(&self, film: &ContrastFilm) -> Sent<Vec<Depth>> {
        let (surface, pixel_um) = (self.surface_row(), self.plan.camera().pixel_size_um());
        let sightings = self.sightings(film)?.into_iter().enumerate();
        sightings
            .map(|(k, sighting)| {
                let truth = self.plan.keyhole_geometry(self.first + k)?.depth_um;
                let keyhole = sighting.keyhole();
                let outline = keyhole.map(|k| k.geometry.depth_um);
                let tip = match keyhole {
                    Some(k) => TipFit::new().apply(&k.outline, surface)?,
                    None => None,
                };
                Ok(Depth {
                    truth,
                    outline,
                    // an outline without a tip to be fitted keeps its own depth
                    tip: tip.map(|t| pixel_um * (t.row - surface)).or(outline),
                })
            })
            .collect()
    }
}
