//! Tables of signals: no text panics, and what is read has one length and increasing times.

#![no_main]

use libfuzzer_sys::fuzz_target;
use xray_io::{Coregistration, SignalTableReader};

fuzz_target!(|text: &str| {
    for irregular in [false, true] {
        let Ok(table) = SignalTableReader::new().allow_irregular(irregular).parse("fuzz.csv", text) else {
            continue;
        };
        let names: Vec<String> = table.names().map(str::to_owned).collect();
        for name in &names {
            let signal = table.signal(name).expect("a column that was named");
            assert_eq!(signal.len(), table.n_rows());
        }
        let starts: Vec<f64> = (0..table.n_rows()).filter_map(|row| table.time_axis().start(row)).collect();
        assert!(starts.windows(2).all(|pair| pair[0] <= pair[1]));
        if let [first, second, ..] = &names[..] {
            let _ = Coregistration::by_frame_number(&table, first, second);
        }
    }
});
