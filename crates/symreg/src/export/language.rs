//! The languages, and how a name becomes a name of each.

use std::fmt::Write as _;

/// A form that a law can be written in by [`Export`](crate::Export).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Language {
    /// A displayed equation, the header as comments.
    Latex,
    /// A Python module that builds a SymPy expression.
    SymPy,
    /// A Python function on NumPy arrays or numbers; SciPy for the error functions.
    Python,
    /// A Rust function of `f64`; the crate `libm` for the error functions.
    Rust,
    /// A C99 function of `double`; link with `-lm`.
    C,
    /// A Julia function of `Float64`; SpecialFunctions for the error functions.
    Julia,
    /// A MATLAB function on arrays, in a file of its own.
    Matlab,
    /// A document with the law as infix text and as a tree, the ranges and the errors.
    Json,
    /// The tree as a Graphviz graph.
    Dot,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 9] = [
        Self::Latex,
        Self::SymPy,
        Self::Python,
        Self::Rust,
        Self::C,
        Self::Julia,
        Self::Matlab,
        Self::Json,
        Self::Dot,
    ];

    /// The name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Latex => "LaTeX",
            Self::SymPy => "SymPy",
            Self::Python => "Python",
            Self::Rust => "Rust",
            Self::C => "C",
            Self::Julia => "Julia",
            Self::Matlab => "MATLAB",
            Self::Json => "JSON",
            Self::Dot => "DOT",
        }
    }

    /// The usual end of a file's name, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Latex => "tex",
            Self::SymPy | Self::Python => "py",
            Self::Rust => "rs",
            Self::C => "c",
            Self::Julia => "jl",
            Self::Matlab => "m",
            Self::Json => "json",
            Self::Dot => "dot",
        }
    }

    /// Words that no variable may be called, separated by blanks.
    fn reserved(self) -> &'static str {
        match self {
            Self::Python | Self::SymPy => {
                "False None True and as assert async await break class continue def del elif else except \
                 finally for from global if import in is lambda nonlocal not or pass raise return try while \
                 with match case type _ print np float power divide minimum maximum errstate asarray inf nan Abs Max \
                 Min Float Symbol sympify"
            }
            Self::Rust => {
                "as break const continue crate else enum extern false fn for if impl in let loop match mod \
                 move mut pub ref return self Self static struct super trait true type unsafe use where while \
                 async await dyn abstract become box do final macro override priv typeof unsized virtual \
                 yield try gen union raw safe _ None Some Ok Err libm f64 std nan_min nan_max"
            }
            Self::C => {
                "auto break case char const continue default do double else enum extern float for goto if \
                 inline int long register restrict return short signed sizeof static struct switch typedef \
                 union unsigned void volatile while asm typeof linux unix alignas alignof bool constexpr \
                 false nullptr static_assert thread_local true main NAN INFINITY HUGE_VAL pow fabs isnan \
                 nan_min nan_max acos asin atan atan2 sinh cosh ceil floor fmod frexp ldexp modf log10 log2 \
                 exp2 expm1 log1p cbrt hypot tgamma lgamma j0 j1 jn y0 y1 yn gamma round trunc fmin fmax fma \
                 signgam"
            }
            Self::Julia => {
                "baremodule begin break catch const continue do else elseif end export false finally for \
                 function global if import let local macro module quote return struct true try using while \
                 abstract mutable primitive type where in isa outer abs2 NaN isnan isfinite isinteger ifelse \
                 nan_log nan_sqrt nan_power nan_sin nan_cos Float64 _"
            }
            Self::Matlab => {
                "break case catch classdef continue else elseif end for function global if otherwise \
                 parfor persistent return spmd switch try while properties methods events arguments \
                 isnan imag real NaN nan_real nan_min nan_max y_"
            }
            Self::Latex | Self::Json | Self::Dot => "",
        }
    }
}

/// What the function and its variables are called in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identifiers {
    pub(super) function: String,
    pub(super) variables: Vec<String>,
}

impl Identifiers {
    pub(super) fn new(language: Language, function: &str, names: &[&str]) -> Self {
        let function = free_name(language, function, &[], names);
        let mut taken = vec![function.clone()];
        for name in names {
            let next = free_name(language, name, &taken, names);
            taken.push(next);
        }
        taken.remove(0);
        Self {
            function,
            variables: taken,
        }
    }
}

/// `name` as a name of the language that is not reserved, not taken, and not the plain form of
/// another variable that is still to come.
fn free_name(language: Language, name: &str, taken: &[String], all: &[&str]) -> String {
    let mut text = spelled_out(name);
    let reserved_start = match language {
        Language::C => text.starts_with('_'),
        Language::Matlab => !text.starts_with(|c: char| c.is_ascii_alphabetic()),
        _ => !text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'),
    };
    if reserved_start {
        text.insert(0, 'v');
    }
    let blocked = |text: &str| {
        language.reserved().split_whitespace().any(|w| w == text)
            || crate::Operator::from_function_name(text).is_some()
            || taken.iter().any(|t| t == text)
            || all.iter().any(|other| *other == text && *other != name)
    };
    while blocked(&text) {
        text.push('_');
    }
    text
}

/// ASCII letters, digits and underscores in place of any text.
fn spelled_out(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            text.push(c);
        } else if let Some(greek) = greek_name(c) {
            text.push_str(greek);
        } else {
            let _ = write!(text, "u{:x}", u32::from(c));
        }
    }
    text
}

/// Greek letters and their names, as TeX and programmers write them.
pub(super) const GREEK: [(char, &str); 33] = [
    ('α', "alpha"),
    ('β', "beta"),
    ('γ', "gamma"),
    ('δ', "delta"),
    ('ε', "epsilon"),
    ('ζ', "zeta"),
    ('η', "eta"),
    ('θ', "theta"),
    ('ι', "iota"),
    ('κ', "kappa"),
    ('λ', "lambda"),
    ('μ', "mu"),
    ('ν', "nu"),
    ('ξ', "xi"),
    ('π', "pi"),
    ('ρ', "rho"),
    ('σ', "sigma"),
    ('τ', "tau"),
    ('υ', "upsilon"),
    ('φ', "phi"),
    ('χ', "chi"),
    ('ψ', "psi"),
    ('ω', "omega"),
    ('Γ', "Gamma"),
    ('Δ', "Delta"),
    ('Θ', "Theta"),
    ('Λ', "Lambda"),
    ('Ξ', "Xi"),
    ('Π', "Pi"),
    ('Σ', "Sigma"),
    ('Φ', "Phi"),
    ('Ψ', "Psi"),
    ('Ω', "Omega"),
];

fn greek_name(letter: char) -> Option<&'static str> {
    GREEK.iter().find(|(c, _)| *c == letter).map(|(_, n)| *n)
}
