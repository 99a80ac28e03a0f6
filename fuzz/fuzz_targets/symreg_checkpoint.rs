//! Checkpoints of a search: no bytes panic, and what is taken for one can go on.
//!
//! The input is tried as it stands, and as changes to a true checkpoint whose checksum is put right again: five bytes a
//! change, a place and a new byte. A state that is read is written as the same bytes, and takes a few steps.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use symreg::{Data, Error, Search, Selection, SymbolicRegressor};

struct Case {
    settings: SymbolicRegressor,
    states: Vec<Vec<u8>>,
}

fn data() -> &'static Data {
    static DATA: OnceLock<Data> = OnceLock::new();
    DATA.get_or_init(|| {
        let x: Vec<f64> = (0..12).map(|i| 0.3 + f64::from(i)).collect();
        let z: Vec<f64> = (0..12).map(|i| 1.0 + f64::from(i * 5 % 12)).collect();
        let y = x.iter().zip(&z).map(|(x, z)| x * z + (x - z).sin()).collect();
        Data::from_columns([("x", x), ("z", z)], ("y", y)).expect("good data")
    })
}

fn cases() -> &'static [Case] {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    CASES.get_or_init(|| {
        let base = SymbolicRegressor::gan().population_size(4).max_generations(2).runs(2).fit_iterations(1)
            .remembered_fits(6);
        let kinds = [base.clone(), base.clone().islands(2).selection(Selection::NsgaII).migration_size(1),
            base.selection(Selection::QualityDiversity)];
        kinds.into_iter().map(|settings| {
            let mut search = settings.search(data()).expect("good settings");
            let mut states = vec![search.to_bytes()];
            while search.advance() {
                states.push(search.to_bytes());
            }
            Case { settings, states }
        }).collect()
    })
}

/// The checksum put right: FNV-1a of 64 bits.
fn seal(bytes: &mut [u8]) {
    let end = bytes.len() - 8;
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in &bytes[..end] {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    bytes[end..].copy_from_slice(&hash.to_le_bytes());
}

fn check(settings: &SymbolicRegressor, bytes: &[u8]) {
    match Search::from_bytes(settings, data(), bytes) {
        Ok(mut search) => {
            assert_eq!(search.to_bytes(), bytes, "written as it was read");
            search.progress();
            for _ in 0..2 {
                search.advance();
            }
            match search.finish() {
                Ok(_) | Err(Error::NoValidModel { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        Err(Error::Checkpoint { .. }) => {}
        Err(error) => panic!("{error}"),
    }
}

fuzz_target!(|input: &[u8]| {
    let [kind, step, edits @ ..] = input else { return };
    let case = &cases()[usize::from(*kind) % cases().len()];
    check(&case.settings, input);
    let mut bytes = case.states[usize::from(*step) % case.states.len()].clone();
    for edit in edits.chunks_exact(5) {
        let place = u32::from_le_bytes([edit[0], edit[1], edit[2], edit[3]]) as usize % bytes.len();
        bytes[place] = edit[4];
    }
    seal(&mut bytes);
    check(&case.settings, &bytes);
});
