//! Exhaustive search for the dimensionless group that a target depends on.

use rand::seq::SliceRandom;

use crate::error::{Error, Result};
use crate::law_data::LawData;
use crate::law_search_result::LawSearchResult;
use crate::link::{Fit, Fitter, Link};
use crate::pi::Group;
use crate::random;
use crate::scaling_law::{
    LawScores, LeftOut, LeftOutLabel, ScalingLaw, bic, fitted_target, r_squared,
};

/// Most weights of rows held at a time: 400 MB.
pub(crate) const MAX_WEIGHTS: u64 = 50_000_000;

/// Search of all dimensionless groups with exponents within a bound for the one that a target depends on.
///
/// Every group of the lattice is tried, with every power of the list, and the link is fitted by least squares; nothing is
/// sampled, and there are no starting values. What limits the answer is stated instead: the bound on the exponents is a
/// prior and not a finding, and [`LawSearchResult::alternatives`] lists the groups that the rows cannot tell apart.
///
/// # Examples
///
/// The keyhole number of Gan et al. (2021) from the raw columns of one alloy:
///
/// ```
/// use dimless::{LawData, LawSearch, Table};
///
/// # let mut text = "P [W],V [m/s],r [um],depth [um],alpha [m^2/s],rcp [J/(m^3 K)],dT [K]\n".to_owned();
/// # for (i, (p, v)) in [(100., 0.3), (180., 0.4), (240., 0.9), (320., 0.7), (410., 1.2), (520., 1.0)].iter().enumerate() {
/// #     let (r, a, c, t) = ([40., 47., 55.][i % 3], [1e-5, 2e-5][i % 2], [3e6, 4e6, 5e6][i / 2], [1600., 900., 1400.][i % 3]);
/// #     let ke: f64 = p / (t * c * (a * v * (r * 1e-6f64).powi(3)).sqrt());
/// #     text += &format!("{p},{v},{r},{},{a},{c},{t}\n", r * (0.4 + 0.1 * ke));
/// # }
/// let table = Table::parse(&text)?;
/// let data = LawData::from_table(&table, &["P", "V", "r", "alpha", "rcp", "dT"], &[("depth", 1), ("r", -1)])?;
/// let found = LawSearch::new().max_exponent(3).cross_validation(0).fit(&data)?;
/// assert_eq!(found.best().group().to_string(), "P^2 V^-1 r^-3 alpha^-1 rcp^-2 dT^-2");
/// assert!(found.best().scores().r_squared > 0.999_999);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// The idea of searching the lattice follows X. Xie et al., *Data-driven discovery of dimensionless numbers and governing
/// laws from scarce measurements*, Nat. Commun. 13, 7562 (2022), doi 10.1038/s41467-022-35084-w, who descend in real exponents
/// instead and round them.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LawSearch {
    max_exponent: u32,
    denominator: u32,
    link: Link,
    powers: Vec<f64>,
    log_target: bool,
    folds: usize,
    leave_label_out: bool,
    seed: u64,
}

impl Default for LawSearch {
    fn default() -> Self {
        Self::new()
    }
}

impl LawSearch {
    /// A search with the defaults that the setters state.
    pub fn new() -> Self {
        Self {
            max_exponent: 4,
            denominator: 1,
            link: Link::Linear,
            powers: vec![0.25, 0.5, 1.0, -0.5, -1.0, -0.25],
            log_target: false,
            folds: 10,
            leave_label_out: false,
            seed: 0,
        }
    }

    /// The largest exponent in magnitude; 4 by default.
    #[must_use]
    pub fn max_exponent(mut self, max_exponent: u32) -> Self {
        self.max_exponent = max_exponent;
        self
    }

    /// Exponents are multiples of one over this; 1 by default, 2 for halves. Since a group is known up to powers, halves
    /// within a bound are the same groups as whole exponents within twice the bound.
    #[must_use]
    pub fn denominator(mut self, denominator: u32) -> Self {
        self.denominator = denominator;
        self
    }

    /// The form of the dependence; [`Link::Linear`] by default.
    #[must_use]
    pub fn link(mut self, link: Link) -> Self {
        self.link = link;
        self
    }

    /// The powers of the group that are tried; ±1/4, ±1/2 and ±1 by default. [`Link::LogPolynomial`], [`Link::Power`] and
    /// [`Link::Monotone`] do not depend on it.
    #[must_use]
    pub fn powers(mut self, powers: impl Into<Vec<f64>>) -> Self {
        self.powers = powers.into();
        self
    }

    /// Whether the logarithm of the target is fitted and scored; false by default. A power law is [`Link::LogPolynomial`] of the
    /// first degree then, and [`Link::Power`] is refused.
    #[must_use]
    pub fn log_target(mut self, log_target: bool) -> Self {
        self.log_target = log_target;
        self
    }

    /// The number of folds of the cross-validation, 10 by default; 0 leaves it out.
    #[must_use]
    pub fn cross_validation(mut self, folds: usize) -> Self {
        self.folds = folds;
        self
    }

    /// Whether each law is also fitted to all labels but one and scored on that one; false by default.
    #[must_use]
    pub fn leave_label_out(mut self, leave_label_out: bool) -> Self {
        self.leave_label_out = leave_label_out;
        self
    }

    /// Seed of the folds and of [`bootstrap`](Self::bootstrap), 0 by default. The generator is ChaCha8.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        let invalid = |name, requirement, found: String| {
            Err(Error::InvalidParameter {
                name,
                requirement,
                found,
            })
        };
        self.link.validate()?;
        if self.max_exponent == 0 {
            return invalid("max_exponent", "at least 1", "0".to_owned());
        }
        if !(1..=12).contains(&self.denominator) {
            return invalid("denominator", "from 1 to 12", self.denominator.to_string());
        }
        if self.powers.is_empty() || self.powers.len() > 64 {
            return invalid("powers", "a list of 1 to 64", self.powers.len().to_string());
        }
        let meaningless = |p: &&f64| !(p.is_finite() && **p != 0.0 && p.abs() <= 100.0);
        if let Some(power) = self.powers.iter().find(meaningless) {
            let requirement = "numbers other than 0, of at most 100 in magnitude";
            return invalid("powers", requirement, power.to_string());
        }
        if self.log_target && self.link == Link::Power {
            let requirement = "LogPolynomial(1) where the logarithm of the target is fitted: it is the power law there";
            return invalid("link", requirement, self.link.to_string());
        }
        if self.folds == 1 {
            return invalid("cross_validation", "0 or at least 2", "1".to_owned());
        }
        Ok(())
    }

    pub(crate) const fn stated_link(&self) -> Link {
        self.link
    }

    pub(crate) fn stated_powers(&self) -> &[f64] {
        &self.powers
    }

    pub(crate) const fn stated_seed(&self) -> u64 {
        self.seed
    }

    pub(crate) const fn has_log_target(&self) -> bool {
        self.log_target
    }

    pub(crate) fn fitter<'a>(&'a self, target: &'a [f64]) -> Fitter<'a> {
        Fitter::new(self.link, &self.powers, target)
    }

    /// The groups that are tried, in the order of [`PiBasis::groups_within`](crate::PiBasis::groups_within).
    ///
    /// # Errors
    ///
    /// Those of [`validate`](Self::validate), [`System::pi`](crate::System::pi) and
    /// [`PiBasis::groups_within`](crate::PiBasis::groups_within).
    pub fn groups(&self, data: &LawData) -> Result<Vec<Group>> {
        self.validate()?;
        let bound = self.max_exponent.saturating_mul(self.denominator);
        data.system().pi()?.groups_within(bound)
    }

    /// Fits and scores every group.
    ///
    /// # Errors
    ///
    /// Those of [`groups`](Self::groups); [`Error::NoGroup`] when none is within the bound or all are constant on the rows;
    /// [`Error::TooFewRows`] unless there are two more rows than constants; [`Error::TooFewLabels`] where labels are to be left
    /// out; [`Error::TooLarge`]; [`Error::InvalidValue`] for the logarithm of a target that is not positive.
    ///
    /// # Performance
    ///
    /// O(groups × powers × folds × rows × degree), labels left out counting as folds, and O(folds × rows) memory, of at most 50
    /// million weights ([`Error::TooLarge`]): a fraction of a millisecond for 69 groups, 6 powers and 71 rows without
    /// cross-validation.
    pub fn fit(&self, data: &LawData) -> Result<LawSearchResult> {
        let groups = self.groups(data)?;
        let n_groups = groups.len();
        let rows = self.rows(data)?;
        let mut fitter = self.fitter(&rows.target);
        let mut laws = Vec::with_capacity(n_groups);
        for group in &groups {
            laws.extend(self.law(data, &rows, &mut fitter, group)?);
        }
        LawSearchResult::new(laws, n_groups)
    }

    /// One law: this group with the link and powers of the search.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit); [`Error::OtherVariables`] for a group of other variables; [`Error::ConstantColumn`] when it has
    /// one value in all rows.
    pub fn fit_group(&self, data: &LawData, group: &Group) -> Result<ScalingLaw> {
        self.validate()?;
        let rows = self.rows(data)?;
        let law = self.law(data, &rows, &mut self.fitter(&rows.target), group)?;
        law.ok_or_else(|| Error::ConstantColumn {
            name: group.to_string(),
        })
    }

    /// What the fits of all groups share.
    fn rows(&self, data: &LawData) -> Result<Rows> {
        data.require_rows(self.link.n_constants() + 2)?;
        Ok(Rows {
            target: fitted_target(data, self.log_target)?,
            splits: self.splits(data)?,
        })
    }

    /// The law of one group; nothing where it has too few values in the rows.
    fn law(
        &self,
        data: &LawData,
        rows: &Rows,
        fitter: &mut Fitter<'_>,
        group: &Group,
    ) -> Result<Option<ScalingLaw>> {
        let Some((center, u)) = centered(data.group_logarithms(group)?) else {
            return Ok(None);
        };
        let weightings: Vec<&[f64]> = rows.splits.iter().map(|s| s.weights.as_slice()).collect();
        let mut fits = fitter.best(&u, &weightings).into_iter();
        let Some(fit) = fits.next().flatten() else {
            return Ok(None);
        };
        let rest: Vec<Option<Fit>> = fits.collect();
        let predicted = |split: usize, row: usize| at(rest[split].as_ref(), u[row]);
        let scores = self.scores(data, &rows.target, fit.ssr, 0, &rows.splits, &predicted);
        let link = fitter.finish(fit, center, &u);
        Ok(Some(ScalingLaw::new(
            group.clone(),
            link,
            data.target_name(),
            self.log_target,
            scores,
        )))
    }

    /// All rows, then all rows but those of each fold, then of each label.
    pub(crate) fn splits(&self, data: &LawData) -> Result<Vec<Split>> {
        let n = data.n_rows();
        let labels_left_out = if self.leave_label_out {
            data.label_names().len()
        } else {
            0
        };
        let found = (n as u64).saturating_mul((1 + self.folds.min(n) + labels_left_out) as u64);
        if found > MAX_WEIGHTS {
            return Err(Error::TooLarge {
                what: "number of rows times number of fits that leave rows out",
                limit: MAX_WEIGHTS,
                found,
            });
        }
        let mut splits = vec![Split {
            kind: Kind::Train,
            weights: vec![1.0; n],
        }];
        let mut leave_out = |kind: Kind, left_out: &dyn Fn(usize) -> bool| {
            let weights = (0..n)
                .map(|row| f64::from(u8::from(!left_out(row))))
                .collect();
            splits.push(Split { kind, weights });
        };
        if self.folds > 0 {
            let mut rows: Vec<usize> = (0..n).collect();
            rows.shuffle(&mut random::stream(self.seed, random::Purpose::Folds, 0));
            let folds = self.folds.min(n);
            let mut fold_of = vec![0; n];
            for (position, row) in rows.into_iter().enumerate() {
                fold_of[row] = position % folds;
            }
            for fold in 0..folds {
                leave_out(Kind::Fold, &|row| fold_of[row] == fold);
            }
        }
        if self.leave_label_out {
            let found = data.label_names().len();
            if found < 2 {
                return Err(Error::TooFewLabels { found });
            }
            let labels = data.label_indices();
            for label in 0..found {
                leave_out(Kind::Label(label), &|row| labels[row] == label);
            }
        }
        Ok(splits)
    }

    /// The scores of a law with the sum `ssr` of squared residuals and `n_free` constants besides those of the link.
    /// `predicted` is asked for the left-out rows of each split but the first, which is numbered 0 there.
    pub(crate) fn scores(
        &self,
        data: &LawData,
        target: &[f64],
        ssr: f64,
        n_free: usize,
        splits: &[Split],
        predicted: &dyn Fn(usize, usize) -> f64,
    ) -> LawScores {
        let n = target.len() as f64;
        let mean = target.iter().sum::<f64>() / n;
        let total: f64 = target.iter().map(|y| (y - mean) * (y - mean)).sum();
        let mut folds = (self.folds > 0).then_some(0.0);
        let mut labels = (self.leave_label_out).then_some((0.0, Vec::new()));
        for (index, split) in splits.iter().skip(1).enumerate() {
            let pairs: Vec<(f64, f64)> = (0..target.len())
                .filter(|&row| split.weights[row] == 0.0)
                .map(|row| (target[row], predicted(index, row)))
                .collect();
            let ssr: f64 = pairs.iter().map(|(y, p)| (y - p) * (y - p)).sum();
            match (split.kind, &mut folds, &mut labels) {
                (Kind::Fold, Some(sum), _) => *sum += ssr,
                (Kind::Label(label), _, Some((sum, list))) => {
                    *sum += ssr;
                    list.push(LeftOutLabel {
                        label: data.label_names()[label].clone(),
                        n_rows: pairs.len(),
                        r_squared: r_squared(&pairs),
                        rmse: libm::sqrt(ssr / pairs.len() as f64),
                    });
                }
                _ => {}
            }
        }
        let explained = |ssr: f64| 1.0 - ssr / total;
        LawScores {
            n_rows: target.len(),
            r_squared: explained(ssr),
            rmse: libm::sqrt(ssr / n),
            bic: bic(ssr, total, target.len(), self.link.n_constants() + n_free),
            cross_validated_r_squared: folds.map(explained).filter(|r| r.is_finite()),
            left_out: labels
                .filter(|(ssr, _)| ssr.is_finite())
                .map(|(ssr, labels)| LeftOut {
                    r_squared: explained(ssr),
                    labels,
                }),
        }
    }
}

/// The value of a fit; not a number where there is none.
fn at(fit: Option<&Fit>, u: f64) -> f64 {
    fit.map_or(f64::NAN, |fit| fit.at(u))
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Train,
    Fold,
    Label(usize),
}

/// The target as it is fitted, in the order of the data, and the rows that each fit takes.
struct Rows {
    target: Vec<f64>,
    splits: Vec<Split>,
}

/// A weighting of the rows: those with the weight 0 are left out.
pub(crate) struct Split {
    kind: Kind,
    pub(crate) weights: Vec<f64>,
}

/// Logarithms less their mean; nothing where they are all the same up to rounding.
pub(crate) fn centered(logarithms: Vec<f64>) -> Option<(f64, Vec<f64>)> {
    let center = logarithms.iter().sum::<f64>() / logarithms.len() as f64;
    let size = logarithms.iter().fold(1.0_f64, |size, u| size.max(u.abs()));
    let mut u = logarithms;
    for value in &mut u {
        *value -= center;
    }
    let varies = u.iter().any(|v| v.abs() > 1e-11 * size);
    varies.then_some((center, u))
}
