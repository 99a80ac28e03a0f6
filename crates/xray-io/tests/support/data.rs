//! Where the larger test files are.

use std::path::PathBuf;

/// The folder of the larger test files: `MELTPOOL_TEST_DATA`, else `shared/data` beside the checkout. `None`, and a line
/// that says so, where neither has it.
#[expect(clippy::print_stdout, reason = "a test that skips says so")]
pub(crate) fn data(part: &str) -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let candidates = match std::env::var_os("MELTPOOL_TEST_DATA") {
        Some(folder) => vec![PathBuf::from(folder)],
        None => vec![root.join("shared/data"), root.join("../shared/data")],
    };
    let found = candidates
        .into_iter()
        .map(|folder| folder.join("xray-io").join(part))
        .find(|folder| folder.exists());
    if found.is_none() {
        println!("skipped: no folder xray-io/{part} in MELTPOOL_TEST_DATA or shared/data");
    }
    found
}
