//! Expressions and functions in the languages that compute.

use std::fmt::Write as _;

use crate::operator::Operator;
use crate::{Expression, Token};

use super::header::Header;
use super::language::{Identifiers, Language};
use super::uses;

/// Binding strength of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    Sum,
    Product,
    Sign,
    Power,
    Atom,
}

/// Whether the text stands in a function that this module writes around it, with its imports and
/// helpers, or alone in one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Function,
    Inline,
}

struct Piece {
    text: String,
    strength: Strength,
    /// The value of a piece without variables, which Python would compute with its own numbers.
    value: Option<f64>,
}

/// Writes expressions in one language.
pub(super) struct Writer<'a> {
    language: Language,
    form: Form,
    names: &'a [String],
}

impl<'a> Writer<'a> {
    pub(super) fn new(language: Language, form: Form, names: &'a [String]) -> Self {
        Self {
            language,
            form,
            names,
        }
    }

    pub(super) fn text(&self, expression: &Expression) -> String {
        let mut stack: Vec<Piece> = Vec::new();
        for token in expression.tokens() {
            let piece = match *token {
                Token::Constant(c) => Piece {
                    text: self.number(c),
                    strength: if c.is_sign_negative() {
                        Strength::Sign
                    } else {
                        Strength::Atom
                    },
                    value: Some(c),
                },
                Token::Variable(v) => Piece {
                    text: self.names[usize::from(v)].clone(),
                    strength: Strength::Atom,
                    value: None,
                },
                Token::Apply(op) if op.arity() == 1 => {
                    let a = stack.pop().unwrap_or_else(missing);
                    self.unary(op, a)
                }
                Token::Apply(op) => {
                    let b = stack.pop().unwrap_or_else(missing);
                    let a = stack.pop().unwrap_or_else(missing);
                    self.binary(op, a, b)
                }
            };
            stack.push(piece);
        }
        stack.pop().unwrap_or_else(missing).text
    }

    fn number(&self, value: f64) -> String {
        let whole = self.language == Language::SymPy && value.fract() == 0.0 && value.abs() < 1e15;
        if whole {
            return format!("{value}");
        }
        float_literal(value)
    }

    fn unary(&self, op: Operator, a: Piece) -> Piece {
        let value = a.value.map(|v| op.apply_unary(v));
        let piece = |text: String, strength| Piece {
            text,
            strength,
            value,
        };
        match op {
            Operator::Neg => {
                let inner = if a.text.starts_with('-') {
                    format!("({})", a.text)
                } else {
                    wrapped(a, Strength::Sign)
                };
                piece(format!("-{inner}"), Strength::Sign)
            }
            Operator::Square if self.writes_square_as_power() => {
                let base = wrapped(a, Strength::Atom);
                let sign = if self.language == Language::Matlab {
                    ".^"
                } else {
                    "**"
                };
                piece(format!("{base}{sign}2"), Strength::Power)
            }
            Operator::Square => {
                let (before, after) = match self.language {
                    Language::Rust => ("f64::powi(", ", 2)"),
                    Language::C => ("pow(", ", 2.0)"),
                    Language::Julia => ("abs2(", ")"),
                    _ => ("np.square(", ")"),
                };
                piece(format!("{before}{}{after}", a.text), Strength::Atom)
            }
            Operator::Log | Operator::Sqrt if self.language == Language::Matlab => piece(
                format!("nan_real({}({}))", op.name(), a.text),
                Strength::Atom,
            ),
            _ => piece(format!("{}({})", self.function(op), a.text), Strength::Atom),
        }
    }

    fn writes_square_as_power(&self) -> bool {
        match self.language {
            Language::Matlab | Language::SymPy => true,
            Language::Python => self.form == Form::Inline,
            _ => false,
        }
    }

    fn binary(&self, op: Operator, a: Piece, b: Piece) -> Piece {
        use Strength::{Atom, Power, Product, Sum};
        let value = a.value.zip(b.value).map(|(v, w)| op.apply_binary(v, w));
        let constant = value.is_some();
        let piece = |text: String, strength| Piece {
            text,
            strength,
            value,
        };
        let matlab = self.language == Language::Matlab;
        let python = self.language == Language::Python;
        let call =
            |name: &str, a: Piece, b: Piece| piece(format!("{name}({}, {})", a.text, b.text), Atom);
        if let Some(value) = value.filter(|v| python && self.form == Form::Inline && !v.is_finite())
        {
            // Python's own numbers would end in an exception or a complex number.
            let (text, strength) = if value.is_nan() {
                ("nan", Atom)
            } else if value > 0.0 {
                ("inf", Atom)
            } else {
                ("-inf", Strength::Sign)
            };
            return piece(text.to_owned(), strength);
        }
        match op {
            Operator::Add | Operator::Sub => {
                let sign = if op == Operator::Add { " + " } else { " - " };
                piece(joined(a, Sum, sign, b, Product), Sum)
            }
            Operator::Mul => {
                let sign = if matlab { ".*" } else { "*" };
                piece(joined(a, Product, sign, b, Power), Product)
            }
            // Numbers of Python divided by zero are an exception, those of NumPy are infinite.
            Operator::Div if python && constant && self.form == Form::Function => {
                call("np.divide", a, b)
            }
            Operator::Div => {
                let sign = if matlab { "./" } else { "/" };
                let a = self.exact_if(constant, a);
                piece(joined(a, Product, sign, b, Power), Product)
            }
            Operator::Pow if self.writes_power_as_sign() => {
                let a = self.exact_if(constant, a);
                piece(joined(a, Atom, "**", b, Power), Power)
            }
            Operator::Pow if matlab => {
                let text = joined(a, Atom, ".^", b, Atom);
                piece(format!("nan_real({text})"), Atom)
            }
            _ => call(self.function(op), a, b),
        }
    }

    /// SymPy's own number for Python's, where both sides are numbers.
    fn exact_if(&self, constant: bool, a: Piece) -> Piece {
        if constant && self.language == Language::SymPy {
            return Piece {
                text: format!("Float({})", a.text),
                strength: Strength::Atom,
                value: a.value,
            };
        }
        a
    }

    fn writes_power_as_sign(&self) -> bool {
        match self.language {
            Language::SymPy => true,
            Language::Python => self.form == Form::Inline,
            _ => false,
        }
    }

    /// The name of a function that is called with its arguments in parentheses.
    fn function(&self, op: Operator) -> &'static str {
        use Operator::{Abs, Cos, Erf, Erfc, Exp, Log, Max, Min, Pow, Sin, Sqrt, Tanh};
        match (self.language, op) {
            (Language::Rust, Pow) => "f64::powf",
            (Language::Rust, Exp) => "f64::exp",
            (Language::Rust, Log) => "f64::ln",
            (Language::Rust, Sqrt) => "f64::sqrt",
            (Language::Rust, Sin) => "f64::sin",
            (Language::Rust, Cos) => "f64::cos",
            (Language::Rust, Tanh) => "f64::tanh",
            (Language::Rust, Abs) => "f64::abs",
            (Language::Rust, Erf) => "libm::erf",
            (Language::Rust, Erfc) => "libm::erfc",
            (Language::C, Pow) => "pow",
            (Language::C, Abs) => "fabs",
            (Language::Rust | Language::C | Language::Matlab, Min) => "nan_min",
            (Language::Rust | Language::C | Language::Matlab, Max) => "nan_max",
            (Language::Julia, Pow) => "nan_power",
            (Language::Julia, Log) => "nan_log",
            (Language::Julia, Sqrt) => "nan_sqrt",
            (Language::Julia, Sin) => "nan_sin",
            (Language::Julia, Cos) => "nan_cos",
            (Language::SymPy, Min) => "Min",
            (Language::SymPy, Max) => "Max",
            (Language::SymPy, Abs) => "Abs",
            (Language::Python, _) => self.python_function(op),
            _ => op.name(),
        }
    }

    fn python_function(&self, op: Operator) -> &'static str {
        use Operator::{Abs, Cos, Exp, Log, Max, Min, Pow, Sin, Sqrt, Tanh};
        if self.form == Form::Inline {
            return match op {
                Min => "minimum",
                Max => "maximum",
                _ => op.name(),
            };
        }
        match op {
            Pow => "np.power",
            Min => "np.minimum",
            Max => "np.maximum",
            Exp => "np.exp",
            Log => "np.log",
            Sqrt => "np.sqrt",
            Sin => "np.sin",
            Cos => "np.cos",
            Tanh => "np.tanh",
            Abs => "np.abs",
            _ => op.name(),
        }
    }
}

/// Never reached: every expression is well formed.
fn missing() -> Piece {
    Piece {
        text: String::new(),
        strength: Strength::Atom,
        value: None,
    }
}

fn wrapped(piece: Piece, least: Strength) -> String {
    if piece.strength < least {
        format!("({})", piece.text)
    } else {
        piece.text
    }
}

fn joined(a: Piece, left: Strength, sign: &str, b: Piece, right: Strength) -> String {
    let mut text = wrapped(a, left);
    text.push_str(sign);
    let second = wrapped(b, right);
    if second.starts_with('-') {
        let _ = write!(text, "({second})");
    } else {
        text.push_str(&second);
    }
    text
}

/// The fewest digits that are read back as the same number, with a point or an exponent.
pub(super) fn float_literal(value: f64) -> String {
    let size = value.abs();
    let text = if size != 0.0 && !(1e-5..1e16).contains(&size) {
        format!("{value:e}")
    } else {
        format!("{value}")
    };
    if text.contains(['.', 'e']) {
        text
    } else {
        format!("{text}.0")
    }
}

/// A whole function with its header, imports and helpers.
pub(super) fn function(
    language: Language,
    expression: &Expression,
    identifiers: &Identifiers,
    header: &Header<'_>,
) -> String {
    let body = Writer::new(language, Form::Function, &identifiers.variables).text(expression);
    let lines = header.lines(&identifiers.variables);
    let name = &identifiers.function;
    match language {
        Language::C => c_function(expression, name, &identifiers.variables, &body, &lines),
        Language::Rust => rust_function(expression, name, &identifiers.variables, &body, &lines),
        Language::Julia => julia_function(expression, name, &identifiers.variables, &body, &lines),
        Language::Matlab => {
            matlab_function(expression, name, &identifiers.variables, &body, &lines)
        }
        Language::SymPy => sympy_module(name, &identifiers.variables, &body, &lines),
        _ => python_function(expression, name, &identifiers.variables, &body, &lines),
    }
}

/// Each line behind a mark, without blanks at its end.
fn commented(lines: &[String], mark: &str) -> String {
    let mut text = String::new();
    for line in lines {
        let _ = writeln!(text, "{}", format!("{mark}{line}").trim_end());
    }
    text
}

fn c_function(
    expression: &Expression,
    name: &str,
    variables: &[String],
    body: &str,
    lines: &[String],
) -> String {
    let mut text = commented(lines, "// ");
    text.push_str("#include <math.h>\n\n");
    for (op, function, sign) in [
        (Operator::Min, "nan_min", '<'),
        (Operator::Max, "nan_max", '>'),
    ] {
        if uses(expression, op) {
            let _ = writeln!(
                text,
                "static double {function}(double a, double b) {{\n    \
                 return isnan(a) || isnan(b) ? NAN : a {sign} b ? a : b;\n}}\n"
            );
        }
    }
    let arguments: Vec<String> = variables.iter().map(|v| format!("double {v}")).collect();
    let arguments = if arguments.is_empty() {
        "void".to_owned()
    } else {
        arguments.join(", ")
    };
    let unused = unused(expression, variables)
        .iter()
        .fold(String::new(), |t, v| t + &format!("    (void){v};\n"));
    let _ = writeln!(
        text,
        "double {name}({arguments}) {{\n{unused}    return {body};\n}}"
    );
    text
}

fn rust_function(
    expression: &Expression,
    name: &str,
    variables: &[String],
    body: &str,
    lines: &[String],
) -> String {
    let mut text = commented(lines, "/// ");
    text.push_str("#[allow(non_snake_case, unused_variables)]\n");
    let arguments: Vec<String> = variables.iter().map(|v| format!("{v}: f64")).collect();
    let _ = writeln!(text, "pub fn {name}({}) -> f64 {{", arguments.join(", "));
    for (op, function, sign) in [
        (Operator::Min, "nan_min", '<'),
        (Operator::Max, "nan_max", '>'),
    ] {
        if uses(expression, op) {
            let _ = writeln!(
                text,
                "    fn {function}(a: f64, b: f64) -> f64 {{\n        \
                 if a.is_nan() || b.is_nan() {{ f64::NAN }} else if a {sign} b {{ a }} else {{ b }}\n    }}"
            );
        }
    }
    let _ = writeln!(text, "    {body}\n}}");
    text
}

fn python_function(
    expression: &Expression,
    name: &str,
    variables: &[String],
    body: &str,
    lines: &[String],
) -> String {
    let mut text = String::from("import numpy as np\n");
    let special: Vec<&str> = [(Operator::Erf, "erf"), (Operator::Erfc, "erfc")]
        .into_iter()
        .filter(|(op, _)| uses(expression, *op))
        .map(|(_, n)| n)
        .collect();
    if !special.is_empty() {
        let _ = writeln!(text, "from scipy.special import {}", special.join(", "));
    }
    let _ = writeln!(text, "\n\ndef {name}({}):", variables.join(", "));
    text.push_str(&docstring(lines));
    for v in variables {
        let _ = writeln!(text, "    {v} = np.asarray({v}, dtype=float)");
    }
    let _ = writeln!(
        text,
        "    with np.errstate(all=\"ignore\"):\n        return {body}"
    );
    text
}

fn docstring(lines: &[String]) -> String {
    let mut text = String::new();
    for (i, line) in lines.iter().enumerate() {
        let escaped = line.replace('\\', "\\\\").replace('"', "\\\"");
        let open = if i == 0 { "\"\"\"" } else { "" };
        if escaped.is_empty() && i > 0 {
            text.push('\n');
        } else {
            let _ = writeln!(text, "    {open}{escaped}");
        }
    }
    if !lines.is_empty() {
        text.push_str("    \"\"\"\n");
    }
    text
}

fn sympy_module(name: &str, variables: &[String], body: &str, lines: &[String]) -> String {
    let mut text = commented(lines, "# ");
    text.push_str(
        "from sympy import Abs, Float, Max, Min, Symbol, cos, erf, erfc, exp, log, sin, sqrt, sympify, tanh\n\n",
    );
    for v in variables {
        let _ = writeln!(text, "{v} = Symbol(\"{v}\", real=True)");
    }
    let _ = writeln!(text, "{name} = sympify({body})");
    text
}

fn julia_function(
    expression: &Expression,
    name: &str,
    variables: &[String],
    body: &str,
    lines: &[String],
) -> String {
    let mut text = commented(lines, "# ");
    if uses(expression, Operator::Erf) || uses(expression, Operator::Erfc) {
        text.push_str("using SpecialFunctions: erf, erfc\n");
    }
    text.push('\n');
    for (op, helper) in [
        (Operator::Log, "nan_log(a) = a < 0 ? NaN : log(a)"),
        (Operator::Sqrt, "nan_sqrt(a) = a < 0 ? NaN : sqrt(a)"),
        (
            Operator::Pow,
            "nan_power(a, b) = a < 0 && isfinite(b) && !isinteger(b) ? NaN : a^b",
        ),
        (Operator::Sin, "nan_sin(a) = isfinite(a) ? sin(a) : NaN"),
        (Operator::Cos, "nan_cos(a) = isfinite(a) ? cos(a) : NaN"),
    ] {
        if uses(expression, op) {
            let _ = writeln!(text, "{helper}");
        }
    }
    let arguments: Vec<String> = variables.iter().map(|v| format!("{v}::Float64")).collect();
    let _ = writeln!(
        text,
        "function {name}({})\n    return {body}\nend",
        arguments.join(", ")
    );
    text
}

fn matlab_function(
    expression: &Expression,
    name: &str,
    variables: &[String],
    body: &str,
    lines: &[String],
) -> String {
    let mut text = format!("function y_ = {name}({})\n", variables.join(", "));
    text.push_str(&commented(lines, "% "));
    let _ = writeln!(text, "y_ = {body};\nend");
    if body.contains("nan_real(") {
        text.push_str("\nfunction y = nan_real(y)\ny(imag(y) ~= 0) = NaN;\ny = real(y);\nend\n");
    }
    for (op, function, built_in) in [
        (Operator::Min, "nan_min", "min"),
        (Operator::Max, "nan_max", "max"),
    ] {
        if uses(expression, op) {
            let _ = writeln!(
                text,
                "\nfunction y = {function}(a, b)\ny = {built_in}(a, b);\ny(isnan(a) | isnan(b)) = NaN;\nend"
            );
        }
    }
    text
}

/// The variables that the law does not hold.
fn unused<'a>(expression: &Expression, variables: &'a [String]) -> Vec<&'a String> {
    let used = expression.variables();
    variables
        .iter()
        .enumerate()
        .filter(|(i, _)| !used.contains(i))
        .map(|(_, v)| v)
        .collect()
}
