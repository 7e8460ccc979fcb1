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

use super::code::{Bound, Code, Source, called, is_for_tests, start};
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
    Health,
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

    /// What an error of ours says that has no attribute for it.
    fn visit_item_impl(&mut self, item: &'s syn::ItemImpl) {
        let shown = item.trait_.as_ref().and_then(|(_, path, _)| path.segments.last());
        if self.path.starts_with("jira/") && shown.is_some_and(|last| last.ident == "Display") {
            Arms { path: self.path, found: self.found }.visit_item_impl(item);
        }
        visit::visit_item_impl(self, item);
    }
}

/// The texts that the branches of a `Display` come down to.
struct Arms<'f> {
    path: &'f str,
    found: &'f mut Found,
}

impl<'s> Visit<'s> for Arms<'_> {
    fn visit_arm(&mut self, arm: &'s syn::Arm) {
        if let Expr::Lit(one) = &*arm.body
            && let Lit::Str(text) = &one.lit
        {
            add(self.found, Area::Jira, self.path, text.span().start().line, text.value(), []);
        }
        visit::visit_arm(self, arm);
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

/// Functions whose answers people read as they are: every text that is made in one of them is a message.
const ANSWERS: [(&str, &str, Area); 13] = [
    ("jira/call.rs", "of", Area::Jira),
    ("jira/call.rs", "request", Area::Jira),
    ("jira/mod.rs", "in_words", Area::Jira),
    ("jira/mod.rs", "meaning", Area::Jira),
    ("engine/pairing.rs", "pair_with", Area::Problems),
    ("engine/pairing_scope.rs", "may_meet", Area::Problems),
    ("engine/why_not.rs", "why_not_begun", Area::Beside),
    ("engine/why_not.rs", "stands_against", Area::Beside),
    ("app/preview.rs", "not_begun", Area::Beside),
    ("app/measure.rs", "is_alive", Area::Health),
    ("app/measure.rs", "is_ready", Area::Health),
    ("cli/since.rs", "from_str", Area::Commands),
    ("cli/arguments.rs", "issue_key", Area::Commands),
];

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

    /// What is put into the list of a refusal behind its making.
    fn put_into(&mut self, lines: &'s Expr) {
        let Expr::Path(list) = lines else { return };
        let Some(name) = list.path.get_ident() else { return };
        let mut put = Put { list: name.to_string(), found: Vec::new() };
        put.visit_block(self.code.functions[self.function].body);
        for what in put.found {
            self.alone(Area::Answers, what);
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

    /// Where this function's own texts stand, if people read all of them.
    fn answers(&self) -> Option<Area> {
        let name = &self.code.functions[self.function].name;
        ANSWERS.iter().find(|(path, function, _)| *path == self.path && function == name).map(|(.., area)| *area)
    }

    /// What a request failed by. The words of another error are listed where that error is, and what was taken out of a failure or an
    /// outcome is listed where that was made.
    fn of_an_instance(&mut self, what: &'s Expr) {
        let of_an_error = matches!(what, Expr::MethodCall(call) if call.method == "to_string");
        if !of_an_error && !self.is_taken_out(what) {
            self.alone(Area::Jira, what);
        }
    }

    /// Whether a name was taken out of something by a pattern.
    fn is_taken_out(&self, what: &Expr) -> bool {
        let Expr::Path(path) = what else { return false };
        let Some(name) = path.path.get_ident() else { return false };
        let binding = self.code.binding(self.function, &name.to_string(), start(what.span()));
        matches!(binding.map(|binding| &binding.bound), Some(Bound::To(_, steps)) if !steps.is_empty())
    }

    /// The same where it is a part of what is made there.
    fn of_a_failure(&mut self, one: &'s syn::ExprStruct) {
        let field = |wanted: &str| {
            let is_it =
                |field: &&'s syn::FieldValue| matches!(&field.member, syn::Member::Named(name) if name == wanted);
            one.fields.iter().find(is_it).map(|field| &field.expr)
        };
        let named = one.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
        let said = match named.as_str() {
            "NotJira" => field("why"),
            "NotSent" => field("why").filter(|why| is_own(why)),
            // What a function answers there is the system's own.
            "TransportError" => field("detail").filter(|detail| !matches!(detail, Expr::Call(_))),
            "Refusal" => field("messages").filter(|messages| matches!(messages, Expr::Macro(_))),
            _ => None,
        };
        if let Some(said) = said {
            self.of_an_instance(said);
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

    fn visit_expr(&mut self, expression: &'s Expr) {
        match self.answers() {
            Some(area) if is_made(expression) => self.alone(area, expression),
            // What is only looked for is not said.
            Some(_) if matches!(expression, Expr::MethodCall(call) if call.method == "contains") => {}
            Some(_) | None => visit::visit_expr(self, expression),
        }
    }

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
            ("Answer", "new", [ended, lines]) if !went_well(ended) => {
                self.alone(Area::Answers, lines);
                if ended_as(ended).as_deref() == Some("Refused") {
                    self.put_into(lines);
                }
            }
            ("", "Err", [what]) => self.of_a_list(what),
            ("Failure", "Unreachable" | "NotUs" | "Locked" | "NotJira" | "Unreadable", [what])
            | ("WriteOutcome" | "NotDone" | "Decision", "InDoubt", [what])
            | ("NotDone" | "Decision", "NotSent", [what, _])
            | ("HookError", "No", [what]) => self.of_an_instance(what),
            // What stands behind a failure that is told with its cause.
            ("Error", "other" | "custom", [what]) if matches!(self.path, "jira/grant.rs" | "jira/wire.rs") => {
                self.of_an_instance(what);
            }
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
        self.of_a_failure(one);
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
        // Lines of a plan are no troubles.
        let tells = tells && !self.path.starts_with("plan/");
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

/// What is pushed and inserted into a list of a function.
struct Put<'s> {
    list: String,
    found: Vec<&'s Expr>,
}

impl<'s> Visit<'s> for Put<'s> {
    fn visit_item(&mut self, _: &'s syn::Item) {}

    fn visit_expr_method_call(&mut self, call: &'s syn::ExprMethodCall) {
        if (call.method == "push" || call.method == "insert") && is_called(&call.receiver, &self.list) {
            self.found.extend(call.args.last());
        }
        visit::visit_expr_method_call(self, call);
    }
}

/// How a command is told to have ended, where that is said by its name.
fn ended_as(ended: &Expr) -> Option<String> {
    let Expr::Path(path) = ended else { return None };
    path.path.segments.last().map(|last| last.ident.to_string())
}

/// Whether a command is told to have been done, or to be done already.
fn went_well(ended: &Expr) -> bool {
    ended_as(ended).is_some_and(|last| matches!(last.as_str(), "Done" | "Shown" | "Unchanged"))
}

/// Whether that is a record's list of refusals.
fn is_refused(receiver: &Expr) -> bool {
    matches!(receiver, Expr::Field(field) if matches!(&field.member, syn::Member::Named(name) if name == "refused"))
}

/// Whether that is a text that is made in this very place: one of words, and not a single word of some protocol.
fn is_made(what: &Expr) -> bool {
    let is_text = |what: &Expr| matches!(what, Expr::Lit(one) if matches!(&one.lit, Lit::Str(text) if text.value().trim().contains(' ')));
    let is_constant = |what: &Expr| matches!(what, Expr::Path(path) if path.path.get_ident().is_some_and(|name| *name == name.to_string().to_uppercase()));
    match what {
        Expr::MethodCall(call) if call.method == "to_owned" || call.method == "into" => {
            is_text(&call.receiver) || is_constant(&call.receiver)
        }
        Expr::Macro(one) => one.mac.path.is_ident("format") || one.mac.path.is_ident("vec"),
        other => is_text(other),
    }
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
