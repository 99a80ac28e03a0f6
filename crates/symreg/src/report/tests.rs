use super::*;
use crate::{ConstantFit, Expression};

fn data(n: usize) -> Result<Data> {
    let p: Vec<f64> = (0..n).map(|i| 0.5 + 0.3 * ((i * 7) % 60) as f64).collect();
    let q: Vec<f64> = (0..n).map(|i| 5.0 + 0.2 * ((i * 11) % 60) as f64).collect();
    let y = (0..n)
        .map(|i| 5.12 - 5.07 * (-p[i] / q[i]).exp() + 0.1 * ((i * 17 % 31) as f64 / 31.0 - 0.5))
        .collect();
    let fixed = vec![1.9; n];
    Data::from_columns([("P_s", p), ("Pe", q), ("T", fixed)], ("e<d>", y))
}

fn front(data: &Data) -> Result<ParetoFront> {
    let mut models = Vec::new();
    for gene in [
        "P_s",
        "P_s/Pe",
        "exp(-0.9*P_s/Pe)",
        "erf(0.9*P_s/Pe+0.2)/(P_s-3.3)",
        "tanh(0.9*P_s/Pe)",
    ] {
        models.push(ConstantFit::new().fit(&[Expression::parse(gene, data.names())?], data)?);
    }
    Ok(ParetoFront::from_models(models))
}

#[test]
fn the_page_is_well_formed_and_loads_nothing() -> Result<()> {
    let data = data(60)?;
    let front = front(&data)?;
    let page = HtmlReport::new()
        .title("a < b & \"c\"\u{7}")
        .note("<script>alert(1)</script>")
        .unit("P_s", "W")
        .test(self::data(20)?)
        .write(&front, &data)?;
    let options = roxmltree::ParsingOptions {
        allow_dtd: true,
        ..Default::default()
    };
    let document = roxmltree::Document::parse_with_options(&page, options).unwrap();
    let has = |name: &str| {
        document
            .descendants()
            .filter(|n| n.has_tag_name(name))
            .count()
    };
    assert_eq!(has("script") + has("link") + has("img") + has("iframe"), 0);
    assert_eq!(has("details"), Language::ALL.len());
    for node in document.descendants() {
        for attribute in node.attributes() {
            assert!(!attribute.value().contains("://"), "{attribute:?}");
            assert!(!attribute.value().contains("NaN") && !attribute.value().contains("inf"));
        }
    }
    let figures: Vec<_> = document
        .descendants()
        .filter(|n| n.tag_name().name() == "svg")
        .collect();
    assert_eq!(figures.len(), 6);
    let dots = |i: usize| {
        figures[i]
            .descendants()
            .filter(|n| n.tag_name().name() == "title")
            .count()
    };
    assert_eq!(dots(0), front.models().len());
    assert_eq!(dots(1), 80, "60 training and 20 test rows");
    assert!(page.contains("T has one value in all rows"));
    assert!(page.contains("e&lt;d&gt;"));
    Ok(())
}

#[test]
fn says_what_it_cannot_write() -> Result<()> {
    let data = data(60)?;
    assert!(matches!(
        HtmlReport::new().write(&ParetoFront::default(), &data),
        Err(Error::NoValidModel { .. })
    ));
    assert!(matches!(
        HtmlReport::new().chosen(9).write(&front(&data)?, &data),
        Err(Error::InvalidParameter { name: "chosen", .. })
    ));
    let page = HtmlReport::new().write(&front(&data)?, &data)?;
    assert_eq!(page, HtmlReport::new().write(&front(&data)?, &data)?);
    Ok(())
}

/// Exact laws and huge numbers draw as well as any.
#[test]
fn draws_extreme_values() -> Result<()> {
    let x: Vec<f64> = (1..20).map(|i| 1e150 * f64::from(i)).collect();
    let y = x.iter().map(|v| 3e-160 * v).collect();
    let data = Data::from_columns([("x", x)], ("y", y))?;
    let law = ConstantFit::new().fit(&[Expression::parse("x", &["x"])?], &data)?;
    let page = HtmlReport::new().write(&ParetoFront::from_models(vec![law]), &data)?;
    assert!(page.contains("This front has no knee"));
    Ok(())
}
