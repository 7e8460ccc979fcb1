//! Where the program says to people that something is wrong: in errors, findings, problems, holds, refusals, and in the log. It
//! must never leave out a kind of place that people meet.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the syntax of Rust has more than is looked at here, and may get more"
)]

use std::collections::{BTreeMap, BTreeSet};

use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Expr, Lit, LitStr, Token};

use super::code::{Code, Source, called, is_for_tests};
use super::trace::{Text, Trace, filled, template};

/// Under which heading a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Area {
    Configuration,
    Findings,
    Start,
    Jira,
    Problems,
    Answers,
    Commands,
    Beside,
    Webhooks,
    Notices,
    Log,
}

/// One message, with the remedies that the sources give it.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    pub(super) remedies: BTreeSet<String>,
    /// Where it stands: file and line, for whoever writes its cause.
    pub(super) places: BTreeSet<String>,
}

#[derive(Default)]
pub(super) struct Found {
    pub(super) messages: BTreeMap<(Area, String), Said>,
    /// What could not be traced back to a text: the file, and the name that stands there.
    pub(super) lost: BTreeSet<String>,
}

pub(super) fn collect(sources: &[Source]) -> Found {
    let code = Code::read(sources);
    let mut found = Found::default();
    for (file, source) in sources.iter().enumerate() {
        Errors { path: &source.path, found: &mut found }.visit_file(&source.file);
        for function in 0..code.functions.len() {
            if code.functions[function].file == file {
                let body = code.functions[function].body;
                Places { code: &code, path: &source.path, function, found: &mut found }.visit_block(body);
            }
        }
    }
    found
}

/// The texts of error types.
struct Errors<'f> {
    path: &'f str,
    found: &'f mut Found,
}

impl Errors<'_> {
    fn attributes(&mut self, attributes: &[syn::Attribute]) {
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("error")) {
            let parsed = attribute.parse_args_with(|input: syn::parse::ParseStream<'_>| {
                let text: LitStr = input.parse()?;
                let _: Option<Token![,]> = input.parse()?;
                let rest: proc_macro2::TokenStream = input.parse()?;
                Ok((text, rest))
            });
            // `transparent`: the cause speaks for itself.
            let Ok((text, rest)) = parsed else { continue };
            // `.0` is the error's own field, which no expression begins with.
            let rest: String = rest.to_string().replace("* .", "self.").replace("(.", "(self.");
            let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
            let arguments = syn::parse::Parser::parse_str(parser, rest.trim_start_matches('.')).unwrap_or_default();
            let arguments: Vec<&Expr> = arguments.iter().collect();
            let line = text.span().start().line;
            add(self.found, area_of_errors(self.path), self.path, line, filled(&text.value(), &arguments), []);
        }
    }
}

fn area_of_errors(path: &str) -> Area {
    match path.split('/').next().unwrap_or_default() {
        "jira" => Area::Jira,
        "cli" | "console" | "simulator" | "telemetry" => Area::Commands,
        _ => Area::Start,
    }
}

impl<'s> Visit<'s> for Errors<'_> {
    fn visit_item_enum(&mut self, item: &'s syn::ItemEnum) {
        for variant in &item.variants {
            self.attributes(&variant.attrs);
        }
    }

    fn visit_item_struct(&mut self, item: &'s syn::ItemStruct) {
        self.attributes(&item.attrs);
    }
}

fn add(
    found: &mut Found,
    area: Area,
    path: &str,
    line: usize,
    message: String,
    remedies: impl IntoIterator<Item = String>,
) {
    // What holds nothing but what is filled in says what another place says.
    let mut own = String::new();
    let mut depth = 0;
    for sign in message.chars() {
        match sign {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ if depth == 0 => own.push(sign),
            _ => {}
        }
    }
    if own.chars().filter(|sign| sign.is_alphabetic()).count() < 3 {
        return;
    }
    let said = found.messages.entry((area, message)).or_default();
    said.places.insert(format!("{path}:{line}"));
    said.remedies.extend(remedies);
}

/// Functions that only hand on what they are called with: the calls of them are looked at.
const HANDS_ON: [&str; 7] = ["problem", "hold", "error", "warning", "note", "unknown", "refused"];

/// The calls and constructions that say something, in one function.
struct Places<'c, 's> {
    code: &'c Code<'s>,
    path: &'c str,
    function: usize,
    found: &'c mut Found,
}

impl<'s> Places<'_, 's> {
    fn hands_on(&self, what: &Expr) -> bool {
        HANDS_ON.contains(&self.code.functions[self.function].name.as_str())
            && self.code.is_handed_on(self.function, what)
    }

    fn with_remedy(&mut self, area: Area, what: &'s Expr, remedy: &'s Expr) {
        if self.hands_on(what) {
            return;
        }
        let line = what.span().start().line;
        let pairs = Trace::new(self.code).pairs(self.function, what, remedy);
        if !pairs.iter().any(|(what, _)| matches!(what, Text::Said(_))) {
            self.lost(what);
        }
        for (what, remedies) in pairs {
            let Text::Said(message) = what else { continue };
            let said = remedies.into_iter().map(|text| match text {
                Text::Said(remedy) => remedy,
                Text::PassedOn(word) => format!("{{{word}}}"),
            });
            add(self.found, area, self.path, line, message, said);
        }
    }

    /// What a list of pairs does not say: alone, or with its line.
    fn of_a_list(&mut self, argument: &'s Expr) {
        let said = match argument {
            Expr::Closure(closure) => &*closure.body,
            other => other,
        };
        let said = match said {
            Expr::Tuple(tuple) => tuple.elems.last().unwrap_or(said),
            other => other,
        };
        let is_text = matches!(said, Expr::Macro(_) | Expr::MethodCall(_) | Expr::Lit(_));
        if self.path == "cli/pair_list.rs" && is_text {
            self.alone(Area::Commands, said);
        }
    }

    fn alone(&mut self, area: Area, what: &'s Expr) {
        if self.hands_on(what) {
            return;
        }
        let line = what.span().start().line;
        let texts = Trace::new(self.code).texts(self.function, what);
        if !texts.iter().any(|text| matches!(text, Text::Said(_))) {
            self.lost(what);
        }
        for text in texts {
            if let Text::Said(message) = text {
                add(self.found, area, self.path, line, message, []);
            }
        }
    }

    /// A line of a plan that begins with the sign for what is not known, or not right.
    fn doubtful(&mut self, what: &'s Expr) {
        let line = what.span().start().line;
        for text in Trace::new(self.code).texts(self.function, what) {
            if let Text::Said(message) = text
                && let Some(message) = message.strip_prefix("? ").or_else(|| message.strip_prefix("! "))
            {
                add(self.found, Area::Beside, self.path, line, message.to_owned(), []);
            }
        }
    }

    /// Whether this is a command of the program, and not the people of its demonstration.
    fn is_of_a_command(&self) -> bool {
        // One hands on the errors that others tell.
        self.path.starts_with("cli/") && !self.path.starts_with("cli/demo/") && self.path != "cli/explain.rs"
    }

    fn lost(&mut self, what: &Expr) {
        self.found.lost.insert(format!("{} {}", self.path, super::trace::spoken(what)));
    }

    fn is_config(&self) -> bool {
        self.path.starts_with("config/")
    }
}

impl<'s> Visit<'s> for Places<'_, 's> {
    fn visit_item(&mut self, _: &'s syn::Item) {}

    fn visit_expr_method_call(&mut self, call: &'s syn::ExprMethodCall) {
        let arguments: Vec<&'s Expr> = call.args.iter().collect();
        match (call.method.to_string().as_str(), arguments.as_slice()) {
            ("error" | "warning" | "unknown", [_, what, help]) if self.is_config() => {
                self.with_remedy(Area::Configuration, what, help);
            }
            ("problem" | "hold", [_, _, what, remedy]) => self.with_remedy(Area::Problems, what, remedy),
            // A file that Jira refused, and why.
            ("insert", [_, why]) if self.path == "engine/files.rs" && is_refused(&call.receiver) => {
                self.alone(Area::Problems, why);
            }
            // What a command says beside what it was asked for.
            ("note", [what]) if self.is_of_a_command() && is_called(&call.receiver, "output") && is_own(what) => {
                self.alone(Area::Beside, what);
            }
            ("line", [what]) if self.path == "cli/plan.rs" && is_called(&call.receiver, "output") => {
                self.doubtful(what);
            }
            ("push", [what])
                if self.path == "cli/webhooks.rs" && tells_of_a_webhook(&call.receiver) && is_own(what) =>
            {
                self.alone(Area::Webhooks, what);
            }
            ("context", [what]) => self.alone(Area::Commands, what),
            ("ok_or_else" | "map_err", [what]) => self.of_a_list(what),
            ("with_context", [what]) => self.alone(Area::Commands, what),
            _ => {}
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_call(&mut self, call: &'s syn::ExprCall) {
        let arguments: Vec<&'s Expr> = call.args.iter().collect();
        let of = match &*call.func {
            Expr::Path(path) if path.path.segments.len() > 1 => {
                path.path.segments.iter().nth_back(1).map(|segment| segment.ident.to_string()).unwrap_or_default()
            }
            _ => String::new(),
        };
        match (of.as_str(), called(&call.func).unwrap_or_default().as_str(), arguments.as_slice()) {
            ("Finding", "error" | "warning" | "note", [_, what, remedy]) => {
                self.with_remedy(Area::Findings, what, remedy);
            }
            ("", "refuse", [what, help]) if self.is_config() => self.with_remedy(Area::Configuration, what, help),
            ("Answer", "new", [ended, lines]) if !went_well(ended) => self.alone(Area::Answers, lines),
            ("", "Err", [what]) => self.of_a_list(what),
            ("Answer" | "Decision" | "", "refused", [what]) => self.alone(Area::Answers, what),
            _ => {}
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_struct(&mut self, one: &'s syn::ExprStruct) {
        let field = |wanted: &[&str]| {
            let is_it = |field: &&'s syn::FieldValue| matches!(&field.member, syn::Member::Named(name) if wanted.contains(&name.to_string().as_str()));
            one.fields.iter().find(is_it).map(|field| &field.expr)
        };
        if let (Some(what), Some(remedy)) = (field(&["what", "why"]), field(&["remedy"])) {
            self.with_remedy(Area::Problems, what, remedy);
        }
        if let (Some(title), Some(text)) = (field(&["title"]), field(&["text"])) {
            self.with_remedy(Area::Notices, title, text);
        }
        let is_true =
            |field: &&'s Expr| matches!(field, Expr::Lit(one) if matches!(&one.lit, Lit::Bool(value) if value.value));
        // A value that Jira refused, or put back: told as a problem until it is tried again.
        if let (Some(reason), Some(_)) = (field(&["reason"]), field(&["refused"]).filter(is_true)) {
            self.alone(Area::Problems, reason);
        }
        if let (Some(_), Some(why)) = (field(&["name"]), field(&["why"]))
            && self.path.starts_with("cli/init/")
        {
            self.alone(Area::Commands, why);
        }
        visit::visit_expr_struct(self, one);
    }

    /// What an instance's troubles are told by: what is wrong, and what to do.
    fn visit_expr_tuple(&mut self, tuple: &'s syn::ExprTuple) {
        let name = &self.code.functions[self.function].name;
        let tells = name.ends_with("in_words") || name == "troubles" || name == "forged";
        let elements: Vec<&'s Expr> = tuple.elems.iter().collect();
        if let ([what, remedy], true) = (elements.as_slice(), tells) {
            self.with_remedy(Area::Problems, what, remedy);
        }
        visit::visit_expr_tuple(self, tuple);
    }

    fn visit_macro(&mut self, one: &'s syn::Macro) {
        let name = one.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
        let traced = one.path.segments.first().is_some_and(|first| first.ident == "tracing");
        let line = one.span().start().line;
        match name.as_str() {
            "bail" | "anyhow" | "ensure" => {
                let whole = syn::ExprMacro { attrs: Vec::new(), mac: one.clone() };
                if let Some(message) = template(&whole) {
                    add(self.found, Area::Commands, self.path, line, message, []);
                }
            }
            // What became of the sides under another configuration, told at a start and by a reload.
            "write" if self.path == "app/configured.rs" => {
                let whole = syn::ExprMacro { attrs: Vec::new(), mac: one.clone() };
                if let Some(message) = template(&whole) {
                    add(self.found, Area::Findings, self.path, line, message, []);
                }
            }
            "warn" | "error" if traced => {
                if let Some(message) = last_text(one) {
                    add(self.found, Area::Log, self.path, line, filled(&message, &[]), []);
                }
            }
            _ => {}
        }
    }

    fn visit_attribute(&mut self, _: &'s syn::Attribute) {}

    fn visit_stmt(&mut self, statement: &'s syn::Stmt) {
        if let syn::Stmt::Local(local) = statement
            && is_for_tests(&local.attrs)
        {
            return;
        }
        visit::visit_stmt(self, statement);
    }
}

/// Whether a command is told to have been done, or to be done already.
fn went_well(ended: &Expr) -> bool {
    let Expr::Path(path) = ended else { return false };
    path.path
        .segments
        .last()
        .is_some_and(|last| matches!(last.ident.to_string().as_str(), "Done" | "Shown" | "Unchanged"))
}

/// Whether that is a record's list of refusals.
fn is_refused(receiver: &Expr) -> bool {
    matches!(receiver, Expr::Field(field) if matches!(&field.member, syn::Member::Named(name) if name == "refused"))
}

/// Whether that is a text made here, and not one that is handed on.
fn is_own(what: &Expr) -> bool {
    match what {
        Expr::Reference(reference) => is_own(&reference.expr),
        Expr::MethodCall(call) => call.method == "to_owned" || call.method == "into",
        Expr::Path(path) => path.path.segments.iter().all(|part| part.ident == part.ident.to_string().to_uppercase()),
        Expr::If(_) | Expr::Lit(_) => true,
        Expr::Macro(made) => {
            !template(made).is_some_and(|text| text.starts_with("warning: {") || text.starts_with("  Hint: {"))
        }
        _ => false,
    }
}

fn is_called(receiver: &Expr, name: &str) -> bool {
    matches!(receiver, Expr::Path(path) if path.path.is_ident(name))
}

/// Whether what is pushed there is said of an instance's webhook.
fn tells_of_a_webhook(receiver: &Expr) -> bool {
    let is_says =
        matches!(receiver, Expr::Field(field) if matches!(&field.member, syn::Member::Named(name) if name == "says"));
    is_says || is_called(receiver, "wrong")
}

/// The message of a log line: its last text.
fn last_text(one: &syn::Macro) -> Option<String> {
    let tokens: Vec<proc_macro2::TokenTree> = one.tokens.clone().into_iter().collect();
    tokens.into_iter().rev().find_map(|token| match token {
        proc_macro2::TokenTree::Literal(literal) => match Lit::new(literal) {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    })
}
