//! Laws as source code, markup and trees, for use outside of this crate.

mod header;
mod language;
mod latex;
mod tree;
mod writer;

pub use language::Language;

use std::collections::BTreeMap;

use crate::format::round_significant;
use crate::parse::check_names;
use crate::{Data, Error, Expression, Model, Result, Score, Token};

use header::Header;
use language::Identifiers;
use writer::{Form, Writer};

/// Writes a law for another language: a function with a header that says what it is and where it
/// holds, a LaTeX equation, a JSON document or a DOT graph.
///
/// The written function gives what [`Expression::evaluate_row`] gives, to the accuracy of the other
/// language's elementary functions, and is undefined (not a number) where the law is:
///
/// - Numbers have the fewest digits that are read back as the same `f64`, and are never whole
///   numbers of the language, so that no division drops a remainder. [`digits`](Self::digits) rounds
///   them, and then the header gives the error of the *rounded* law.
/// - Association is kept, and parentheses stand only where it or precedence needs them.
/// - Names that the language reserves, or uses for its functions, get an underscore; letters outside
///   of ASCII are spelled out. Two names never become one.
/// - `erf` and `erfc` come from C's `math.h`, MATLAB itself, SciPy, Julia's SpecialFunctions and
///   Rust's crate `libm`.
/// - Logarithm, root and power of a negative number are NaN also where the language would
///   answer with a complex number or an exception (MATLAB, Julia, Python), and minimum and maximum
///   of NaN are NaN also where the language would skip it (C, Rust, MATLAB).
///
/// # Examples
///
/// ```
/// use symreg::{ConstantFit, Data, Export, Expression, Language};
/// let ke: Vec<f64> = (1..40).map(|i| 0.06 * f64::from(i)).collect();
/// let depth: Vec<f64> = ke.iter().map(|k| 5.12 - 5.07 * (-k).exp()).collect();
/// let data = Data::from_columns([("Ke", ke)], ("depth", depth))?;
/// let model = ConstantFit::new().fit(&[Expression::parse("exp(-0.9*Ke)", &["Ke"])?], &data)?;
/// let text = Export::new(Language::C).digits(3).unit("Ke", "1").model(&model, &data)?;
/// assert!(text.contains("return 5.12 - 5.07*exp(-1.0*Ke);"));
/// assert!(text.contains("Ke: 0.06 to 2.34, in 1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Export {
    language: Language,
    function_name: String,
    description: String,
    digits: Option<usize>,
    units: BTreeMap<String, String>,
}

impl Export {
    /// An export to `language`, of all digits, as a function of the name `law`.
    #[must_use]
    pub fn new(language: Language) -> Self {
        Self {
            language,
            function_name: "law".to_owned(),
            description: String::new(),
            digits: None,
            units: BTreeMap::new(),
        }
    }

    /// Name of the function (default `law`), made a name of the language as those of the variables.
    pub fn function_name(mut self, value: impl Into<String>) -> Self {
        self.function_name = value.into();
        self
    }

    /// A sentence for the header (default none).
    pub fn description(mut self, value: impl Into<String>) -> Self {
        self.description = value.into();
        self
    }

    /// Rounds numbers to this many significant digits, 1 to 17 (default: all that are needed).
    pub fn digits(mut self, value: usize) -> Self {
        self.digits = Some(value.clamp(1, 17));
        self
    }

    /// The unit of a variable or of the target, by name, for the header.
    pub fn unit(mut self, name: impl Into<String>, unit: impl Into<String>) -> Self {
        self.units.insert(name.into(), unit.into());
        self
    }

    /// The text of an expression whose variable `i` is `names[i]`.
    ///
    /// The header then has no ranges and no errors, as there are no rows.
    ///
    /// # Errors
    ///
    /// [`Error::VariableOutOfRange`] if a variable has no name; [`Error::InvalidName`] and
    /// [`Error::NameClash`] for bad names.
    pub fn expression<S: AsRef<str>>(
        &self,
        expression: &Expression,
        names: &[S],
    ) -> Result<String> {
        self.write(expression, names, None, |_| Ok(None))
    }

    /// The text of a fitted law, its header with the range of each variable and the errors on the
    /// rows of `data`, whose columns are found by name.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownColumn`] if `data` lacks a column that the law uses.
    pub fn model(&self, model: &Model, data: &Data) -> Result<String> {
        let expression = model.expression();
        self.law(&expression, model.names(), data)
    }

    /// As [`model`](Self::model), for an expression whose constants are already fitted.
    ///
    /// # Errors
    ///
    /// As [`expression`](Self::expression) and [`model`](Self::model).
    pub fn law<S: AsRef<str>>(
        &self,
        expression: &Expression,
        names: &[S],
        data: &Data,
    ) -> Result<String> {
        self.write(expression, names, Some(data), |law| {
            let predicted = predict(law, names, data)?;
            Ok(Some(Score::on(data, &predicted)))
        })
    }

    fn write<S: AsRef<str>>(
        &self,
        expression: &Expression,
        names: &[S],
        data: Option<&Data>,
        score: impl Fn(&Expression) -> Result<Option<Score>>,
    ) -> Result<String> {
        check_names(names)?;
        expression.check_variables(names.len())?;
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        let printed = match self.digits {
            Some(digits) => rounded(expression, digits),
            None => expression.clone(),
        };
        let header = Header {
            description: &self.description,
            units: &self.units,
            names: &names,
            law: &printed,
            digits: self.digits,
            data,
            exact: score(expression)?,
            printed: score(&printed)?,
        };
        Ok(match self.language {
            Language::Latex => latex::document(&printed, &names, &header),
            Language::Json => tree::json(&printed, &names, &header),
            Language::Dot => tree::dot(&printed, &names, &header),
            language => {
                let identifiers = Identifiers::new(language, &self.function_name, &names);
                writer::function(language, &printed, &identifiers, &header)
            }
        })
    }
}

/// The same expression, each number rounded to `digits` significant digits.
fn rounded(expression: &Expression, digits: usize) -> Expression {
    let mut result = expression.clone();
    let values: Vec<f64> = expression
        .constants()
        .map(|c| {
            let text = round_significant(c, digits);
            // Rounding up the largest numbers can leave their range.
            text.parse()
                .ok()
                .filter(|v: &f64| v.is_finite())
                .unwrap_or(c)
        })
        .collect();
    result.set_constants(&mut values.into_iter());
    result
}

/// Values on the rows of a table, whose columns are found by name.
pub(crate) fn predict<S: AsRef<str>>(
    expression: &Expression,
    names: &[S],
    data: &Data,
) -> Result<Vec<f64>> {
    let mut columns: Vec<Vec<f64>> = vec![vec![0.0; data.n_rows()]; names.len()];
    for index in expression.variables() {
        let name = names.get(index).ok_or(Error::VariableOutOfRange {
            index,
            columns: names.len(),
        })?;
        columns[index] = data.column(name.as_ref())?.to_vec();
    }
    let mut out = vec![0.0; data.n_rows()];
    crate::Evaluator::new(columns)?.evaluate_into(expression, &mut out)?;
    Ok(out)
}

impl Expression {
    /// The expression in one line of Python, functions without prefix.
    ///
    /// It can be evaluated with the names of NumPy and SciPy's `erf` and `erfc` in scope
    /// (`from numpy import *; from scipy.special import erf, erfc`). Names that Python reserves get
    /// an underscore: [`python_names`](Self::python_names). A whole module with its imports is
    /// written by [`Export`].
    ///
    /// # Errors
    ///
    /// As [`Expression::to_infix`].
    ///
    /// # Examples
    ///
    /// ```
    /// use symreg::Expression;
    /// let law = Expression::parse("1/3 - square(x)*lambda^(-x)", &["x", "lambda"])?;
    /// assert_eq!(law.to_python(&["x", "lambda"])?, "1.0/3.0 - x**2*lambda_**(-x)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_python<S: AsRef<str>>(&self, names: &[S]) -> Result<String> {
        self.inline(Language::Python, names)
    }

    /// The names by which [`to_python`](Self::to_python) calls the variables of these names.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidName`] and [`Error::NameClash`].
    pub fn python_names<S: AsRef<str>>(names: &[S]) -> Result<Vec<String>> {
        check_names(names)?;
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        Ok(Identifiers::new(Language::Python, "law", &names).variables)
    }

    /// The expression in one line for `sympy.sympify`; whole numbers are exact.
    ///
    /// # Errors
    ///
    /// As [`Expression::to_infix`].
    ///
    /// # Examples
    ///
    /// ```
    /// use symreg::Expression;
    /// let law = Expression::parse("2.5*erf(x) + abs(x)^2", &["x"])?;
    /// assert_eq!(law.to_sympy(&["x"])?, "2.5*erf(x) + Abs(x)**2");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_sympy<S: AsRef<str>>(&self, names: &[S]) -> Result<String> {
        self.inline(Language::SymPy, names)
    }

    /// The expression as LaTeX mathematics, without dollar signs, numbers rounded to `digits`
    /// significant digits.
    ///
    /// A name `P_s` or `P1` becomes a letter with an index, a Greek letter's name that letter, a
    /// longer name upright text.
    ///
    /// # Errors
    ///
    /// As [`Expression::to_infix`].
    ///
    /// # Examples
    ///
    /// ```
    /// use symreg::Expression;
    /// let law = Expression::parse("5.12 - 5.07*exp(-P_s/(Pe*alpha))", &["P_s", "Pe", "alpha"])?;
    /// assert_eq!(
    ///     law.to_latex(&["P_s", "Pe", "alpha"], 3)?,
    ///     r"5.12 - 5.07\,\exp\left(-\frac{P_{s}}{\mathrm{Pe}\,\alpha}\right)"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_latex<S: AsRef<str>>(&self, names: &[S], digits: usize) -> Result<String> {
        check_names(names)?;
        self.check_variables(names.len())?;
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        Ok(latex::inline(&rounded(self, digits.clamp(1, 17)), &names))
    }

    fn inline<S: AsRef<str>>(&self, language: Language, names: &[S]) -> Result<String> {
        check_names(names)?;
        self.check_variables(names.len())?;
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        let identifiers = Identifiers::new(language, "law", &names);
        Ok(Writer::new(language, Form::Inline, &identifiers.variables).text(self))
    }
}

impl Model {
    /// The law in one line of Python, as [`Expression::to_python`].
    #[must_use]
    pub fn to_python(&self) -> String {
        self.expression()
            .to_python(self.names())
            .unwrap_or_default()
    }

    /// The law as LaTeX mathematics, as [`Expression::to_latex`].
    #[must_use]
    pub fn to_latex(&self, digits: usize) -> String {
        self.expression()
            .to_latex(self.names(), digits)
            .unwrap_or_default()
    }
}

/// Whether any of the tokens is this operator.
fn uses(expression: &Expression, operator: crate::Operator) -> bool {
    expression.tokens().contains(&Token::Apply(operator))
}

#[cfg(test)]
mod tests;
