//! Pores, droplets and powder of a film as functions of time.

use super::Film;
use crate::flow::{Position, Velocity};
use crate::keyhole::Keyhole;
use crate::random::{Purpose, stream, uniform};
use crate::sphere::{Pore, SphereState};

/// The positions of a pore at the frames since its birth.
#[derive(Debug, Clone)]
struct PoreTrack {
    pore: Pore,
    first: usize,
    positions: Vec<Position>,
}

#[derive(Debug, Clone)]
struct Droplet {
    launch: f64,
    from: Position,
    velocity: Velocity,
    radius: f64,
}

/// All spheres of a film, in the plane of the sample.
#[derive(Debug, Clone)]
pub(super) struct Tracks {
    pores: Vec<PoreTrack>,
    droplets: Vec<Droplet>,
    /// Centers and radii at rest.
    pub(super) powder: Vec<(Position, f64)>,
}

impl Tracks {
    pub(super) fn new(film: &Film) -> Self {
        Self {
            pores: pore_tracks(film),
            droplets: droplets(film),
            powder: powder(film),
        }
    }

    pub(super) fn pores(&self, film: &Film, frame: usize) -> Vec<SphereState> {
        self.pores
            .iter()
            .map(|track| pore_state(film, track, frame))
            .collect()
    }

    pub(super) fn droplets(&self, time: f64) -> Vec<SphereState> {
        self.droplets
            .iter()
            .map(|droplet| {
                let age = time - droplet.launch;
                SphereState {
                    center: Position::new(
                        droplet.from.x + droplet.velocity.u * age,
                        droplet.from.y + droplet.velocity.v * age,
                    ),
                    velocity: droplet.velocity,
                    radius: droplet.radius,
                    alive: age >= 0.0,
                }
            })
            .collect()
    }
}

fn pore_tracks(film: &Film) -> Vec<PoreTrack> {
    let scene = &film.scene;
    let mut pores = scene.pores.clone();
    if let Some(Keyhole::PinchOff(keyhole)) = &scene.keyhole {
        let (center, radius) = keyhole.pore();
        pores.push(Pore {
            center: Position::new(center.x, center.y + scene.plate.surface_row),
            radius,
            birth: keyhole.contact_time(),
        });
    }
    let track = |pore: Pore| {
        let first = pore.birth.ceil() as usize;
        let mut positions = Vec::new();
        if first < film.n_frames {
            let mut here = scene.flow.advect(pore.center, pore.birth, first as f64, 2);
            positions.push(here);
            for frame in first + 1..film.n_frames {
                here = scene.flow.step(here, frame as f64 - 1.0, 1.0);
                positions.push(here);
            }
        }
        PoreTrack {
            pore,
            first,
            positions,
        }
    };
    pores.into_iter().map(track).collect()
}

fn pore_state(film: &Film, track: &PoreTrack, frame: usize) -> SphereState {
    let scene = &film.scene;
    let time = frame as f64;
    let place = frame
        .checked_sub(track.first)
        .and_then(|i| track.positions.get(i));
    let here = place.copied().unwrap_or(track.pore.center);
    let in_pool = scene
        .pool
        .is_none_or(|pool| pool.shifted(scene.pool_speed * time).contains(here));
    let swallowed = scene.keyhole.as_ref().is_some_and(|keyhole| {
        let slice = keyhole.slice(time, here.y - scene.plate.surface_row);
        slice.is_some_and(|slice| (slice.left..slice.right).contains(&here.x))
    });
    SphereState {
        center: here,
        velocity: scene.flow.velocity(here, time),
        radius: track.pore.radius,
        alive: place.is_some() && in_pool && !swallowed,
    }
}

fn droplets(film: &Film) -> Vec<Droplet> {
    let scene = &film.scene;
    let Some(spatter) = scene.spatter else {
        return Vec::new();
    };
    let throw = |i: usize| {
        let mut rng = stream(film.seed, i as u64, Purpose::Spatter);
        let launch = uniform(&mut rng) * film.n_frames as f64;
        let angle = spatter.half_angle * (2.0 * uniform(&mut rng) - 1.0);
        let speed = spatter.speed * (0.5 + 0.5 * uniform(&mut rng));
        let radius = spatter.radius * (0.5 + 0.5 * uniform(&mut rng));
        let mouth = scene
            .keyhole
            .as_ref()
            .and_then(|keyhole| keyhole.slice(launch, 1e-6));
        let middle = 0.5 * scene.camera.n_columns() as f64;
        let column = mouth.map_or(middle, |slice| 0.5 * (slice.left + slice.right));
        Droplet {
            launch,
            from: Position::new(column, scene.plate.surface_row),
            velocity: Velocity {
                u: speed * libm::sin(angle),
                v: -speed * libm::cos(angle),
            },
            radius,
        }
    };
    (0..spatter.count).map(throw).collect()
}

fn powder(film: &Film) -> Vec<(Position, f64)> {
    let scene = &film.scene;
    let Some(powder) = scene.powder else {
        return Vec::new();
    };
    let mut rng = stream(film.seed, 0, Purpose::Powder);
    (0..powder.count)
        .map(|_| {
            let radius = powder.radius.0 + (powder.radius.1 - powder.radius.0) * uniform(&mut rng);
            let column = uniform(&mut rng) * scene.camera.n_columns() as f64;
            (
                Position::new(column, scene.plate.surface_row - radius),
                radius,
            )
        })
        .collect()
}
