//! Named numbers of whole tables, against one process a row.

use std::error::Error as _;

use dimless::{
    AbsorptivityLaw, DepthAbsorptivity, EnergyDensity, Error, ExponentialDepthLaw, FixedPoint,
    Material, NamedNumber, Process, ProcessAbsorptivity, ProcessTable, Property, PropertyKind,
    Source, SpotDiameter, Symbol, Table, dataset,
};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

fn keyhole<'a>(table: &'a Table, source: &Source) -> ProcessTable<'a> {
    ProcessTable::new(table)
        .column(Symbol::LaserPower, "power")
        .column(Symbol::ScanSpeed, "scan_speed")
        .column(Symbol::SpotDiameter, "spot_diameter")
        .column(Symbol::KeyholeDepth, "keyhole_depth")
        .materials("material", source)
}

fn assert_same_bits(columns: &[f64], rows: &[f64]) {
    assert_eq!(columns.len(), rows.len());
    for (row, (column, single)) in columns.iter().zip(rows).enumerate() {
        assert_eq!(column.to_bits(), single.to_bits(), "row {}", row + 1);
    }
}

const KEYHOLE_NUMBERS: [NamedNumber; 10] = [
    NamedNumber::KeyholeNumber2019,
    NamedNumber::KeyholeNumber2021,
    NamedNumber::NormalizedEnthalpy,
    NamedNumber::NormalizedPower,
    NamedNumber::NormalizedPowerByRadius,
    NamedNumber::Peclet,
    NamedNumber::PecletByRadius,
    NamedNumber::NormalizedTemperature,
    NamedNumber::DepthToDiameter,
    NamedNumber::DepthToRadius,
];

/// Each keyhole row as a process with an absorptivity, written by hand without the table.
fn by_hand(
    source: &Source,
    absorptivity: impl Fn(&dataset::KeyholeRow, &Process, &Material) -> Outcome<f64>,
) -> Outcome<Vec<Process>> {
    dataset::keyhole_rows()?
        .iter()
        .map(|row| {
            let material = Material::named(&row.material)?;
            let process = Process::new()
                .laser_power(row.power)
                .scan_speed(row.scan_speed)
                .spot_diameter(row.spot)
                .keyhole_depth(row.keyhole_depth)
                .material(&material, source);
            let absorptivity = absorptivity(row, &process, &material)?;
            Ok(process.absorptivity(absorptivity))
        })
        .collect()
}

#[test]
fn all_depths_as_one_process_a_row() -> Outcome {
    let table = dataset::keyhole()?;
    let published = ExponentialDepthLaw::published();
    let measured = by_hand(&Source::GanTableS1, |_, process, material| {
        let depth = process.number(NamedNumber::DepthToDiameter)?;
        Ok(DepthAbsorptivity::of(material, &Source::GanTableS1)?.predict(depth)?)
    })?;
    let solved = by_hand(&Source::GanTableS1, |_, process, material| {
        let law = DepthAbsorptivity::of(material, &Source::GanTableS1)?;
        let unit = process.clone().absorptivity(1.0);
        let number = unit.number(NamedNumber::KeyholeNumber2019)?;
        let depths =
            FixedPoint::new(0.0, published.plateau()).solve_depth(number, &published, &law)?;
        Ok(law.predict(depths.single().ok_or("one depth")?.value)?)
    })?;
    for (law, processes) in [
        (AbsorptivityLaw::MeasuredDepth, measured),
        (AbsorptivityLaw::SolvedDepth(published), solved),
    ] {
        let rows = keyhole(&table, &Source::GanTableS1).absorptivity_law(law);
        assert_eq!(rows.processes()?, processes);
        for number in KEYHOLE_NUMBERS {
            let single: Result<Vec<f64>, _> = processes.iter().map(|p| p.number(number)).collect();
            assert_same_bits(&rows.number(number)?, &single?);
        }
    }
    // The number of 2021 has the decoded absorptivity, and no threshold.
    let processes = by_hand(&Source::KeyholeTable, |row, _, material| {
        Ok(ProcessAbsorptivity::of(material)?.predict(row.power, row.scan_speed, row.spot)?)
    })?;
    let rows = keyhole(&table, &Source::KeyholeTable).absorptivity_law(AbsorptivityLaw::Settings);
    let number = NamedNumber::KeyholeNumber2021;
    let single: Result<Vec<f64>, _> = processes.iter().map(|p| p.number(number)).collect();
    assert_same_bits(&rows.number(number)?, &single?);
    let linear: Vec<f64> = dataset::keyhole_rows()?
        .iter()
        .map(|row| row.power / row.scan_speed)
        .collect();
    for (column, written) in rows
        .energy_density(EnergyDensity::Linear)?
        .iter()
        .zip(&linear)
    {
        approx::assert_relative_eq!(column, written, max_relative = 1e-15);
    }
    Ok(())
}

#[test]
fn all_porosities_as_one_process_a_row() -> Outcome {
    let kind = PropertyKind::VaporizationPoint;
    let table = dataset::porosity()?;
    let rows = ProcessTable::new(&table)
        .column(Symbol::AbsorbedPower, "absorbed_power")
        .column(Symbol::ScanSpeed, "scan_speed")
        .column(Symbol::SpotDiameter, "spot_diameter")
        .column(Symbol::HatchSpacing, "hatch_spacing")
        .column(Symbol::LayerThickness, "layer_thickness")
        .materials("material", &Source::PorosityTable)
        .property_from(kind, &[Source::GanTableS1, Source::Assumed]);
    let mut processes = Vec::new();
    for row in dataset::porosity_rows()? {
        let material = Material::named(&row.material)?;
        let origin = match row.material.as_str() {
            "Ti-6Al-4V" => Source::GanTableS1,
            _ => Source::Assumed,
        };
        processes.push(
            Process::new()
                .absorbed_power(row.absorbed_power)
                .scan_speed(row.scan_speed)
                .spot_diameter(row.spot)
                .hatch_spacing(row.hatch_spacing)
                .layer_thickness(row.layer_thickness)
                .material(&material, &Source::PorosityTable)
                .property(Property::new(kind, material.value(kind, &origin)?, origin)?),
        );
    }
    for number in [
        NamedNumber::NormalizedEnergyDensity,
        NamedNumber::KeyholeNumberMultiTrack,
        NamedNumber::MeltingEfficiency,
        NamedNumber::VaporizationEfficiency,
        NamedNumber::Peclet,
        NamedNumber::NormalizedHatch,
        NamedNumber::HatchToRadius,
        NamedNumber::NormalizedTemperature,
        NamedNumber::KeyholeNumber2021,
    ] {
        let single: Result<Vec<f64>, _> = processes.iter().map(|p| p.number(number)).collect();
        assert_same_bits(&rows.number(number)?, &single?);
    }
    Ok(())
}

#[test]
fn radii_and_diameters_give_the_same() -> Outcome {
    let table = dataset::keyhole()?;
    let radii = table.column("spot_diameter")?.iter().map(|d| d / 2.0);
    let table = table.clone().with_column("r", "m", radii.collect())?;
    let by_radius = ProcessTable::new(&table)
        .column(Symbol::LaserPower, "power")
        .column(Symbol::ScanSpeed, "scan_speed")
        .column(Symbol::SpotRadius, "r")
        .column(Symbol::KeyholeDepth, "keyhole_depth")
        .materials("material", &Source::GanTableS1)
        .absorptivity_law(AbsorptivityLaw::MeasuredDepth);
    let by_diameter =
        keyhole(&table, &Source::GanTableS1).absorptivity_law(AbsorptivityLaw::MeasuredDepth);
    for number in KEYHOLE_NUMBERS {
        assert_same_bits(&by_radius.number(number)?, &by_diameter.number(number)?);
    }
    let both = by_radius.column(Symbol::SpotDiameter, "spot_diameter");
    assert!(matches!(
        both.validate(),
        Err(Error::InvalidParameter { name: "column", .. })
    ));
    Ok(())
}

#[test]
fn new_columns_hold_the_numbers() -> Outcome {
    let table = dataset::keyhole()?;
    let rows =
        keyhole(&table, &Source::GanTableS1).absorptivity_law(AbsorptivityLaw::MeasuredDepth);
    let with = rows.with_numbers(&[
        (NamedNumber::NormalizedPower, "P*"),
        (NamedNumber::DepthToDiameter, "e/d"),
    ])?;
    assert_eq!(with.n_columns(), table.n_columns() + 2);
    assert_same_bits(
        with.column("P*")?,
        &rows.number(NamedNumber::NormalizedPower)?,
    );
    assert!(with.dimension("e/d")?.is_dimensionless());
    assert_eq!(with.column("power")?, table.column("power")?);
    assert!(matches!(
        rows.with_numbers(&[(NamedNumber::Peclet, "power")]),
        Err(Error::DuplicateName { .. })
    ));
    let empty = table.filter_rows(|_| false);
    assert!(
        keyhole(&empty, &Source::GanTableS1)
            .number(NamedNumber::Peclet)?
            .is_empty()
    );
    Ok(())
}

#[test]
fn own_materials_and_columns_of_properties_are_taken() -> Outcome {
    let table = Table::parse(
        "alloy,P [W],V [mm/s],r [um],rho [g/cm^3],k [W/(m*K)]\nmine,200,800,50,4,20\nTi64,200,800,47.5,5,25\n",
    )?;
    let own = Source::GanTableS1;
    let mine = Material::new("Mine").property(Property::new(
        PropertyKind::HeatCapacity,
        500.0,
        own.clone(),
    )?);
    let rows = ProcessTable::new(&table)
        .column(Symbol::ScanSpeed, "V")
        .column(Symbol::SpotRadius, "r")
        .column(Symbol::Density, "rho")
        .column(Symbol::ThermalConductivity, "k")
        .materials("alloy", &own)
        .record(mine.clone());
    let peclet = rows.number(NamedNumber::Peclet)?;
    approx::assert_relative_eq!(
        peclet[0],
        0.8 * 100e-6 * 4000.0 * 500.0 / 20.0,
        max_relative = 1e-14
    );
    approx::assert_relative_eq!(
        peclet[1],
        0.8 * 95e-6 * 5000.0 * 730.0 / 25.0,
        max_relative = 1e-14
    );
    let one = ProcessTable::new(&table)
        .column(Symbol::ScanSpeed, "V")
        .settings(Process::new().spot_diameter(SpotDiameter::from_micrometers(100.0)?))
        .material(&Material::named("Ti64")?, &own);
    let peclet = one.number(NamedNumber::Peclet)?;
    approx::assert_relative_eq!(
        peclet[1],
        0.8 * 1e-4 * 5316.0 * 730.0 / 30.0,
        max_relative = 1e-14
    );
    Ok(())
}

/// Row, column and cause of a refused row.
fn refusal<T>(result: Result<T, Error>) -> Outcome<(usize, Option<String>, Error)> {
    match result.err().ok_or("was accepted")? {
        Error::TableRow {
            row,
            column,
            source,
        } => Ok((row, column, *source)),
        other => Err(other.into()),
    }
}

#[test]
fn what_is_wrong_in_a_row_is_named() -> Outcome {
    let parse = |rows: &str| {
        let header = "material,power [W],scan_speed [m/s],spot_diameter [um],keyhole_depth [um]\n";
        Table::parse(&format!("{header}Ti64,200,0.4,95,50\n{rows}\n"))
    };
    let law = AbsorptivityLaw::MeasuredDepth;
    let ke = NamedNumber::KeyholeNumber2019;
    let refused = |rows: &str| {
        let table = parse(rows)?;
        refusal(
            keyhole(&table, &Source::GanTableS1)
                .absorptivity_law(law)
                .number(ke),
        )
    };

    let (row, column, cause) = refused("unobtainium,200,0.4,95,50")?;
    assert_eq!((row, column.as_deref()), (2, Some("material")));
    assert!(matches!(cause, Error::UnknownMaterial { .. }));

    // No flat absorptivity from this source.
    let (row, column, cause) = refused("Ti64,200,0.4,95,50\nSS316L,200,0.4,95,50")?;
    assert_eq!((row, column.as_deref()), (3, Some("material")));
    assert!(matches!(cause, Error::MissingProperty { .. }));

    // No threshold on record for this spot.
    let (row, column, cause) = refused("Ti64,200,0.4,100,50")?;
    assert_eq!((row, column.as_deref()), (2, Some("spot_diameter")));
    assert!(matches!(
        cause,
        Error::MissingSymbol {
            symbol: Symbol::ThresholdPower,
            ..
        }
    ));

    // Below the threshold of 100 W.
    let (row, column, cause) = refused("Ti64,90,0.4,95,50")?;
    assert_eq!((row, column.as_deref()), (2, Some("power")));
    assert!(matches!(cause, Error::InvalidValue { .. }));

    let (_, column, _) = refused("Ti64,200,-0.4,95,50")?;
    assert_eq!(column.as_deref(), Some("scan_speed"));
    let (_, column, _) = refused("Ti64,200,0.4,0,50")?;
    assert_eq!(column.as_deref(), Some("spot_diameter"));
    let (_, column, _) = refused("Ti64,200,0.4,95,-5")?;
    assert_eq!(column.as_deref(), Some("keyhole_depth"));
    // No keyhole: the flat absorptivity.
    let table = parse("Ti64,200,0.4,95,0")?;
    let rows = keyhole(&table, &Source::GanTableS1).absorptivity_law(law);
    assert_eq!(
        rows.symbol(Symbol::Absorptivity)?[1].to_bits(),
        0.26f64.to_bits()
    );
    assert_eq!(rows.number(ke)?.len(), 2);

    let table = parse("Ti64,90,0.4,95,50")?;
    let error = keyhole(&table, &Source::GanTableS1)
        .absorptivity_law(law)
        .number(ke)
        .err()
        .ok_or("was accepted")?;
    assert_eq!(
        error.to_string(),
        "row 2 cannot be evaluated, see column \"power\""
    );
    let cause = error.source().ok_or("no cause")?.to_string();
    assert!(
        cause.starts_with("eta (P - P_0) must be finite and positive, found -"),
        "{cause}"
    );
    Ok(())
}

#[test]
fn what_does_not_fit_together_is_refused_before_any_row() -> Outcome {
    let table = dataset::keyhole()?;
    let rows = keyhole(&table, &Source::GanTableS1);
    let missing = rows.clone().column(Symbol::HatchSpacing, "hatch");
    assert!(matches!(
        missing.validate(),
        Err(Error::MissingColumn { .. })
    ));
    let text = rows.clone().column(Symbol::HatchSpacing, "material");
    assert!(matches!(
        text.validate(),
        Err(Error::WrongColumnKind { .. })
    ));
    let numbers = rows.clone().materials("power", &Source::GanTableS1);
    assert!(matches!(
        numbers.validate(),
        Err(Error::WrongColumnKind { .. })
    ));
    let wrong = rows.clone().column(Symbol::HatchSpacing, "power");
    assert_eq!(
        wrong.validate().map_err(|e| e.to_string()),
        Err("column \"power\" must have the dimension of H, m, found kg m^2 s^-3".to_owned())
    );
    let law = AbsorptivityLaw::MeasuredDepth;
    let conflicts = [
        rows.clone()
            .column(Symbol::AbsorbedPower, "power")
            .absorptivity_law(law),
        rows.clone()
            .settings(Process::new().absorptivity(0.3))
            .absorptivity_law(law),
        ProcessTable::new(&table)
            .column(Symbol::LaserPower, "power")
            .absorptivity_law(law),
    ];
    for conflict in conflicts {
        assert!(matches!(
            conflict.number(NamedNumber::Peclet),
            Err(Error::InvalidParameter {
                name: "absorptivity_law",
                ..
            })
        ));
    }
    Ok(())
}
