//! What a function of the migrations' own does to the schema when it is called.
//!
//! A call whose arguments are written out is its body as a `DO` block, the parameters being variables of it: then all
//! that is known of blocks is known of it, conditions and texts put together for EXECUTE as well.

use super::certainty::Touched;
use super::{Catalog, Data, Found, Key, Mark, Object, Outcome};
use crate::change::{ArgumentMode, Block, Call, Change, CreateFunction, Literal};
use crate::span::Span;
use crate::syntax::{self, plpgsql::Reach};

/// A function that calls itself is not followed further.
const DEEPEST: usize = 4;

/// The longest body that is read for each call.
const LONGEST: usize = 64 * 1024;

/// What is kept of a function whose call may change the schema.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Called {
    /// The names of its parameters and their types, as written; no name where it has none.
    parameters: Vec<(Option<String>, String)>,
    body: String,
}

impl Called {
    /// `type_of` writes a parameter's type.
    pub(super) fn of(f: &CreateFunction, reach: Reach, types: &[String]) -> Option<Self> {
        let (body, _) = f.body.as_ref().filter(|(body, _)| reach != Reach::Rows && body.len() <= LONGEST)?;
        let plain = f.arguments.iter().all(|a| a.mode == ArgumentMode::In) && f.arguments.len() == types.len();
        if !plain || f.language.as_deref() != Some("plpgsql") {
            return None;
        }
        let names = f.arguments.iter().map(|a| a.name.as_ref().map(|n| n.value.clone()));
        Some(Self { parameters: names.zip(types.iter().cloned()).collect(), body: body.clone() })
    }

    /// The block that a call with these arguments runs; `None` where they are not all known.
    fn block(&self, call: &Call, catalog: &Catalog) -> Option<Block> {
        if call.arguments != Some(self.parameters.len()) {
            return None;
        }
        let mut declared = String::new();
        for (at, (name, of)) in self.parameters.iter().enumerate() {
            let value = match call.literals.get(at)?.as_ref()? {
                Literal::Null => "NULL".to_owned(),
                Literal::Number(n) => n.clone(),
                Literal::Boolean(b) => b.to_string(),
                Literal::Text(t) => format!("'{}'", t.replace('\'', "''")),
            };
            if let Some(name) = name {
                declared.push_str(&format!("\"{}\" {of} := {value}; ", name.replace('"', "\"\"")));
            }
        }
        let body = self.body.trim().trim_end_matches(';');
        let text = format!("DO $glowplug_call$ DECLARE {declared} BEGIN {body}; END $glowplug_call$");
        let syntax = syntax::of_server(catalog.engine.backend, catalog.server_version);
        let mut parsed = syntax::parse(&text, syntax);
        match (parsed.errors.is_empty(), parsed.statements.pop()) {
            (true, Some(statement)) => match statement.change? {
                Change::Do(block) => Some(block),
                _ => None,
            },
            _ => None,
        }
    }
}

impl Catalog {
    /// What a call in a query does: nothing, where the function only reads and writes rows.
    pub(super) fn call_in_query(&mut self, call: &Call, since: Option<&Mark>, out: &mut Outcome) {
        let Found::Yes(key) = self.find(&call.name, Key::Function) else { return };
        let Some(Object::Function(all)) = self.get(&key) else { return };
        let reach = all.iter().map(|f| f.reach).max().unwrap_or_default();
        if reach == Reach::Rows {
            return;
        }
        let block = match all.as_slice() {
            [one] if self.calls < DEEPEST => one.called.as_ref().and_then(|c| c.block(call, self)),
            _ => None,
        };
        if let Some(block) = block {
            self.calls += 1;
            self.elsewhere(call.name.span(), since, out, |catalog, since, out| catalog.block(&block, since, out));
            self.calls -= 1;
            return;
        }
        let touched: Option<Vec<Vec<Touched>>> =
            all.iter().filter(|f| f.reach == Reach::Everything).map(|f| f.touched.clone()).collect();
        match reach {
            Reach::Rows => {}
            Reach::Triggers => self.open_triggers = true,
            Reach::TriggersOnce => {
                self.open_triggers = true;
                out.data.push(Data::MakesTriggers { function: call.name.text(), span: call.name.span() });
            }
            Reach::Everything => {
                let why = format!("the function {} changes the schema", call.name.text());
                self.opaque(&why, touched.map(|t| t.concat()).as_deref(), call.name.span(), out);
            }
        }
    }

    /// Folds what was written somewhere else: what is wrong with it is shown where it is run.
    pub(super) fn elsewhere(
        &mut self,
        span: Span,
        since: Option<&Mark>,
        out: &mut Outcome,
        run: impl FnOnce(&mut Self, Option<&Mark>, &mut Outcome),
    ) {
        let mut inner = out.inner();
        run(self, since, &mut inner);
        for refusal in inner.refusals.iter_mut().chain(&mut inner.remarks) {
            refusal.span = span;
        }
        for data in &mut inner.data {
            data.move_to(span);
        }
        for finding in &mut inner.findings {
            finding.span = span;
        }
        super::statements::merge(out, inner);
    }
}
