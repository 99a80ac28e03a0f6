use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::writer::float_literal;
use super::*;
use crate::ConstantFit;
use crate::population::{is_regular, random_expression_for_tests};

const NAMES: [&str; 3] = ["x", "lambda", "_t2"];

fn rows() -> Vec<[f64; 3]> {
    let values = [-2.5, -1.0, -0.3, 0.0, 0.7, 1.0, 1.9, 3.0];
    let mut rows = Vec::new();
    for (i, a) in values.iter().enumerate() {
        for (j, b) in values.iter().enumerate() {
            rows.push([*a, *b, values[(i * 3 + j * 5 + 1) % 8]]);
        }
    }
    rows
}

fn expressions() -> Vec<Expression> {
    (0..160)
        .map(|seed| random_expression_for_tests(seed, 3, 2 + (seed % 4) as usize))
        .collect()
}

/// Whether two values agree: equal, both undefined, or to 1e-12 where a change of the inputs by
/// 1e-15 moves the value by less.
fn agree(e: &Expression, row: &[f64; 3], ours: f64, theirs: f64) -> bool {
    if ours.is_nan() && theirs.is_nan() || ours.to_bits() == theirs.to_bits() {
        return true;
    }
    if !is_regular(e, row) {
        // A rounding decides there whether the value exists, or what its digits are.
        return true;
    }
    let amplified = e.constants().zip(0..).fold(0.0_f64, |worst, (c, i)| {
        let mut moved = e.clone();
        let mut values: Vec<f64> = e.constants().collect();
        values[i] = c * (1.0 + 1e-14);
        moved.set_constants(&mut values.into_iter());
        worst.max((moved.evaluate_row(row).unwrap() - ours).abs())
    });
    let amplified = (0..3).fold(amplified, |worst, i| {
        let mut moved = *row;
        moved[i] *= 1.0 + 1e-14;
        worst.max((e.evaluate_row(&moved).unwrap() - ours).abs())
    });
    (ours - theirs).abs() <= 1e-12 * ours.abs().max(1e-300) + amplified
}

/// Compares values written one a line, as bits in base 16, with ours.
fn compare(output: &str, kept: &[usize], language: &str) {
    let mut lines = output.lines();
    let (mut regular, mut worst) = (0, 0.0_f64);
    let all = expressions();
    for &index in kept {
        let e = &all[index];
        for row in rows() {
            let line = lines
                .next()
                .unwrap_or_else(|| panic!("{language}: too few values"));
            let theirs = f64::from_bits(u64::from_str_radix(line.trim(), 16).unwrap());
            let ours = e.evaluate_row(&row).unwrap();
            assert!(
                agree(e, &row, ours, theirs),
                "{language}: {} at {row:?}: ours {ours:e}, theirs {theirs:e}",
                e.to_infix(&NAMES).unwrap()
            );
            if is_regular(e, &row) && ours != 0.0 {
                regular += 1;
                worst = worst.max((ours - theirs).abs() / ours.abs());
            }
        }
    }
    assert!(lines.next().is_none(), "{language}: too many values");
    assert!(regular > 2000, "{language}: only {regular} regular points");
    println!("{language}: {regular} regular points, largest relative difference {worst:.1e}");
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("symreg-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs a command and returns its output; `None`, said aloud, where there is no such program.
fn run(command: &mut Command) -> Option<String> {
    match command.output() {
        Ok(output) => {
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{command:?}: {errors}");
            Some(String::from_utf8(output.stdout).unwrap())
        }
        Err(e) => {
            println!("skipped: {command:?}: {e}");
            None
        }
    }
}

fn written(language: Language, index: usize, e: &Expression) -> String {
    Export::new(language)
        .function_name(format!("law{index}"))
        .expression(e, &NAMES)
        .unwrap()
}

fn table_of_rows(open: &str, close: &str) -> String {
    rows()
        .iter()
        .map(|r| {
            let [a, b, c] = r.map(float_literal);
            format!("{open}{a}, {b}, {c}{close}")
        })
        .collect::<Vec<_>>()
        .join(",\n")
}

#[test]
fn c_computes_the_same_values() {
    let folder = Folder::new("c");
    let mut command = Command::new("cc");
    command
        .args(["-std=c99", "-O0", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(folder.0.join("laws"));
    let (mut declarations, mut calls) = (String::new(), String::new());
    let all = expressions();
    for (i, e) in all.iter().enumerate() {
        let text = written(Language::C, i, e);
        command.arg(folder.write(&format!("law{i}.c"), &text));
        let _ = writeln!(declarations, "double law{i}(double, double, double);");
        let _ = writeln!(
            calls,
            "  for (int i = 0; i < {n}; i++) put(law{i}(r[i][0], r[i][1], r[i][2]));",
            n = rows().len()
        );
    }
    let main = format!(
        "#include <stdio.h>\n#include <string.h>\n{declarations}\
         static void put(double v) {{ unsigned long long b; memcpy(&b, &v, 8); printf(\"%llx\\n\", b); }}\n\
         static const double r[][3] = {{{}}};\nint main(void) {{\n{calls}  return 0;\n}}\n",
        table_of_rows("{", "}")
    );
    command.arg(folder.write("main.c", &main)).arg("-lm");
    if run(&mut command).is_some() {
        let output = run(&mut Command::new(folder.0.join("laws"))).unwrap();
        compare(&output, &(0..all.len()).collect::<Vec<_>>(), "C");
    }
}

/// The compiled crate `libm`, from the folder of this test's own dependencies.
fn libm() -> Option<(PathBuf, PathBuf)> {
    let folder = std::env::current_exe().ok()?.parent()?.to_path_buf();
    let mut found: Vec<PathBuf> = std::fs::read_dir(&folder)
        .ok()?
        .filter_map(|f| Some(f.ok()?.path()))
        .filter(|p| {
            p.extension().is_some_and(|e| e == "rlib")
                && p.file_name()
                    .is_some_and(|n| n.to_string_lossy().starts_with("liblibm-"))
        })
        .collect();
    found.sort();
    found.pop().map(|file| (folder, file))
}

#[test]
fn rust_computes_the_same_values() {
    let Some((dependencies, libm)) = libm() else {
        println!("skipped: the compiled crate libm was not found beside this test");
        return;
    };
    let folder = Folder::new("rust");
    let all = expressions();
    let (mut functions, mut calls) = (String::new(), String::new());
    for (i, e) in all.iter().enumerate() {
        functions += &written(Language::Rust, i, e);
        let _ = writeln!(
            calls,
            "    for r in R {{ println!(\"{{:x}}\", law{i}(r[0], r[1], r[2]).to_bits()); }}"
        );
    }
    let text = format!(
        "#![deny(warnings)]\n{functions}\nconst R: [[f64; 3]; {}] = [{}];\nfn main() {{\n{calls}}}\n",
        rows().len(),
        table_of_rows("[", "]")
    );
    let source = folder.write("main.rs", &text);
    let program = folder.0.join("laws");
    let mut extern_libm = std::ffi::OsString::from("libm=");
    extern_libm.push(&libm);
    let compiled = run(Command::new("rustc")
        .args([
            "--edition",
            "2024",
            "-A",
            "dead_code",
            "-A",
            "unused_parens",
        ])
        .arg("-L")
        .arg(format!("dependency={}", dependencies.display()))
        .arg("--extern")
        .arg(extern_libm)
        .arg(&source)
        .arg("-o")
        .arg(&program));
    if compiled.is_some() {
        let output = run(&mut Command::new(program)).unwrap();
        compare(&output, &(0..all.len()).collect::<Vec<_>>(), "Rust");
    }
}

/// The interpreter named by `PYTHON`, else `python3`, if it has these modules.
fn python_with(modules: &str) -> Option<String> {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&python)
        .args(["-c", &format!("import {modules}")])
        .output()
        .is_ok_and(|o| o.status.success());
    if !found {
        println!("skipped: {python} with {modules}; the variable PYTHON names another");
    }
    found.then_some(python)
}

fn python_rows() -> String {
    format!("rows = [{}]\n", table_of_rows("(", ")"))
}

#[test]
fn python_computes_the_same_values() {
    let Some(python) = python_with("numpy, scipy") else {
        return;
    };
    let folder = Folder::new("python");
    let all = expressions();
    for (i, e) in all.iter().enumerate() {
        folder.write(&format!("law{i}.py"), &written(Language::Python, i, e));
    }
    let inline: Vec<String> = all.iter().map(|e| e.to_python(&NAMES).unwrap()).collect();
    let driver = format!(
        "import importlib, struct\nimport numpy\nfrom numpy import *\nfrom scipy.special import erf, erfc\n{}\
         inline = {inline:?}\nseterr(all='ignore')\nx, lambda_, _t2 = (numpy.array(c) for c in zip(*rows))\n\
         for i in range({}):\n    \
             law = getattr(importlib.import_module(f'law{{i}}'), f'law{{i}}')\n    \
             columns = numpy.broadcast_to(law(x, lambda_, _t2), x.shape)\n    \
             line = numpy.broadcast_to(numpy.asarray(eval(inline[i]), dtype=float), x.shape)\n    \
             for k, (a, b, c) in enumerate(rows):\n        \
                 one = float(law(a, b, c))\n        \
                 assert one == columns[k] or abs(one - columns[k]) <= 1e-9 * abs(one) or one != one and columns[k] != columns[k], (i, k, one, columns[k])\n        \
                 assert one == line[k] or abs(one - line[k]) <= 1e-9 * abs(one) or one != one and line[k] != line[k], (i, k, inline[i], one, line[k])\n        \
                 print(struct.pack('>d', one).hex())\n",
        python_rows(),
        all.len()
    );
    let driver = folder.write("driver.py", &driver);
    let output = run(Command::new(python).arg(&driver).current_dir(&folder.0)).unwrap();
    compare(&output, &(0..all.len()).collect::<Vec<_>>(), "Python");
}

/// SymPy simplifies and takes complex numbers, so only values at regular points are compared.
#[test]
fn sympy_computes_the_same_values() {
    let Some(python) = python_with("sympy") else {
        return;
    };
    let folder = Folder::new("sympy");
    let all = expressions();
    let mut text = String::new();
    let mut expected = Vec::new();
    let row = [0.7, 1.9, 3.0];
    for (i, e) in all.iter().enumerate() {
        let ours = e.evaluate_row(&row).unwrap();
        if is_regular(e, &row) {
            folder.write(&format!("law{i}.py"), &written(Language::SymPy, i, e));
            let _ = write!(
                text,
                "import law{i} as m\nprint(repr(float(m.law{i}.subs({{m.x: 0.7, m.lambda_: 1.9, m._t2: 3.0}}))))\n\
                 e = sympify({:?}, locals={{'x': Symbol('x'), 'lambda_': Symbol('lambda_'), '_t2': Symbol('_t2')}})\n\
                 print(repr(float(e.subs({{'x': 0.7, 'lambda_': 1.9, '_t2': 3.0}}))))\n",
                e.to_sympy(&NAMES).unwrap()
            );
            expected.push((i, ours));
        }
    }
    let driver = folder.write(
        "driver.py",
        &format!("from sympy import sympify, Symbol\n{text}"),
    );
    let output = run(Command::new(python).arg(&driver).current_dir(&folder.0)).unwrap();
    let values: Vec<f64> = output.lines().map(|l| l.parse().unwrap()).collect();
    assert_eq!(values.len(), 2 * expected.len());
    assert!(expected.len() > 60);
    for ((i, ours), pair) in expected.iter().zip(values.chunks(2)) {
        for theirs in pair {
            assert!(
                agree(&all[*i], &row, *ours, *theirs),
                "{}: ours {ours}, SymPy {theirs}",
                all[*i].to_infix(&NAMES).unwrap()
            );
        }
    }
    println!("SymPy: {} values", values.len());
}

fn e(text: &str) -> Expression {
    Expression::parse(text, &NAMES).unwrap()
}

#[test]
fn undefined_values_stay_undefined_in_julia_and_matlab() -> Result<()> {
    let law = e("log(x)*sqrt(lambda)^_t2 + min(sin(x), erf(-2*_t2))/3");
    let julia = Export::new(Language::Julia).expression(&law, &NAMES)?;
    assert_eq!(
        julia,
        "# value = log(x)*sqrt(lambda)^_t2+min(sin(x),erf(-2*_t2))/3\n\
         using SpecialFunctions: erf, erfc\n\n\
         nan_log(a) = a < 0 ? NaN : log(a)\n\
         nan_sqrt(a) = a < 0 ? NaN : sqrt(a)\n\
         nan_power(a, b) = a < 0 && isfinite(b) && !isinteger(b) ? NaN : a^b\n\
         nan_sin(a) = isfinite(a) ? sin(a) : NaN\n\
         function law(x::Float64, lambda::Float64, _t2::Float64)\n    \
         return nan_log(x)*nan_power(nan_sqrt(lambda), _t2) + min(nan_sin(x), erf(-2.0*_t2))/3.0\nend\n"
    );
    let matlab = Export::new(Language::Matlab).expression(&law, &NAMES)?;
    assert_eq!(
        matlab,
        "function y_ = law(x, lambda, v_t2)\n\
         % value = log(x)*sqrt(lambda)^_t2+min(sin(x),erf(-2*_t2))/3\n\
         % v_t2 (_t2):\n\
         y_ = nan_real(log(x)).*nan_real(nan_real(sqrt(lambda)).^v_t2) + nan_min(sin(x), erf(-2.0.*v_t2))./3.0;\nend\n\n\
         function y = nan_real(y)\ny(imag(y) ~= 0) = NaN;\ny = real(y);\nend\n\n\
         function y = nan_min(a, b)\ny = min(a, b);\ny(isnan(a) | isnan(b)) = NaN;\nend\n"
    );
    Ok(())
}

#[test]
fn names_never_meet() -> Result<()> {
    let names = [
        "lambda", "lambda_", "np", "η", "eta", "law", "pow", "__x", "end", "Ж",
    ];
    for language in Language::ALL {
        let found = Identifiers::new(language, "law", &names);
        let mut all = found.variables.clone();
        all.push(found.function.clone());
        all.sort();
        all.dedup();
        assert_eq!(all.len(), names.len() + 1, "{language:?}: {found:?}");
        assert!(all.iter().all(|n| n.is_ascii()));
    }
    assert_eq!(
        Expression::python_names(&["lambda", "lambda_", "η"])?,
        ["lambda__", "lambda_", "eta"]
    );
    assert!(
        Export::new(Language::C)
            .expression(&e("x"), &["a b"])
            .is_err()
    );
    assert_eq!(
        Export::new(Language::C).expression(&e("lambda"), &["x"]),
        Err(Error::VariableOutOfRange {
            index: 1,
            columns: 1
        })
    );
    Ok(())
}

#[test]
fn latex_is_written_as_a_person_would() -> Result<()> {
    let names = ["x", "alpha", "P_max", "ke2"];
    for (text, expected) in [
        ("-x^2", r"-x^{2}"),
        ("(-x)^2", r"\left(-x\right)^{2}"),
        ("(x/alpha)^2", r"\left(\frac{x}{\alpha}\right)^{2}"),
        ("2*3^x", r"2 \cdot 3^{x}"),
        ("2*x", r"2\,x"),
        (
            "x*(alpha*P_max)",
            r"x\,\left(\alpha\,P_{\mathrm{max}}\right)",
        ),
        (
            "x-(alpha-ke2)",
            r"x - \left(\alpha - \mathrm{ke}_{2}\right)",
        ),
        ("1e-9*x", r"10^{-9}\,x"),
        ("square(1.5e-9)", r"\left(1.5 \times 10^{-9}\right)^{2}"),
        ("sqrt(abs(x))", r"\sqrt{\left|x\right|}"),
        ("max(x,-2)", r"\max\left(x,\,-2\right)"),
        ("x*(-alpha)", r"x\,\left(-\alpha\right)"),
        ("erf(x)^alpha", r"\operatorname{erf}\left(x\right)^{\alpha}"),
    ] {
        assert_eq!(
            Expression::parse(text, &names)?.to_latex(&names, 6)?,
            expected,
            "{text}"
        );
    }
    Ok(())
}

#[test]
fn a_rounded_law_comes_with_its_own_error() -> Result<()> {
    let x: Vec<f64> = (0..20).map(|i| 0.1 * f64::from(i)).collect();
    let y: Vec<f64> = x.iter().map(|v| 1.2345 + 6.789 * v.exp()).collect();
    let data = Data::from_columns([("x", x)], ("depth", y))?;
    let model = ConstantFit::new().fit(&[Expression::parse("exp(x)", &["x"])?], &data)?;
    let text = Export::new(Language::Python)
        .digits(2)
        .unit("x", "m*/\n\"s\"\\")
        .description("two\nlines")
        .model(&model, &data)?;
    let rounded = Expression::parse("1.2+6.8*exp(x)", &["x"])?;
    let score = Score::of(data.target(), &predict(&rounded, &["x"], &data)?)?;
    assert!(
        text.contains(&format!("RMSE = {:.6e}", score.rmse)),
        "{text}"
    );
    assert!(text.contains("with all digits R2 = 1.000000"), "{text}");
    assert!(
        text.contains("x: 0 to 1.9000000000000001, in m* / \\\"s\\\"\\\\"),
        "{text}"
    );
    assert!(text.contains("return 1.2 + 6.8*np.exp(x)"), "{text}");
    Ok(())
}

#[test]
fn json_and_dot_hold_the_tree() -> Result<()> {
    let law = e("2*x - -lambda");
    let text = Export::new(Language::Json)
        .unit("x", "\"m\"")
        .expression(&law, &NAMES)?;
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["infix"], "2*x-(-lambda)");
    assert_eq!(value["variables"][0]["unit"], "\"m\"");
    assert_eq!(
        value["tree"],
        serde_json::json!({"op": "-", "args": [{"op": "*", "args": [2.0, "x"]}, {"op": "neg", "args": ["lambda"]}]})
    );
    let dot = Export::new(Language::Dot).expression(&law, &NAMES)?;
    assert_eq!(dot.matches("->").count(), law.node_count() - 1);
    assert!(dot.contains("n2 -> n0;") && dot.contains("n5 -> n2;") && dot.contains("n5 -> n4;"));
    if let Some(image) = run(Command::new("dot").arg("-V")) {
        println!("{image}");
    }
    Ok(())
}

/// Each number is read back as the same bits, whatever its size.
#[test]
fn numbers_have_the_fewest_digits() {
    for value in [
        0.1,
        -0.0,
        1e22,
        5e-324,
        f64::MAX,
        1.0 / 3.0,
        1e15,
        123_456_789.0,
        2e-5,
    ] {
        let text = float_literal(value);
        assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits());
        assert!(text.contains(['.', 'e']), "{text}");
    }
    assert!(
        Path::new("law.c")
            .extension()
            .is_some_and(|e| e == Language::C.extension())
    );
}
