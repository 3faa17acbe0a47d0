//! One change folded: the dispatch, DML, and blocks.

use super::certainty::{self, Touched};
use super::infer::{Arm, Resolved, Types};
use super::object::{Column, Object, TableKind};
use super::resolve::Scope;
use super::{Catalog, Data, Found, Key, Mark, Outcome, Part, Problem, Refusal};
use crate::change::{
    Block, BlockStatement, Change, ConflictTarget, Expr, Handler, Ident, IndexColumn, Insert, InsertSource, Name,
    Names, NodeId, ObjectKind, Output, Reads, Target, Update,
};
use crate::safety;
use crate::span::Span;

impl Catalog {
    /// Folds one change. `since` is where a second run began: what was there then holds rows.
    pub(crate) fn apply(&mut self, change: &Change, since: Option<&Mark>, out: &mut Outcome) {
        let refused = out.refusals.len();
        let seen = out.watched.then(|| safety::look(change, self));
        self.fold(change, since, out);
        self.keep_certain(out);
        match seen {
            Some(seen) if out.refusals.len() > refused => seen.of_refused().take_note(self, out),
            Some(seen) => seen.take_note(self, out),
            None => {}
        }
    }

    pub(super) fn fold(&mut self, change: &Change, since: Option<&Mark>, out: &mut Outcome) {
        match change {
            Change::CreateSchema { name, if_not_exists, elements } => {
                self.create_schema(name.as_ref(), *if_not_exists, elements, since, out);
            }
            Change::CreateTable(t) => self.create_table(t, out),
            Change::AlterTable(a) => self.alter_table(a, since, out),
            Change::CreateIndex(i) => self.create_index(i, out),
            Change::CreateView(v) => self.create_view(v, out),
            Change::CreateSequence { name, if_not_exists, temporary, owned_by } => {
                self.create_sequence(name, *if_not_exists, *temporary, owned_by.as_ref(), out);
            }
            Change::AlterSequence { name, if_exists, owned_by } => {
                let owner = self.sequence_owner(owned_by.as_ref().and_then(Option::as_ref), out);
                let Some(key) = self.alter_relation(name, *if_exists, out) else { return };
                if owned_by.is_some() && matches!(self.get(&key), Some(Object::Sequence { .. })) {
                    self.own(&key, name, owner, out);
                }
            }
            Change::CreateType { name, kind } => self.create_type(name, kind, out),
            Change::AlterType { name, actions } => self.alter_type(name, actions, out),
            Change::CreateExtension { name, if_not_exists, schema, .. } => {
                self.create_extension(name, *if_not_exists, schema.as_ref(), out);
            }
            Change::CreateFunction(f) => self.create_function(f, out),
            Change::CreateTrigger(t) => self.create_trigger(t, out),
            Change::CreatePolicy { name, table, roles, exprs } => {
                self.expect_roles(roles, out);
                let Some(key) = self.expect_table(table, out) else { return };
                self.policy_expressions(&key, exprs, out);
                self.add_to(&key, ObjectKind::Policy, name, false, out);
                self.link_policy(&key, &name.value, exprs);
            }
            Change::AlterPolicy { name, table, rename_to, roles, exprs } => {
                self.expect_roles(roles, out);
                let Some(key) = self.expect_table(table, out) else { return };
                self.policy_expressions(&key, exprs, out);
                self.link_policy(&key, &name.value, exprs);
                let target = Target { name: Name { schema: None, name: name.clone() }, on: None, arguments: None };
                if self.expect_on(&key, ObjectKind::Policy, &target, out)
                    && let Some(to) = rename_to
                {
                    self.rename_on(&key, ObjectKind::Policy, &name.value, &to.value);
                }
            }
            Change::CreateRule { name, table, or_replace } => {
                if let Some(key) = self.expect_table(table, out) {
                    self.add_to(&key, ObjectKind::Rule, name, *or_replace, out);
                }
            }
            Change::CreateOther { kind, name, if_not_exists, or_replace, uses, on } => {
                for used in uses {
                    if let Some(key) = self.expect_table(used, out) {
                        self.columns_of(&key, on, out);
                    }
                }
                self.create_other(*kind, name, *if_not_exists || *or_replace, out);
            }
            Change::Drop(d) => self.drop_objects(d, since, out),
            Change::Rename { kind, target, if_exists, to } => self.rename(*kind, target, *if_exists, to, out),
            Change::SetSchema { kind, target, if_exists, to } => self.set_schema(*kind, target, *if_exists, to, out),
            Change::Touch { what, targets, if_exists } => {
                for (kind, target) in targets {
                    if what.starts_with("ALTER") && kind.is_routine() {
                        self.forget_volatility(&target.name);
                    }
                    self.expect_target(*kind, target, *if_exists, out);
                }
            }
            Change::Insert(i) => self.insert(i, since, &[], out),
            Change::Update(u) => self.update(u, since, &[], out),
            Change::Delete { table, reads, .. } => self.delete(table, reads, &[], out),
            Change::Truncate { tables, .. } => {
                for t in tables {
                    self.expect_table(t, out);
                }
            }
            Change::Select(reads) => self.select(reads, since, out),
            Change::SetSearchPath(path) => {
                let path: Vec<String> =
                    path.iter().map(|i| i.value.clone()).filter(|s| s != "$user" && s != "pg_catalog").collect();
                self.search_path = if path.is_empty() { vec![self.engine.default_schema.to_owned()] } else { path };
            }
            Change::UnknownSetting(name) => self.unknown_setting(name, out),
            Change::CheckBodies(on) => self.checks_bodies = *on,
            Change::Do(block) => {
                self.declared(&block.declared, out);
                self.block(block, since, out);
            }
            Change::Opaque { why } => self.opaque(why, None, super::relations::NOWHERE, out),
            Change::Mysql(change) => self.mysql(change, since, out),
            Change::Transaction(_) | Change::Inert { .. } => {}
        }
    }

    /// A setting that no server has.
    pub(super) fn unknown_setting(&mut self, name: &Ident, out: &mut Outcome) {
        let problem = Problem::Other {
            rule: "undefined-object",
            sqlstate: Some("42704"),
            message: format!("unrecognized configuration parameter \"{}\"", name.value),
        };
        self.report(problem, name.span, out.suggestion(&name.value, crate::syntax::settings()), out);
    }

    fn policy_expressions(&mut self, key: &Key, exprs: &[Expr], out: &mut Outcome) {
        let scope = Scope::of_table(self, key, None);
        for e in exprs {
            let types = self.resolve_names(&e.names, std::slice::from_ref(&scope), out);
            self.must_be_boolean(e, &types, "POLICY", out);
        }
    }

    fn link_policy(&mut self, key: &Key, name: &str, exprs: &[Expr]) {
        let part = Part::Policy(name.to_owned());
        for e in exprs {
            self.link_names(key, &part, &e.names);
            self.link_columns(key, &part, key, &e.names);
        }
    }

    /// Something that cannot be read; `touched` are the names that it may have made or dropped, where these are known.
    pub(super) fn opaque(&mut self, why: &str, touched: Option<&[Touched]>, span: Span, out: &mut Outcome) {
        match touched {
            Some([]) => return,
            Some(touched) => self.doubt(touched),
            None => self.open(why),
        }
        let problem = Problem::Other {
            rule: "opaque-statement",
            sqlstate: None,
            message: format!("what this does cannot be read: {why}"),
        };
        let help = match touched {
            Some(_) => "from here on the names that it may have made or dropped are not reported; write the SQL out where you can",
            None => "from here on nothing is reported as missing; write the SQL out where you can",
        }
        .to_owned();
        out.remarks.push(Refusal { problem, span, help: Some(help) });
    }

    fn create_schema(
        &mut self,
        name: Option<&Ident>,
        guarded: bool,
        elements: &[Change],
        since: Option<&Mark>,
        out: &mut Outcome,
    ) {
        let Some(name) = name else { return };
        self.check_length(name, out);
        self.remember(&name.value);
        let key = Key::Schema(self.folded(&name.value));
        if self.has(&key) {
            if !guarded {
                self.report(Problem::DuplicateSchema(name.value.clone()), name.span, None, out);
            }
            return;
        }
        self.put(key, Object::Schema);
        let before = std::mem::replace(&mut self.search_path, vec![name.value.clone()]);
        self.search_path.extend(before.iter().cloned());
        for e in elements {
            self.apply(e, since, out);
        }
        self.search_path = before;
    }

    /// Adds a policy or rule to a table.
    fn add_to(&mut self, key: &Key, kind: ObjectKind, name: &Ident, replace: bool, out: &mut Outcome) {
        self.remember(&name.value);
        let Some(t) = self.table(key) else { return };
        let list = if kind == ObjectKind::Policy { &t.policies } else { &t.rules };
        if list.contains(&name.value) {
            if !replace {
                let relation = Some(t.name.clone());
                let problem = Problem::DuplicateObject { kind, name: name.value.clone(), relation };
                self.report(problem, name.span, None, out);
            }
            return;
        }
        let value = name.value.clone();
        self.change_table(key, |t| {
            let list = if kind == ObjectKind::Policy { &mut t.policies } else { &mut t.rules };
            list.push(value);
            list.sort();
        });
    }

    /// The columns and expressions of a table that something is about.
    fn columns_of(&mut self, key: &Key, on: &[IndexColumn], out: &mut Outcome) {
        let Some(table) = self.held(key) else { return };
        for column in on.iter().filter_map(|e| e.column.as_ref()) {
            self.expect_column(&table, column, true, out);
        }
        let scope = Scope::of_table(self, key, None);
        for e in on.iter().filter_map(|e| e.expr.as_ref()) {
            self.resolve_names(&e.names, std::slice::from_ref(&scope), out);
        }
    }

    fn create_other(&mut self, kind: ObjectKind, name: &Name, guarded: bool, out: &mut Outcome) {
        self.remember(&name.name.value);
        let Some(schema) = self.target_schema(name, out) else { return };
        let key = Key::Other(kind, schema, self.folded(&name.name.value));
        // Overloaded by operands, or living outside of the database: a second of the name may be another one.
        let counted = !matches!(
            kind,
            ObjectKind::Operator
                | ObjectKind::OperatorClass
                | ObjectKind::OperatorFamily
                | ObjectKind::Cast
                | ObjectKind::Role
                | ObjectKind::Database
                | ObjectKind::Tablespace
                | ObjectKind::UserMapping
                | ObjectKind::Transform
                | ObjectKind::Language
                | ObjectKind::TextSearch
        );
        if counted && self.has(&key) {
            if !guarded {
                let problem = Problem::DuplicateObject { kind, name: name.name.value.clone(), relation: None };
                self.report(problem, name.span(), None, out);
            }
            return;
        }
        self.put(key, Object::Other { definition: String::new() });
    }

    // ---- looking for what is named

    /// What COMMENT, OWNER TO, GRANT … name must be there.
    fn expect_target(&mut self, kind: ObjectKind, target: &Target, if_exists: bool, out: &mut Outcome) {
        match kind {
            ObjectKind::Column
            | ObjectKind::Constraint
            | ObjectKind::Trigger
            | ObjectKind::Policy
            | ObjectKind::Rule => {
                let Some(on) = &target.on else { return };
                if let Some(key) = self.expect_table_or(on, if_exists, out) {
                    self.expect_on(&key, kind, target, out);
                }
            }
            k if k.is_relation() => match self.find_relation(&target.name) {
                Found::Yes(key) => {
                    let right = match (self.get(&key), kind) {
                        (Some(Object::Index(_)), k) => k == ObjectKind::Index,
                        (Some(Object::Sequence { .. }), k) => matches!(k, ObjectKind::Sequence | ObjectKind::Table),
                        (Some(Object::Table(t)), k) => match k {
                            ObjectKind::Index | ObjectKind::Sequence => false,
                            ObjectKind::MaterializedView => t.kind == TableKind::MaterializedView,
                            ObjectKind::View => t.kind == TableKind::View,
                            _ => true,
                        },
                        _ => true,
                    };
                    if !right {
                        let problem = Problem::WrongKind { name: target.name.name.value.clone(), wanted: kind };
                        self.report(problem, target.name.span(), None, out);
                    }
                }
                Found::No if !if_exists => self.report_relation(&target.name, out),
                _ => {}
            },
            ObjectKind::Type | ObjectKind::Domain => {
                if super::types::builtin(&target.name.name.value).is_none() {
                    self.expect_type(&target.name, out);
                }
            }
            ObjectKind::Schema => {
                let folded = self.folded(&target.name.name.value);
                if !self.schema_known(&folded) && !if_exists {
                    let ident = target.name.name.clone();
                    self.report_schema(&ident, out);
                }
            }
            k if k.is_routine() => match self.find(&target.name, Key::Function) {
                Found::Yes(key) if self.find_overload(&key, target).is_none() && !if_exists => {
                    let types = target.arguments.iter().flatten().map(|t| t.name.text()).collect::<Vec<_>>().join(", ");
                    let problem = Problem::UndefinedFunction(format!("{}({types})", target.name.text()));
                    self.report(problem, target.name.span(), None, out);
                }
                Found::No if !if_exists => {
                    let types = target.arguments.iter().flatten().map(|t| t.name.text()).collect::<Vec<_>>().join(", ");
                    self.expect_function(&target.name, &format!("({types})"), out);
                }
                _ => {}
            },
            ObjectKind::Role => self.expect_roles(std::slice::from_ref(&target.name.name), out),
            other => {
                if self.find_kind(other, &target.name) == Found::No && !if_exists {
                    let problem = Problem::UndefinedObject { kind: other, name: target.name.text() };
                    self.report(problem, target.name.span(), None, out);
                }
            }
        }
    }

    fn expect_table_or(&mut self, name: &Name, if_exists: bool, out: &mut Outcome) -> Option<Key> {
        if if_exists && self.find_relation(name) == Found::No { None } else { self.expect_table(name, out) }
    }

    /// A column, constraint, trigger, policy or rule of a table.
    fn expect_on(&mut self, key: &Key, kind: ObjectKind, target: &Target, out: &mut Outcome) -> bool {
        let Some(t) = self.held(key) else { return false };
        let name = &target.name.name;
        let names: Vec<&str> = match kind {
            ObjectKind::Column => return self.expect_column(&t, name, false, out),
            ObjectKind::Constraint => return self.expect_constraint(&t, name, out),
            ObjectKind::Trigger => t.triggers.iter().map(|(n, _)| n.as_str()).collect(),
            ObjectKind::Policy => t.policies.iter().map(String::as_str).collect(),
            _ => t.rules.iter().map(String::as_str).collect(),
        };
        if names.contains(&name.value.as_str()) {
            return true;
        }
        if t.open || self.may_have_part(&t.name, &name.value) || (kind == ObjectKind::Trigger && self.open_triggers) {
            return false;
        }
        let help = out.suggestion(&name.value, names.into_iter());
        let problem = Problem::UndefinedOn { kind, name: name.value.clone(), relation: t.name.clone() };
        self.report(problem, name.span, help, out);
        false
    }

    // ---- renames and moves

    fn rename_on(&mut self, key: &Key, kind: ObjectKind, from: &str, to: &str) {
        self.remember(to);
        self.change_table(key, |t| match kind {
            ObjectKind::Trigger => {
                for (n, _) in t.triggers.iter_mut().filter(|(n, _)| n == from) {
                    to.clone_into(n);
                }
            }
            ObjectKind::Policy => t.policies.iter_mut().filter(|n| *n == from).for_each(|n| to.clone_into(n)),
            _ => t.rules.iter_mut().filter(|n| *n == from).for_each(|n| to.clone_into(n)),
        });
        let part = |name: &str| match kind {
            ObjectKind::Trigger => Part::Trigger(name.to_owned()),
            _ => Part::Policy(name.to_owned()),
        };
        if kind != ObjectKind::Rule {
            self.rename_part(key, &part(from), &part(to));
        }
    }

    fn rename(&mut self, kind: ObjectKind, target: &Target, if_exists: bool, to: &Ident, out: &mut Outcome) {
        match kind {
            k if k.is_relation() => {
                let in_doubt = self.find_relation(&target.name) == Found::Perhaps;
                if let Some(key) = self.alter_relation(&target.name, if_exists, out) {
                    self.rename_relation(&key, to, out);
                } else if in_doubt || self.is_poisoned(&format!("relation {}", target.name.text())) {
                    // What would have the new name is as unknown.
                    self.poison(&Name { name: to.clone(), ..target.name.clone() }.text());
                }
            }
            ObjectKind::Trigger | ObjectKind::Policy | ObjectKind::Rule => {
                let Some(on) = &target.on else { return };
                if let Some(key) = self.expect_table_or(on, if_exists, out)
                    && self.expect_on(&key, kind, target, out)
                {
                    self.rename_on(&key, kind, &target.name.name.value, &to.value);
                }
            }
            ObjectKind::Type | ObjectKind::Domain => {
                if let Some(key) = self.expect_type(&target.name, out)
                    && (kind == ObjectKind::Type || self.expect_domain(&key, &target.name, out))
                {
                    let new = Key::Type(key.schema().to_owned(), to.value.clone());
                    self.move_type(&key, new, to, out);
                }
            }
            ObjectKind::Schema => {
                let from = Key::Schema(self.folded(&target.name.name.value));
                if !self.has(&from) {
                    self.expect_target(kind, target, if_exists, out);
                    return;
                }
                let new = Key::Schema(to.value.clone());
                if self.has(&new) {
                    self.report(Problem::DuplicateSchema(to.value.clone()), to.span, None, out);
                    return;
                }
                self.put(new, Object::Schema);
                self.move_schema(from.name(), &to.value);
                self.forget(&from);
            }
            k if k.is_routine() => {
                let to = to.value.clone();
                self.move_function(k, target, if_exists, |s, _| Key::Function(s, to), out);
            }
            other => match self.find_kind(other, &target.name) {
                Found::Yes(key) => {
                    let new = match &key {
                        Key::Other(k, s, _) => Key::Other(*k, s.clone(), to.value.clone()),
                        same => same.clone(),
                    };
                    self.move_plain(&key, new);
                }
                Found::No if !if_exists => self.expect_target(other, target, if_exists, out),
                _ => {}
            },
        }
    }

    fn move_plain(&mut self, key: &Key, to: Key) {
        let Some(object) = self.get(key).cloned() else { return };
        self.relink(key, &to);
        self.forget(key);
        self.put(to, object);
    }

    fn move_type(&mut self, key: &Key, to: Key, name: &Ident, out: &mut Outcome) {
        if self.has(&to) {
            let problem = Problem::DuplicateObject { kind: ObjectKind::Type, name: name.value.clone(), relation: None };
            self.report(problem, name.span, None, out);
            return;
        }
        self.retype(key, to);
    }

    /// A type under another key: the columns of it show its new name.
    fn retype(&mut self, key: &Key, to: Key) {
        let dependents = self.dependents(key);
        self.move_plain(key, to.clone());
        if let Some(Object::Type(t)) = self.get(&to) {
            let mut t = t.clone();
            to.name().clone_into(&mut t.name);
            self.put(to.clone(), Object::Type(t));
        }
        let text = self.type_text(&to);
        for edge in dependents {
            self.change_table(&edge.from, |t| {
                for c in t.columns.iter_mut().filter(|c| c.data_type.user.as_ref() == Some(key)) {
                    c.data_type.user = Some(to.clone());
                    c.data_type.text = if c.data_type.array { format!("{text}[]") } else { text.clone() };
                    c.data_type.base.clone_from(&text);
                }
            });
        }
    }

    /// One of the functions of a name, under another name or in another schema.
    fn move_function(
        &mut self,
        kind: ObjectKind,
        target: &Target,
        if_exists: bool,
        to: impl FnOnce(String, String) -> Key,
        out: &mut Outcome,
    ) {
        let Found::Yes(key) = self.find_kind(kind, &target.name) else {
            return self.expect_target(kind, target, if_exists, out);
        };
        let Some(Object::Function(all)) = self.get(&key) else { return };
        if target.arguments.is_none() && all.len() > 1 {
            let problem = Problem::Other {
                rule: "undefined-function",
                sqlstate: Some("42725"),
                message: format!("{} name \"{}\" is not unique", kind.text(), target.name.text()),
            };
            let help = "write the argument list: there are several of this name".to_owned();
            self.report(problem, target.name.span(), Some(help), out);
            return;
        }
        let mut all = all.clone();
        let Some(at) = self.find_overload(&key, target) else {
            return self.expect_target(kind, target, if_exists, out);
        };
        let new = to(key.schema().to_owned(), key.name().to_owned());
        if new == key {
            return;
        }
        let mut there = match self.get(&new) {
            Some(Object::Function(there)) => there.clone(),
            _ => Vec::new(),
        };
        if there.iter().any(|f| f.arguments == all[at].arguments) {
            let problem = Problem::DuplicateFunction(format!("{}({})", new.name(), all[at].arguments.join(", ")));
            self.report(problem, target.name.span(), None, out);
            return;
        }
        if all.len() == 1 && there.is_empty() {
            return self.move_plain(&key, new);
        }
        let moved = all.remove(at);
        let part = super::Part::Overload(moved.arguments.join(", "));
        for edge in self.needs_of(&key).into_iter().filter(|e| e.part == part) {
            self.unlink(&edge);
            self.link(edge.target, new.clone(), edge.part);
        }
        there.push(moved);
        self.put(new, Object::Function(there));
        if all.is_empty() {
            self.forget(&key);
        } else {
            self.put(key, Object::Function(all));
        }
    }

    fn move_schema(&mut self, from: &str, to: &str) {
        let inside: Vec<Key> = self
            .iter()
            .map(|(k, _)| k.clone())
            .filter(|k| k.schema() == from && !matches!(k, Key::Schema(_)))
            .collect();
        for key in inside {
            let name = key.name().to_owned();
            match &key {
                Key::Relation(..) => {
                    if matches!(self.get(&key), Some(Object::Table(_) | Object::Sequence { .. })) {
                        self.move_relation(&key, Key::Relation(to.to_owned(), name.clone()), &name);
                    }
                }
                Key::Type(..) => self.retype(&key, Key::Type(to.to_owned(), name)),
                Key::Function(..) => self.move_plain(&key, Key::Function(to.to_owned(), name)),
                Key::Other(kind, ..) => self.move_plain(&key, Key::Other(*kind, to.to_owned(), name)),
                Key::Schema(_) | Key::Extension(_) => {}
            }
        }
    }

    fn set_schema(&mut self, kind: ObjectKind, target: &Target, if_exists: bool, to: &Ident, out: &mut Outcome) {
        let folded = self.folded(&to.value);
        let found = self.find_kind(kind, &target.name);
        if !self.schema_known(&folded) && found != Found::No {
            self.report_schema(to, out);
            return;
        }
        if kind.is_routine() {
            return self.move_function(kind, target, if_exists, |_, n| Key::Function(folded, n), out);
        }
        match found {
            Found::Yes(key) => {
                let name = key.name().to_owned();
                match &key {
                    Key::Relation(..) => {
                        let new = Key::Relation(folded, name.clone());
                        if self.has(&new) && new != key {
                            let problem = Problem::DuplicateRelation { name, kind };
                            self.report(problem, target.name.span(), None, out);
                            return;
                        }
                        if new != key {
                            self.move_relation(&key, new, &name);
                        }
                    }
                    Key::Type(..) => {
                        let ident = target.name.name.clone();
                        self.move_type(&key, Key::Type(folded, name), &ident, out);
                    }
                    Key::Function(..) => {}
                    Key::Other(k, ..) => {
                        let k = *k;
                        self.move_plain(&key, Key::Other(k, folded, name));
                    }
                    Key::Schema(_) | Key::Extension(_) => {}
                }
            }
            Found::No if !if_exists => self.expect_target(kind, target, if_exists, out),
            _ => {}
        }
    }

    // ---- rows

    pub(super) fn insert(&mut self, i: &Insert, since: Option<&Mark>, outer: &[Scope], out: &mut Outcome) {
        let key = self.expect_table(&i.table, out);
        let mut resolved = Resolved::default();
        if let InsertSource::Query(reads) = &i.source {
            resolved = self.resolve_reads_with(reads, outer, None, out);
            // The rows of VALUES go to the columns each by itself.
            if reads.values.is_none() {
                self.check_arms(reads, &resolved, out);
            }
        }
        let Some(key) = key else { return };
        let Some(table) = self.held(&key) else { return };
        let mut seen: Vec<&str> = Vec::new();
        for c in &i.columns {
            if seen.contains(&c.value.as_str()) && !self.engine.ignores_case {
                let problem = Problem::DuplicateColumn { column: c.value.clone(), relation: None };
                self.report(problem, c.span, None, out);
            }
            seen.push(&c.value);
            self.expect_column(&table, c, false, out);
        }
        if let InsertSource::Query(reads) = &i.source {
            self.insert_width(i, reads, &table.columns, table.open, &table.name, out);
            self.insert_types(i, reads, &resolved, &table, out);
        }
        if let Some(on) = &i.on_conflict {
            self.conflict_target(&table, on, out);
        }
        let mut scopes = vec![Scope::of_table(self, &key, i.alias.as_ref())];
        let mut excluded = scopes[0].clone();
        excluded.qualifier = Some("excluded".to_owned());
        scopes.push(excluded);
        scopes.extend_from_slice(outer);
        let types = self.resolve_names(&i.names, &scopes, out);
        for (column, value) in i.on_conflict.iter().flat_map(|on| &on.update) {
            self.assigned(&table, column, &i.names, *value, &types, out);
        }
        let guarded =
            i.ignore || i.on_conflict.is_some() || matches!(&i.source, InsertSource::Query(r) if guarded_by_query(r));
        let old_table = since.is_none_or(|m| self.was_there(m, &key));
        if !guarded && old_table && !table.temporary {
            out.data.push(Data::Inserts { table: key, span: i.table.span() });
        }
    }

    /// A value can be assigned to its column.
    fn assigned(
        &mut self,
        table: &super::Table,
        column: &Ident,
        names: &Names,
        value: NodeId,
        types: &Types,
        out: &mut Outcome,
    ) {
        let Some(c) = table.columns.iter().find(|c| self.same(&c.name, &column.value)) else { return };
        let refusal = self.unassignable(names, value, types.of(value), &c.name, &c.data_type, false);
        self.report_all(refusal.into_iter().collect(), out);
    }

    /// The values can be assigned to their columns.
    fn insert_types(
        &mut self,
        i: &Insert,
        reads: &Reads,
        resolved: &Resolved,
        table: &super::Table,
        out: &mut Outcome,
    ) {
        if !self.engine.checks_types || self.is_open() || i.in_part || i.columns.is_empty() && table.open {
            return;
        }
        let (Some(select), Some(Arm { types, .. })) = (reads.selects.first(), resolved.arms.first()) else { return };
        let targets: Vec<&Column> = if i.columns.is_empty() {
            table.columns.iter().collect()
        } else {
            let found = i.columns.iter().map(|c| table.columns.iter().find(|o| self.same(&o.name, &c.value)));
            let Some(found) = found.collect::<Option<Vec<_>>>() else { return };
            found
        };
        let set_operation = reads.selects.iter().any(|s| s.arm.is_some());
        let mut found = Vec::new();
        let row = reads.values.as_ref().and_then(|rows| rows.first()).map(|r| r.0);
        let star = reads.outputs.iter().any(|o| matches!(o, Output::Star(_)));
        if set_operation || row.is_none() && star {
            let Some(columns) = self.answered(reads, resolved) else { return };
            for (own, column) in columns.iter().zip(&targets) {
                found.extend(self.unassignable_column(own, column, reads.span));
            }
        } else {
            // The rows of VALUES stand one behind the other.
            for (at, id) in select.targets.iter().enumerate() {
                let Some(column) = targets.get(row.map_or(at, |width| at % width)) else { continue };
                let (name, wanted) = (&column.name, &column.data_type);
                found.extend(self.unassignable(&select.names, *id, types.of(*id), name, wanted, false));
            }
        }
        self.report_all(found, out);
    }

    /// As many expressions as columns (PostgreSQL: `transformInsertRow`; SQLite: `sqlite3Insert`).
    fn insert_width(
        &mut self,
        i: &Insert,
        reads: &Reads,
        columns: &[Column],
        open: bool,
        table: &str,
        out: &mut Outcome,
    ) {
        if open && i.columns.is_empty() {
            return;
        }
        let named = !i.columns.is_empty();
        let all = self.engine.inserts_all_columns;
        let given = || columns.iter().filter(|c| all || c.generated.is_none()).count();
        let wanted = if named { i.columns.len() } else { given() };
        let mut rows: Vec<(usize, Span)> = Vec::new();
        if let Some(values) = &reads.values {
            rows.extend(values);
        } else if !reads.opaque
            && !reads.outputs.iter().any(|o| matches!(o, Output::Star(_)))
            && !reads.outputs.is_empty()
        {
            rows.push((reads.outputs.len(), reads.span));
        }
        for (count, span) in rows {
            let exact = self.engine.ignores_case || self.engine.inserts_all_columns;
            // MySQL's `VALUES ()` takes every default.
            if self.engine.inserts_all_columns && count == 0 {
                continue;
            }
            let problem = if exact && count != wanted {
                Problem::InsertCountSqlite { table: table.to_owned(), columns: wanted, values: count, named }
            } else if count > wanted {
                Problem::InsertCount { more_expressions: true }
            } else if count < wanted && named {
                Problem::InsertCount { more_expressions: false }
            } else {
                continue;
            };
            let help = format!("{wanted} columns, {count} expressions");
            self.report(problem, span, Some(help), out);
            break;
        }
    }

    fn conflict_target(&mut self, table: &super::Table, on: &crate::change::OnConflict, out: &mut Outcome) {
        for (c, _) in &on.update {
            self.expect_column(table, c, false, out);
        }
        match &on.target {
            ConflictTarget::Any | ConflictTarget::Opaque => {}
            ConflictTarget::Columns { columns, has_predicate } => {
                let mut all = true;
                for c in columns {
                    all &= self.expect_column(table, c, false, out);
                }
                let same = |a: &str, b: &str| self.same(a, b);
                let matches = table.indexes.iter().any(|i| {
                    i.unique
                        && (i.predicate.is_none() || *has_predicate)
                        && i.columns.len() == columns.len()
                        && i.columns
                            .iter()
                            .all(|c| c.as_ref().is_some_and(|c| columns.iter().any(|x| same(&x.value, c))))
                });
                let row_id = self.engine.ignores_case
                    && table.primary_key().is_some_and(|p| {
                        p.columns.len() == columns.len()
                            && p.columns.iter().all(|c| columns.iter().any(|x| same(&x.value, c)))
                    });
                if all && !matches && !row_id && !table.open && !self.is_open() {
                    let names: Vec<&str> = columns.iter().map(|c| c.value.as_str()).collect();
                    let help = format!(
                        "ON CONFLICT needs a unique index on exactly these columns: ({}){}",
                        names.join(", "),
                        if table.indexes.iter().any(|i| i.unique && i.predicate.is_some()) {
                            "; a partial index needs its WHERE repeated here"
                        } else {
                            ""
                        }
                    );
                    self.report(Problem::ConflictTarget, on.span, Some(help), out);
                }
            }
            ConflictTarget::Constraint(name) => {
                if !table.open
                    && !self.may_have_part(&table.name, &name.value)
                    && !table.constraints.iter().any(|c| c.name == name.value)
                {
                    let help = out.suggestion(&name.value, table.constraints.iter().map(|c| c.name.as_str()));
                    let problem = Problem::Other {
                        rule: "undefined-object",
                        sqlstate: Some("42704"),
                        message: format!("constraint \"{}\" for table \"{}\" does not exist", name.value, table.name),
                    };
                    self.report(problem, name.span, help, out);
                }
            }
        }
    }

    pub(super) fn delete(&mut self, table: &Name, reads: &Reads, outer: &[Scope], out: &mut Outcome) {
        self.expect_table(table, out);
        self.resolve_reads(reads, outer, out);
    }

    pub(super) fn update(&mut self, u: &Update, since: Option<&Mark>, outer: &[Scope], out: &mut Outcome) {
        let key = self.expect_table(&u.table, out);
        let resolved = self.resolve_reads(&u.reads, outer, out);
        let Some(key) = key else { return };
        let Some(table) = self.held(&key) else { return };
        if let (Some(select), Some(arm)) = (u.reads.selects.first(), resolved.arms.first()) {
            for (column, _, value) in &u.set {
                self.assigned(&table, column, &select.names, *value, &arm.types, out);
            }
        }
        for (column, accumulates, _) in &u.set {
            if self.expect_column(&table, column, false, out)
                && *accumulates
                && since.is_none_or(|m| self.was_there(m, &key))
            {
                out.data.push(Data::Accumulates { column: column.value.clone(), span: column.span });
            }
        }
    }

    /// A query run for its own sake: it may call a function that changes the schema.
    fn select(&mut self, reads: &Reads, since: Option<&Mark>, out: &mut Outcome) {
        let resolved = self.resolve_reads(reads, &[], out);
        for call in reads.selects.iter().flat_map(|s| &s.names.functions) {
            self.call_in_query(call, since, out);
        }
        if let Some(into) = &reads.into {
            let columns = self.answered(reads, &resolved);
            if let Some(key) = self.new_relation(into, false, reads.into_temporary, ObjectKind::Table, out) {
                let mut table = super::Table::new(&into.name.value, TableKind::Table);
                table.temporary = reads.into_temporary;
                table.place = self.place(into.span());
                table.open = columns.is_none();
                self.columns_of_query(&mut table, columns.unwrap_or_default(), &[], into.span(), out);
                self.put(key, Object::Table(table));
            }
        }
    }

    // ---- blocks

    /// A block: its body, or, where that fails with what a handler catches, the handler's.
    pub(crate) fn block(&mut self, block: &Block, since: Option<&Mark>, out: &mut Outcome) {
        if block.handlers.is_empty() {
            self.block_statements(&block.body, since, out);
            return;
        }
        let mark = self.mark();
        let mut inner = out.inner();
        self.block_statements(&block.body, since, &mut inner);
        let Some(first) = inner.refusals.first() else {
            merge(out, inner);
            return;
        };
        match block.handlers.iter().find(|h| catches(h, first, self.engine.backend)) {
            Some(handler) => {
                self.roll_back(&mark);
                self.block_statements(&handler.body, since, out);
            }
            None => {
                for r in &mut inner.refusals {
                    let caught: Vec<&str> =
                        block.handlers.iter().flat_map(|h| &h.catches).map(String::as_str).collect();
                    let backend = self.engine.backend;
                    let raised = r.problem.sqlstate_of(backend).unwrap_or("another error");
                    let help = format!(
                        "the EXCEPTION clause catches {}, and this raises {raised}{}",
                        caught.join(", "),
                        condition_name(raised).map(|n| format!(" ({n})")).unwrap_or_default()
                    );
                    r.help = Some(help);
                    if since.is_some() {
                        let message = r.problem.message(self.engine.backend);
                        r.problem = Problem::Other {
                            rule: "guard-catches-wrong-error",
                            sqlstate: r.problem.sqlstate_of(backend),
                            message,
                        };
                    }
                }
                merge(out, inner);
            }
        }
    }

    fn block_statements(&mut self, statements: &[BlockStatement], since: Option<&Mark>, out: &mut Outcome) {
        for s in statements {
            match s {
                BlockStatement::Sql(statement) | BlockStatement::Evaluated(statement) => {
                    if let Some(change) = &statement.change {
                        self.apply(change, since, out);
                    }
                }
                BlockStatement::If { branches, otherwise } => self.conditional(branches, otherwise, since, out),
                BlockStatement::Block(block) => self.block(block, since, out),
                BlockStatement::Loop(body) => self.perhaps(body, since, out),
                BlockStatement::Raise { span } => {
                    let problem = Problem::Other {
                        rule: "invalid-definition",
                        sqlstate: Some("P0001"),
                        message: "this exception is raised whenever the migration runs".to_owned(),
                    };
                    self.report(problem, *span, None, out);
                    // Nothing behind it runs.
                    return;
                }
                BlockStatement::Inert => {}
                BlockStatement::Opaque { why, span, template } => {
                    let touched = template.as_ref().and_then(certainty::touched);
                    self.opaque(why, touched.as_deref(), *span, out);
                }
            }
        }
    }

    fn conditional(
        &mut self,
        branches: &[(crate::change::Condition, Vec<BlockStatement>)],
        otherwise: &[BlockStatement],
        since: Option<&Mark>,
        out: &mut Outcome,
    ) {
        for (i, (condition, body)) in branches.iter().enumerate() {
            match super::introspect::holds(condition, self) {
                Some(true) => return self.block_statements(body, since, out),
                Some(false) => {}
                None => {
                    // From here on each branch may be the one that runs.
                    for (_, body) in &branches[i..] {
                        self.perhaps(body, since, out);
                    }
                    return self.perhaps(otherwise, since, out);
                }
            }
        }
        self.block_statements(otherwise, since, out);
    }

    /// Statements that run or do not: what they touch may be either way afterwards.
    fn perhaps(&mut self, body: &[BlockStatement], since: Option<&Mark>, out: &mut Outcome) {
        let mark = self.mark();
        let mut inner = out.inner();
        self.block_statements(body, since, &mut inner);
        out.remarks.append(&mut inner.remarks);
        out.findings.append(&mut inner.findings);
        if !self.changed(&mark).is_empty() {
            self.doubt_since(&mark);
        }
    }
}

pub(super) fn merge(out: &mut Outcome, mut inner: Outcome) {
    out.refusals.append(&mut inner.refusals);
    out.remarks.append(&mut inner.remarks);
    out.data.append(&mut inner.data);
    out.findings.append(&mut inner.findings);
}

/// OTHERS catches everything; a code that ends in 000 catches its class (manual, 43.6.8).
fn catches(handler: &Handler, refusal: &Refusal, backend: crate::config::Backend) -> bool {
    if handler.catches.is_empty() {
        return true;
    }
    let number = super::mysql::number_of(&refusal.problem).filter(|_| backend.is_mysql());
    if handler.catches.iter().any(|c| number.as_ref() == Some(c)) {
        return true;
    }
    let Some(raised) = refusal.problem.sqlstate_of(backend) else { return false };
    handler.catches.iter().any(|c| c == raised || (c.ends_with("000") && raised.starts_with(&c[..2])))
}

/// The name of the conditions that guards are written for.
fn condition_name(sqlstate: &str) -> Option<&'static str> {
    Some(match sqlstate {
        "42P07" => "duplicate_table",
        "42710" => "duplicate_object",
        "42701" => "duplicate_column",
        "42723" => "duplicate_function",
        "42P06" => "duplicate_schema",
        "42P16" => "invalid_table_definition",
        "42P01" => "undefined_table",
        "42703" => "undefined_column",
        "42704" => "undefined_object",
        "42883" => "undefined_function",
        "3F000" => "invalid_schema_name",
        _ => return None,
    })
}

/// `INSERT … SELECT … WHERE NOT EXISTS (…)`, `NOT IN (…)`, EXCEPT.
fn guarded_by_query(reads: &Reads) -> bool {
    let text = reads.text.as_str();
    text.contains("not exists (") || text.contains("not in (") || text.contains(" except ") || text.contains(" is null")
}
