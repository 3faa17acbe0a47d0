//! DROP, with what depends on what is dropped.

use super::depend::column_key;
use super::inherit::invalid;
use super::object::{ConstraintType, Index, Part, Table, TableKind, UserTypeKind};
use super::relations::relation_kind;
use super::{Catalog, Data, Edge, Found, Key, Mark, Object, Outcome, Problem, Refusal};
use crate::change::{Drop, Ident, Name, ObjectKind, Target};
use crate::span::Span;

impl Catalog {
    /// Takes an object away, with what it needed.
    pub(crate) fn forget(&mut self, key: &Key) {
        for edge in self.needs_of(key) {
            self.unlink(&edge);
            // SQLite's triggers are objects, and their tables' as well.
            if let Key::Other(ObjectKind::Trigger, _, name) = key {
                self.change_table(&edge.target, |t| t.triggers.retain(|(n, _)| !n.eq_ignore_ascii_case(name)));
            }
        }
        if self.objects.remove(key).is_some() {
            if matches!(key, Key::Extension(_) | Key::Other(..)) {
                self.forget_choices();
            }
            self.know(key);
        }
    }

    pub(crate) fn drop_objects(&mut self, d: &Drop, since: Option<&Mark>, out: &mut Outcome) {
        // What is dropped together does not keep each other.
        let together: Vec<Key> = d
            .targets
            .iter()
            .filter_map(|t| match self.find_kind(d.kind, &t.name) {
                Found::Yes(key) => Some(key),
                _ => None,
            })
            .collect();
        for (i, target) in d.targets.iter().enumerate() {
            // A name written twice is dropped once.
            let again = |t: &Target| t.name.text() == target.name.text() && t.arguments == target.arguments;
            if self.engine.checks_types && d.targets[..i].iter().any(again) {
                continue;
            }
            self.drop_one(d, target, &together, since, out);
        }
    }

    /// Looks a name up where objects of this kind live.
    pub(crate) fn find_kind(&self, kind: ObjectKind, name: &Name) -> Found {
        match kind {
            k if k.is_relation() => self.find_relation(name),
            ObjectKind::Type | ObjectKind::Domain => self.find(name, Key::Type),
            k if k.is_routine() => self.find(name, Key::Function),
            ObjectKind::Schema => {
                let folded = self.folded(&name.name.value);
                if self.has(&Key::Schema(folded.clone())) {
                    Found::Yes(Key::Schema(folded))
                } else if self.schema_known(&folded) {
                    Found::Perhaps
                } else {
                    Found::No
                }
            }
            ObjectKind::Extension => {
                let key = Key::Extension(name.name.value.clone());
                if self.has(&key) {
                    Found::Yes(key)
                } else if self.is_open() || name.name.value == "plpgsql" {
                    Found::Perhaps
                } else {
                    Found::No
                }
            }
            // Roles, databases and tablespaces live outside of the database.
            ObjectKind::Role
            | ObjectKind::Database
            | ObjectKind::Tablespace
            | ObjectKind::LargeObject
            | ObjectKind::Language
            | ObjectKind::AccessMethod
            | ObjectKind::Operator
            | ObjectKind::Cast
            | ObjectKind::UserMapping
            | ObjectKind::Transform
            | ObjectKind::TextSearch
            | ObjectKind::Conversion
            | ObjectKind::Collation => match self.find(name, |s, n| Key::Other(kind, s, n)) {
                Found::No => Found::Perhaps,
                found => found,
            },
            other => self.find(name, move |s, n| Key::Other(other, s, n)),
        }
    }

    fn drop_one(&mut self, d: &Drop, target: &Target, together: &[Key], since: Option<&Mark>, out: &mut Outcome) {
        if let Some(on) = &target.on
            && matches!(d.kind, ObjectKind::Trigger | ObjectKind::Policy | ObjectKind::Rule)
        {
            self.drop_on(d, target, on, out);
            return;
        }
        let key = match self.find_kind(d.kind, &target.name) {
            Found::Yes(key) => key,
            Found::Perhaps => return,
            Found::No => {
                self.missing(d, target, out);
                return;
            }
        };
        if d.kind == ObjectKind::Domain && !self.expect_domain(&key, &target.name, out) {
            return;
        }
        let wrong = match (self.get(&key), d.kind) {
            (Some(o @ (Object::Table(_) | Object::Index(_) | Object::Sequence { .. })), wanted) => {
                relation_kind(o) != wanted
            }
            _ => false,
        };
        if wrong {
            let problem = Problem::WrongKind { name: target.name.name.value.clone(), wanted: d.kind };
            let help = self.get(&key).map(|o| {
                format!("it is a {}: DROP {}", relation_kind(o).text(), relation_kind(o).text().to_uppercase())
            });
            self.report(problem, target.name.span(), help, out);
            return;
        }
        match self.get(&key) {
            Some(Object::Index(table)) => {
                let table = table.clone();
                self.drop_index(&key, &table, target, out);
            }
            Some(Object::Function(_)) => self.drop_function(&key, d, target, out),
            Some(Object::Schema) => self.drop_schema(&key, d.cascade, target.name.span(), out),
            Some(Object::Table(_)) => {
                let holds_rows = self.table(&key).is_some_and(|t| t.kind.is_table());
                if holds_rows && since.is_some_and(|m| self.was_there(m, &key)) {
                    out.data.push(Data::DropsTable { table: key.clone(), span: target.name.span() });
                }
                if !d.cascade && !self.may_drop(&key, d.kind, target.name.span(), together, out) {
                    return;
                }
                self.drop_table(&key, together);
            }
            _ => {
                if !d.cascade && !self.may_drop(&key, d.kind, target.name.span(), together, out) {
                    return;
                }
                self.drop_with_dependents(&key);
            }
        }
    }

    /// A name that is not there: an error, or behind a guard perhaps a typo.
    fn missing(&mut self, d: &Drop, target: &Target, out: &mut Outcome) {
        let name = &target.name;
        if let Some(schema) = &name.schema {
            let folded = self.folded(&schema.value);
            if !self.schema_known(&folded) {
                if !d.if_exists {
                    self.report_schema(schema, out);
                }
                return;
            }
        }
        if d.if_exists && self.ever_was(&name.name.value) {
            return;
        }
        let help = self.near_name(d.kind, &name.name.value, out);
        if d.if_exists {
            if help.is_some() {
                vacuous(
                    format!("no {} \"{}\" ever existed: this drops nothing", d.kind.text(), name.text()),
                    name.span(),
                    help,
                    out,
                );
            }
            return;
        }
        if self.is_poisoned(&format!("relation {}", name.text())) {
            return;
        }
        let text = match &target.arguments {
            Some(types) => {
                format!("{}({})", name.text(), types.iter().map(|t| t.name.text()).collect::<Vec<_>>().join(", "))
            }
            None => name.text(),
        };
        let problem = if matches!(d.kind, ObjectKind::Type | ObjectKind::Domain) {
            if self.unknown_extension_installed() {
                return;
            }
            Problem::UndefinedType(text)
        } else {
            Problem::UndefinedObject { kind: d.kind, name: text }
        };
        self.report(problem, name.span(), help, out);
    }

    fn near_name(&self, kind: ObjectKind, wrong: &str, out: &Outcome) -> Option<String> {
        let names = self.iter().filter_map(|(k, o)| {
            let fits = match (k, o) {
                (Key::Relation(..), o) => relation_kind(o) == kind,
                (Key::Type(..), _) => matches!(kind, ObjectKind::Type | ObjectKind::Domain),
                (Key::Function(..), _) => kind.is_routine(),
                (Key::Schema(_), _) => kind == ObjectKind::Schema,
                (Key::Extension(_), _) => kind == ObjectKind::Extension,
                (Key::Other(k, ..), _) => *k == kind,
            };
            fits.then(|| k.name())
        });
        out.suggestion(wrong, names)
    }

    fn drop_on(&mut self, d: &Drop, target: &Target, on: &Name, out: &mut Outcome) {
        let table = match self.find_relation(on) {
            Found::Yes(key) => key,
            Found::Perhaps => return,
            Found::No => {
                if !d.if_exists {
                    self.report_relation(on, out);
                }
                return;
            }
        };
        let Some(t) = self.held(&table) else { return };
        let name = &target.name.name.value;
        let (names, there): (Vec<&str>, bool) = match d.kind {
            ObjectKind::Trigger => {
                (t.triggers.iter().map(|(n, _)| n.as_str()).collect(), t.triggers.iter().any(|(n, _)| n == name))
            }
            ObjectKind::Policy => (t.policies.iter().map(String::as_str).collect(), t.policies.contains(name)),
            _ => (t.rules.iter().map(String::as_str).collect(), t.rules.contains(name)),
        };
        if !there {
            if t.open || self.may_have_part(&t.name, name) || (d.kind == ObjectKind::Trigger && self.open_triggers) {
                return;
            }
            if d.if_exists && self.ever_was(name) {
                return;
            }
            let help = out.suggestion(name, names.into_iter());
            if d.if_exists {
                if help.is_some() {
                    vacuous(
                        format!("no {} \"{name}\" ever existed on \"{}\": this drops nothing", d.kind.text(), t.name),
                        target.name.span(),
                        help,
                        out,
                    );
                }
                return;
            }
            let problem = Problem::UndefinedOn { kind: d.kind, name: name.clone(), relation: t.name.clone() };
            self.report(problem, target.name.span(), help, out);
            return;
        }
        self.change_table(&table, |t| match d.kind {
            ObjectKind::Trigger => t.triggers.retain(|(n, _)| n != name),
            ObjectKind::Policy => t.policies.retain(|n| n != name),
            _ => t.rules.retain(|n| n != name),
        });
        match d.kind {
            ObjectKind::Trigger => self.unlink_part(&table, &Part::Trigger(name.clone())),
            ObjectKind::Policy => self.unlink_part(&table, &Part::Policy(name.clone())),
            _ => {}
        }
    }

    fn drop_index(&mut self, key: &Key, table: &Key, target: &Target, out: &mut Outcome) {
        let name = key.name().to_owned();
        let found = self.table(table).and_then(|t| t.indexes.iter().find(|i| self.same(&i.name, &name)).cloned());
        let owner = self.table(table).map(|t| t.name.clone()).unwrap_or_default();
        let refused = match &found {
            Some(i) if i.constraint => Some((
                format!("cannot drop index {name} because constraint {name} on table {owner} requires it"),
                format!("ALTER TABLE {owner} DROP CONSTRAINT IF EXISTS {name};"),
            )),
            Some(i) => i.parent.as_ref().map(|parent| {
                let why = format!("cannot drop index {name} because index {parent} requires it");
                (why, format!("DROP INDEX IF EXISTS {parent}; drops it on every partition"))
            }),
            None => None,
        };
        if let Some((message, help)) = refused {
            let problem = Problem::Other { rule: "dependent-objects", sqlstate: Some("2BP01"), message };
            self.report(problem, target.name.span(), Some(help), out);
            return;
        }
        self.remove_index(table, &name);
    }

    /// Takes an index away, and those of the partitions that belong to it.
    fn remove_index(&mut self, table: &Key, name: &str) {
        let key = Key::Relation(table.schema().to_owned(), self.folded(name));
        if matches!(self.get(&key), Some(Object::Index(owner)) if owner == table) {
            self.forget(&key);
        }
        self.unlink_part(table, &Part::Index(name.to_owned()));
        let ignores_case = self.engine.ignores_case;
        let is = |n: &str| if ignores_case { n.eq_ignore_ascii_case(name) } else { n == name };
        let here = self.here();
        self.change_table(table, |t| {
            let foreign = t.constraints.iter().any(|c| matches!(c.kind, ConstraintType::ForeignKey { .. }));
            for i in t.indexes.iter().filter(|i| foreign && is(&i.name)) {
                t.lost.index(Index { place: here.clone(), ..i.clone() });
            }
            t.indexes.retain(|i| !is(&i.name));
        });
        for child in self.children(table) {
            let belongs = |i: &super::object::Index| i.parent.as_deref() == Some(name);
            let own = self.table(&child).and_then(|t| t.indexes.iter().find(|i| belongs(i)).map(|i| i.name.clone()));
            if let Some(own) = own {
                self.remove_index(&child, &own);
            }
        }
    }

    fn drop_function(&mut self, key: &Key, d: &Drop, target: &Target, out: &mut Outcome) {
        let Some(Object::Function(all)) = self.get(key) else { return };
        let mut all = all.clone();
        if target.arguments.is_none() && all.len() > 1 {
            let problem = Problem::Other {
                rule: "undefined-function",
                sqlstate: Some("42725"),
                message: format!("{} name \"{}\" is not unique", d.kind.text(), target.name.text()),
            };
            let help = "write the argument list: there are several of this name".to_owned();
            self.report(problem, target.name.span(), Some(help), out);
            return;
        }
        let Some(at) = self.find_overload(key, target) else {
            if !d.if_exists {
                let known: Vec<String> =
                    all.iter().map(|f| format!("{}({})", target.name.text(), f.arguments.join(", "))).collect();
                let types = target.arguments.iter().flatten().map(|t| t.name.text()).collect::<Vec<_>>().join(", ");
                let problem =
                    Problem::UndefinedObject { kind: d.kind, name: format!("{}({types})", target.name.text()) };
                self.report(problem, target.name.span(), Some(format!("there is {}", known.join(" and "))), out);
            }
            return;
        };
        if all.len() == 1 {
            if !d.cascade && !self.may_drop(key, d.kind, target.name.span(), &[], out) {
                return;
            }
            self.drop_with_dependents(key);
        } else {
            let gone = all.remove(at);
            self.unlink_part(key, &Part::Overload(gone.arguments.join(", ")));
            if d.cascade {
                // What used one of them is not told apart.
                for edge in self.dependents(key) {
                    self.unlink(&edge);
                }
            }
            self.put(key.clone(), Object::Function(all));
        }
    }

    fn drop_schema(&mut self, key: &Key, cascade: bool, span: Span, out: &mut Outcome) {
        let schema = key.name().to_owned();
        let inside: Vec<Key> = self
            .objects
            .iter()
            .map(|(k, _)| k)
            .filter(|k| !matches!(k, Key::Schema(_)) && k.schema() == schema)
            .cloned()
            .collect();
        if let Some(first) = inside.first()
            && !cascade
        {
            let first = format!("{schema}.{} depends on it", first.name());
            self.report(Problem::Dependents { kind: ObjectKind::Schema, name: schema, first }, span, None, out);
            return;
        }
        for k in inside {
            if self.has(&k) {
                match self.get(&k) {
                    Some(Object::Table(_)) => self.drop_table(&k, &[]),
                    _ => self.drop_with_dependents(&k),
                }
            }
        }
        self.forget(key);
    }

    /// Without CASCADE: whether nothing that stays needs it. Reports what does.
    fn may_drop(&mut self, key: &Key, kind: ObjectKind, span: Span, together: &[Key], out: &mut Outcome) -> bool {
        let blocking = self.dependents(key).into_iter().find(|e| {
            if together.contains(&e.from) || e.from == *key || self.edge_may_be_gone(e) {
                return false;
            }
            match (&e.part, self.get(&e.from)) {
                // A sequence that belongs to it goes with it; so does a partition.
                (_, Some(Object::Sequence { owned_by: Some((owner, _)) })) if owner == key => false,
                (Part::Whole, Some(Object::Table(t))) => {
                    let partition = self.table(key).is_some_and(|p| p.kind == TableKind::Partitioned);
                    !(partition && t.parents.contains(key))
                }
                (Part::Whole, Some(Object::Other { .. })) => false,
                // The type of several ranges goes with that of one.
                (Part::Whole, Some(Object::Type(t))) if t.kind == UserTypeKind::Range => false,
                (_, Some(_)) => true,
                (_, None) => false,
            }
        });
        let Some(edge) = blocking.or_else(|| self.key_to_parent(key, together)) else { return true };
        let table = edge.from.name();
        let what = match (&edge.part, self.get(&edge.from)) {
            (Part::Whole, Some(o)) => format!("{} {table} depends on it", whole_kind(o)),
            (Part::Constraint(c), _) => format!("constraint {c} on table {table} depends on it"),
            (Part::Column(c), _) => format!("column {c} of table {table} depends on it"),
            (Part::Default(c), _) => format!("default value for column {c} of table {table} depends on it"),
            (Part::Generated(c), _) => format!("column {c} of table {table} depends on it"),
            (Part::Trigger(t), _) => format!("trigger {t} on table {table} depends on it"),
            (Part::Policy(p), _) => format!("policy {p} on table {table} depends on it"),
            (Part::Index(i), _) => format!("index {i} depends on it"),
            (Part::Overload(a), _) => format!("function {table}({a}) depends on it"),
            (Part::Whole, None) => return true,
        };
        let help = match &edge.part {
            Part::Constraint(c) => {
                format!("ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {c}; first, or drop {table} before it")
            }
            Part::Trigger(t) => format!("DROP TRIGGER IF EXISTS {t} ON {table}; first"),
            Part::Policy(p) => format!("DROP POLICY IF EXISTS {p} ON {table}; first"),
            Part::Index(i) => format!("DROP INDEX IF EXISTS {i}; first"),
            Part::Generated(c) => format!("change or drop {table}.{c} first"),
            Part::Overload(a) => format!("DROP FUNCTION IF EXISTS {table}({a}); first"),
            Part::Whole => format!("drop {table} first"),
            Part::Column(c) => format!("change or drop {table}.{c} first"),
            Part::Default(c) => format!("ALTER TABLE {table} ALTER COLUMN {c} DROP DEFAULT; first"),
        };
        let problem = Problem::Dependents { kind, name: key.name().to_owned(), first: what };
        self.report(problem, span, Some(help), out);
        false
    }

    /// A foreign key to the partitioned table that this is a part of: it needs every partition.
    fn key_to_parent(&self, key: &Key, together: &[Key]) -> Option<Edge> {
        let table = self.table(key).filter(|t| t.bound.is_some())?;
        table.parents.iter().filter(|p| !together.contains(p)).find_map(|p| {
            let pointing = self.dependents(p).into_iter().find(|e| {
                e.from != *key
                    && !together.contains(&e.from)
                    && matches!(&e.part, Part::Constraint(c) if self.points_to(e, c, p))
            });
            pointing.or_else(|| self.key_to_parent(p, together))
        })
    }

    fn points_to(&self, edge: &Edge, constraint: &str, table: &Key) -> bool {
        self.table(&edge.from).is_some_and(|t| {
            t.constraints.iter().any(|c| {
                c.name == constraint && matches!(&c.kind, ConstraintType::ForeignKey { table: x, .. } if x == table)
            })
        })
    }

    /// Drops a table with its indexes, sequences, and what of others pointed at it.
    pub(crate) fn drop_table(&mut self, key: &Key, together: &[Key]) {
        let stays = |edge: &Edge| together.contains(&edge.from) && edge.part == Part::Whole;
        let edges = self.take_away(key);
        self.drop_parts(edges.into_iter().filter(|edge| !stays(edge)).collect());
    }

    fn drop_with_dependents(&mut self, key: &Key) {
        let edges = self.take_away(key);
        self.drop_parts(edges);
    }

    /// Takes an object away, a table with the names of its indexes, and answers what needed it.
    fn take_away(&mut self, key: &Key) -> Vec<Edge> {
        let indexes: Vec<Key> = self.table(key).map_or_else(Vec::new, |table| {
            let named = |index: &Index| Key::Relation(key.schema().to_owned(), self.folded(&index.name));
            table.indexes.iter().map(named).collect()
        });
        for index in indexes {
            if matches!(self.get(&index), Some(Object::Index(owner)) if owner == key) {
                self.forget(&index);
            }
        }
        self.forget(key);
        let edges = self.dependents(key);
        edges.iter().for_each(|edge| self.unlink(edge));
        edges
    }

    /// Drops what edges start from, and what needs that in turn: CASCADE. A list, not a recursion: views of views of
    /// views would take any stack.
    fn drop_parts(&mut self, edges: Vec<Edge>) {
        let mut waiting = edges;
        while let Some(edge) = waiting.pop() {
            if edge.part == Part::Whole {
                waiting.extend(self.take_away(&edge.from));
            } else {
                self.drop_part(&edge);
            }
        }
    }

    /// Drops the part of an object that an edge starts from.
    fn drop_part(&mut self, edge: &Edge) {
        match &edge.part {
            Part::Whole => self.drop_with_dependents(&edge.from),
            Part::Constraint(name) => self.remove_constraint(&edge.from, name),
            Part::Index(name) => self.remove_index(&edge.from, name),
            Part::Policy(name) => {
                self.unlink_part(&edge.from, &edge.part);
                self.change_table(&edge.from, |t| t.policies.retain(|n| n != name));
            }
            Part::Overload(arguments) => {
                let Some(Object::Function(all)) = self.get(&edge.from) else { return };
                let mut all = all.clone();
                all.retain(|f| f.arguments.join(", ") != *arguments);
                self.unlink_part(&edge.from, &edge.part);
                if all.is_empty() {
                    self.drop_with_dependents(&edge.from);
                } else {
                    self.put(edge.from.clone(), Object::Function(all));
                }
            }
            Part::Generated(name) => self.remove_column_of(&edge.from, name),
            Part::Column(name) => match self.get(&edge.from) {
                Some(Object::Sequence { .. }) => self.drop_with_dependents(&edge.from),
                Some(Object::Type(_)) => {}
                _ => self.remove_column_of(&edge.from, name),
            },
            Part::Default(name) => {
                self.change_table(&edge.from, |t| {
                    if let Some(c) = t.columns.iter_mut().find(|c| c.name == *name) {
                        c.default = None;
                    }
                });
            }
            Part::Trigger(name) => {
                self.unlink_part(&edge.from, &edge.part);
                self.change_table(&edge.from, |t| t.triggers.retain(|(n, _)| n != name));
            }
        }
    }

    // ---- parts of a table

    #[allow(clippy::too_many_arguments, reason = "the parts of one action")]
    pub(crate) fn drop_column(
        &mut self,
        key: &Key,
        table: &Table,
        name: &Ident,
        if_exists: bool,
        cascade: bool,
        only: bool,
        out: &mut Outcome,
    ) {
        let Some(column) = table.columns.iter().find(|c| self.same(&c.name, &name.value)) else {
            if !if_exists {
                self.expect_column(table, name, false, out);
            } else if !table.open && !self.ever_was(&column_memory(key, &name.value)) {
                let help = out.suggestion(&name.value, table.columns.iter().map(|c| c.name.as_str()));
                if help.is_some() {
                    vacuous(
                        format!("\"{}\" never had a column \"{}\": this drops nothing", table.name, name.value),
                        name.span,
                        help,
                        out,
                    );
                }
            }
            return;
        };
        let column = column.name.clone();
        self.remember(&column_memory(key, &column));
        if self.engine.checks_types && self.stays(key, table, name, only, out) {
            return;
        }
        if self.engine.checks_views && !cascade && self.column_is_needed(key, &column, name.span, out) {
            return;
        }
        if self.engine.ignores_case && self.sqlite_keeps_column(table, &column, name, out) {
            return;
        }
        // CASCADE takes foreign keys and views with it.
        for edge in self.dependents(key) {
            if let Part::Constraint(c) = &edge.part
                && self.points_at(&edge, c, key, &column)
            {
                self.unlink(&edge);
                self.drop_part(&edge);
            }
        }
        self.remove_column_of(key, &column);
        self.drop_inherited(key, &column, only);
    }

    /// A column with what needs it.
    fn remove_column_of(&mut self, key: &Key, column: &str) {
        for edge in self.dependents(&column_key(key, column)) {
            self.unlink(&edge);
            self.drop_part(&edge);
        }
        self.remove_column(key, column);
    }

    /// The children lose a column that they only inherit, and keep one of their own.
    fn drop_inherited(&mut self, key: &Key, column: &str, only: bool) {
        for child in self.children(key) {
            let Some(table) = self.table(&child) else { continue };
            let local = table.columns.iter().any(|c| c.name == column && c.local);
            if self.is_inherited(table, column) {
                continue;
            }
            if local || only {
                self.change_table(&child, |t| {
                    t.columns.iter_mut().filter(|c| c.name == column).for_each(|c| c.local = true);
                });
            } else {
                self.remove_column_of(&child, column);
                self.drop_inherited(&child, column, false);
            }
        }
    }

    /// Whether a column is the type's, the parent's or the partition key's, and so cannot go; that is said.
    fn stays(&mut self, key: &Key, table: &Table, name: &Ident, only: bool, out: &mut Outcome) -> bool {
        let parted = table.partition_by.as_ref().is_some_and(|b| b.columns.iter().flatten().any(|c| *c == name.value));
        let (code, message) = if table.of_type.is_some() {
            ("42809", "cannot drop column from typed table".to_owned())
        } else if self.is_inherited(table, &name.value) {
            ("42P16", format!("cannot drop inherited column \"{}\"", name.value))
        } else if parted {
            let (n, t) = (&name.value, &table.name);
            ("42P16", format!("cannot drop column \"{n}\" because it is part of the partition key of relation \"{t}\""))
        } else if only && table.partition_by.is_some() && !self.children(key).is_empty() {
            ("42P16", "cannot drop column from only the partitioned table when partitions exist".to_owned())
        } else {
            return false;
        };
        self.report(invalid(code, message), name.span, None, out);
        true
    }

    fn points_at(&self, edge: &Edge, constraint: &str, key: &Key, column: &str) -> bool {
        self.table(&edge.from).is_some_and(|t| {
            t.constraints.iter().any(|c| {
                c.name == constraint
                    && matches!(&c.kind, ConstraintType::ForeignKey { table, columns, .. }
                        if table == key && columns.iter().any(|x| x == column))
            })
        })
    }

    fn column_is_needed(&mut self, key: &Key, column: &str, span: Span, out: &mut Outcome) -> bool {
        let foreign = self.dependents(key).into_iter().find_map(|e| match &e.part {
            _ if self.edge_may_be_gone(&e) => None,
            Part::Constraint(c) if e.from != *key && self.points_at(&e, c, key, column) => {
                Some(format!("constraint {c} on table {} depends on it", e.from.name()))
            }
            _ => None,
        });
        let other = self.dependents(&column_key(key, column)).into_iter().find_map(|e| {
            let table = e.from.name();
            let what = match &e.part {
                _ if self.edge_may_be_gone(&e) => return None,
                Part::Whole if self.has(&e.from) => format!("view {table}"),
                Part::Generated(g) if g != column => format!("column {g} of table {table}"),
                Part::Trigger(t) => format!("trigger {t} on table {table}"),
                Part::Policy(p) => format!("policy {p} on table {table}"),
                _ => return None,
            };
            Some(format!("{what} depends on it"))
        });
        let Some(first) = foreign.or(other) else { return false };
        let name = format!("{column} of table {}", key.name());
        let problem = Problem::Dependents { kind: ObjectKind::Column, name, first };
        self.report(problem, span, Some("drop what depends on it first".to_owned()), out);
        true
    }

    /// SQLite refuses to drop a column that a key, an index or a constraint needs ("ALTER TABLE DROP COLUMN").
    fn sqlite_keeps_column(&mut self, table: &Table, column: &str, name: &Ident, out: &mut Outcome) -> bool {
        let is = |n: &str| n.eq_ignore_ascii_case(column);
        let why = if table.primary_key().is_some_and(|p| p.columns.iter().any(|c| is(c))) {
            format!("cannot drop PRIMARY KEY column: \"{column}\"")
        } else if table
            .constraints
            .iter()
            .any(|c| c.kind == ConstraintType::Unique && c.columns.len() == 1 && c.columns.iter().any(|c| is(c)))
        {
            format!("cannot drop UNIQUE column: \"{column}\"")
        } else if let Some(i) =
            table.indexes.iter().find(|i| !i.constraint && i.columns.iter().flatten().any(|c| is(c)))
        {
            format!("error in index {} after drop column: no such column: {column}", i.name)
        } else {
            return false;
        };
        let problem = Problem::Other { rule: "dependent-objects", sqlstate: None, message: why };
        self.report(
            problem,
            name.span,
            Some("drop the index first, or rebuild the table without the column".to_owned()),
            out,
        );
        true
    }

    /// Removes a column with its keys, indexes and sequence.
    fn remove_column(&mut self, key: &Key, column: &str) {
        let Some(table) = self.held(key) else { return };
        let uses = |columns: &[String]| columns.iter().any(|c| self.same(c, column));
        let gone: Vec<String> = table.constraints.iter().filter(|c| uses(&c.columns)).map(|c| c.name.clone()).collect();
        let indexes: Vec<String> = table
            .indexes
            .iter()
            .filter(|i| {
                i.columns.iter().flatten().chain(&i.reads).any(|c| self.same(c, column))
                    || (i.constraint && gone.contains(&i.name))
            })
            .map(|i| i.name.clone())
            .collect();
        for name in &gone {
            self.unlink_part(key, &Part::Constraint(name.clone()));
            self.drop_with_parent(key, name);
        }
        self.unlink_part(key, &Part::Generated(column.to_owned()));
        self.unlink_part(key, &Part::Column(column.to_owned()));
        self.unlink_part(key, &Part::Default(column.to_owned()));
        for i in &indexes {
            self.remove_index(key, i);
        }
        self.drop_owned_sequences(key, Some(column));
        let ignores_case = self.engine.ignores_case;
        let is = |n: &str| if ignores_case { n.eq_ignore_ascii_case(column) } else { n == column };
        let here = self.here();
        self.change_table(key, |t| {
            if t.primary_key().is_some_and(|p| p.columns.iter().any(|n| is(n))) {
                t.lost.key(here);
            }
            t.columns.retain(|c| !is(&c.name));
            t.constraints.retain(|c| !c.columns.iter().any(|n| is(n)));
        });
    }

    pub(crate) fn drop_constraint(
        &mut self,
        key: &Key,
        table: &Table,
        name: &Ident,
        if_exists: bool,
        cascade: bool,
        out: &mut Outcome,
    ) {
        let Some(found) = table.constraints.iter().find(|c| c.name == name.value).cloned() else {
            if !if_exists {
                self.expect_constraint(table, name, out);
            } else if !self.perhaps_constraint(table, &name.value) && !self.ever_was(&name.value) {
                let help = out.suggestion(&name.value, table.constraints.iter().map(|c| c.name.as_str()));
                if help.is_some() {
                    vacuous(
                        format!("\"{}\" never had a constraint \"{}\": this drops nothing", table.name, name.value),
                        name.span,
                        help,
                        out,
                    );
                }
            }
            return;
        };
        self.remember(&name.value);
        if self.engine.checks_types && self.is_inherited_constraint(table, &found) {
            let message = format!("cannot drop inherited constraint \"{}\" of relation \"{}\"", name.value, table.name);
            self.report(invalid("42P16", message), name.span, None, out);
            return;
        }
        if matches!(found.kind, ConstraintType::PrimaryKey | ConstraintType::Unique) {
            // A foreign key elsewhere may stand on this one.
            let standing: Vec<Edge> = self
                .dependents(key)
                .into_iter()
                .filter(|e| match &e.part {
                    Part::Constraint(c) => self.table(&e.from).is_some_and(|t| {
                        t.constraints.iter().any(|x| {
                            x.name == *c
                                && matches!(&x.kind, ConstraintType::ForeignKey { table, columns, .. }
                                    if table == key && same_set(columns, &found.columns))
                        })
                    }),
                    _ => false,
                })
                .collect();
            let another = table.indexes.iter().any(|i| {
                i.unique
                    && i.name != found.name
                    && i.predicate.is_none()
                    && same_set(&i.columns.iter().flatten().cloned().collect::<Vec<_>>(), &found.columns)
            });
            if let Some(e) = standing.iter().find(|e| !self.edge_may_be_gone(e))
                && !cascade
                && !another
            {
                let Part::Constraint(c) = &e.part else { return };
                let first = format!("constraint {c} on table {} depends on it", e.from.name());
                let what = format!("{} on table {}", name.value, table.name);
                let problem = Problem::Dependents { kind: ObjectKind::Constraint, name: what, first };
                let help = format!("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {c}; first", e.from.name());
                self.report(problem, name.span, Some(help), out);
                return;
            }
            if cascade {
                for e in standing {
                    self.unlink(&e);
                    self.drop_part(&e);
                }
            }
        }
        self.remove_constraint(key, &name.value);
        if found.kind == ConstraintType::NotNull {
            let change = |t: &mut Table| {
                for c in t.columns.iter_mut().filter(|c| found.columns.contains(&c.name)) {
                    c.not_null = false;
                }
            };
            self.change_table(key, change);
            for child in self.descendants(key) {
                self.change_table(&child, change);
            }
        }
    }

    /// Takes a constraint away, with the index behind it and what the children have of it.
    fn remove_constraint(&mut self, key: &Key, name: &str) {
        let Some(found) = self.table(key).and_then(|t| t.constraints.iter().find(|c| c.name == name).cloned()) else {
            return;
        };
        self.unlink_part(key, &Part::Constraint(name.to_owned()));
        let here = self.here();
        self.change_table(key, |t| {
            if found.kind == ConstraintType::PrimaryKey {
                t.lost.key(here);
            }
            t.constraints.retain(|c| c.name != name);
        });
        if self.table(key).is_some_and(|t| t.indexes.iter().any(|i| i.constraint && i.name == name)) {
            self.remove_index(key, name);
        }
        self.drop_with_parent(key, name);
        if found.kind == ConstraintType::Check && !found.no_inherit {
            for child in self.children(key) {
                let inherited = self
                    .table(&child)
                    .and_then(|t| {
                        t.constraints.iter().find(|c| c.name == name && c.kind == ConstraintType::Check).map(|c| (t, c))
                    })
                    .is_some_and(|(t, c)| !c.local && !self.is_inherited_constraint(t, c));
                if inherited {
                    self.remove_constraint(&child, name);
                }
            }
        }
    }

    /// The keys of partitions that belong to one of their parent's go with it.
    fn drop_with_parent(&mut self, key: &Key, name: &str) {
        for child in self.children(key) {
            let belonging = self
                .table(&child)
                .and_then(|t| t.constraints.iter().find(|c| c.parent.as_deref() == Some(name)).map(|c| c.name.clone()));
            if let Some(own) = belonging {
                self.remove_constraint(&child, &own);
            }
        }
    }

    /// The sequences that belong to a table's columns.
    pub(crate) fn owned_sequences(&self, table: &Key) -> Vec<(Key, String)> {
        self.dependents(table)
            .into_iter()
            .filter_map(|e| match (self.get(&e.from), e.part) {
                (Some(Object::Sequence { .. }), Part::Column(c)) => Some((e.from, c)),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn drop_owned_sequences(&mut self, table: &Key, column: Option<&str>) {
        for (sequence, owner) in self.owned_sequences(table) {
            if column.is_none_or(|c| c == owner) {
                self.drop_with_dependents(&sequence);
            }
        }
    }
}

/// A guarded drop of what never was: behind the guard stands a typo.
fn vacuous(message: String, span: Span, help: Option<String>, out: &mut Outcome) {
    let problem = Problem::Other { rule: "vacuous-if-exists", sqlstate: None, message };
    out.remarks.push(Refusal { problem, span, help });
}

fn column_memory(table: &Key, column: &str) -> String {
    format!("{}.{}.{column}", table.schema(), table.name())
}

fn same_set(a: &[String], b: &[String]) -> bool {
    a.len() == b.len() && a.iter().all(|x| b.contains(x))
}

fn whole_kind(object: &Object) -> &'static str {
    match object {
        Object::Function(_) => "function",
        Object::Type(_) => "type",
        other => relation_kind(other).text(),
    }
}
