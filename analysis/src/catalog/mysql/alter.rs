//! ALTER TABLE, CREATE INDEX and DROP INDEX: done together. What is dropped goes first, as the table was before; keys see
//! the columns as they are afterwards.

use super::super::object::{Column, ConstraintType, Index, Table};
use super::super::{Catalog, Found, Key, Outcome, Part, Problem};
use super::keys::{self, PRIMARY, column, leads, same};
use super::{Work, problem, types};
use crate::change::{Alteration, ColumnSpec, Ident, KeyDefinition, Name, Position, TableAlteration};
use crate::span::Span;

impl Catalog {
    pub(super) fn alter_mysql_table(&mut self, a: &TableAlteration, out: &mut Outcome) {
        if a.if_exists && self.find_relation(&a.name) == Found::No {
            return;
        }
        let Some(mut work) = self.work_on(&a.name, out) else {
            if let Some(to) = a.actions.iter().find_map(|(x, _)| match x {
                Alteration::RenameTo(to) => Some(to),
                _ => None,
            }) {
                self.poison(&to.text());
            }
            return;
        };
        let before = work.table.clone();
        let refused = out.refusals.len();
        let dropped: Vec<&str> = a
            .actions
            .iter()
            .filter_map(|(x, _)| match x {
                Alteration::DropForeignKey { name, .. } | Alteration::DropConstraint { name, .. } => {
                    Some(name.value.as_str())
                }
                _ => None,
            })
            .collect();
        for (x, _) in &a.actions {
            self.drops(&mut work, x, out);
        }
        for (x, _) in &a.actions {
            self.changes(&mut work, &before, x, &dropped, out);
        }
        for (x, _) in &a.actions {
            if let Alteration::AddKey(k) = x {
                self.add_mysql_key(&mut work, k, out);
            }
            if let Alteration::AddColumn { column, .. } | Alteration::ChangeColumn { column, .. } = x {
                for k in &column.keys {
                    self.add_mysql_key(&mut work, k, out);
                }
            }
            if let Alteration::RenameKey { from, to, if_exists } = x {
                self.rename_mysql_key(&mut work, from, to, *if_exists, out);
            }
        }
        for (x, _) in &a.actions {
            match x {
                Alteration::AddCheck(c) => self.add_mysql_check(&mut work, c, None, out),
                Alteration::AddForeignKey(f) => self.add_mysql_foreign_key(&mut work, f, out),
                Alteration::AddColumn { column, .. } => {
                    self.add_column_checks(&mut work, column, out);
                    if let Some(f) = column.references.as_ref().filter(|_| self.is_mariadb()) {
                        self.add_mysql_foreign_key(&mut work, f, out);
                    }
                    self.check_generated_columns(&work, std::iter::once(column), out);
                }
                _ => {}
            }
        }
        self.keeps_what_is_needed(&before, &work, a.name.span(), &dropped, out);
        if a.actions.iter().any(|(x, _)| changes_keys(x)) && out.refusals.len() == refused {
            self.check_auto_increment(&work, a.name.span(), out);
        }
        if out.refusals.len() > refused {
            restore(&mut work.table, &before);
        }
        let key = work.key.clone();
        self.finish(work, false);
        self.follow_renames(&key, a);
        for (x, _) in &a.actions {
            if let Alteration::RenameTo(to) = x {
                self.rename_mysql_table(&a.name, to, false, out);
            }
        }
    }

    fn work_on(&mut self, name: &Name, out: &mut Outcome) -> Option<Work> {
        let key = self.expect_table(name, out)?;
        let held = self.held(&key)?;
        if !held.kind.is_table() {
            let text = format!("'{}' is not of type 'BASE TABLE'", name.text());
            self.say("invalid-definition", 1347, text, name.span(), Some("it is a view"), out);
            return None;
        }
        Some(Work { key, table: Table::clone(&held), failed: false })
    }

    /// "Can't DROP …; check that it exists".
    fn cannot_drop(&mut self, what: &str, name: &Ident, near: Option<String>, out: &mut Outcome) {
        let text = format!("Can't DROP {what} `{}`; check that it exists", name.value);
        self.report(problem("undefined-object", 1091, &text), name.span, near, out);
    }

    fn unsure(&self, table: &Table, name: &str) -> bool {
        table.open || self.may_have_part(&table.name, name) || self.is_blurred(name)
    }

    fn drops(&mut self, work: &mut Work, action: &Alteration, out: &mut Outcome) {
        match action {
            Alteration::DropColumn { name, if_exists } => self.drop_mysql_column(work, name, *if_exists, out),
            Alteration::DropKey { name, if_exists } => {
                if let Some(at) = work.table.indexes.iter().position(|i| same(&i.name, &name.value)) {
                    let gone = work.table.indexes.remove(at);
                    work.table.constraints.retain(|c| !(c.kind == ConstraintType::Unique && same(&c.name, &gone.name)));
                } else if !*if_exists && !self.unsure(&work.table, &name.value) {
                    let near = out.suggestion(&name.value, work.table.indexes.iter().map(|i| i.name.as_str()));
                    self.cannot_drop("INDEX", name, near, out);
                }
            }
            Alteration::DropPrimaryKey { if_exists } => {
                if work.table.indexes.iter().any(|i| i.name == PRIMARY) {
                    work.table.indexes.retain(|i| i.name != PRIMARY);
                    work.table.constraints.retain(|c| c.kind != ConstraintType::PrimaryKey);
                } else if !*if_exists && !work.table.open {
                    let text = "Can't DROP INDEX `PRIMARY`; check that it exists".to_owned();
                    self.say("undefined-object", 1091, text, Span::default(), None, out);
                }
            }
            Alteration::DropForeignKey { name, if_exists } => {
                let is = |c: &super::super::object::Constraint| {
                    matches!(c.kind, ConstraintType::ForeignKey { .. }) && same(&c.name, &name.value)
                };
                if work.table.constraints.iter().any(is) {
                    work.table.constraints.retain(|c| !is(c));
                } else if !*if_exists && !self.unsure(&work.table, &name.value) {
                    let names = keys::foreign_keys(&work.table);
                    let near = out.suggestion(&name.value, names.iter().map(|(n, _)| n.as_str()));
                    self.cannot_drop("FOREIGN KEY", name, near, out);
                }
            }
            Alteration::DropConstraint { name, if_exists, check } => {
                let primary = same(&name.value, PRIMARY);
                let there = work
                    .table
                    .constraints
                    .iter()
                    .any(|c| same(&c.name, &name.value) && (!check || c.kind == ConstraintType::Check));
                if there {
                    work.table.constraints.retain(|c| !same(&c.name, &name.value));
                    work.table.indexes.retain(|i| !(i.constraint && same(&i.name, &name.value)));
                } else if !*if_exists && !primary && !self.unsure(&work.table, &name.value) {
                    let near = out.suggestion(&name.value, work.table.constraints.iter().map(|c| c.name.as_str()));
                    self.cannot_drop("CONSTRAINT", name, near, out);
                }
            }
            _ => {}
        }
    }

    fn drop_mysql_column(&mut self, work: &mut Work, name: &Ident, if_exists: bool, out: &mut Outcome) {
        let Some(at) = work.table.columns.iter().position(|c| same(&c.name, &name.value)) else {
            let known = format!("column {}.{}", work.table.name, name.value);
            if !if_exists && !self.unsure(&work.table, &name.value) && !self.is_poisoned(&known) {
                let near = out.suggestion(&name.value, work.table.columns.iter().map(|c| c.name.as_str()));
                self.cannot_drop("COLUMN", name, near, out);
            }
            return;
        };
        let own = work.table.columns[at].name.clone();
        if !self.session.foreign_keys_off
            && let Some((constraint, table)) = self.needed_by_foreign_key(work, &own)
        {
            let (number, text) = match table {
                Some(table) => (
                    1829,
                    format!(
                        "Cannot drop column '{own}': needed in a foreign key constraint '{constraint}' of table '{table}'"
                    ),
                ),
                None => {
                    (1828, format!("Cannot drop column '{own}': needed in a foreign key constraint '{constraint}'"))
                }
            };
            let help = format!("drop the foreign key first: DROP FOREIGN KEY {constraint}");
            self.report(problem("dependent-objects", number, &text), name.span, Some(help), out);
            return;
        }
        let reads = |text: &str| text.split(' ').any(|w| same(w.trim_matches('`'), &own));
        if let Some(other) = work.table.columns.iter().find(|c| c.generated.as_deref().is_some_and(reads)) {
            let text = format!("Column '{own}' has a generated column dependency.");
            let help = format!("\"{}\" is made of it: drop that one first", other.name);
            self.report(problem("dependent-objects", 3108, &text), name.span, Some(help), out);
            return;
        }
        work.table.columns.remove(at);
        for i in &mut work.table.indexes {
            i.columns.retain(|c| c.as_ref().is_none_or(|c| !same(c, &own)));
        }
        let emptied: Vec<String> =
            work.table.indexes.iter().filter(|i| i.columns.is_empty()).map(|i| i.name.clone()).collect();
        work.table.indexes.retain(|i| !i.columns.is_empty());
        for c in &mut work.table.constraints {
            if matches!(c.kind, ConstraintType::PrimaryKey | ConstraintType::Unique) {
                c.columns.retain(|n| !same(n, &own));
            }
        }
        work.table.constraints.retain(|c| match c.kind {
            ConstraintType::PrimaryKey | ConstraintType::Unique => !emptied.contains(&c.name),
            // A check of this column alone goes with it.
            ConstraintType::Check => !(c.columns.len() == 1 && same(&c.columns[0], &own)),
            _ => true,
        });
    }

    /// The foreign key that holds a column: of this table, or of another one, with that one's name.
    fn needed_by_foreign_key(&self, work: &Work, name: &str) -> Option<(String, Option<String>)> {
        let own =
            work.table.constraints.iter().find(|c| {
                matches!(c.kind, ConstraintType::ForeignKey { .. }) && c.columns.iter().any(|x| same(x, name))
            });
        if let Some(c) = own {
            return Some((c.name.clone(), None));
        }
        self.dependents(&work.key).into_iter().filter(|e| e.from != work.key && !self.edge_may_be_gone(e)).find_map(
            |e| {
                let Part::Constraint(constraint) = &e.part else { return None };
                let child = self.table(&e.from)?;
                child.constraints.iter().find_map(|c| match &c.kind {
                    ConstraintType::ForeignKey { columns, .. }
                        if c.name == *constraint && columns.iter().any(|x| same(x, name)) =>
                    {
                        Some((c.name.clone(), Some(child.name.clone())))
                    }
                    _ => None,
                })
            },
        )
    }

    /// New columns, changed ones, renamed ones, and defaults.
    fn changes(&mut self, work: &mut Work, before: &Table, action: &Alteration, dropped: &[&str], out: &mut Outcome) {
        match action {
            Alteration::AddColumn { column: c, position, if_not_exists } => {
                self.check_name(&c.name, out);
                self.remember(&c.name.value);
                if column(&work.table, &c.name.value).is_some() && *if_not_exists {
                    self.compare_column(&work.table, c, out);
                    return;
                }
                let at = self.place_of(work, position, out);
                self.add_mysql_column(work, c, at, out);
            }
            Alteration::ChangeColumn { from, column: c, position, if_exists, renames } => {
                let Some(at) = self.column_at(work, before, from, *if_exists, out) else { return };
                if *renames && !same(&from.value, &c.name.value) && column(&work.table, &c.name.value).is_some() {
                    let problem = Problem::DuplicateColumn { column: c.name.value.clone(), relation: None };
                    self.report(problem, c.name.span, None, out);
                    return;
                }
                self.check_name(&c.name, out);
                let old = work.table.columns[at].clone();
                let mut new = self.mysql_column(c, &work.table.definition.clone(), out);
                let primary = work.table.primary_key().is_some_and(|p| p.columns.iter().any(|n| same(n, &old.name)));
                new.not_null |= primary;
                if !same(&old.name, &new.name) {
                    rename_in(&mut work.table, &old.name, &new.name);
                    self.remember(&new.name);
                }
                self.keeps_key_type(work, &old, &new, c, dropped, out);
                work.table.columns[at] = new;
                if !matches!(position, Position::Last) {
                    let moved = work.table.columns.remove(at);
                    let to = self.place_of(work, position, out).unwrap_or(at).min(work.table.columns.len());
                    work.table.columns.insert(to, moved);
                }
            }
            Alteration::RenameColumn { from, to, if_exists } => {
                let Some(at) = self.column_at(work, before, from, *if_exists, out) else { return };
                if !same(&from.value, &to.value) && column(&work.table, &to.value).is_some() {
                    let problem = Problem::DuplicateColumn { column: to.value.clone(), relation: None };
                    self.report(problem, to.span, None, out);
                    return;
                }
                self.check_name(to, out);
                self.remember(&to.value);
                let old = work.table.columns[at].name.clone();
                rename_in(&mut work.table, &old, &to.value);
                work.table.columns[at].name.clone_from(&to.value);
            }
            Alteration::SetDefault { column: c, default, if_exists } => {
                let Some(at) = self.column_at(work, before, c, *if_exists, out) else { return };
                work.table.columns[at].default = default.as_ref().map(|d| d.text.clone());
            }
            Alteration::AlterKey { name, if_exists } => {
                let there = work.table.indexes.iter().any(|i| same(&i.name, &name.value));
                if !there && !*if_exists && !self.unsure(&work.table, &name.value) {
                    let text = format!("Key '{}' doesn't exist in table '{}'", name.value, work.table.name);
                    self.say("undefined-object", 1176, text, name.span, None, out);
                }
            }
            Alteration::AlterConstraint { name } => {
                let there = work.table.constraints.iter().any(|c| same(&c.name, &name.value));
                if !there && !self.unsure(&work.table, &name.value) {
                    let text = format!("Check constraint '{}' is not found in the table.", name.value);
                    self.say("undefined-object", 3821, text, name.span, None, out);
                }
            }
            Alteration::Convert(to) => {
                for c in &mut work.table.columns {
                    c.data_type = types::converted(&c.data_type, to);
                }
                work.table.definition = types::table_charset(to);
            }
            Alteration::Options(options) => {
                let charset = types::table_charset(&options.charset);
                if !charset.is_empty() {
                    work.table.definition = charset;
                }
            }
            _ => {}
        }
    }

    /// `ADD COLUMN IF NOT EXISTS` of a column of another type: the guard hides the difference.
    fn compare_column(&mut self, table: &Table, c: &ColumnSpec, out: &mut Outcome) {
        let Some(there) = column(table, &c.name.value) else { return };
        let wanted = types::column_type(&c.data_type, &table.definition, self.is_mariadb());
        if there.data_type.unknown || there.data_type.text == wanted.text {
            return;
        }
        let message = format!(
            "column \"{}\" of \"{}\" exists as {}, and IF NOT EXISTS hides it",
            there.name, table.name, there.data_type.text
        );
        let problem = Problem::Other { rule: "if-not-exists-shape", sqlstate: None, message };
        let help = Some("change its type with MODIFY COLUMN".to_owned());
        out.remarks.push(super::Refusal { problem, span: c.name.span, help });
    }

    /// Where a column stands that must be there: as the table was before.
    fn column_at(
        &mut self,
        work: &Work,
        before: &Table,
        name: &Ident,
        guarded: bool,
        out: &mut Outcome,
    ) -> Option<usize> {
        let at = work.table.columns.iter().position(|c| same(&c.name, &name.value));
        if at.is_some() && (column(before, &name.value).is_some() || before.open) {
            return at;
        }
        if at.is_none() && !guarded {
            self.expect_column(&work.table, name, false, out);
        }
        None
    }

    fn place_of(&mut self, work: &Work, position: &Position, out: &mut Outcome) -> Option<usize> {
        match position {
            Position::Last => None,
            Position::First => Some(0),
            Position::After(name) => {
                let at = work.table.columns.iter().position(|c| same(&c.name, &name.value));
                if at.is_none() {
                    self.expect_column(&work.table, name, false, out);
                }
                at.map(|i| i + 1)
            }
        }
    }

    /// The type of a column in a foreign key stays what it is.
    fn keeps_key_type(
        &mut self,
        work: &Work,
        old: &Column,
        new: &Column,
        c: &ColumnSpec,
        dropped: &[&str],
        out: &mut Outcome,
    ) {
        if self.session.foreign_keys_off || types::comparable(&old.data_type, &new.data_type) {
            return;
        }
        let Some((constraint, table)) =
            self.needed_by_foreign_key(work, &new.name).or_else(|| self.needed_by_foreign_key(work, &old.name))
        else {
            return;
        };
        if dropped.iter().any(|d| same(d, &constraint)) {
            return;
        }
        let (number, text) = match (&table, self.is_mariadb()) {
            (Some(table), _) => (
                1833,
                format!(
                    "Cannot change column '{}': used in a foreign key constraint '{constraint}' of table '{table}'",
                    old.name
                ),
            ),
            (None, true) => {
                (1832, format!("Cannot change column '{}': used in a foreign key constraint '{constraint}'", old.name))
            }
            (None, false) => (
                3780,
                format!(
                    "Referencing column '{}' and referenced column in foreign key constraint '{constraint}' are incompatible.",
                    old.name
                ),
            ),
        };
        let help =
            format!("it is {}, and would be {}: drop the foreign key first", old.data_type.text, new.data_type.text);
        self.report(problem("fk-type-mismatch", number, &text), c.name.span, Some(help), out);
    }

    fn rename_mysql_key(&mut self, work: &mut Work, from: &Ident, to: &Ident, guarded: bool, out: &mut Outcome) {
        self.check_name(to, out);
        self.remember(&to.value);
        let Some(at) = work.table.indexes.iter().position(|i| same(&i.name, &from.value)) else {
            if !guarded && !self.unsure(&work.table, &from.value) {
                let near = out.suggestion(&from.value, work.table.indexes.iter().map(|i| i.name.as_str()));
                let text = format!("Key '{}' doesn't exist in table '{}'", from.value, work.table.name);
                self.report(problem("undefined-object", 1176, &text), from.span, near, out);
            }
            return;
        };
        if !same(&from.value, &to.value) && work.table.indexes.iter().any(|i| same(&i.name, &to.value)) {
            let text = format!("Duplicate key name '{}'", to.value);
            self.say("duplicate-object", 1061, text, to.span, None, out);
            return;
        }
        work.table.indexes[at].name.clone_from(&to.value);
        work.table.indexes[at].implicit = false;
        for c in &mut work.table.constraints {
            if c.kind == ConstraintType::Unique && same(&c.name, &from.value) {
                c.name.clone_from(&to.value);
            }
        }
    }

    /// Each foreign key keeps an index on both sides.
    fn keeps_what_is_needed(&mut self, before: &Table, work: &Work, span: Span, dropped: &[&str], out: &mut Outcome) {
        if self.session.foreign_keys_off || work.table.open {
            return;
        }
        let gone: Vec<&Index> =
            before.indexes.iter().filter(|i| !work.table.indexes.iter().any(|j| same(&i.name, &j.name))).collect();
        if gone.is_empty() {
            return;
        }
        let served = |columns: &[String]| work.table.indexes.iter().any(|i| leads(i, columns));
        let own = work.table.constraints.iter().find(|c| {
            matches!(c.kind, ConstraintType::ForeignKey { .. })
                && !dropped.iter().any(|d| same(d, &c.name))
                && !served(&c.columns)
        });
        let mut needed = own.map(|c| c.columns.clone());
        for edge in self.dependents(&work.key) {
            let (Part::Constraint(name), false) = (&edge.part, self.edge_may_be_gone(&edge)) else { continue };
            let Some(child) = self.table(&edge.from) else { continue };
            let gone_too = edge.from == work.key && dropped.iter().any(|d| same(d, name));
            needed = needed.or_else(|| {
                child.constraints.iter().find_map(|c| match &c.kind {
                    ConstraintType::ForeignKey { columns, .. }
                        if c.name == *name && !columns.is_empty() && !served(columns) && !gone_too =>
                    {
                        Some(columns.clone())
                    }
                    _ => None,
                })
            });
        }
        let Some(columns) = needed else { return };
        let Some(index) = gone.iter().find(|i| leads(i, &columns)) else { return };
        let text = format!("Cannot drop index '{}': needed in a foreign key constraint", index.name);
        let help = "drop the foreign key first, or add another index on the same columns";
        self.say("dependent-objects", 1553, text, span, Some(help), out);
    }

    /// What points at renamed columns, and the triggers that stay.
    fn follow_renames(&mut self, key: &Key, a: &TableAlteration) {
        let renamed: Vec<(String, String)> = a
            .actions
            .iter()
            .filter_map(|(x, _)| match x {
                Alteration::RenameColumn { from, to, .. } => Some((from.value.clone(), to.value.clone())),
                Alteration::ChangeColumn { from, column, renames: true, .. } => {
                    Some((from.value.clone(), column.name.value.clone()))
                }
                _ => None,
            })
            .collect();
        if renamed.is_empty() {
            return;
        }
        let children: Vec<Key> = self.dependents(key).into_iter().map(|e| e.from).collect();
        for child in children {
            self.change_table(&child, |t| {
                for c in &mut t.constraints {
                    if let ConstraintType::ForeignKey { table, columns, .. } = &mut c.kind
                        && table == key
                    {
                        for c in columns {
                            if let Some((_, to)) = renamed.iter().find(|(from, _)| same(from, c)) {
                                c.clone_from(to);
                            }
                        }
                    }
                }
            });
        }
    }

    // ---- indexes

    pub(super) fn create_mysql_index(&mut self, table: &Name, k: &KeyDefinition, or_replace: bool, out: &mut Outcome) {
        let Some(mut work) = self.work_on(table, out) else { return };
        if or_replace && let Some(name) = &k.name {
            let name = name.value.clone();
            work.table.indexes.retain(|i| !same(&i.name, &name));
            work.table.constraints.retain(|c| !(c.kind == ConstraintType::Unique && same(&c.name, &name)));
        }
        self.add_mysql_key(&mut work, k, out);
        self.finish(work, false);
    }

    pub(super) fn drop_mysql_index(&mut self, table: &Name, name: &Ident, if_exists: bool, out: &mut Outcome) {
        if if_exists && self.find_relation(table) == Found::No {
            return;
        }
        let action = if same(&name.value, PRIMARY) {
            Alteration::DropPrimaryKey { if_exists }
        } else {
            Alteration::DropKey { name: name.clone(), if_exists }
        };
        let alteration = TableAlteration { name: table.clone(), if_exists: false, actions: vec![(action, name.span)] };
        self.alter_mysql_table(&alteration, out);
    }
}

/// Whether an action can leave an AUTO_INCREMENT column without a key, or add a second one.
fn changes_keys(action: &Alteration) -> bool {
    match action {
        Alteration::DropPrimaryKey { .. } | Alteration::DropKey { .. } | Alteration::DropConstraint { .. } => true,
        Alteration::AddColumn { column, .. } | Alteration::ChangeColumn { column, .. } => {
            column.auto_increment.is_some() || column.data_type.serial
        }
        _ => false,
    }
}

/// The server has done nothing of what it refused: what was there stays. What is new stays as well, so that its use is
/// not reported, too.
fn restore(table: &mut Table, before: &Table) {
    for c in &before.columns {
        match table.columns.iter_mut().find(|x| same(&x.name, &c.name)) {
            Some(x) => x.clone_from(c),
            None => table.columns.push(c.clone()),
        }
    }
    for i in &before.indexes {
        match table.indexes.iter_mut().find(|x| same(&x.name, &i.name)) {
            Some(x) => x.clone_from(i),
            None => table.indexes.push(i.clone()),
        }
    }
    for c in &before.constraints {
        if !table.constraints.iter().any(|x| same(&x.name, &c.name)) {
            table.constraints.push(c.clone());
        }
    }
}

/// A column under another name, in the keys and the generated columns of its table.
fn rename_in(table: &mut Table, from: &str, to: &str) {
    for i in &mut table.indexes {
        for c in i.columns.iter_mut().flatten().filter(|c| same(c, from)) {
            to.clone_into(c);
        }
        i.labels = i.columns.iter().flatten().cloned().collect();
    }
    for c in &mut table.constraints {
        for name in c.columns.iter_mut().filter(|n| same(n, from)) {
            to.clone_into(name);
        }
    }
}
