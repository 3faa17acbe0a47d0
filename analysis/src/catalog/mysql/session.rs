//! What a connection keeps: variables, prepared statements, and what CALL runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::{Catalog, Mark, Outcome, Problem, introspect};
use super::problem::problem;
use crate::change::{Change, Ident, Literal, Name, ObjectKind, RoutineBody, Text};

/// The state of a connection, and the bodies of procedures.
#[derive(Debug, Default)]
pub(in crate::catalog) struct Session {
    pub(super) variables: BTreeMap<String, Value>,
    pub(super) prepared: BTreeMap<String, Value>,
    /// SET foreign_key_checks = 0.
    pub(super) foreign_keys_off: bool,
    bodies: Bodies,
}

/// Procedures by name, and what they run.
pub(in crate::catalog) type Bodies = Arc<BTreeMap<String, Option<RoutineBody>>>;

impl Session {
    /// A new connection: procedures stay.
    pub(in crate::catalog) fn reset(&mut self) {
        self.variables.clear();
        self.prepared.clear();
        self.foreign_keys_off = false;
    }

    pub(in crate::catalog) fn bodies(&self) -> Bodies {
        Arc::clone(&self.bodies)
    }

    pub(in crate::catalog) fn set_bodies(&mut self, bodies: Bodies) {
        self.bodies = bodies;
    }

    pub(super) fn set_body(&mut self, procedure: &str, body: Option<RoutineBody>) {
        Arc::make_mut(&mut self.bodies).insert(procedure.to_owned(), body);
    }

    /// Whether a variable is zero or nothing.
    pub(in crate::catalog) fn is_zero(&self, name: &str) -> Option<bool> {
        match self.variables.get(name) {
            Some(Value::Zero(zero)) => *zero,
            _ => None,
        }
    }
}

/// What a variable holds, as far as it is known.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// The text of a statement; `None` where it cannot be read as one.
    Statement(Option<Box<Change>>),
    /// A number, of which it is known whether it is zero.
    Zero(Option<bool>),
    Unknown,
}

impl Catalog {
    pub(super) fn value_of(&self, text: &Text) -> Value {
        match text {
            Text::Known(change) => Value::Statement(change.clone()),
            Text::Variable(name) => self.session.variables.get(name).cloned().unwrap_or(Value::Unknown),
            Text::Zero(condition) => Value::Zero(introspect::holds(condition, self)),
            Text::If(condition, yes, no) => match introspect::holds(condition, self) {
                Some(true) => self.value_of(yes),
                Some(false) => self.value_of(no),
                None => Value::Unknown,
            },
            Text::Unknown => Value::Unknown,
        }
    }

    /// Runs what a name was prepared with.
    pub(super) fn execute(&mut self, value: Option<Value>, name: &Ident, since: Option<&Mark>, out: &mut Outcome) {
        match value {
            None => {
                let text = format!("Unknown prepared statement handler ({}) given to EXECUTE", name.value);
                self.report(problem("undefined-object", 1243, &text), name.span, None, out);
            }
            Some(Value::Statement(Some(change))) => self.elsewhere(name.span, since, out, |catalog, since, out| {
                catalog.apply(&change, since, out);
            }),
            Some(_) => {
                self.opaque(&format!("the text of {} is put together when it runs", name.value), None, name.span, out)
            }
        }
    }

    pub(super) fn call(&mut self, name: &Name, arguments: &[Option<Literal>], since: Option<&Mark>, out: &mut Outcome) {
        if !self.expect_named(ObjectKind::Procedure, name, false, out) {
            return;
        }
        let key = self.named_key(ObjectKind::Procedure, name);
        let Some(Some(body)) = self.session.bodies.get(key.name()).cloned() else { return };
        let parameters = body.parameters.len();
        if parameters != arguments.len() {
            let text = format!(
                "Incorrect number of arguments for PROCEDURE {}; expected {parameters}, got {}",
                name.text(),
                arguments.len()
            );
            self.report(problem("undefined-function", 1318, &text), name.span(), None, out);
            return;
        }
        let Some(body) = (body.read)(&body, arguments) else { return };
        // A procedure may call itself.
        if !self.is_deep() {
            self.elsewhere(name.span(), since, out, |catalog, since, out| catalog.block(&body, since, out));
        }
    }
}

/// The number that a handler may be written for, of a problem in the engine's words.
pub(in crate::catalog) fn number_of(problem: &Problem) -> Option<String> {
    if let Some((number, ..)) = super::code_of(problem) {
        return Some(number.to_string());
    }
    match problem {
        Problem::Other { message, .. } => message
            .split(' ')
            .next()
            .filter(|n| n.len() == 4 && n.bytes().all(|b| b.is_ascii_digit()))
            .map(str::to_owned),
        _ => None,
    }
}
