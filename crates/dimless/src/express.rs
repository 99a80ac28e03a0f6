//! Any group as a product of powers of chosen groups.

use std::fmt;

use crate::error::{Error, Result};
use crate::exact::{Solution, solve};
use crate::pi::Group;
use crate::rational::Rational;
use crate::system::System;

/// A group as a product of powers of other groups; see [`System::express`].
///
/// It writes itself as `(v D rho mu^-1)^-1 (dp rho^-1 v^-2)^1/2`, and `1` when all powers are 0.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Expression {
    groups: Vec<Group>,
    powers: Vec<Rational>,
}

impl Expression {
    /// The groups it is made of, as they were given.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The power of each group.
    pub fn powers(&self) -> &[Rational] {
        &self.powers
    }

    /// Whether all powers are whole. Groups that span all others by rational powers alone give some that are not.
    pub fn is_whole(&self) -> bool {
        self.powers.iter().all(|power| power.is_integer())
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let factors = self.groups.iter().zip(&self.powers);
        let text: Vec<String> = factors
            .filter(|(_, power)| !power.is_zero())
            .map(|(group, power)| match *power {
                Rational::ONE => format!("({group})"),
                power => format!("({group})^{power}"),
            })
            .collect();
        if text.is_empty() {
            f.pad("1")
        } else {
            f.pad(&text.join(" "))
        }
    }
}

impl System {
    /// The powers of chosen independent groups whose product is a group, exactly.
    ///
    /// Nothing when the chosen groups do not span it. Whole powers are not enough for every group unless the chosen
    /// ones span the lattice, as those of [`pi`](Self::pi) do: [`Expression::is_whole`] tells.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] unless `group` has one exponent a variable; [`Error::OtherVariables`] for a chosen
    /// group of another system; [`Error::DependentGroup`] naming the first that is a product of powers of those
    /// before it; [`Error::Overflow`].
    ///
    /// # Examples
    ///
    /// ```
    /// use dimless::System;
    /// let ship = System::new([
    ///     ("F", "N"), ("rho", "kg/m^3"), ("mu", "Pa s"), ("v", "m/s"), ("L", "m"), ("g", "m/s^2"),
    /// ])?;
    /// let drag = ship.group(&[("F", 1), ("rho", -1), ("v", -2), ("L", -2)])?;
    /// let reynolds = ship.group(&[("rho", 1), ("v", 1), ("L", 1), ("mu", -1)])?;
    /// let froude_squared = ship.group(&[("v", 2), ("g", -1), ("L", -1)])?;
    /// let galilei = ship.group(&[("g", 1), ("L", 3), ("rho", 2), ("mu", -2)])?;
    ///
    /// let chosen = [drag, reynolds, froude_squared];
    /// let expression = ship.express(&galilei, &chosen)?.ok_or("spanned")?;
    /// assert_eq!(expression.to_string(), "(rho mu^-1 v L)^2 (v^2 L^-1 g^-1)^-1");
    /// assert!(expression.is_whole());
    /// assert_eq!(ship.express(&galilei, &chosen[..2])?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn express(
        &self,
        group: impl AsRef<[i64]>,
        chosen: &[Group],
    ) -> Result<Option<Expression>> {
        let group = group.as_ref();
        if group.len() != self.n_variables() {
            return Err(Error::LengthMismatch {
                name: "list of exponents".to_owned(),
                expected: self.n_variables(),
                found: group.len(),
            });
        }
        let Solution { values, free } = self.solve_powers(group, chosen)?;
        if let Some(&dependent) = free.first() {
            return Err(Error::DependentGroup {
                group: chosen[dependent].to_string(),
                index: dependent + 1,
            });
        }
        Ok(values.map(|powers| Expression {
            groups: chosen.to_vec(),
            powers,
        }))
    }

    fn solve_powers(&self, group: &[i64], chosen: &[Group]) -> Result<Solution> {
        for other in chosen {
            if other.names() != self.names() {
                return Err(Error::OtherVariables {
                    expected: self.names().to_vec(),
                    found: other.names().to_vec(),
                });
            }
        }
        let equations: Vec<Vec<Rational>> = (0..self.n_variables())
            .map(|variable| {
                let powers = chosen.iter().map(|g| g.exponents()[variable]);
                powers
                    .chain([group[variable]])
                    .map(Rational::integer)
                    .collect()
            })
            .collect();
        solve(&equations, chosen.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fracture() -> Result<System> {
        System::new([
            ("KIC", "MPa m^(1/2)"),
            ("sigma", "MPa"),
            ("a", "mm"),
            ("W", "mm"),
        ])
    }

    #[test]
    fn rational_powers_where_whole_ones_are_not_enough() -> Result<()> {
        let system = fracture()?;
        let crack = system.group(&[("KIC", 2), ("sigma", -2), ("a", -1)])?;
        let wide = system.group(&[("KIC", 2), ("sigma", -2), ("W", -1)])?;
        // Their quotient is a/W squared of a lattice twice as fine.
        let fourth = system.group(&[("KIC", 4), ("sigma", -4), ("a", -1), ("W", -1)])?;
        let ratio_cubed = system.group(&[("a", 3), ("W", -3)])?;
        let found = system.express(fourth.exponents(), &[crack.clone(), wide.clone()])?;
        assert!(found.is_some_and(|e| e.is_whole()));
        let chosen = [crack, ratio_cubed];
        let found = system.express(&wide, &chosen)?.expect("spanned");
        assert_eq!(found.powers(), [Rational::ONE, Rational::new(1, 3)?]);
        assert!(!found.is_whole());
        assert_eq!(found.to_string(), "(KIC^2 sigma^-2 a^-1) (a^3 W^-3)^1/3");
        assert_eq!(found.groups(), chosen);
        let nothing = system.express([0; 4], &chosen)?.expect("spanned");
        assert_eq!(nothing.to_string(), "1");
        // Not dimensionless: no powers can give it.
        assert_eq!(system.express([1, 0, 0, 0], &chosen)?, None);
        Ok(())
    }

    #[test]
    fn what_does_not_fit_is_named() -> Result<()> {
        let system = fracture()?;
        let ratio = system.group(&[("a", 1), ("W", -1)])?;
        let inverse = system.group(&[("a", -2), ("W", 2)])?;
        let found = system.express(&ratio, &[ratio.clone(), inverse]);
        assert!(
            matches!(found, Err(Error::DependentGroup { index: 2, ref group }) if group == "a^-2 W^2")
        );
        let other = System::new([("a", "m"), ("b", "m")])?.group(&[("a", 1), ("b", -1)])?;
        assert!(matches!(
            system.express(&ratio, std::slice::from_ref(&other)),
            Err(Error::OtherVariables { .. })
        ));
        assert!(matches!(
            system.express(&other, &[]),
            Err(Error::LengthMismatch {
                expected: 4,
                found: 2,
                ..
            })
        ));
        let (far, near) = (i64::MAX, i64::MAX - 1);
        let long = System::new([("x", "m"), ("y", "m"), ("z", "m")])?;
        let steep = long.group(&[("x", far), ("y", -far)])?;
        let steeper = long.group(&[("x", near), ("z", -near)])?;
        let found = long
            .express([1, -1, 0], &[steep, steeper])?
            .expect("spanned");
        assert_eq!(found.powers(), [Rational::new(1, far)?, Rational::ZERO]);
        Ok(())
    }
}
