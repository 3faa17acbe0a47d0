//! ALTER TABLE, and relations that move.

use super::constraint::constraint_key;
use super::depend::column_key;
use super::infer::Place;
use super::inherit::invalid;
use super::object::{Column, Constraint, ConstraintType, Table, TableKind, Type};
use super::operators::{Context, Inferred, Sure, Ty};
use super::relations::relation_kind;
use super::resolve::Scope;
use super::types::quoted;
use super::{Catalog, Data, Found, Key, Mark, Object, Outcome, Part, Problem, Refusal};
use crate::change::{
    AlterTable, ConstraintDefinition, ConstraintKind, Expr, Ident, Name, ObjectKind, TableAction, TableActionKind,
};

impl Catalog {
    pub(crate) fn alter_table(&mut self, a: &AlterTable, since: Option<&Mark>, out: &mut Outcome) {
        let key = match self.find_relation(&a.name) {
            Found::Yes(key) => key,
            Found::No => {
                if !a.if_exists {
                    self.report_relation(&a.name, out);
                }
                return;
            }
            Found::Perhaps => return,
        };
        match self.get(&key) {
            Some(Object::Table(_)) => {}
            // ALTER TABLE works on indexes and sequences for what they share with tables.
            Some(_) => return,
            None => return,
        }
        if let Some(t) = self.table(&key) {
            let right = match a.kind {
                ObjectKind::View => t.kind == TableKind::View,
                ObjectKind::MaterializedView => t.kind == TableKind::MaterializedView,
                _ => true,
            };
            if !right {
                let problem = Problem::WrongKind { name: a.name.name.value.clone(), wanted: a.kind };
                self.report(problem, a.name.span(), None, out);
                return;
            }
        }
        let mut actions: Vec<&TableAction> = a.actions.iter().collect();
        if self.engine.checks_types {
            actions.sort_by_key(|a| pass(&a.kind));
        }
        for action in actions {
            self.table_action(&key, action, a.only, since, out);
        }
    }

    pub(super) fn table_action(
        &mut self,
        key: &Key,
        action: &TableAction,
        only: bool,
        since: Option<&Mark>,
        out: &mut Outcome,
    ) {
        let Some(table) = self.held(key) else { return };
        match &action.kind {
            TableActionKind::AddColumn { column, if_not_exists } => {
                if table.columns.iter().any(|c| self.same(&c.name, &column.name.value)) {
                    if !if_not_exists {
                        let relation = Some(table.name.clone());
                        let problem = Problem::DuplicateColumn { column: column.name.value.clone(), relation };
                        let same = |c: &&Column| self.same(&c.name, &column.name.value);
                        let place = table.columns.iter().find(same).map(|c| c.place.clone());
                        out.earlier.extend(place.map(|place| (column.name.span, place)));
                        let (t, c) = (quoted(&table.name), quoted(&column.name.value));
                        let help = if self.engine.alters_without_guard {
                            format!("{t} has it already: leave this out")
                        } else {
                            format!(
                                "leave this out, or if both may come first: ALTER TABLE {t} ADD COLUMN IF NOT EXISTS {c} …"
                            )
                        };
                        self.report(problem, column.name.span, Some(help), out);
                    }
                    return;
                }
                if let Some(message) = self.no_new_column(key, &table, only) {
                    let code = if only && table.bound.is_none() && table.of_type.is_none() { "42P16" } else { "42809" };
                    self.report(invalid(code, message.to_owned()), column.name.span, None, out);
                    return;
                }
                let mut changed = Table::clone(&table);
                let sequence = self.own_sequence(key, &changed.name, column, out);
                if self.add_column(key, &mut changed, column, out) {
                    let Some(added) = changed.columns.pop() else { return };
                    self.change_table(key, |t| t.columns.push(added));
                    if let Some(sequence) = sequence {
                        self.draw_from(key, column, sequence);
                    }
                    self.add_to_children(key, &column.name, out);
                    let mut constraints = self.distinct_keys(column.constraints.iter());
                    constraints.sort_by_key(|c| constraint_pass(c));
                    for c in constraints {
                        self.add_constraint(key, &c, only, out);
                    }
                    self.check_generated(key, std::slice::from_ref(column), out);
                    if table.strict {
                        self.check_strict(&table.name, column, out);
                    }
                } else {
                    self.poison_column(&changed.name, &column.name.value);
                }
            }
            TableActionKind::DropColumn { name, if_exists, cascade } => {
                self.drop_column(key, &table, name, *if_exists, *cascade, only, out);
            }
            TableActionKind::RenameColumn { from, to } => {
                self.check_length(to, out);
                if !table.columns.iter().any(|c| self.same(&c.name, &from.value)) {
                    // Known to be missing, or not known: so it is by its new name.
                    self.poison_column(&table.name, &to.value);
                }
                if !self.expect_column(&table, from, false, out) {
                    return;
                }
                if table.columns.iter().any(|c| self.same(&c.name, &to.value)) {
                    let problem =
                        Problem::DuplicateColumn { column: to.value.clone(), relation: Some(table.name.clone()) };
                    self.report(problem, to.span, None, out);
                    return;
                }
                let refused = if self.engine.system_columns.contains(&from.value.as_str()) {
                    Some(("0A000", format!("cannot rename system column \"{}\"", from.value)))
                } else if table.of_type.is_some() {
                    Some(("42809", "cannot rename column of typed table".to_owned()))
                } else if self.is_inherited(&table, &from.value) {
                    Some(("42P16", format!("cannot rename inherited column \"{}\"", from.value)))
                } else if only && !self.children(key).is_empty() {
                    Some(("42P16", format!("inherited column \"{}\" must be renamed in child tables too", from.value)))
                } else {
                    None
                };
                if let Some((code, message)) = refused.filter(|_| self.engine.checks_types) {
                    self.report(invalid(code, message), from.span, None, out);
                    return;
                }
                self.rename_column(key, &from.value, &to.value);
                for child in self.descendants(key) {
                    self.rename_column(&child, &from.value, &to.value);
                }
            }
            TableActionKind::AddConstraint(c) => self.add_constraint(key, c, only, out),
            TableActionKind::DropConstraint { name, if_exists, cascade } => {
                self.drop_constraint(key, &table, name, *if_exists, *cascade, out);
            }
            TableActionKind::RenameConstraint { from, to } => self.rename_constraint(key, &table, from, to, out),
            TableActionKind::ValidateConstraint(name) => {
                if self.expect_constraint(&table, name, out) {
                    self.change_table(key, |t| {
                        for c in t.constraints.iter_mut().filter(|c| c.name == name.value) {
                            c.valid = true;
                        }
                    });
                }
            }
            TableActionKind::AlterConstraint(name) => {
                self.expect_constraint(&table, name, out);
            }
            TableActionKind::SetType { column, data_type, using } => {
                if !self.expect_column(&table, column, false, out) {
                    return;
                }
                if self.keeps_type(key, &table, column, only, out) {
                    return;
                }
                let resolved = self.resolve_type(data_type, out);
                let own = table.columns.iter().find(|c| self.same(&c.name, &column.value)).cloned();
                let mut becomes =
                    own.as_ref().and_then(|c| Ty::of(&c.data_type)).map_or(Inferred::Unknown, Inferred::Known);
                if let Some(using) = using {
                    let scope = Scope::of_table(self, key, None);
                    let types = self.resolve_names(&using.names, std::slice::from_ref(&scope), out);
                    self.must_be_of_one_row(using, &types, Place::TRANSFORM, out);
                    becomes = types.of(using.root).clone();
                    let reads_itself =
                        using.names.columns.iter().any(|p| p.last().is_some_and(|c| c.value == column.value));
                    // A cast of the column to its own new type is the same again; anything else computes anew.
                    let plain = self.is_plain_cast(using, &column.value);
                    if reads_itself && !plain && since.is_none_or(|m| self.was_there(m, key)) {
                        out.data.push(Data::ConvertsAgain { column: column.value.clone(), span: using.span });
                    }
                }
                self.check_conversion(column, &becomes, own.as_ref(), &resolved, using.as_ref(), out);
                let identity = table.columns.iter().any(|c| c.name == column.value && c.identity.is_some());
                if identity && !super::table::may_be_identity(&resolved) {
                    let message = "identity column type must be smallint, integer, or bigint".to_owned();
                    self.report(invalid("22023", message), data_type.span, None, out);
                    return;
                }
                let typed = self.place(data_type.span);
                let mut all = self.descendants(key);
                all.push(key.clone());
                for table in all {
                    self.unlink_part(&table, &Part::Column(column.value.clone()));
                    self.link_column(&table, &column.value, &resolved);
                    self.change_table(&table, |t| {
                        if let Some(c) = t.columns.iter_mut().find(|c| c.name == column.value) {
                            c.data_type = resolved.clone();
                            c.typed = typed.clone();
                        }
                    });
                }
            }
            TableActionKind::SetDefault { column, default } => {
                if !self.expect_column(&table, column, false, out) {
                    return;
                }
                if self.has_own_values(&table, column, out) {
                    return;
                }
                if let Some(c) = table.columns.iter().find(|c| self.same(&c.name, &column.value)) {
                    let data_type = c.data_type.clone();
                    self.check_default(&column.value, &data_type, default, out);
                }
                self.unlink_part(key, &Part::Default(column.value.clone()));
                self.link_names(key, &Part::Default(column.value.clone()), &default.names);
                let kept = table.columns.iter().find(|c| self.same(&c.name, &column.value));
                let kept =
                    kept.map_or_else(|| Some(default.text.clone()), |c| self.kept_default(&c.data_type, default));
                self.change_column(key, column, only, |c| c.default.clone_from(&kept));
            }
            TableActionKind::DropDefault(column) => {
                if self.expect_column(&table, column, false, out) && !self.has_own_values(&table, column, out) {
                    self.unlink_part(key, &Part::Default(column.value.clone()));
                    self.change_column(key, column, only, |c| c.default = None);
                }
            }
            TableActionKind::SetNotNull(column) => {
                if self.expect_column(&table, column, false, out) {
                    self.change_column(key, column, only, |c| c.not_null = true);
                }
            }
            TableActionKind::DropNotNull(column) => {
                if !self.expect_column(&table, column, false, out) {
                    return;
                }
                let key_needs_it =
                    |p: &Constraint| p.columns.contains(&column.value) && !self.part_may_be_gone(&table.name, &p.name);
                if table.primary_key().is_some_and(key_needs_it) {
                    let problem = Problem::Other {
                        rule: "null-in-key",
                        sqlstate: Some("42P16"),
                        message: format!("column \"{}\" is in a primary key", column.value),
                    };
                    self.report(problem, column.span, None, out);
                    return;
                }
                let parent_keeps = table.bound.is_some()
                    && table
                        .parents
                        .iter()
                        .filter_map(|p| self.table(p))
                        .any(|p| p.columns.iter().any(|c| c.name == column.value && c.not_null));
                let refused = if table.columns.iter().any(|c| c.name == column.value && c.identity.is_some()) {
                    Some((
                        "42601",
                        format!("column \"{}\" of relation \"{}\" is an identity column", column.value, table.name),
                    ))
                } else if parent_keeps {
                    Some(("42P16", format!("column \"{}\" is marked NOT NULL in parent table", column.value)))
                } else {
                    None
                };
                if let Some((code, message)) = refused {
                    self.report(invalid(code, message), column.span, None, out);
                    return;
                }
                self.change_column(key, column, only, |c| c.not_null = false);
            }
            TableActionKind::AddIdentity { column, identity, sequence } => {
                if !self.expect_column(&table, column, false, out) {
                    return;
                }
                let has = table.columns.iter().any(|c| c.name == column.value && c.identity.is_some());
                if has {
                    let problem = Problem::Other {
                        rule: "invalid-definition",
                        sqlstate: Some("55000"),
                        message: format!(
                            "column \"{}\" of relation \"{}\" is already an identity column",
                            column.value, table.name
                        ),
                    };
                    self.report(problem, column.span, None, out);
                    return;
                }
                let found = table.columns.iter().find(|c| c.name == column.value);
                let message = match found {
                    Some(c) if !c.not_null => "must be declared NOT NULL before identity can be added",
                    Some(c) if c.default.is_some() => "already has a default value",
                    _ => "",
                };
                let refused = match found {
                    _ if !message.is_empty() => {
                        Some(("55000", format!("column \"{}\" of relation \"{}\" {message}", column.value, table.name)))
                    }
                    Some(c) if !super::table::may_be_identity(&c.data_type) => {
                        Some(("22023", "identity column type must be smallint, integer, or bigint".to_owned()))
                    }
                    _ => None,
                };
                if let Some((code, message)) = refused {
                    self.report(invalid(code, message), column.span, None, out);
                    return;
                }
                let identity = *identity;
                self.change_column(key, column, true, |c| c.identity = Some(identity));
                self.identity_sequence(key, &table.name, &column.value, sequence.as_ref(), out);
            }
            TableActionKind::SetIdentity { column, identity } => {
                if self.expect_column(&table, column, false, out) && self.expect_identity(&table, column, out) {
                    let identity = *identity;
                    self.change_column(key, column, true, |c| c.identity = Some(identity));
                }
            }
            TableActionKind::DropIdentity { column, if_exists } => {
                if !self.expect_column(&table, column, false, out) {
                    return;
                }
                if !if_exists && !self.expect_identity(&table, column, out) {
                    return;
                }
                self.change_column(key, column, true, |c| c.identity = None);
                self.drop_owned_sequences(key, Some(&column.value));
            }
            TableActionKind::SetExpression { column, expr } => {
                if self.expect_column(&table, column, false, out) {
                    let scope = Scope::of_table(self, key, None);
                    self.check_expression(&column.value, key, &scope, expr, out);
                    self.change_column(key, column, only, |c| c.generated = Some(expr.text.clone()));
                    self.link_generated(key, &column.value, expr, out);
                }
            }
            TableActionKind::DropExpression { column, if_exists } => {
                if !self.expect_column(&table, column, false, out) {
                    return;
                }
                let plain = table.columns.iter().any(|c| c.name == column.value && c.generated.is_none());
                if plain && !if_exists && !table.open {
                    let problem = Problem::Other {
                        rule: "invalid-definition",
                        sqlstate: Some("55000"),
                        message: format!(
                            "column \"{}\" of relation \"{}\" is not a generated column",
                            column.value, table.name
                        ),
                    };
                    self.report(problem, column.span, None, out);
                    return;
                }
                self.unlink_part(key, &Part::Generated(column.value.clone()));
                self.change_column(key, column, only, |c| c.generated = None);
            }
            TableActionKind::TouchColumn(column) => {
                self.expect_column(&table, column, false, out);
            }
            TableActionKind::AttachPartition { name, bound } => {
                let Some(child) = self.expect_table(name, out) else { return };
                if table.kind != TableKind::Partitioned {
                    let message =
                        format!("ALTER action ATTACH PARTITION cannot be performed on relation \"{}\"", table.name);
                    self.report(invalid("42809", message), name.span(), None, out);
                    return;
                }
                if let Some(bound) = bound {
                    self.check_bound(key, &name.name, bound, name.span(), out);
                }
                self.adopt(key, &child, name.span(), bound.clone(), out);
            }
            TableActionKind::DetachPartition { name, .. } => {
                if let Some(child) = self.expect_table(name, out) {
                    if !self.table(&child).is_some_and(|t| t.open || t.parents.contains(key)) {
                        let problem = Problem::Other {
                            rule: "undefined-table",
                            sqlstate: Some("42P01"),
                            message: format!(
                                "relation \"{}\" is not a partition of relation \"{}\"",
                                child.name(),
                                table.name
                            ),
                        };
                        self.report(problem, name.span(), None, out);
                        return;
                    }
                    self.disinherit(key, &child);
                }
            }
            TableActionKind::Inherit(name) => {
                if let Some(parent) = self.expect_table(name, out) {
                    self.adopt(&parent, key, name.span(), None, out);
                }
            }
            TableActionKind::NoInherit(name) => {
                if let Some(parent) = self.expect_table(name, out) {
                    if !table.parents.contains(&parent) && !table.open {
                        let problem = Problem::Other {
                            rule: "undefined-table",
                            sqlstate: Some("42P01"),
                            message: format!(
                                "relation \"{}\" is not a parent of relation \"{}\"",
                                parent.name(),
                                table.name
                            ),
                        };
                        self.report(problem, name.span(), None, out);
                        return;
                    }
                    self.disinherit(&parent, key);
                }
            }
            TableActionKind::EnableTrigger { name: Some(name) } => {
                if !table.open
                    && !self.may_have_part(&table.name, &name.value)
                    && !self.open_triggers
                    && !table.triggers.iter().any(|(n, _)| *n == name.value)
                {
                    let help = out.suggestion(&name.value, table.triggers.iter().map(|(n, _)| n.as_str()));
                    let problem = Problem::UndefinedOn {
                        kind: ObjectKind::Trigger,
                        name: name.value.clone(),
                        relation: table.name.clone(),
                    };
                    self.report(problem, name.span, help, out);
                }
            }
            TableActionKind::EnableRule(name) => {
                if !table.open && !self.may_have_part(&table.name, &name.value) && !table.rules.contains(&name.value) {
                    let help = out.suggestion(&name.value, table.rules.iter().map(String::as_str));
                    let problem = Problem::UndefinedOn {
                        kind: ObjectKind::Rule,
                        name: name.value.clone(),
                        relation: table.name.clone(),
                    };
                    self.report(problem, name.span, help, out);
                }
            }
            TableActionKind::ReplicaIdentityIndex(name) | TableActionKind::ClusterOn(name) => {
                if !table.open && !self.is_open() && !table.indexes.iter().any(|i| i.name == name.value) {
                    let help = out.suggestion(&name.value, table.indexes.iter().map(|i| i.name.as_str()));
                    let problem = Problem::UndefinedObject { kind: ObjectKind::Index, name: name.value.clone() };
                    self.report(problem, name.span, help, out);
                }
            }
            TableActionKind::Other("NOT OF") => {
                if let Some(of) = &table.of_type {
                    self.unlink(&super::Edge { target: of.clone(), from: key.clone(), part: Part::Whole });
                    self.change_table(key, |t| t.of_type = None);
                }
            }
            TableActionKind::EnableTrigger { name: None } | TableActionKind::Other(_) => {}
        }
    }

    /// ALTER COLUMN … TYPE: what is there, or what USING makes of it, becomes the new type by itself, and so does a default.
    fn check_conversion(
        &mut self,
        column: &Ident,
        from: &Inferred,
        own: Option<&Column>,
        to: &Type,
        using: Option<&Expr>,
        out: &mut Outcome,
    ) {
        let (Some(target), true) = (Ty::of(to), self.engine.checks_types && !self.is_open()) else { return };
        let name = &column.value;
        let cannot = |t: &Ty| self.coerces(t, &target, Context::Assignment) == Sure::No;
        let refusal = |message: String, help: String, span| {
            let problem = Problem::Other { rule: "type-mismatch", sqlstate: Some("42804"), message };
            vec![Refusal { problem, span, help: Some(help) }]
        };
        let found = if from.ty().is_some_and(cannot) {
            match using {
                Some(using) => refusal(
                    format!(
                        "result of USING clause for column \"{name}\" cannot be cast automatically to type {}",
                        to.text
                    ),
                    format!("cast it in the USING clause: USING (…)::{}", to.text),
                    using.span,
                ),
                None => refusal(
                    format!("column \"{name}\" cannot be cast automatically to type {}", to.text),
                    format!("say how: USING {name}::{}", to.text),
                    column.span,
                ),
            }
        } else if let Some(own) = own
            && own.default.as_ref().is_some_and(|d| d.starts_with('\'') && d.ends_with('\'') && !d.contains("::"))
            && Ty::of(&own.data_type).is_some_and(|t| cannot(&t))
        {
            refusal(
                format!("default for column \"{name}\" cannot be cast automatically to type {}", to.text),
                format!("ALTER COLUMN {name} DROP DEFAULT first, and SET DEFAULT again after it"),
                column.span,
            )
        } else {
            return;
        };
        self.report_all(found, out);
    }

    /// `c::type`: the second time it casts a type to itself.
    pub(crate) fn is_plain_cast(&self, using: &crate::change::Expr, column: &str) -> bool {
        let text = using.text.replace(['(', ')', '"'], " ");
        let words: Vec<&str> = text.split_whitespace().collect();
        using.names.functions.is_empty()
            && using.names.queries.is_empty()
            && (words.first() == Some(&column) || words.first() == Some(&"cast"))
            && !words
                .iter()
                .any(|w| matches!(*w, "case" | "when" | "+" | "-" | "*" | "/" | "||" | "at" | "=" | "<" | ">"))
    }

    /// Why the table takes no column of its own.
    fn no_new_column(&self, key: &Key, table: &Table, only: bool) -> Option<&'static str> {
        if table.bound.is_some() {
            Some("cannot add column to a partition")
        } else if table.of_type.is_some() {
            Some("cannot add column to typed table")
        } else if only && !self.children(key).is_empty() {
            Some("column must be added to child tables too")
        } else {
            None
        }
    }

    /// A new column, on every child that has none of its name.
    fn add_to_children(&mut self, key: &Key, name: &Ident, out: &mut Outcome) {
        let same = |c: &&Column| c.name == name.value;
        let Some(column) = self.table(key).and_then(|t| t.columns.iter().find(same).cloned()) else { return };
        for child in self.descendants(key) {
            let Some(table) = self.table(&child) else { continue };
            match table.columns.iter().find(same) {
                None => {
                    let copy = Column { local: false, ..column.clone() };
                    self.link_column(&child, &column.name, &column.data_type);
                    self.change_table(&child, |t| t.columns.push(copy));
                    self.copy_needs(key, &Part::Default(name.value.clone()), &child);
                }
                Some(own) if own.data_type.text != column.data_type.text && !own.data_type.unknown => {
                    let message =
                        format!("child table \"{}\" has different type for column \"{}\"", table.name, name.value);
                    self.report(invalid("42804", message), name.span, None, out);
                }
                Some(_) => {}
            }
        }
    }

    /// Whether the values of a column come from elsewhere than a default: then it has none to set or drop.
    fn has_own_values(&mut self, table: &Table, column: &Ident, out: &mut Outcome) -> bool {
        let Some(found) = table.columns.iter().find(|c| c.name == column.value) else { return false };
        let what = if found.identity.is_some() {
            "an identity"
        } else if found.generated.is_some() {
            "a generated"
        } else {
            return false;
        };
        let message = format!("column \"{}\" of relation \"{}\" is {what} column", column.value, table.name);
        self.report(invalid("42601", message), column.span, None, out);
        true
    }

    /// Whether something keeps the type of a column as it is; that is said.
    fn keeps_type(&mut self, key: &Key, table: &Table, column: &Ident, only: bool, out: &mut Outcome) -> bool {
        if !self.engine.checks_types {
            return false;
        }
        let name = column.value.as_str();
        let parted = |t: &Table| t.partition_by.as_ref().is_some_and(|b| b.columns.iter().flatten().any(|c| c == name));
        let (code, message, help) = if table.of_type.is_some() {
            ("42809", "cannot alter column type of typed table".to_owned(), None)
        } else if self.is_inherited(table, name) {
            ("42P16", format!("cannot alter inherited column \"{name}\""), None)
        } else if parted(table) {
            let relation = &table.name;
            let why = format!(
                "cannot alter column \"{name}\" because it is part of the partition key of relation \"{relation}\""
            );
            ("42P16", why, None)
        } else if only && !self.children(key).is_empty() {
            ("42P16", format!("type of inherited column \"{name}\" must be changed in child tables too"), None)
        } else if let Some(e) = self
            .dependents(key)
            .into_iter()
            .find(|e| matches!(e.part, Part::Column(_)) && self.table(&e.from).is_some())
        {
            let Part::Column(user) = &e.part else { return false };
            let why = format!(
                "cannot alter table \"{}\" because column \"{}.{user}\" uses its row type",
                table.name,
                e.from.name()
            );
            ("0A000", why, None)
        } else {
            let used = self.dependents(&column_key(key, name)).into_iter().find_map(|e| {
                let (by, first) = match &e.part {
                    Part::Whole if self.has(&e.from) => ("used by a view or rule", format!("view {}", e.from.name())),
                    Part::Generated(g) if g != name => ("used by a generated column", format!("column {g}")),
                    Part::Trigger(t) => ("used in a trigger definition", format!("trigger {t}")),
                    Part::Policy(p) => ("used in a policy definition", format!("policy {p}")),
                    _ => return None,
                };
                Some((by, first))
            });
            let Some((by, first)) = used else { return false };
            let help = format!("{first} depends on it: drop that first, and make it again afterwards");
            ("0A000", format!("cannot alter type of a column {by}"), Some(help))
        };
        let problem = Problem::Other { rule: "dependent-objects", sqlstate: Some(code), message };
        self.report(problem, column.span, help, out);
        true
    }

    pub(super) fn change_column(&mut self, key: &Key, column: &Ident, only: bool, change: impl Fn(&mut Column)) {
        let folded = self.engine.ignores_case;
        let apply = |t: &mut Table| {
            let same = |c: &&mut Column| {
                if folded { c.name.eq_ignore_ascii_case(&column.value) } else { c.name == column.value }
            };
            if let Some(c) = t.columns.iter_mut().find(same) {
                change(c);
            }
        };
        self.change_table(key, apply);
        if !only {
            for child in self.descendants(key) {
                self.change_table(&child, apply);
            }
        }
    }

    /// Whether a column numbers itself; that it does not is said.
    fn expect_identity(&mut self, table: &Table, column: &Ident, out: &mut Outcome) -> bool {
        let is = table.open || table.columns.iter().any(|c| c.name == column.value && c.identity.is_some());
        if !is {
            let problem = Problem::Other {
                rule: "invalid-definition",
                sqlstate: Some("55000"),
                message: format!(
                    "column \"{}\" of relation \"{}\" is not an identity column",
                    column.value, table.name
                ),
            };
            self.report(problem, column.span, None, out);
        }
        is
    }

    pub(super) fn poison_column(&mut self, table: &str, column: &str) {
        self.poisoned.insert(format!("column {table}.{column}"));
    }

    pub(super) fn rename_column(&mut self, key: &Key, from: &str, to: &str) {
        let ignores_case = self.engine.ignores_case;
        let stored = self.stored(to);
        let is_from = move |n: &str| if ignores_case { n.eq_ignore_ascii_case(from) } else { n == from };
        self.change_table(key, |t| {
            for c in t.columns.iter_mut().filter(|c| is_from(&c.name)) {
                c.name.clone_from(&stored);
            }
            for c in &mut t.constraints {
                for n in c.columns.iter_mut().filter(|n| is_from(n)) {
                    n.clone_from(&stored);
                }
                if let ConstraintType::ForeignKey { table, columns, .. } = &mut c.kind
                    && table == key
                {
                    for n in columns.iter_mut().filter(|n| is_from(n)) {
                        n.clone_from(&stored);
                    }
                }
            }
            for n in t.partition_by.iter_mut().flat_map(|b| b.columns.iter_mut().flatten()).filter(|n| is_from(n)) {
                n.clone_from(&stored);
            }
            for i in &mut t.indexes {
                for n in i.columns.iter_mut().flatten().chain(&mut i.reads).filter(|n| is_from(n)) {
                    n.clone_from(&stored);
                }
            }
        });
        for edge in self.dependents(key) {
            self.change_table(&edge.from.clone(), |t| {
                for c in &mut t.constraints {
                    if let ConstraintType::ForeignKey { table, columns, .. } = &mut c.kind
                        && table == key
                    {
                        for n in columns.iter_mut().filter(|n| is_from(n)) {
                            n.clone_from(&stored);
                        }
                    }
                }
            });
        }
        for edge in self.needs_of(key) {
            let part = match &edge.part {
                Part::Column(c) if is_from(c) => Part::Column(stored.clone()),
                Part::Default(c) if is_from(c) => Part::Default(stored.clone()),
                Part::Generated(c) if is_from(c) => Part::Generated(stored.clone()),
                _ => continue,
            };
            self.unlink(&edge);
            self.link(edge.target, edge.from, part);
        }
        for (sequence, owner) in self.owned_sequences(key) {
            if is_from(&owner) {
                self.forget(&sequence);
                self.put_owned_sequence(sequence, key, &stored);
            }
        }
        self.relink(&column_key(key, from), &column_key(key, &stored));
    }

    pub(crate) fn rename_relation(&mut self, key: &Key, to: &Ident, out: &mut Outcome) {
        self.check_length(to, out);
        self.remember(&to.value);
        let target = Key::Relation(key.schema().to_owned(), self.folded(&to.value));
        if let Some(existing) = self.get(&target)
            && (target != *key || self.engine.checks_types)
        {
            let kind = relation_kind(existing);
            self.report(Problem::DuplicateRelation { name: to.value.clone(), kind }, to.span, None, out);
            return;
        }
        self.move_relation(key, target, &to.value);
    }

    /// Moves a relation to another key, and everything that points at it.
    pub(crate) fn move_relation(&mut self, key: &Key, target: Key, name: &str) {
        let Some(object) = self.get(key).cloned() else { return };
        match object {
            Object::Table(mut t) => {
                t.name = self.stored(name);
                for c in &mut t.constraints {
                    if let ConstraintType::ForeignKey { table, .. } = &mut c.kind
                        && table == key
                    {
                        *table = target.clone();
                    }
                }
                let owned = self.owned_sequences(key);
                let indexes: Vec<String> = t.indexes.iter().map(|i| i.name.clone()).collect();
                for c in &t.columns {
                    let moved = column_key(&target, &c.name);
                    self.relink(&column_key(key, &c.name), &moved);
                }
                // What needs this table knows it by its key.
                for edge in self.dependents(key) {
                    self.change_table(&edge.from, |t| {
                        for c in &mut t.constraints {
                            if let ConstraintType::ForeignKey { table, .. } = &mut c.kind
                                && table == key
                            {
                                *table = target.clone();
                            }
                        }
                        for p in t.parents.iter_mut().filter(|p| *p == key) {
                            *p = target.clone();
                        }
                    });
                }
                if key.schema() != target.schema() {
                    for c in &t.constraints {
                        let part = Part::Constraint(c.name.clone());
                        let old = constraint_key(key.schema(), &c.name);
                        self.unlink(&super::Edge { target: old, from: key.clone(), part: part.clone() });
                        self.link(constraint_key(target.schema(), &c.name), key.clone(), part);
                    }
                }
                self.relink(key, &target);
                self.forget(key);
                self.put(target.clone(), Object::Table(t));
                for i in indexes {
                    let old = Key::Relation(key.schema().to_owned(), self.folded(&i));
                    if matches!(self.get(&old), Some(Object::Index(_))) {
                        self.forget(&old);
                        let new = Key::Relation(target.schema().to_owned(), self.folded(&i));
                        self.put(new, Object::Index(target.clone()));
                    }
                }
                for (sequence, column) in owned {
                    let moved = Key::Relation(target.schema().to_owned(), sequence.name().to_owned());
                    if moved != sequence {
                        self.relink(&sequence, &moved);
                        self.forget(&sequence);
                    }
                    self.put_owned_sequence(moved, &target, &column);
                }
            }
            Object::Index(table) => {
                let from = key.name().to_owned();
                let to = self.stored(name);
                self.forget(key);
                self.put(target, Object::Index(table.clone()));
                let ignores_case = self.engine.ignores_case;
                let is_from = |n: &str| if ignores_case { n.eq_ignore_ascii_case(&from) } else { n == from };
                self.rename_parent(&table, &from, &to);
                self.rename_part(&table, &Part::Index(from.clone()), &Part::Index(to.clone()));
                if self.table(&table).is_some_and(|t| t.constraints.iter().any(|c| c.name == from)) {
                    let part = Part::Constraint(from.clone());
                    let old = constraint_key(table.schema(), &from);
                    self.unlink(&super::Edge { target: old, from: table.clone(), part: part.clone() });
                    self.rename_part(&table, &part, &Part::Constraint(to.clone()));
                    self.link_constraint(&table, &to);
                }
                self.change_table(&table, |t| {
                    for i in t.indexes.iter_mut().filter(|i| is_from(&i.name)) {
                        i.name.clone_from(&to);
                    }
                    for c in t.constraints.iter_mut().filter(|c| {
                        is_from(&c.name)
                            && matches!(
                                c.kind,
                                ConstraintType::PrimaryKey | ConstraintType::Unique | ConstraintType::Exclude
                            )
                    }) {
                        c.name.clone_from(&to);
                    }
                });
            }
            other => {
                self.relink(key, &target);
                self.forget(key);
                self.put(target, other);
            }
        }
    }

    /// The relation that an ALTER … RENAME or SET SCHEMA names.
    pub(crate) fn alter_relation(&mut self, name: &Name, if_exists: bool, out: &mut Outcome) -> Option<Key> {
        match self.find_relation(name) {
            Found::Yes(key) => Some(key),
            Found::No => {
                if !if_exists {
                    self.report_relation(name, out);
                }
                None
            }
            Found::Perhaps => None,
        }
    }
}

/// When an action is done: PostgreSQL sorts those of one statement (`AlterTablePass`), so that a column can be dropped and
/// added again in one.
fn pass(action: &TableActionKind) -> u8 {
    match action {
        TableActionKind::DropColumn { .. }
        | TableActionKind::DropConstraint { .. }
        | TableActionKind::DropNotNull(_)
        | TableActionKind::DropDefault(_)
        | TableActionKind::DropIdentity { .. }
        | TableActionKind::DropExpression { .. } => 0,
        TableActionKind::SetType { .. } => 1,
        TableActionKind::AddColumn { .. } => 2,
        TableActionKind::SetExpression { .. } => 3,
        TableActionKind::AddConstraint(c) => constraint_pass(c),
        TableActionKind::SetNotNull(_) | TableActionKind::TouchColumn(_) => 5,
        TableActionKind::SetDefault { .. } | TableActionKind::AddIdentity { .. } => 7,
        _ => 8,
    }
}

fn constraint_pass(c: &ConstraintDefinition) -> u8 {
    match c.kind {
        ConstraintKind::Check(_) | ConstraintKind::NotNull(_) => 4,
        ConstraintKind::PrimaryKey { .. } | ConstraintKind::Unique { .. } | ConstraintKind::Exclude { .. } => 6,
        ConstraintKind::ForeignKey(_) => 7,
    }
}
