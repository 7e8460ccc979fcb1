//! What the messages test knows of the sources: their functions, constants, bindings and calls, by name. It must never guess a
//! type: two functions of one name are both looked at.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the syntax of Rust has more than is looked at here, and may get more"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{LineColumn, Span};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, Expr, ExprClosure, FnArg, Pat, Signature};

/// A place in a file, for order.
pub(super) type Place = (usize, usize);

fn place(at: LineColumn) -> Place {
    (at.line, at.column)
}

pub(super) fn start(span: Span) -> Place {
    place(span.start())
}

/// How a name is taken out of what it is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// An element of a tuple.
    Element(usize),
    /// An element of a variant: `Err(here)`.
    Variant(String, usize),
}

/// What a name stands for.
#[derive(Clone)]
pub(super) enum Bound<'s> {
    /// A part of an expression.
    To(&'s Expr, Vec<Step>),
    /// A parameter of the function.
    Parameter(usize),
    /// A parameter of a closure, and what the closure is called.
    Closure(Option<String>, usize),
}

#[derive(Clone)]
pub(super) struct Binding<'s> {
    pub(super) name: String,
    from: Place,
    to: Place,
    pub(super) bound: Bound<'s>,
}

pub(super) struct Function<'s> {
    pub(super) name: String,
    pub(super) file: usize,
    pub(super) body: &'s Block,
    pub(super) parameters: usize,
    bindings: Vec<Binding<'s>>,
}

/// A call, with what is handed over.
pub(super) struct Call<'s> {
    pub(super) function: usize,
    pub(super) arguments: Vec<&'s Expr>,
}

/// One file of `src/`.
pub(super) struct Source {
    /// Beneath `src/`.
    pub(super) path: String,
    pub(super) file: syn::File,
}

/// Reads every file beneath the folder, but for the simulated Jira's own answers.
pub(super) fn sources(root: &Path) -> Vec<Source> {
    let mut folders = vec![root.to_owned()];
    let mut paths: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let named = |path: &Path| path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
    let is_ours = |path: &PathBuf| {
        let name = named(path);
        !name.ends_with("tests.rs") && (!name.starts_with("simulator/") || name.starts_with("simulator/seed/"))
    };
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        Source { path: named(&path), file: syn::parse_file(&text).unwrap_or_else(|error| panic!("{path:?}: {error}")) }
    };
    paths.into_iter().filter(is_ours).map(read).collect()
}

/// All of it, by name.
#[derive(Default)]
pub(super) struct Code<'s> {
    pub(super) functions: Vec<Function<'s>>,
    named: BTreeMap<String, Vec<usize>>,
    constants: BTreeMap<String, Vec<(usize, &'s Expr)>>,
    pub(super) calls: BTreeMap<String, Vec<Call<'s>>>,
}

impl<'s> Code<'s> {
    pub(super) fn read(sources: &'s [Source]) -> Self {
        let mut code = Self::default();
        for (file, source) in sources.iter().enumerate() {
            Outline { code: &mut code, file }.visit_file(&source.file);
        }
        for function in 0..code.functions.len() {
            let body = code.functions[function].body;
            Calls { code: &mut code, function }.visit_block(body);
        }
        code
    }

    /// The values of a constant: the one of the same file, where it has one.
    pub(super) fn constant(&self, function: usize, name: &str) -> Option<Vec<&'s Expr>> {
        let all = self.constants.get(name)?;
        let file = self.functions[function].file;
        let near: Vec<&Expr> = all.iter().filter(|(at, _)| *at == file).map(|(_, value)| *value).collect();
        Some(if near.is_empty() { all.iter().map(|(_, value)| *value).collect() } else { near })
    }

    /// The functions of a name: those of the file that calls them by the bare name, where it has any.
    pub(super) fn functions_called(&self, name: &str, from: Option<usize>) -> Option<Vec<usize>> {
        let all = self.named.get(name)?;
        let near: Vec<usize> = match from {
            Some(from) => {
                let file = self.functions[from].file;
                all.iter().copied().filter(|at| self.functions[*at].file == file).collect()
            }
            None => Vec::new(),
        };
        Some(if near.is_empty() { all.clone() } else { near })
    }

    /// Whether an expression is a parameter of the function as it was handed over.
    pub(super) fn is_handed_on(&self, function: usize, expression: &Expr) -> bool {
        let name = match expression {
            Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
            Expr::MethodCall(call) => return self.is_handed_on(function, &call.receiver),
            Expr::Reference(inner) => return self.is_handed_on(function, &inner.expr),
            _ => None,
        };
        let binding = name.and_then(|name| self.binding(function, &name, start(expression.span())));
        matches!(binding.map(|binding| &binding.bound), Some(Bound::Parameter(_)))
    }

    /// What a name stands for where it is used.
    pub(super) fn binding(&self, function: usize, name: &str, used: Place) -> Option<&Binding<'s>> {
        let holds = |binding: &&Binding<'s>| binding.name == name && binding.from <= used && used < binding.to;
        self.functions[function].bindings.iter().filter(holds).max_by_key(|binding| binding.from)
    }
}

/// Whether an item is there for tests alone.
pub(super) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || (attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Ident>().is_ok_and(|what| what == "test"))
    })
}

struct Outline<'c, 's> {
    code: &'c mut Code<'s>,
    file: usize,
}

impl<'s> Outline<'_, 's> {
    fn function(&mut self, signature: &'s Signature, body: &'s Block) {
        let typed = signature.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(typed) => Some(&*typed.pat),
            FnArg::Receiver(_) => None,
        });
        let end = place(body.span().end());
        let mut bindings = Bindings { found: Vec::new(), blocks: vec![end], closure: None };
        let mut parameters = 0;
        for (at, pattern) in typed.enumerate() {
            parameters = at + 1;
            if let Pat::Ident(one) = pattern {
                bindings.add(one.ident.to_string(), start(signature.span()), end, Bound::Parameter(at));
            }
        }
        bindings.visit_block(body);
        let name = signature.ident.to_string();
        self.code.named.entry(name.clone()).or_default().push(self.code.functions.len());
        let bindings = bindings.found;
        self.code.functions.push(Function { name, file: self.file, body, parameters, bindings });
    }
}

impl<'s> Visit<'s> for Outline<'_, 's> {
    fn visit_item_mod(&mut self, item: &'s syn::ItemMod) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'s syn::ItemFn) {
        if !is_for_tests(&item.attrs) {
            self.function(&item.sig, &item.block);
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'s syn::ImplItemFn) {
        self.function(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_item_const(&mut self, item: &'s syn::ItemConst) {
        self.code.constants.entry(item.ident.to_string()).or_default().push((self.file, &item.expr));
    }

    fn visit_impl_item_const(&mut self, item: &'s syn::ImplItemConst) {
        self.code.constants.entry(item.ident.to_string()).or_default().push((self.file, &item.expr));
    }
}

struct Bindings<'s> {
    found: Vec<Binding<'s>>,
    /// Where the blocks that we are in end.
    blocks: Vec<Place>,
    /// What the next closure is called.
    closure: Option<String>,
}

impl<'s> Bindings<'s> {
    fn add(&mut self, name: String, from: Place, to: Place, bound: Bound<'s>) {
        self.found.push(Binding { name, from, to, bound });
    }

    fn pattern(&mut self, pattern: &Pat, to: &'s Expr, steps: &[Step], from: Place, end: Place) {
        match pattern {
            Pat::Ident(one) => {
                self.add(one.ident.to_string(), from, end, Bound::To(to, steps.to_vec()));
                if let Some((_, inner)) = &one.subpat {
                    self.pattern(inner, to, steps, from, end);
                }
            }
            Pat::Reference(inner) => self.pattern(&inner.pat, to, steps, from, end),
            Pat::Paren(inner) => self.pattern(&inner.pat, to, steps, from, end),
            Pat::Type(typed) => self.pattern(&typed.pat, to, steps, from, end),
            Pat::Or(cases) => cases.cases.iter().for_each(|case| self.pattern(case, to, steps, from, end)),
            Pat::Tuple(tuple) => {
                for (at, element) in tuple.elems.iter().enumerate() {
                    let steps = [steps, &[Step::Element(at)]].concat();
                    self.pattern(element, to, &steps, from, end);
                }
            }
            Pat::TupleStruct(variant) => {
                let name = variant.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
                for (at, element) in variant.elems.iter().enumerate() {
                    let steps = [steps, &[Step::Variant(name.clone(), at)]].concat();
                    self.pattern(element, to, &steps, from, end);
                }
            }
            _ => {}
        }
    }
}

impl<'s> Visit<'s> for Bindings<'s> {
    fn visit_block(&mut self, block: &'s Block) {
        self.blocks.push(place(block.span().end()));
        visit::visit_block(self, block);
        self.blocks.pop();
    }

    fn visit_local(&mut self, local: &'s syn::Local) {
        if let Some(init) = &local.init {
            let end = self.blocks.last().copied().unwrap_or_default();
            self.pattern(&local.pat, &init.expr, &[], place(local.span().end()), end);
            if let (Expr::Closure(_), Pat::Ident(one)) = (&*init.expr, &local.pat) {
                self.closure = Some(one.ident.to_string());
            }
        }
        visit::visit_local(self, local);
    }

    fn visit_expr_match(&mut self, one: &'s syn::ExprMatch) {
        for arm in &one.arms {
            self.pattern(&arm.pat, &one.expr, &[], start(arm.span()), place(arm.span().end()));
        }
        visit::visit_expr_match(self, one);
    }

    fn visit_expr_if(&mut self, one: &'s syn::ExprIf) {
        let end = place(one.then_branch.span().end());
        let mut conditions = vec![&*one.cond];
        while let Some(condition) = conditions.pop() {
            match condition {
                Expr::Let(bound) => self.pattern(&bound.pat, &bound.expr, &[], start(bound.span()), end),
                Expr::Binary(both) => conditions.extend([&*both.left, &*both.right]),
                _ => {}
            }
        }
        visit::visit_expr_if(self, one);
    }

    fn visit_expr_for_loop(&mut self, one: &'s syn::ExprForLoop) {
        self.pattern(&one.pat, &one.expr, &[], start(one.span()), place(one.span().end()));
        visit::visit_expr_for_loop(self, one);
    }

    fn visit_expr_closure(&mut self, closure: &'s ExprClosure) {
        let name = self.closure.take();
        let (from, end) = (start(closure.span()), place(closure.span().end()));
        for (at, input) in closure.inputs.iter().enumerate() {
            let (Pat::Ident(_) | Pat::Type(_) | Pat::Tuple(_)) = input else { continue };
            let mut names = Vec::new();
            names_of(input, &mut names);
            for one in names {
                self.add(one, from, end, Bound::Closure(name.clone(), at));
            }
        }
        visit::visit_expr_closure(self, closure);
    }
}

fn names_of(pattern: &Pat, names: &mut Vec<String>) {
    match pattern {
        Pat::Ident(one) => names.push(one.ident.to_string()),
        Pat::Type(typed) => names_of(&typed.pat, names),
        Pat::Tuple(tuple) => tuple.elems.iter().for_each(|element| names_of(element, names)),
        _ => {}
    }
}

struct Calls<'c, 's> {
    code: &'c mut Code<'s>,
    function: usize,
}

impl<'s> Visit<'s> for Calls<'_, 's> {
    fn visit_expr_call(&mut self, call: &'s syn::ExprCall) {
        if let Some(name) = called(&call.func) {
            let call = Call { function: self.function, arguments: call.args.iter().collect() };
            self.code.calls.entry(name).or_default().push(call);
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'s syn::ExprMethodCall) {
        let named = Call { function: self.function, arguments: call.args.iter().collect() };
        self.code.calls.entry(call.method.to_string()).or_default().push(named);
        visit::visit_expr_method_call(self, call);
    }
}

/// The last word of what is called.
pub(super) fn called(function: &Expr) -> Option<String> {
    match function {
        Expr::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        Expr::Paren(inner) => called(&inner.expr),
        _ => None,
    }
}
