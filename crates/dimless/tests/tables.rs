//! Tables: headers with units, errors with rows and columns, limits.

use dimless::{Dimension, Error, Table, TableLimits, Unit, UnitProblem};
use proptest::prelude::*;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn refused(text: &str) -> Result<Error, String> {
    Table::parse(text)
        .err()
        .ok_or_else(|| format!("{text:?} was read"))
}

#[test]
fn units_of_the_header_are_applied() -> Outcome {
    let table = Table::parse(
        "# measured yesterday\n\u{feff}alloy, power [W] ,depth[um],speed [mm/s],share [%]\n# a comment\n\
         \"Ti64, wrought\",150,120,400,5\nAl,1e2,-95,0.5,0\n\n",
    )?;
    assert_eq!((table.n_rows(), table.n_columns()), (2, 5));
    assert_eq!(table.column("power")?, [150.0, 100.0]);
    assert_eq!(table.column("depth")?, [120e-6, -95e-6]);
    assert_eq!(table.column("speed")?, [0.4, 0.5e-3]);
    assert_eq!(table.column("share")?, [0.05, 0.0]);
    assert_eq!(table.text("alloy")?, ["Ti64, wrought", "Al"]);
    assert_eq!(table.dimension("depth")?, Dimension::LENGTH);
    assert_eq!(table.column_in("speed", "m/s")?, [0.4, 0.5e-3]);
    assert_eq!(
        table.names().collect::<Vec<_>>(),
        ["alloy", "power", "depth", "speed", "share"]
    );
    Ok(())
}

#[test]
fn wrong_requests_say_what_there_is() -> Outcome {
    let table = Table::parse("alloy,power [W]\nTi64,150\n")?;
    let missing = table.column("speed").err().ok_or("an error")?;
    assert_eq!(
        missing.to_string(),
        "no column \"speed\" among alloy, power"
    );
    assert!(matches!(
        table.column("alloy"),
        Err(Error::WrongColumnKind { found: "text", .. })
    ));
    assert!(matches!(
        table.text("power"),
        Err(Error::WrongColumnKind {
            found: "numbers",
            ..
        })
    ));
    assert!(matches!(
        table.column_in("power", "J"),
        Err(Error::DimensionMismatch { .. })
    ));
    assert!(matches!(
        table.system(&["alloy"]),
        Err(Error::WrongColumnKind { .. })
    ));
    assert!(matches!(table.system(&[]), Err(Error::EmptySystem)));
    assert!(matches!(
        table.clone().with_unit("power", "W"),
        Err(Error::WrongColumnKind { .. })
    ));
    Ok(())
}

#[test]
fn bad_cells_are_named_by_row_and_column() -> Outcome {
    for cell in [
        "", "abc", "NaN", "inf", "-inf", "1,5", "1e999", "0x10", "1 2",
    ] {
        let error = refused(&format!("a,power [W]\nx,1\ny,\"{cell}\"\n"))?;
        let Error::NonNumericCell { row, column, text } = error else {
            return Err(format!("{cell:?} gave {error:?}").into());
        };
        assert_eq!((row, column.as_str(), text.as_str()), (2, "power", cell));
    }
    // A finite number whose value in SI is not.
    assert!(matches!(
        refused("x [Qm]\n1e300\n")?,
        Error::NonNumericCell { row: 1, .. }
    ));
    assert!(matches!(
        refused("a,b\n1,2\n1,2,3\n")?,
        Error::RaggedRow {
            row: 2,
            expected: 2,
            found: 3
        }
    ));
    assert!(matches!(
        refused("a,b\n1\n")?,
        Error::RaggedRow {
            row: 1,
            found: 1,
            ..
        }
    ));
    let mixed = Table::parse("P\n150\nhigh\n")?.with_unit("P", "W");
    assert!(matches!(mixed, Err(Error::NonNumericCell { row: 2, .. })));
    Ok(())
}

#[test]
fn bad_headers_are_named() -> Outcome {
    assert!(matches!(refused("")?, Error::NoHeader));
    assert!(matches!(refused("# only a comment\n")?, Error::NoHeader));
    for header in [
        "power [W",
        "power W]",
        "power [W] x",
        "[W]",
        "a [[W]]",
        "power ] [",
    ] {
        assert!(
            matches!(
                refused(&format!("ok,{header}\n1,1\n"))?,
                Error::InvalidHeader { column: 2, .. }
            ),
            "{header}"
        );
    }
    assert!(matches!(
        refused("a,,b\n")?,
        Error::InvalidHeader { column: 2, .. }
    ));
    assert!(matches!(
        refused("P [W],V,P\n")?,
        Error::DuplicateName {
            first: 1,
            second: 3,
            ..
        }
    ));
    let Error::NamedUnit { name, source } = refused("K [W/m*K]\n1\n")? else {
        return Err("the unit was read".into());
    };
    assert_eq!(name, "K");
    assert!(matches!(
        *source,
        Error::InvalidUnit {
            position: 3,
            problem: UnitProblem::AmbiguousProduct { .. },
            ..
        }
    ));
    let Error::NamedUnit { source, .. } = refused("x []\n1\n")? else {
        return Err("the unit was read".into());
    };
    assert!(matches!(
        *source,
        Error::InvalidUnit {
            problem: UnitProblem::Empty,
            ..
        }
    ));
    Ok(())
}

#[test]
fn empty_tables_and_single_rows_are_ordinary() -> Outcome {
    let table = Table::parse("a,x [m]\n")?;
    assert_eq!((table.n_rows(), table.column("x")?.len()), (0, 0));
    let group = Table::parse("x [m],y [mm]\n1,1\n")?;
    let ratio = &group.system(&["x", "y"])?.pi()?.groups()[0].clone();
    assert_eq!(ratio.evaluate_table(&group)?, [1000.0]);
    // A column of another dimension than the variable.
    let other = Table::parse("x [m],y [s]\n1,1\n")?;
    assert!(matches!(
        ratio.evaluate_table(&other),
        Err(Error::NotDimensionless { .. })
    ));
    let zero = Table::parse("x [m],y [m]\n1,1\n1,0\n")?;
    assert!(matches!(
        ratio.evaluate_table(&zero),
        Err(Error::InvalidValue { row: Some(2), .. })
    ));
    assert!(matches!(
        ratio.evaluate_table(&table),
        Err(Error::MissingColumn { .. })
    ));
    Ok(())
}

#[test]
fn columns_from_arrays_are_checked() -> Outcome {
    let table = Table::new()
        .with_column("P", "kW", vec![0.1, 0.2])?
        .with_text("alloy", ["a", "b"])?;
    assert_eq!(table.column("P")?, [100.0, 200.0]);
    assert_eq!(
        table.filter_text("alloy", |a| a == "b")?.column("P")?,
        [200.0]
    );
    assert_eq!(table.filter_rows(|row| row == 0).text("alloy")?, ["a"]);
    assert_eq!(table.filter_rows(|_| false).n_rows(), 0);
    let add = |name, unit, values| table.clone().with_column(name, unit, values);
    assert!(matches!(
        add("P", "W", vec![1.0, 2.0]),
        Err(Error::DuplicateName { .. })
    ));
    assert!(matches!(
        add("Q", "W", vec![1.0]),
        Err(Error::LengthMismatch {
            expected: 2,
            found: 1,
            ..
        })
    ));
    assert!(matches!(
        add("Q", "W", vec![1.0, f64::NAN]),
        Err(Error::InvalidValue { row: Some(2), .. })
    ));
    assert!(matches!(
        add("Q", "degC", vec![1.0, 2.0]),
        Err(Error::NamedUnit { .. })
    ));
    assert!(matches!(
        add(" ", "W", vec![1.0, 2.0]),
        Err(Error::EmptyName { index: 3 })
    ));
    Ok(())
}

#[test]
fn limits_hold() {
    let text = "a,b\n1,2\n3,4\n5,6\n";
    let read = |limits: TableLimits| Table::read(text.as_bytes(), &limits);
    let limits = TableLimits::new();
    assert!(
        read(
            limits
                .max_bytes(text.len() as u64)
                .max_rows(3)
                .max_columns(2)
        )
        .is_ok()
    );
    for limits in [
        limits.max_bytes(text.len() as u64 - 1),
        limits.max_bytes(0),
        limits.max_rows(2),
        limits.max_columns(1),
    ] {
        assert!(
            matches!(read(limits), Err(Error::TooLarge { .. })),
            "{limits:?}"
        );
    }
    // An endless reader stops at the limit.
    let endless = std::io::repeat(b'a');
    assert!(matches!(
        Table::read(endless, &TableLimits::new().max_bytes(1 << 16)),
        Err(Error::TooLarge { limit: 65536, .. })
    ));
}

#[test]
fn files_and_encodings_fail_with_a_cause() -> Outcome {
    let error = Table::open("no/such/file.csv").err().ok_or("an error")?;
    assert_eq!(error.to_string(), "cannot read no/such/file.csv");
    assert!(std::error::Error::source(&error).is_some());
    let error = Table::read(&b"a,b\n1,2\n\xff,3\n"[..], &TableLimits::new());
    assert!(
        matches!(error, Err(Error::NotUtf8 { line: 3 })),
        "{error:?}"
    );
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/keyhole.csv");
    assert_eq!(Table::open(path)?, dimless::dataset::keyhole()?);
    Ok(())
}

proptest! {
    #[test]
    fn reading_never_panics(text in any::<String>()) {
        let _ = Table::parse(&text);
    }

    #[test]
    fn numbers_read_back(
        values in prop::collection::vec((-1.0..1.0, -250..250).prop_map(|(m, e)| m * 10f64.powi(e)), 1..20)
    ) {
        let lines: Vec<String> = values.iter().map(|v| format!("{v:e},{v:e}")).collect();
        let text = format!("x [1],y [um]\n{}\n", lines.join("\n"));
        let table = Table::parse(&text)?;
        prop_assert_eq!(table.column("x")?, &values[..]);
        let micrometer = Unit::parse("um")?;
        let converted: Vec<f64> = values.iter().map(|v| micrometer.to_si(*v)).collect();
        prop_assert_eq!(table.column("y")?, &converted[..]);
    }
}
