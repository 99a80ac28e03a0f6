//! Tables as CSV text: no input panics, columns have one length, and a refusal of a row names one that exists.

#![no_main]

use dimless::Table;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(table) = Table::parse(text) else { return };
    let names: Vec<&str> = table.names().collect();
    assert_eq!(names.len(), table.n_columns());
    for name in names {
        match table.column(name) {
            Ok(values) => {
                assert_eq!(values.len(), table.n_rows());
                assert!(values.iter().all(|value| value.is_finite()), "column {name:?} is not finite");
                assert!(table.dimension(name).is_ok());
            }
            Err(_) => assert_eq!(table.text(name).ok().map(<[String]>::len), Some(table.n_rows())),
        }
    }
    assert_eq!(table.filter_rows(|_| true).n_rows(), table.n_rows());
});
