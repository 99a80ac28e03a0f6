//! The crates `symbolic_regression` and `dynamic_expressions` on the input of `symreg.py`, which builds this file in a package of its
//! own: `search TABLE OPERATORS SECONDS SEED` and `kernel ROWS FOLDER`. One line of JSON each.

use std::error::Error;
use std::fmt::Debug;

use cpu_time::ProcessTime;
use dynamic_expressions::operator_enum::builtin::*;
use dynamic_expressions::{EvalContext, EvalOptions, OpId, OperatorSet, PNode, PostfixExpr, eval_tree_array_into};
use ndarray::{Array1, Array2};
use num_traits::Float;
use serde_json::json;
use symbolic_regression::prelude::*;
use symbolic_regression::SearchEngine;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

symbolic_regression::op!(pub Erf for f64 {
    eval: |[x]| { libm::erf(x) },
    partial: |[x], _i| { std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() },
});
symbolic_regression::op!(pub Square for f64 {
    eval: |[x]| { x * x },
    partial: |[x], _i| { 2.0 * x },
});
symbolic_regression::opset! {
    pub SearchOps for f64 { Sqrt, Exp, Log, Sin, Cos, Tanh, Erf, Square, Add, Sub, Mul, Div }
}
symbolic_regression::opset! {
    pub Double for f64 { Sqrt, Exp, Log, Sin, Cos, Tanh, Add, Sub, Mul, Div }
}
symbolic_regression::opset! {
    pub Single for f32 { Sqrt, Exp, Log, Sin, Cos, Tanh, Add, Sub, Mul, Div }
}

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["search", path, operators, seconds, seed] => {
            search(path, operators, seconds.parse()?, seed.parse()?)
        }
        ["kernel", rows, folder] => {
            let rows = rows.parse()?;
            let mut out = serde_json::Map::new();
            for name in ["arithmetic", "mixed"] {
                let text = std::fs::read_to_string(format!("{folder}/trees_{name}.txt"))?;
                let double = kernel::<f64, Double>(&text, rows)?;
                let single = kernel::<f32, Single>(&text, rows)?;
                out.insert(name.to_owned(), json!({"f64": double, "f32": single}));
            }
            println!("{}", serde_json::Value::Object(out));
            Ok(())
        }
        _ => Err("search TABLE OPERATORS SECONDS SEED or kernel ROWS FOLDER".into()),
    }
}

/// Seconds of processor time until R² > 0.999 on the rows, and the best R². Defaults of the crate, f64, `maxsize` 30 as they are.
fn search(path: &str, operators: &str, seconds: f64, seed: u64) -> Outcome {
    let text = std::fs::read_to_string(path)?;
    let rows = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(str::parse).collect::<Result<Vec<f64>, _>>())
        .collect::<Result<Vec<_>, _>>()?;
    let inputs = rows.first().ok_or("no rows")?.len() - 1;
    let x = Array2::from_shape_fn((inputs, rows.len()), |(j, i)| rows[i][j]);
    let y: Vec<f64> = rows.iter().map(|row| row[inputs]).collect();
    let mean = y.iter().sum::<f64>() / y.len() as f64;
    let variance = y.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / y.len() as f64;
    let names: Vec<&str> = operators.split_whitespace().collect();
    let options = Options::<f64, 2> {
        operators: SearchOps::from_names(names)?,
        niterations: 1_000_000,
        seed,
        progress: false,
        ..Default::default()
    };
    let start = ProcessTime::now();
    let mut engine = SearchEngine::<f64, SearchOps, 2>::new(Dataset::new(x, Array1::from(y)), options);
    let mut hit = None;
    let mut best;
    loop {
        let done = engine.step(1);
        let elapsed = start.elapsed().as_secs_f64();
        let losses = engine.hall_of_fame().members().map(|m| m.loss);
        best = losses.filter(|l| l.is_finite()).fold(f64::INFINITY, f64::min);
        if best < 1e-3 * variance && elapsed <= seconds {
            hit = Some(elapsed);
        }
        if hit.is_some() || elapsed > seconds || done == 0 {
            break;
        }
    }
    println!("{}", json!({"seconds_to_hit": hit, "r2": 1.0 - best / variance}));
    Ok(())
}

/// Node evaluations a second on the committed trees, in units of 1e9, and the sum of all finite values.
fn kernel<T: Float + Debug, Ops: OperatorSet<T = T>>(text: &str, rows: usize) -> Outcome<[f64; 2]> {
    let of = |v: f64| T::from(v).ok_or("a number out of range");
    let mut x = Array2::zeros((10, rows));
    for ((k, i), value) in x.indexed_iter_mut() {
        *value = of(0.5 + ((i * 31 + k * 977) % 9973) as f64 * (1.5 / 9973.0))?;
    }
    let (mut nodes, mut trees) = (0, Vec::new());
    for (count, infix) in text.lines().filter_map(|line| line.split_once(' ')) {
        let mut reader = Reader { text: infix.as_bytes(), at: 0, nodes: Vec::new(), constants: Vec::new() };
        reader.sum::<Ops>()?;
        let constants = reader.constants.iter().map(|c| of(*c)).collect::<Result<Vec<T>, _>>()?;
        let count: usize = count.parse()?;
        if reader.at != infix.len() || reader.nodes.len() != count {
            return Err(format!("cannot read {infix}").into());
        }
        nodes += count;
        trees.push(PostfixExpr::<T, Ops, 2>::new(reader.nodes, constants, Default::default()));
    }
    let options = EvalOptions { check_finite: false, early_exit: false };
    let mut contexts: Vec<_> = trees.iter().map(|_| EvalContext::<T, 2>::new(rows)).collect();
    let mut out = vec![T::zero(); rows];
    let mut sum = 0.0;
    let (mut start, mut turns) = (ProcessTime::now(), 0);
    // The first turn makes the plans and is not timed, as those of the others.
    loop {
        for (tree, context) in trees.iter().zip(&mut contexts) {
            eval_tree_array_into(&mut out, tree, x.view(), context, &options);
            if turns == 0 {
                let finite = out.iter().filter_map(|v| v.to_f64()).filter(|v| v.is_finite());
                sum += finite.sum::<f64>();
            }
        }
        std::hint::black_box(&out);
        if turns == 0 {
            start = ProcessTime::now();
        }
        turns += 1;
        if turns > 1 && start.elapsed().as_secs_f64() > 0.5 {
            break;
        }
    }
    let work = (nodes * rows * (turns - 1)) as f64;
    Ok([work / start.elapsed().as_secs_f64() / 1e9, sum])
}

/// Reads infix text into postfix.
struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    nodes: Vec<PNode>,
    constants: Vec<f64>,
}

impl Reader<'_> {
    fn peek(&mut self) -> u8 {
        while self.text.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn apply<Ops: OperatorSet>(&mut self, name: &str) -> Outcome {
        let OpId { arity, id } = Ops::lookup(name).map_err(|e| format!("{e:?}"))?;
        self.nodes.push(PNode::Op { arity, op: id });
        Ok(())
    }

    fn sum<Ops: OperatorSet>(&mut self) -> Outcome {
        self.product::<Ops>()?;
        loop {
            let name = match self.peek() {
                b'+' => "add",
                b'-' => "sub",
                _ => return Ok(()),
            };
            self.at += 1;
            self.product::<Ops>()?;
            self.apply::<Ops>(name)?;
        }
    }

    fn product<Ops: OperatorSet>(&mut self) -> Outcome {
        self.factor::<Ops>()?;
        loop {
            let name = match self.peek() {
                b'*' => "mul",
                b'/' => "div",
                _ => return Ok(()),
            };
            self.at += 1;
            self.factor::<Ops>()?;
            self.apply::<Ops>(name)?;
        }
    }

    fn factor<Ops: OperatorSet>(&mut self) -> Outcome {
        let first = self.peek();
        let start = self.at;
        let word = |c: &u8| c.is_ascii_alphanumeric() || *c == b'.';
        while self.text.get(self.at).is_some_and(word) {
            self.at += 1;
        }
        let name = std::str::from_utf8(&self.text[start..self.at])?;
        if let Some(number) = name.strip_prefix('X') {
            let feature = number.parse::<u16>()? - 1;
            self.nodes.push(PNode::Var { feature });
            return Ok(());
        }
        if first.is_ascii_digit() {
            let idx = u16::try_from(self.constants.len())?;
            self.constants.push(name.parse()?);
            self.nodes.push(PNode::Const { idx });
            return Ok(());
        }
        if self.peek() != b'(' {
            return Err(format!("no operand at {}", self.at).into());
        }
        self.at += 1;
        self.sum::<Ops>()?;
        if self.peek() != b')' {
            return Err(format!("no closing parenthesis at {}", self.at).into());
        }
        self.at += 1;
        if name.is_empty() { Ok(()) } else { self.apply::<Ops>(name) }
    }
}
