//! Models one step away from a given one: a function exchanged, a quotient turned over, a node left out.
//!
//! Random variation seldom makes the one small change that a nearly right law needs. Here all of them are
//! made.

use crate::expression::{Expression, Token, arguments, subtree_start};
use crate::operator::Operator;
use crate::population::Alphabet;

/// All neighbors of a model, its other genes unchanged; a gene that would vanish is left out.
pub(crate) fn neighbors(genes: &[Expression], alphabet: &Alphabet) -> Vec<Vec<Expression>> {
    let mut out = Vec::new();
    for (k, gene) in genes.iter().enumerate() {
        let with = |replacement: Vec<Token>| {
            let mut model = genes.to_vec();
            model[k] = Expression::from_valid(replacement);
            model
        };
        out.extend(of_gene(gene.tokens(), alphabet).into_iter().map(with));
        if genes.len() > 1 {
            let mut rest = genes.to_vec();
            rest.remove(k);
            out.push(rest);
        }
    }
    out
}

fn of_gene(tokens: &[Token], alphabet: &Alphabet) -> Vec<Vec<Token>> {
    let mut out = Vec::new();
    for root in 0..tokens.len() {
        let Token::Apply(op) = tokens[root] else {
            continue;
        };
        let start = subtree_start(tokens, root);
        let mut replace = |piece: &[&[Token]]| {
            let mut new = tokens[..start].to_vec();
            for part in piece {
                new.extend_from_slice(part);
            }
            new.extend_from_slice(&tokens[root + 1..]);
            out.push(new);
        };
        let (first, second) = arguments(tokens, root);
        match (first, second) {
            (Some(a), Some(_)) => {
                let (left, right) = (&tokens[start..=a], &tokens[a + 1..root]);
                replace(&[left]);
                replace(&[right]);
                // A factor that may be -1.
                if op == Operator::Mul && matches!(left, [Token::Constant(c)] if *c < 0.0) {
                    replace(&[right, &[Token::Apply(Operator::Neg)]]);
                }
                if op == Operator::Div {
                    replace(&[right, left, &[Token::Apply(op)]]);
                }
                if matches!(op, Operator::Add | Operator::Sub) {
                    let other = if op == Operator::Add {
                        Operator::Sub
                    } else {
                        Operator::Add
                    };
                    if alphabet.binary.contains(&other) {
                        replace(&[left, right, &[Token::Apply(other)]]);
                    }
                }
            }
            (Some(_), None) => {
                let argument = &tokens[start..root];
                replace(&[argument]);
                for other in alphabet.unary.iter().filter(|o| **o != op) {
                    replace(&[argument, &[Token::Apply(*other)]]);
                }
            }
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Result;

    #[test]
    fn exchanges_turns_over_and_leaves_out() -> Result<()> {
        let names = ["x", "y"];
        let alphabet = Alphabet {
            variables: vec![0, 1],
            unary: vec![Operator::Erf, Operator::Tanh],
            binary: vec![Operator::Mul, Operator::Div],
            constant_probability: 0.1,
            constant_range: (-1.0, 1.0),
            max_depth: 5,
            max_nodes: 20,
        };
        let genes = [
            Expression::parse("erf(-2*(x/y))", &names)?,
            Expression::parse("x", &names)?,
        ];
        let found: Vec<String> = neighbors(&genes, &alphabet)
            .iter()
            .map(|m| {
                m.iter()
                    .map(|g| g.to_infix(&names).unwrap())
                    .collect::<Vec<_>>()
                    .join(" | ")
            })
            .collect();
        let expected = [
            "erf(-2*x) | x",
            "erf(-2*y) | x",
            "erf(-2*(y/x)) | x",
            "erf(-2) | x",
            "erf(x/y) | x",
            "erf(-(x/y)) | x",
            "-2*(x/y) | x",
            "tanh(-2*(x/y)) | x",
            "x",
            "erf(-2*(x/y))",
        ];
        assert_eq!(found, expected);
        Ok(())
    }
}
