//! Forms of the target in which a law may be a sum: its logarithm, reciprocal, square and so on.

use super::vocabulary::Vocabulary;
use crate::Data;
use crate::expression::Token;
use crate::operator::Operator;

/// A function of the target. A law is sought as $T(y) = b + \sum_i w_i h_i$, which is
/// $y = T^{-1}(b + \sum_i w_i h_i)$.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TargetForm {
    Identity,
    Reciprocal,
    Square,
    ReciprocalSquare,
    Log,
    Sqrt,
    Exp,
}

impl TargetForm {
    pub(super) const ALL: [Self; 7] = [
        Self::Identity,
        Self::Reciprocal,
        Self::Square,
        Self::ReciprocalSquare,
        Self::Log,
        Self::Sqrt,
        Self::Exp,
    ];

    /// The form of the target and the weight $|dy/dT|$ of each row, with which residuals of the form
    /// are residuals of the target to first order. `None` where the form is not defined, or the
    /// inverse cannot be written.
    pub(super) fn apply(
        self,
        data: &Data,
        vocabulary: &Vocabulary,
    ) -> Option<(Vec<f64>, Vec<f64>)> {
        let y = data.target();
        let largest = y.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let positive = y.iter().all(|v| *v > 1e-9 * largest);
        let nonzero = y.iter().all(|v| v.abs() > 1e-9 * largest);
        let possible = match self {
            Self::Identity => true,
            Self::Reciprocal => nonzero && vocabulary.has(Operator::Div),
            Self::Square => positive && vocabulary.has(Operator::Sqrt),
            Self::ReciprocalSquare => {
                positive && vocabulary.has(Operator::Sqrt) && vocabulary.has(Operator::Div)
            }
            Self::Log => {
                y.iter().all(|v| *v > 0.0 && v.is_normal()) && vocabulary.has(Operator::Exp)
            }
            Self::Sqrt => positive && vocabulary.squares(),
            Self::Exp => {
                let low = y.iter().copied().fold(f64::INFINITY, f64::min);
                let high = y.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                vocabulary.has(Operator::Log) && high - low < 20.0 && high.abs() < 100.0
            }
        };
        possible.then(|| {
            let (values, mut weights): (Vec<f64>, Vec<f64>) =
                y.iter().map(|v| self.value_and_weight(*v)).unzip();
            for (weight, root) in weights.iter_mut().zip(data.root_weights()) {
                *weight *= root;
            }
            (values, weights)
        })
    }

    fn value_and_weight(self, y: f64) -> (f64, f64) {
        match self {
            Self::Identity => (y, 1.0),
            Self::Reciprocal => (1.0 / y, y * y),
            Self::Square => (y * y, 0.5 / y),
            Self::ReciprocalSquare => (1.0 / (y * y), 0.5 * y * y * y),
            Self::Log => (Operator::Log.apply_unary(y), y),
            Self::Sqrt => (y.sqrt(), 2.0 * y.sqrt()),
            Self::Exp => {
                let e = Operator::Exp.apply_unary(y);
                (e, 1.0 / e)
            }
        }
    }

    /// $T^{-1}$ of an expression.
    pub(super) fn inverse(self, sum: Vec<Token>, vocabulary: &Vocabulary) -> Option<Vec<Token>> {
        let one = [Token::Constant(1.0)];
        match self {
            Self::Identity => Some(sum),
            Self::Reciprocal => vocabulary.binary(Operator::Div, &one, &sum),
            Self::Square => vocabulary.unary(Operator::Sqrt, &sum),
            Self::ReciprocalSquare => {
                let root = vocabulary.unary(Operator::Sqrt, &sum)?;
                vocabulary.binary(Operator::Div, &one, &root)
            }
            Self::Log => vocabulary.unary(Operator::Exp, &sum),
            Self::Sqrt => vocabulary.unary(Operator::Square, &sum),
            Self::Exp => vocabulary.unary(Operator::Log, &sum),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The weight is the slope of the inverse, by central differences.
    #[test]
    fn weights_are_slopes() {
        for form in TargetForm::ALL {
            for y in [0.3, 1.7, 4.0] {
                let h = 1e-6;
                let (low, high) = (
                    form.value_and_weight(y - h).0,
                    form.value_and_weight(y + h).0,
                );
                let slope = (2.0 * h / (high - low)).abs();
                let weight = form.value_and_weight(y).1;
                assert!((weight - slope).abs() < 1e-6 * slope, "{form:?} {y}");
            }
        }
    }
}
