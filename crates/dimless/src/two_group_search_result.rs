//! What a search for two groups found.

use crate::error::{Error, Result};
use crate::law_search_result::canonical;
use crate::pi::Group;
use crate::two_group_law::TwoGroupLaw;

/// The pairs of a search that were fitted with all constants free, best $R^2$ on the rows of the fit first.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "RawResult"))]
pub struct TwoGroupSearchResult {
    laws: Vec<TwoGroupLaw>,
    n_groups: usize,
    n_pairs: u64,
}

/// The unchecked form that is read before [`TwoGroupSearchResult`] accepts it.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
struct RawResult {
    laws: Vec<TwoGroupLaw>,
    n_groups: usize,
    n_pairs: u64,
}

#[cfg(feature = "serde")]
impl TryFrom<RawResult> for TwoGroupSearchResult {
    type Error = Error;

    fn try_from(raw: RawResult) -> Result<Self> {
        Self::new(raw.laws, raw.n_groups, raw.n_pairs)
    }
}

impl TwoGroupSearchResult {
    pub(crate) fn new(mut laws: Vec<TwoGroupLaw>, n_groups: usize, n_pairs: u64) -> Result<Self> {
        if laws.is_empty() {
            return Err(Error::NoGroup { n_groups });
        }
        laws.sort_by(|a, b| b.scores().r_squared.total_cmp(&a.scores().r_squared));
        Ok(Self {
            laws,
            n_groups,
            n_pairs,
        })
    }

    /// The law with the best $R^2$ on the rows of the fit.
    pub fn best(&self) -> &TwoGroupLaw {
        &self.laws[0]
    }

    /// The laws that were fitted, best first.
    pub fn laws(&self) -> &[TwoGroupLaw] {
        &self.laws
    }

    /// The place of two groups, or of any powers of them, among the laws that were fitted, counted from 1; nothing if they are not
    /// among these.
    pub fn rank(&self, groups: [&Group; 2]) -> Option<usize> {
        let wanted = groups.map(|group| canonical(group.exponents()));
        let found = self.laws.iter().position(|law| {
            let own = law
                .groups()
                .each_ref()
                .map(|group| canonical(group.exponents()));
            own == wanted || (own[0] == wanted[1] && own[1] == wanted[0])
        })?;
        Some(found + 1)
    }

    /// How many groups there are within the bound.
    pub const fn n_groups(&self) -> usize {
        self.n_groups
    }

    /// How many pairs of them were compared.
    pub const fn n_pairs(&self) -> u64 {
        self.n_pairs
    }
}
