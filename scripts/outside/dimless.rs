//! From a table with units to its groups and a law.
use dimless::{LawData, LawSearch, Table};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut text = "P [W],V [mm/s],r [um],a [mm^2/s],c [J/(m^3*K)],T [K],depth [um]\n".to_owned();
    for i in 0..24_u32 {
        let (p, v, r) = (60.0 + 40.0 * f64::from(i % 4), 400.0 + 250.0 * f64::from(i / 4 % 3), 40.0 + 20.0 * f64::from(i / 12));
        let number = p / (3.2e6 * 1630.0 * (1.0e-5 * v * 1e-3 * (r * 1e-6_f64).powi(3)).sqrt());
        text += &format!("{p},{v},{r},10,3200000,1630,{}\n", r * (0.2 * number + 0.3));
    }
    let data = LawData::from_table(&Table::parse(&text)?, &["P", "V", "r", "a", "c", "T"], &[("depth", 1), ("r", -1)])?;
    let law = LawSearch::new().fit(&data)?;
    assert_eq!(law.best().group().to_string(), "P^2 V^-1 r^-3 a^-1 c^-2 T^-2");
    Ok(())
}
