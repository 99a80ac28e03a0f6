//! The pages of `docs/guide`, so that their code is compiled and run.

#[doc = include_str!("../guide/introduction.md")]
struct Introduction;
#[doc = include_str!("../guide/conventions.md")]
struct Conventions;
#[doc = include_str!("../guide/choosing.md")]
struct Choosing;
#[doc = include_str!("../guide/io.md")]
struct Io;
#[doc = include_str!("../guide/motion.md")]
struct Motion;
#[doc = include_str!("../guide/flow.md")]
struct Flow;
#[doc = include_str!("../guide/shapes.md")]
struct Shapes;
#[doc = include_str!("../guide/simulation.md")]
struct Simulation;
#[doc = include_str!("../guide/learning.md")]
struct Learning;
#[doc = include_str!("../guide/dimensions.md")]
struct Dimensions;
#[doc = include_str!("../guide/laws.md")]
struct Laws;
#[doc = include_str!("../guide/figures.md")]
struct Figures;
#[doc = include_str!("../guide/reproducing.md")]
struct Reproducing;
#[doc = include_str!("../guide/performance.md")]
struct Performance;
#[doc = include_str!("../guide/faq.md")]
struct Faq;
