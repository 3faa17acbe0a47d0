//! The bodies of functions, as the server looks into them when a function is made (manual, `check_function_bodies`).
//!
//! Of PL/pgSQL it reads the grammar and the types of variables. Of SQL it resolves every name, as if the statements ran
//! one by one before any of them did anything, and compares what the last one answers with RETURNS.

use super::inherit::invalid;
use super::object::{Column, Object, Part, Type, UserTypeKind};
use super::operators::{Context, Sure, Ty};
use super::resolve::Scope;
use super::{Catalog, Found, Key, Outcome, Problem};
use crate::change::{
    ArgumentMode, Call, Change, Code, CreateFunction, Declared, Names, ObjectKind, SqlBody, Statement,
};
use crate::syntax::SyntaxError;

/// What a function in SQL must answer.
enum Answer {
    Anything,
    One(Type),
    Row(Vec<Type>),
}

impl Catalog {
    /// Checks what a function is made of. `types` are those of its arguments, in their order, and more.
    pub(super) fn check_code(&mut self, f: &CreateFunction, key: &Key, part: &Part, types: &[Type], out: &mut Outcome) {
        if !self.engine.checks_types {
            return;
        }
        self.check_argument_defaults(f, types, out);
        self.check_aggregate(f, out);
        if f.language.is_none() && f.aggregate.is_none() {
            self.report(invalid("42P13", "no language specified".to_owned()), f.name.span(), None, out);
        }
        let bound = matches!(&f.code, Code::Sql(body) if body.bound);
        if !bound && !self.checks_bodies {
            return;
        }
        self.within_path(f, |catalog| match &f.code {
            Code::Unread => {}
            Code::Broken(e) => catalog.report_broken(e, out),
            Code::Block(block) => catalog.declared(&block.declared, out),
            Code::Sql(body) => catalog.check_sql_body(f, body, types, out),
        });
        if let Code::Sql(body) = &f.code
            && body.bound
        {
            self.link_body(body, key, part);
        }
    }

    /// Looks the names of a body up where the function itself says; those of one that is bound are looked up at once.
    pub(super) fn within_path<T>(&mut self, f: &CreateFunction, look: impl FnOnce(&mut Self) -> T) -> T {
        let bound = matches!(&f.code, Code::Sql(body) if body.bound);
        let Some(path) = f.search_path.as_ref().filter(|_| !bound) else { return look(self) };
        let path = path.iter().map(|i| i.value.clone()).filter(|s| s != "pg_catalog").collect();
        let before = std::mem::replace(&mut self.search_path, path);
        let answer = look(self);
        self.search_path = before;
        answer
    }

    fn report_broken(&mut self, e: &SyntaxError, out: &mut Outcome) {
        let sqlstate = Some(if e.rule == "undefined-object" { "42704" } else { "42601" });
        let problem = Problem::Other { rule: e.rule, sqlstate, message: e.message.clone() };
        self.report(problem, e.span, e.help.clone().or_else(|| e.label.clone()), out);
    }

    /// The types of a block's variables are there.
    pub(super) fn declared(&mut self, types: &[Declared], out: &mut Outcome) {
        for declared in types {
            match declared {
                Declared::Type(t) => {
                    self.resolve_type(t, out);
                }
                Declared::Row(name) | Declared::Column(name, _) if self.find(name, Key::Type) != Found::No => {}
                Declared::Row(name) => {
                    self.expect_table(name, out);
                }
                Declared::Column(name, column) => {
                    if let Some(key) = self.expect_table(name, out)
                        && let Some(table) = self.held(&key)
                    {
                        self.expect_column(&table, column, false, out);
                    }
                }
            }
        }
    }

    /// Defaults see nothing around them, and have the type of their argument.
    fn check_argument_defaults(&mut self, f: &CreateFunction, types: &[Type], out: &mut Outcome) {
        for (argument, t) in f.arguments.iter().zip(types) {
            let Some(default) = &argument.default else { continue };
            let found = self.resolve_names(&default.names, &[], out);
            if let Some(t) = Ty::of(t) {
                self.must_be(default, &found, &t, "DEFAULT", out);
            }
        }
    }

    fn check_aggregate(&mut self, f: &CreateFunction, out: &mut Outcome) {
        let Some(aggregate) = &f.aggregate else { return };
        match &aggregate.state {
            Some(t) => {
                self.resolve_type(t, out);
            }
            None => {
                self.report(invalid("42P13", "aggregate stype must be specified".to_owned()), f.name.span(), None, out)
            }
        }
        if !aggregate.functions.iter().any(|(what, _)| what == "sfunc") {
            self.report(invalid("42P13", "aggregate sfunc must be specified".to_owned()), f.name.span(), None, out);
        }
        for (_, name) in &aggregate.functions {
            self.check_function(&Call { name: name.clone(), arguments: None, literals: Vec::new() }, out);
        }
    }

    /// `$1` stands for an argument that there is.
    pub(super) fn resolve_parameters(&mut self, names: &Names, out: &mut Outcome) {
        let Some(count) = self.parameters.as_ref().map(Vec::len) else { return };
        for (number, span) in &names.parameters {
            if *number == 0 || *number as usize > count {
                let problem = Problem::Other {
                    rule: "undefined-column",
                    sqlstate: Some("42P02"),
                    message: format!("there is no parameter ${number}"),
                };
                self.report(problem, *span, Some(format!("the function has {count} arguments")), out);
            }
        }
    }

    fn check_sql_body(&mut self, f: &CreateFunction, body: &SqlBody, types: &[Type], out: &mut Outcome) {
        let given = f.arguments.iter().zip(types).filter(|(a, _)| a.mode != ArgumentMode::Out);
        let (mut columns, mut parameters) = (Vec::new(), Vec::new());
        for (argument, t) in given {
            if let Some(name) = &argument.name {
                columns.push(Column::plain(&name.value, t.clone()));
            }
            parameters.push(t.clone());
        }
        let around = [Scope::of_arguments(&f.name.name.value, columns)];
        let before = self.parameters.replace(parameters);
        let mut inner = out.inner();
        for change in body.statements.iter().filter_map(|s| s.change.as_ref()) {
            match change {
                Change::Select(reads) => {
                    self.resolve_reads(reads, &around, &mut inner);
                }
                Change::Insert(i) => self.insert(i, None, &around, &mut inner),
                Change::Update(u) => self.update(u, None, &around, &mut inner),
                Change::Delete { table, reads, .. } => self.delete(table, reads, &around, &mut inner),
                // Of the others the server reads no more than the grammar.
                _ => {}
            }
        }
        // Which index ON CONFLICT means is asked when it runs.
        inner.refusals.retain(|r| r.problem != Problem::ConflictTarget);
        if inner.refusals.is_empty() {
            self.check_answer(f, body, types, &around, &mut inner);
        }
        out.refusals.append(&mut inner.refusals);
        self.parameters = before;
    }

    /// What a function must answer, by RETURNS and its OUT arguments.
    fn answer(&self, f: &CreateFunction, types: &[Type]) -> Answer {
        let out = |m: ArgumentMode| matches!(m, ArgumentMode::Out | ArgumentMode::InOut);
        let mut outs: Vec<Type> =
            f.arguments.iter().zip(types).filter(|(a, _)| out(a.mode)).map(|(_, t)| t.clone()).collect();
        outs.extend(f.returns_table.iter().map(|(_, t)| self.lookup_type(t).unwrap_or_else(|| Type::unknown(""))));
        if !outs.is_empty() {
            let one = outs.len() == 1 && f.kind == ObjectKind::Function;
            return if one { self.answer_of(&outs[0]) } else { Answer::Row(outs) };
        }
        match f.returns.as_ref().and_then(|r| self.lookup_type(r)) {
            Some(t) => self.answer_of(&t),
            None => Answer::Anything,
        }
    }

    fn answer_of(&self, t: &Type) -> Answer {
        let pseudo = t.user.is_none() && super::types::builtin(&t.base).is_some_and(|b| b.category == 'P');
        if t.unknown || pseudo && !t.array {
            return Answer::Anything;
        }
        let Some(key) = t.user.as_ref().filter(|_| !t.array) else { return Answer::One(t.clone()) };
        match self.get(key) {
            Some(Object::Table(table)) if table.open => Answer::Anything,
            Some(Object::Table(table)) => Answer::Row(table.columns.iter().map(|c| c.data_type.clone()).collect()),
            Some(Object::Type(user)) => match &user.kind {
                UserTypeKind::Composite(fields) => Answer::Row(fields.iter().map(|(_, t)| t.clone()).collect()),
                _ => Answer::One(t.clone()),
            },
            _ => Answer::Anything,
        }
    }

    fn check_answer(
        &mut self,
        f: &CreateFunction,
        body: &SqlBody,
        types: &[Type],
        around: &[Scope],
        out: &mut Outcome,
    ) {
        let answer = self.answer(f, types);
        if matches!(answer, Answer::Anything) {
            return;
        }
        let last = body.statements.last();
        let detail = match last.and_then(|s| s.change.as_ref()) {
            None => Some(NO_ANSWER.to_owned()),
            Some(Change::Insert(_) | Change::Update(_) | Change::Delete { .. }) if !body.returning => {
                Some(NO_ANSWER.to_owned())
            }
            Some(Change::Select(reads)) if reads.into.is_none() && !reads.outputs.is_empty() && self.certain() => {
                let columns = self.output_columns(reads, around, None);
                columns.and_then(|columns| self.differs(&columns, &answer))
            }
            _ => None,
        };
        let Some(detail) = detail else { return };
        let declared = match &f.returns {
            Some(r) => self.lookup_type(r).map_or_else(|| r.name.text(), |t| t.text),
            None => "record".to_owned(),
        };
        let message = format!("return type mismatch in function declared to return {declared}");
        let span = last.map_or(f.name.span(), |s: &Statement| s.span);
        self.report(invalid("42P13", message), span, Some(detail), out);
    }

    fn certain(&self) -> bool {
        !self.is_open()
    }

    /// What keeps the columns of the last statement from being the answer.
    fn differs(&self, columns: &[Column], answer: &Answer) -> Option<String> {
        let fits = |from: &Column, to: &Type| match (Ty::of(&from.data_type), Ty::of(to)) {
            (Some(from), Some(to)) => self.coerces(&from, &to, Context::Assignment) != Sure::No,
            _ => true,
        };
        match answer {
            Answer::Anything => None,
            Answer::One(t) => match columns {
                [one] if fits(one, t) => None,
                [one] => Some(format!("the last statement answers {}, not {}", one.data_type.text, t.text)),
                _ => Some("the last statement must return exactly one column".to_owned()),
            },
            // One column may be the whole row.
            Answer::Row(_) if matches!(columns, [one] if one.data_type.unknown || one.data_type.user.is_some()) => None,
            Answer::Row(wanted) if columns.len() != wanted.len() => {
                Some(format!("the last statement returns {} columns, not {}", columns.len(), wanted.len()))
            }
            Answer::Row(wanted) => {
                columns.iter().zip(wanted).enumerate().find(|(_, (c, t))| !fits(c, t)).map(|(i, (c, t))| {
                    format!("the last statement returns {} instead of {} at column {}", c.data_type.text, t.text, i + 1)
                })
            }
        }
    }

    /// A body whose names are bound when it is made keeps what it names.
    fn link_body(&mut self, body: &SqlBody, key: &Key, part: &Part) {
        for change in body.statements.iter().filter_map(|s| s.change.as_ref()) {
            let (table, reads) = match change {
                Change::Select(reads) => (None, Some(reads)),
                Change::Insert(i) => match &i.source {
                    crate::change::InsertSource::Query(reads) => (Some(&i.table), Some(reads)),
                    crate::change::InsertSource::Default => (Some(&i.table), None),
                },
                Change::Update(u) => (Some(&u.table), Some(&u.reads)),
                Change::Delete { table, reads, .. } => (Some(table), Some(reads)),
                _ => continue,
            };
            if let Some(Found::Yes(target)) = table.map(|t| self.find_relation(t)) {
                self.link(target, key.clone(), part.clone());
            }
            if let Some(reads) = reads {
                self.link_query(key, part, reads);
            }
        }
    }
}

const NO_ANSWER: &str = "the last statement must be SELECT, or INSERT, UPDATE, DELETE or MERGE with RETURNING";
