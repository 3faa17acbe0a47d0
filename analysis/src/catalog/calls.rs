//! What a function of the migrations' own does to the schema when it is called.
//!
//! A call whose arguments are written out is its body as a `DO` block, the parameters being variables of it: then all
//! that is known of blocks is known of it, conditions and texts put together for EXECUTE as well.

use super::certainty::Touched;
use super::{Catalog, Data, Found, Key, Mark, Object, Outcome};
use crate::change::{ArgumentMode, Block, Call, Change, CreateFunction, Literal};
use crate::span::Span;
use crate::syntax::{self, plpgsql::Reach};
use std::sync::Arc;

/// What runs what was written somewhere else, and that again, is not followed further: it may run itself.
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

    /// The statement that a call with these arguments is; `None` where they are not all known.
    fn statement(&self, call: &Call) -> Option<String> {
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
        Some(format!("DO $glowplug_call$ DECLARE {declared} BEGIN {body}; END $glowplug_call$"))
    }
}

/// The block of a `DO`.
fn block_of(text: &str, syntax: &'static syntax::Syntax) -> Option<Arc<Block>> {
    let mut parsed = syntax::parse(text, syntax);
    match (parsed.errors.is_empty(), parsed.statements.pop()?.change) {
        (true, Some(Change::Do(block))) => Some(Arc::new(block)),
        _ => None,
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
            [one] if !self.is_deep() => one.called.as_ref().and_then(|called| called.statement(call)),
            _ => None,
        };
        if let Some(block) = block.and_then(|text| self.block_read(text)) {
            self.elsewhere(call.name.span(), since, out, |catalog, since, out| catalog.block(&block, since, out));
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

    /// The block of a `DO`; what one file runs over and over, and each time that it is folded, is read once.
    fn block_read(&self, text: String) -> Option<Arc<Block>> {
        if let Some(block) = self.blocks_read.borrow().get(&text) {
            return block.clone();
        }
        let block = block_of(&text, syntax::of_server(self.engine.backend, self.server_version));
        self.blocks_read.borrow_mut().insert(text, block.clone());
        block
    }

    /// Whether what is folded is so far from the text of the file that nothing is followed from it.
    pub(super) fn is_deep(&self) -> bool {
        self.depth >= DEEPEST
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
        self.depth += 1;
        let outer = self.run_from;
        self.run_from = outer.or(Some(span));
        run(self, since, &mut inner);
        self.run_from = outer;
        self.depth -= 1;
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
