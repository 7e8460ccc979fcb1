//! Traces an expression back to the texts that it can be, through bindings, branches, functions and constants. It must never
//! take a text for one that cannot arrive: what it cannot trace it says.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the syntax of Rust has more than is looked at here, and may get more"
)]

use std::collections::BTreeSet;

use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, Expr, ExprMacro, Lit, Stmt, Token};

use super::code::{Bound, Code, Step, called, start};

/// What an expression comes down to.
#[derive(Clone, Copy)]
pub(super) struct Leaf<'s> {
    pub(super) function: usize,
    pub(super) expression: &'s Expr,
}

/// What is called: a function, or a closure within one.
#[derive(PartialEq, Eq)]
struct Callee {
    name: String,
    parameters: usize,
    within: Option<usize>,
}

/// What a name is bound to: an expression, the steps into it, and the function it stands in.
type Origin<'s> = (&'s Expr, Vec<Step>, usize);

/// What an expression says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Text {
    /// A text of the program, with its placeholders.
    Said(String),
    /// What another place said, which is listed from there.
    PassedOn(String),
}

pub(super) struct Trace<'c, 's> {
    code: &'c Code<'s>,
    seen: BTreeSet<(usize, usize, String)>,
    depth: usize,
    hops: usize,
}

/// How many expressions a text is traced through at most.
const DEPTH: usize = 60;

/// Through how many functions, and of how many functions of one name: `get` says nothing.
const HOPS: usize = 4;
const NAMESAKES: usize = 4;

/// Methods that leave a text as it is.
const SAME: [&str; 16] = [
    "to_owned",
    "into",
    "clone",
    "to_string",
    "as_str",
    "as_ref",
    "as_deref",
    "cloned",
    "context",
    "as_mut",
    "await",
    "into_iter",
    "iter",
    "collect",
    "copied",
    "transpose",
];

impl<'c, 's> Trace<'c, 's> {
    pub(super) fn new(code: &'c Code<'s>) -> Self {
        Self { code, seen: BTreeSet::new(), depth: 0, hops: 0 }
    }

    pub(super) fn texts(&mut self, function: usize, expression: &'s Expr) -> BTreeSet<Text> {
        self.asked(function, expression, &[]).into_iter().map(|leaf| self.text(leaf)).collect()
    }

    /// What is said, and what is to be done about it: pairs where both come out of one branch.
    pub(super) fn pairs(&mut self, function: usize, what: &'s Expr, remedy: &'s Expr) -> Vec<(Text, BTreeSet<Text>)> {
        if let (Some((origin, what_at)), Some((other, remedy_at))) =
            (self.element(function, what), self.element(function, remedy))
            && std::ptr::eq(origin.0, other.0)
            && origin.1 == other.1
        {
            let mut pairs = Vec::new();
            for leaf in self.asked(origin.2, origin.0, &origin.1) {
                let Expr::Tuple(tuple) = leaf.expression else { continue };
                if let (Some(what), Some(remedy)) = (tuple.elems.get(what_at), tuple.elems.get(remedy_at)) {
                    pairs.extend(self.pairs(leaf.function, what, remedy));
                }
            }
            if !pairs.is_empty() {
                return pairs;
            }
        }
        if let (Some((callee, what_at)), Some((other, remedy_at))) =
            (self.parameter(function, what), self.parameter(function, remedy))
            && callee == other
            && self.depth < HOPS
        {
            self.depth += 1;
            let mut pairs = Vec::new();
            for (function, arguments) in self.calls_of(&callee) {
                if let (Some(what), Some(remedy)) = (arguments.get(what_at), arguments.get(remedy_at)) {
                    pairs.extend(self.pairs(function, what, remedy));
                }
            }
            self.depth -= 1;
            if !pairs.is_empty() {
                return pairs;
            }
        }
        let remedies = self.texts(function, remedy);
        self.texts(function, what).into_iter().map(|what| (what, remedies.clone())).collect()
    }

    /// Where a name is a parameter: of what, and which one.
    fn parameter(&self, function: usize, expression: &'s Expr) -> Option<(Callee, usize)> {
        let expression = bare(expression);
        let Expr::Path(path) = expression else { return None };
        let name = path.path.get_ident()?.to_string();
        match &self.code.binding(function, &name, start(expression.span()))?.bound {
            Bound::Parameter(at) => {
                let of = &self.code.functions[function];
                Some((Callee { name: of.name.clone(), parameters: of.parameters, within: None }, *at))
            }
            Bound::Closure(Some(closure), at) => {
                Some((Callee { name: closure.clone(), parameters: 0, within: Some(function) }, *at))
            }
            Bound::Closure(None, _) | Bound::To(..) => None,
        }
    }

    /// The calls of a function, or of a closure within its own function: where from, and with what.
    fn calls_of(&self, callee: &Callee) -> Vec<(usize, Vec<&'s Expr>)> {
        let code = self.code;
        // Of these there are too many for a name to say which one is meant.
        let calls = code.calls.get(&callee.name).filter(|_| !matches!(callee.name.as_str(), "from" | "new"));
        let fits = calls.into_iter().flatten().filter(|call| {
            callee.within.map_or(call.arguments.len() == callee.parameters, |function| call.function == function)
        });
        fits.map(|call| (call.function, call.arguments.clone())).collect()
    }

    /// Where a name is an element of a tuple: of which, and which one.
    fn element(&self, function: usize, expression: &'s Expr) -> Option<(Origin<'s>, usize)> {
        let expression = bare(expression);
        let Expr::Path(path) = expression else { return None };
        let name = path.path.get_ident()?.to_string();
        let binding = self.code.binding(function, &name, start(expression.span()))?;
        let Bound::To(origin, steps) = &binding.bound else { return None };
        let (Step::Element(at), before) = steps.split_last()? else { return None };
        Some(((origin, before.to_vec(), function), *at))
    }

    fn asked(&mut self, function: usize, expression: &'s Expr, steps: &[Step]) -> Vec<Leaf<'s>> {
        self.seen.clear();
        self.leaves(function, expression, steps)
    }

    fn leaves(&mut self, function: usize, expression: &'s Expr, steps: &[Step]) -> Vec<Leaf<'s>> {
        let key = (function, std::ptr::from_ref(expression).addr(), format!("{steps:?}"));
        // What was opened before in this question has answered already; and no text comes from that far.
        if self.depth > DEPTH || !self.seen.insert(key) {
            return Vec::new();
        }
        self.depth += 1;
        let leaves = self.open(function, expression, steps);
        self.depth -= 1;
        leaves
    }

    fn open(&mut self, function: usize, expression: &'s Expr, steps: &[Step]) -> Vec<Leaf<'s>> {
        let leaf = || vec![Leaf { function, expression }];
        match expression {
            Expr::Reference(inner) => self.leaves(function, &inner.expr, steps),
            Expr::Paren(inner) => self.leaves(function, &inner.expr, steps),
            Expr::Group(inner) => self.leaves(function, &inner.expr, steps),
            Expr::Await(inner) => self.leaves(function, &inner.base, steps),
            Expr::Unary(inner) => self.leaves(function, &inner.expr, steps),
            Expr::Index(inner) => self.leaves(function, &inner.expr, steps),
            Expr::Try(inner) => {
                let through = [&[Step::Variant("Ok".into(), 0)], steps].concat();
                let found = self.leaves(function, &inner.expr, &through);
                if found.is_empty() { self.leaves(function, &inner.expr, steps) } else { found }
            }
            Expr::Block(block) => self.block(function, &block.block, steps),
            Expr::Async(block) => self.block(function, &block.block, steps),
            Expr::If(one) => {
                let mut all = self.block(function, &one.then_branch, steps);
                if let Some((_, other)) = &one.else_branch {
                    all.extend(self.leaves(function, other, steps));
                }
                all
            }
            Expr::Match(one) => one.arms.iter().flat_map(|arm| self.leaves(function, &arm.body, steps)).collect(),
            Expr::Return(_) | Expr::Continue(_) | Expr::Break(_) => Vec::new(),
            Expr::Closure(closure) => self.leaves(function, &closure.body, steps),
            Expr::Binary(sum) if steps.is_empty() => self.leaves(function, &sum.left, steps),
            Expr::Array(array) => array.elems.iter().flat_map(|one| self.leaves(function, one, steps)).collect(),
            Expr::Tuple(tuple) => match steps.split_first() {
                Some((Step::Element(at), rest)) => {
                    tuple.elems.get(*at).map(|one| self.leaves(function, one, rest)).unwrap_or_default()
                }
                Some(_) => Vec::new(),
                None => leaf(),
            },
            Expr::Path(path) => self.name(function, path, expression, steps),
            Expr::Macro(list) if list.mac.path.is_ident("vec") => {
                let elements = list.mac.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
                // They stand nowhere else, and the sources are read once in a test.
                let elements = elements.map(|all| all.into_iter().map(|one| &*Box::leak(Box::new(one))));
                elements.into_iter().flatten().flat_map(|one| self.leaves(function, one, steps)).collect()
            }
            Expr::Call(call) => self.call(function, call, steps).unwrap_or_else(leaf),
            Expr::MethodCall(call) => self.method(function, call, steps).unwrap_or_else(leaf),
            _ => leaf(),
        }
    }

    fn block(&mut self, function: usize, block: &'s Block, steps: &[Step]) -> Vec<Leaf<'s>> {
        match block.stmts.last() {
            Some(Stmt::Expr(tail, None)) => self.leaves(function, tail, steps),
            _ => Vec::new(),
        }
    }

    fn name(&mut self, function: usize, path: &'s syn::ExprPath, whole: &'s Expr, steps: &[Step]) -> Vec<Leaf<'s>> {
        let Some(name) = path.path.segments.last().map(|last| last.ident.to_string()) else { return Vec::new() };
        let local = path.path.get_ident().and_then(|_| self.code.binding(function, &name, start(whole.span())));
        match local.map(|binding| binding.bound.clone()) {
            Some(Bound::To(origin, before)) => self.leaves(function, origin, &[&before[..], steps].concat()),
            Some(Bound::Parameter(_) | Bound::Closure(Some(_), _)) => match self.parameter(function, whole) {
                Some((callee, at)) => self.handed(&callee, at, steps),
                None => Vec::new(),
            },
            Some(Bound::Closure(None, _)) => vec![Leaf { function, expression: whole }],
            None => match self.code.constant(function, &name) {
                Some(values) => values.into_iter().flat_map(|value| self.leaves(function, value, steps)).collect(),
                // A variant without content is nothing of what is looked for.
                None if !steps.is_empty() || name == "None" => Vec::new(),
                None => vec![Leaf { function, expression: whole }],
            },
        }
    }

    /// What is handed over where something is called.
    fn handed(&mut self, callee: &Callee, at: usize, steps: &[Step]) -> Vec<Leaf<'s>> {
        let calls = self.calls_of(callee);
        calls
            .into_iter()
            .filter_map(|(function, arguments)| Some((function, *arguments.get(at)?)))
            .flat_map(|(function, argument)| self.leaves(function, argument, steps))
            .collect()
    }

    fn call(&mut self, function: usize, call: &'s syn::ExprCall, steps: &[Step]) -> Option<Vec<Leaf<'s>>> {
        let name = called(&call.func)?;
        if let Some((Step::Variant(wanted, at), rest)) = steps.split_first()
            && name.starts_with(char::is_uppercase)
        {
            let is_it = *wanted == name;
            let argument = call.args.get(*at).filter(|_| is_it);
            return Some(argument.map(|one| self.leaves(function, one, rest)).unwrap_or_default());
        }
        if matches!(name.as_str(), "Some" | "Ok" | "Err" | "from" | "new") {
            return call.args.first().map(|one| self.leaves(function, one, steps));
        }
        if let Some(Bound::To(closure @ Expr::Closure(_), _)) =
            self.code.binding(function, &name, start(call.func.span())).map(|binding| binding.bound.clone())
        {
            return Some(self.leaves(function, closure, steps));
        }
        let here = matches!(&*call.func, Expr::Path(path) if path.path.segments.len() == 1);
        self.answers(&name, call.args.len(), here.then_some(function), steps)
    }

    /// What functions of this name answer.
    fn answers(&mut self, name: &str, arguments: usize, from: Option<usize>, steps: &[Step]) -> Option<Vec<Leaf<'s>>> {
        let code = self.code;
        let named = code.functions_called(name, from)?;
        let fits = |at: &&usize| {
            let parameters = code.functions[**at].parameters;
            parameters == arguments || parameters + 1 == arguments
        };
        let named: Vec<usize> = named.iter().filter(fits).copied().collect();
        if named.is_empty() {
            return None;
        }
        let mut all = Vec::new();
        if self.hops >= HOPS || named.len() > NAMESAKES {
            return Some(all);
        }
        self.hops += 1;
        for function in named {
            let body = code.functions[function].body;
            all.extend(self.block(function, body, steps));
            let mut answers = Answers { returned: Vec::new(), tried: Vec::new() };
            answers.visit_block(body);
            for returned in answers.returned {
                all.extend(self.leaves(function, returned, steps));
            }
            // What `?` hands on.
            if matches!(steps.first(), Some(Step::Variant(variant, _)) if variant == "Err") {
                for tried in answers.tried {
                    all.extend(self.leaves(function, tried, steps));
                }
            }
        }
        self.hops -= 1;
        Some(all)
    }

    fn method(&mut self, function: usize, call: &'s syn::ExprMethodCall, steps: &[Step]) -> Option<Vec<Leaf<'s>>> {
        let name = call.method.to_string();
        let first = call.args.first();
        let is_error = matches!(steps.first(), Some(Step::Variant(variant, _)) if variant == "Err");
        match name.as_str() {
            "ok_or_else" | "map_err" | "ok_or" | "with_context" if is_error => {
                let expression = first?;
                Some(self.leaves(function, expression, &steps[1..]))
            }
            "and_then" if is_error => {
                let mut all = self.leaves(function, &call.receiver, steps);
                all.extend(self.leaves(function, first?, steps));
                Some(all)
            }
            "map" if is_error => Some(self.leaves(function, &call.receiver, steps)),
            "then" | "then_some" | "and_then" | "map" if !is_error => {
                let rest = if matches!(steps.first(), Some(Step::Variant(..))) { &steps[1..] } else { steps };
                let of_closure = self.leaves(function, first?, if name == "and_then" { steps } else { rest });
                Some(of_closure)
            }
            "unwrap_or" | "unwrap_or_else" | "or_else" => {
                let mut all = self.leaves(function, &call.receiver, steps);
                all.extend(self.leaves(function, first?, steps));
                Some(all)
            }
            "map_or" | "map_or_else" => {
                let mut all = self.leaves(function, first?, steps);
                all.extend(self.leaves(function, call.args.get(1)?, steps));
                Some(all)
            }
            _ if SAME.contains(&name.as_str()) => Some(self.leaves(function, &call.receiver, steps)),
            _ => self.answers(&name, call.args.len(), None, steps),
        }
    }

    /// A template with the constants in place that it names, so that it is found by what is seen.
    fn with_constants(&self, function: usize, said: String) -> String {
        let names: Vec<&str> = said.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        let constant = |name: &str| match self.code.constant(function, name)?.as_slice() {
            [Expr::Lit(literal)] => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                Lit::Int(number) => Some(number.base10_digits().to_owned()),
                _ => None,
            },
            _ => None,
        };
        let known = names.iter().filter(|name| name.chars().all(|sign| sign.is_uppercase() || sign == '_'));
        let values: Vec<(String, String)> =
            known.filter_map(|name| Some((format!("{{{name}}}"), constant(name)?))).collect();
        values.into_iter().fold(said, |said, (name, value)| said.replace(&name, &value))
    }

    fn text(&self, leaf: Leaf<'s>) -> Text {
        match leaf.expression {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Text::Said(text.value()),
                _ => Text::PassedOn("a number".into()),
            },
            Expr::Macro(one) => match template(one) {
                Some(said) => Text::Said(self.with_constants(leaf.function, said)),
                None => Text::PassedOn(spoken(leaf.expression)),
            },
            other => Text::PassedOn(spoken(other)),
        }
    }
}

struct Answers<'s> {
    returned: Vec<&'s Expr>,
    tried: Vec<&'s Expr>,
}

impl<'s> Visit<'s> for Answers<'s> {
    fn visit_expr_return(&mut self, one: &'s syn::ExprReturn) {
        self.returned.extend(one.expr.as_deref());
        visit::visit_expr_return(self, one);
    }

    fn visit_expr_try(&mut self, one: &'s syn::ExprTry) {
        self.tried.push(&one.expr);
        visit::visit_expr_try(self, one);
    }

    fn visit_expr_closure(&mut self, _: &'s syn::ExprClosure) {}

    fn visit_item(&mut self, _: &'s syn::Item) {}
}

fn bare(expression: &Expr) -> &Expr {
    match expression {
        Expr::Reference(inner) => bare(&inner.expr),
        Expr::Paren(inner) => bare(&inner.expr),
        Expr::MethodCall(call) if SAME.contains(&call.method.to_string().as_str()) => bare(&call.receiver),
        _ => expression,
    }
}

/// The text of a `format!` or the like.
pub(super) fn template(one: &ExprMacro) -> Option<String> {
    let arguments = one.mac.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated).ok()?;
    let at =
        arguments.iter().position(|argument| matches!(argument, Expr::Lit(one) if matches!(one.lit, Lit::Str(_))))?;
    let Expr::Lit(literal) = &arguments[at] else { return None };
    let Lit::Str(text) = &literal.lit else { return None };
    let rest: Vec<&Expr> = arguments.iter().skip(at + 1).collect();
    Some(filled(&text.value(), &rest))
}

/// Names what stands in empty placeholders, and leaves out how a value is written.
pub(super) fn filled(text: &str, arguments: &[&Expr]) -> String {
    let (mut out, mut next, mut left) = (String::new(), 0, text);
    while let Some(at) = left.find(['{', '}']) {
        out.push_str(&left[..at]);
        let sign = &left[at..=at];
        left = &left[at + 1..];
        if left.starts_with(sign) {
            out.push_str(sign);
            left = &left[1..];
            continue;
        }
        let Some(end) = left.find('}').filter(|_| sign == "{") else { continue };
        let name = left[..end].split(':').next().unwrap_or_default().trim();
        left = &left[end + 1..];
        let name = match name.parse::<usize>() {
            Ok(number) => arguments.get(number).map_or_else(|| "what".to_owned(), |one| spoken(one)),
            Err(_) if name.is_empty() => {
                next += 1;
                arguments.get(next - 1).map_or_else(|| "what".to_owned(), |one| spoken(one))
            }
            Err(_) => name.trim_start_matches("r#").to_owned(),
        };
        out.push_str(&format!("{{{name}}}"));
    }
    out + left
}

/// One word for an expression.
pub(super) fn spoken(expression: &Expr) -> String {
    match expression {
        Expr::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default(),
        Expr::Field(field) => match &field.member {
            syn::Member::Named(name) => name.to_string(),
            syn::Member::Unnamed(_) => spoken(&field.base),
        },
        Expr::Reference(inner) => spoken(&inner.expr),
        Expr::Paren(inner) => spoken(&inner.expr),
        Expr::Try(inner) => spoken(&inner.expr),
        Expr::Unary(inner) => spoken(&inner.expr),
        Expr::Await(inner) => spoken(&inner.base),
        Expr::Assign(named) => spoken(&named.left),
        Expr::Index(inner) => spoken(&inner.expr),
        Expr::MethodCall(call) => match &*call.receiver {
            Expr::Path(path) if path.path.is_ident("self") => call.method.to_string(),
            receiver => spoken(receiver),
        },
        Expr::Call(call) => match call.args.first().map(spoken) {
            Some(word) if !word.is_empty() && word != "what" && word != "self" => word,
            _ => called(&call.func).unwrap_or_else(|| "what".into()),
        },
        _ => "what".to_owned(),
    }
}
