//! CREATE TABLE, and the columns of tables.

use super::infer::Place;
use super::inherit::invalid;
use super::object::{Column, Table, TableKind, Type, UserTypeKind};
use super::relations::object_name;
use super::resolve::Scope;
use super::types::{affinity, builtin, serial_type};
use super::{Catalog, Found, Key, Object, Outcome, Part, Problem};
use crate::change::{
    ColumnDefinition, ConstraintDefinition, ConstraintKind, CreateTable, Expr, Ident, Name, ObjectKind, TypeName,
};
use crate::config::Backend;
use crate::span::Span;

impl Catalog {
    pub(crate) fn create_table(&mut self, t: &CreateTable, out: &mut Outcome) {
        let kind = if t.foreign { ObjectKind::ForeignTable } else { ObjectKind::Table };
        let exists = matches!(self.find_relation(&t.name), Found::Yes(_)) && t.if_not_exists;
        let Some(key) = self.new_relation(&t.name, t.if_not_exists, t.temporary, kind, out) else {
            if exists {
                self.compare_shape(t, out);
            } else {
                // The names of a table that could not be made are not reported where it is used.
                self.poison(&t.name.text());
            }
            return;
        };
        let table_kind = match (t.foreign, &t.partition_by) {
            (true, _) => TableKind::Foreign,
            (false, Some(_)) => TableKind::Partitioned,
            (false, None) => TableKind::Table,
        };
        let mut table = Table::new(&t.name.name.value, table_kind);
        table.place = self.place(t.name.span());
        table.temporary = t.temporary;
        table.strict = t.strict;
        table.open = t.columns_unknown;
        if let Some(of) = &t.of_type {
            self.take_type(&key, &mut table, of, out);
        }
        for parent in t.inherits.iter().chain(&t.partition_of) {
            match self.expect_table(parent, out) {
                Some(parent_key) => {
                    self.inherit(&mut table, &parent_key, parent, t.partition_of.is_some(), out);
                    self.link(parent_key.clone(), key.clone(), Part::Whole);
                    if let Some(bound) = &t.bound {
                        self.check_bound(&parent_key, &t.name.name, bound, parent.span(), out);
                    }
                    table.parents.push(parent_key);
                }
                None => table.open = true,
            }
        }
        table.bound.clone_from(&t.bound);
        if let (Some(by), Some(_)) = (&t.partition_by, t.inherits.first()) {
            let message = "cannot create partitioned table as inheritance child".to_owned();
            self.report(invalid("42P17", message), by.strategy.span, None, out);
        }
        if let Some((names, reads)) = &t.query {
            let resolved = self.resolve_reads(reads, &[], out);
            match self.answered(reads, &resolved) {
                Some(columns) => self.columns_of_query(&mut table, columns, names, reads.span, out),
                None => table.open = true,
            }
        }
        // The sequences come first: a default may name one.
        let sequences: Vec<_> =
            t.columns.iter().filter_map(|c| Some((c, self.own_sequence(&key, &table.name, c, out)?))).collect();
        for (i, c) in t.columns.iter().enumerate() {
            for like in t.like.iter().filter(|l| l.at == i) {
                self.like_columns(&key, &mut table, like, out);
            }
            self.add_column(&key, &mut table, c, out);
        }
        for like in t.like.iter().filter(|l| l.at >= t.columns.len()) {
            self.like_columns(&key, &mut table, like, out);
        }
        if let Some(by) = &t.partition_by {
            table.partition_by = Some(self.partition_key(&table, by, out));
        }
        // The table must be there before what names it: a key may point at itself.
        let like_identity: Vec<String> = table
            .columns
            .iter()
            .filter(|c| c.identity.is_some() && !t.columns.iter().any(|own| own.name.value == c.name))
            .filter(|c| c.local)
            .map(|c| c.name.clone())
            .collect();
        self.put(key.clone(), Object::Table(table));
        for (c, sequence) in sequences {
            self.draw_from(&key, c, sequence);
        }
        if self.engine.checks_types {
            for c in like_identity {
                self.identity_sequence(&key, &t.name.name.value, &c, None, out);
            }
        }
        // The order of the engine: checks, then the keys, then what points at keys: at one further down, perhaps.
        let all = || {
            let mut all: Vec<&ConstraintDefinition> =
                t.columns.iter().flat_map(|c| c.constraints.iter()).chain(&t.constraints).collect();
            all.sort_by_key(|c| c.span.start);
            all.into_iter()
        };
        let is_key = |c: &&ConstraintDefinition| {
            let kind = &c.kind;
            matches!(
                kind,
                ConstraintKind::PrimaryKey { .. } | ConstraintKind::Unique { .. } | ConstraintKind::Exclude { .. }
            )
        };
        let is_check =
            |c: &&ConstraintDefinition| matches!(c.kind, ConstraintKind::Check(_) | ConstraintKind::NotNull(_));
        for c in all().filter(is_check) {
            self.add_constraint(&key, c, false, out);
        }
        if t.partition_of.is_some()
            && let Some(parent) = self.table(&key).and_then(|t| t.parents.first().cloned())
        {
            self.become_partition(&parent, &key);
        }
        for c in self.distinct_keys(all().filter(is_key)) {
            self.add_constraint(&key, &c, false, out);
        }
        for c in all().filter(|c| matches!(c.kind, ConstraintKind::ForeignKey(_))) {
            self.add_constraint(&key, c, false, out);
        }
        self.check_generated(&key, &t.columns, out);
        // There is no row that could break one (`transformCheckConstraints`).
        if table_kind != TableKind::Foreign && all().any(|c| c.not_valid) {
            self.change_table(&key, |t| t.constraints.iter_mut().for_each(|c| c.valid = true));
        }
        for like in &t.like {
            self.like_rest(&key, like, out);
        }
        for c in t.columns.iter().filter(|_| t.strict) {
            self.check_strict(&t.name.name.value, c, out);
        }
        self.fill_key(&key, t);
    }

    /// OF: the columns of a composite type.
    fn take_type(&mut self, key: &Key, table: &mut Table, of: &Name, out: &mut Outcome) {
        if let (Found::No, Found::Yes(relation)) = (self.find(of, Key::Type), self.find_relation(of))
            && self.table(&relation).is_some()
        {
            let message = format!("type {} is the row type of another table", of.name.value);
            self.report(invalid("42809", message), of.span(), None, out);
            return;
        }
        table.open = true;
        let Some(found) = self.expect_type(of, out) else { return };
        match self.composite_columns(&found) {
            Some(columns) => {
                table.columns = columns;
                table.open = false;
                self.link(found.clone(), key.clone(), Part::Whole);
                table.of_type = Some(found);
            }
            None => {
                let message = format!("type {} is not a composite type", of.name.value);
                self.report(invalid("42809", message), of.span(), None, out);
            }
        }
    }

    /// The columns of CREATE TABLE … AS and SELECT INTO, under the names written before AS.
    pub(super) fn columns_of_query(
        &mut self,
        table: &mut Table,
        columns: Vec<Column>,
        names: &[Ident],
        span: Span,
        out: &mut Outcome,
    ) {
        if names.len() > columns.len() {
            let problem = Problem::Other {
                rule: "invalid-definition",
                sqlstate: Some("42601"),
                message: "too many column names were specified".to_owned(),
            };
            self.report(problem, names[columns.len()].span, None, out);
        }
        for (i, c) in columns.into_iter().enumerate() {
            let written = names.get(i);
            let name = written.map_or(c.name.as_str(), |n| n.value.as_str());
            if table.columns.iter().any(|x| self.same(&x.name, name)) && !self.engine.ignores_case {
                let problem = Problem::DuplicateColumn { column: name.to_owned(), relation: None };
                self.report(problem, written.map_or(span, |n| n.span), None, out);
                continue;
            }
            let mut data_type = c.data_type;
            if self.engine.backend == Backend::Sqlite {
                let affinity = if data_type.unknown { "" } else { affinity(&data_type.text) };
                data_type = Type { unknown: false, ..Type::unknown(affinity) };
            }
            table.columns.push(Column::plain(name, data_type));
        }
    }

    /// A column of a STRICT table of SQLite has one of six types ("STRICT Tables", section 2).
    pub(super) fn check_strict(&mut self, table: &str, c: &ColumnDefinition, out: &mut Outcome) {
        const TYPES: &[&str] = &["int", "integer", "real", "text", "blob", "any"];
        let message = match &c.data_type {
            None => format!("missing datatype for {table}.{}", c.name.value),
            Some(t) if t.modifiers.is_empty() && TYPES.iter().any(|k| t.name.text().eq_ignore_ascii_case(k)) => return,
            Some(t) => {
                let of = t.modifiers.join(",");
                let of = if of.is_empty() { of } else { format!("({of})") };
                format!("unknown datatype for {table}.{}: \"{}{of}\"", c.name.value, t.name.text())
            }
        };
        let help = "a STRICT table takes INT, INTEGER, REAL, TEXT, BLOB and ANY".to_owned();
        let problem = Problem::Other { rule: "invalid-definition", sqlstate: None, message };
        self.report(problem, c.data_type.as_ref().map_or(c.span, |t| t.span), Some(help), out);
    }

    /// SQLite takes NULL in a primary key, but not in a STRICT table or one WITHOUT ROWID. A key that is the rowid is not
    /// marked so.
    fn fill_key(&mut self, key: &Key, t: &CreateTable) {
        if !t.strict && !t.without_rowid {
            return;
        }
        let Some(columns) = self.table(key).and_then(|t| Some(t.primary_key()?.columns.clone())) else { return };
        let is_rowid = |name: &str| {
            let c = t.columns.iter().find(|c| c.name.value.eq_ignore_ascii_case(name));
            let of = c.and_then(|c| c.data_type.as_ref());
            of.is_some_and(|t| t.modifiers.is_empty() && t.name.text().eq_ignore_ascii_case("integer"))
        };
        if !t.without_rowid && matches!(&*columns, [one] if is_rowid(one)) {
            return;
        }
        let named = |c: &&Column| columns.iter().any(|n| n.eq_ignore_ascii_case(&c.name));
        let table = self.table(key);
        let stored: Vec<String> = table.iter().flat_map(|t| &t.columns).filter(named).map(|c| c.name.clone()).collect();
        self.make_not_null(key, &stored);
    }

    /// `CREATE TABLE IF NOT EXISTS` of a table that has other columns: the guard hides the difference.
    pub(super) fn compare_shape(&mut self, t: &CreateTable, out: &mut Outcome) {
        let Found::Yes(key) = self.find_relation(&t.name) else { return };
        let Some(existing) = self.table(&key) else { return };
        if existing.open
            || t.query.is_some()
            || !t.like.is_empty()
            || !t.inherits.is_empty()
            || t.partition_of.is_some()
        {
            return;
        }
        if t.of_type.is_some() || t.columns_unknown {
            return;
        }
        let missing = t.columns.iter().find(|c| !existing.columns.iter().any(|e| self.same(&e.name, &c.name.value)));
        if let Some(missing) = missing {
            let problem = Problem::Other {
                rule: "if-not-exists-shape",
                sqlstate: None,
                message: format!(
                    "table \"{}\" exists without the column \"{}\", and IF NOT EXISTS hides it",
                    existing.name, missing.name.value
                ),
            };
            let help = Some("the table is kept as it is: add the column with ALTER TABLE … ADD COLUMN".to_owned());
            out.remarks.push(super::Refusal { problem, span: missing.name.span, help });
        }
    }

    /// Adds a column to a table that is being made or altered; its constraints come later.
    pub(super) fn add_column(&mut self, key: &Key, table: &mut Table, c: &ColumnDefinition, out: &mut Outcome) -> bool {
        self.check_length(&c.name, out);
        if let Some(collation) = &c.collation {
            self.expect_collation(collation, out);
        }
        let duplicate = table.columns.iter().position(|e| self.same(&e.name, &c.name.value));
        if c.data_type.is_none() && self.engine.checks_types {
            return self.column_options(key, table, c, duplicate, out);
        }
        if let Some(at) = duplicate
            && table.columns[at].local
        {
            let problem = Problem::DuplicateColumn { column: c.name.value.clone(), relation: None };
            self.report(problem, c.name.span, None, out);
            return false;
        }
        if !self.engine.ignores_case && self.engine.system_columns.contains(&c.name.value.as_str()) {
            let problem = Problem::Other {
                rule: "duplicate-column",
                sqlstate: Some("42701"),
                message: format!("column name \"{}\" conflicts with a system column name", c.name.value),
            };
            self.report(problem, c.name.span, None, out);
            return false;
        }
        let mut data_type = match &c.data_type {
            Some(t) => self.resolve_type(t, out),
            None => Type { text: String::new(), base: String::new(), user: None, array: false, unknown: false },
        };
        let mut default = c.default.as_ref().and_then(|d| self.kept_default(&data_type, d));
        let mut not_null = c.not_null == Some(true) || c.identity.is_some();
        if let Some(serial) = self.serial_of(c) {
            data_type =
                Type { text: serial.to_owned(), base: serial.to_owned(), user: None, array: false, unknown: false };
            let sequence = object_name(&table.name, &c.name.value, "seq");
            default = Some(format!("nextval ( '{sequence}' )"));
            not_null = true;
        }
        if let Some(d) = &c.default {
            self.check_default(&c.name.value, &data_type, d, out);
        }
        if let Some(written) = &c.data_type {
            self.check_column_type(&c.name.value, written, &data_type, out);
        }
        self.check_null(table, c, out);
        self.check_sources(table, c, &data_type, out);
        if let Some(at) = duplicate
            && !table.columns[at].data_type.unknown
            && !data_type.unknown
            && table.columns[at].data_type.text != data_type.text
        {
            let message = format!("column \"{}\" has a type conflict", c.name.value);
            self.report(invalid("42804", message), c.span, None, out);
        }
        self.link_column(key, &c.name.value, &data_type);
        let made = Column {
            name: self.stored(&c.name.value),
            data_type,
            not_null,
            default,
            generated: c.generated.as_ref().map(|g| g.expr.text.clone()),
            identity: c.identity,
            local: true,
            place: self.place(c.name.span),
            typed: self.place(c.data_type.as_ref().map_or(c.name.span, |t| t.span)),
        };
        if let Some(d) = &c.default {
            self.link_names(key, &Part::Default(made.name.clone()), &d.names);
        }
        match duplicate {
            // A column of a parent may be repeated in a child: it keeps its place.
            Some(at) => {
                let old = &mut table.columns[at];
                let inherited = std::mem::replace(old, made);
                old.not_null |= inherited.not_null;
                if old.default.is_none() && old.generated.is_none() {
                    old.default = inherited.default;
                    old.generated = inherited.generated;
                }
            }
            None => table.columns.push(made),
        }
        true
    }

    /// What a partition or a typed table says of a column that it has already.
    fn column_options(
        &mut self,
        key: &Key,
        table: &mut Table,
        c: &ColumnDefinition,
        at: Option<usize>,
        out: &mut Outcome,
    ) -> bool {
        let Some(at) = at else {
            if !table.open {
                let help = out.suggestion(&c.name.value, table.columns.iter().map(|c| c.name.as_str()));
                self.report(Problem::UndefinedColumnIn { column: c.name.value.clone() }, c.name.span, help, out);
            }
            return false;
        };
        if let Some(d) = &c.default {
            let data_type = table.columns[at].data_type.clone();
            self.check_default(&c.name.value, &data_type, d, out);
            self.resolve_names(&d.names, &[], out);
            self.link_names(key, &Part::Default(c.name.value.clone()), &d.names);
        }
        let kept = c.default.as_ref().map(|d| self.kept_default(&table.columns[at].data_type, d));
        let column = &mut table.columns[at];
        column.not_null |= c.not_null == Some(true) || c.identity.is_some();
        if let Some(kept) = kept {
            column.default = kept;
        }
        if let Some(g) = &c.generated {
            column.generated = Some(g.expr.text.clone());
        }
        column.identity = c.identity.or(column.identity);
        true
    }

    /// A column holds values of its type, in the form that the type's modifiers ask for (manual, 8.21 and 8.3).
    pub(super) fn check_column_type(&mut self, column: &str, written: &TypeName, t: &Type, out: &mut Outcome) {
        if !self.engine.checks_types || t.unknown || t.user.is_some() {
            return;
        }
        let first = written.modifiers.first().and_then(|m| m.parse::<i64>().ok());
        let count = written.modifiers.len();
        let pseudo = matches!(
            t.base.as_str(),
            "record" | "void" | "trigger" | "event_trigger" | "unknown" | "cstring" | "internal" | "\"any\""
        ) || t.base.starts_with("any");
        let (code, message) = if written.set_of {
            ("42P16", format!("column \"{column}\" cannot be declared SETOF"))
        } else if pseudo && !t.array {
            ("42P16", format!("column \"{column}\" has pseudo-type {}", t.base))
        } else {
            let length = |name: &str, most: i64| match first {
                Some(..=0) => format!("length for type {name} must be at least 1"),
                Some(n) if n > most => format!("length for type {name} cannot exceed {most}"),
                _ => String::new(),
            };
            let message = match t.base.as_str() {
                "character varying" => length("varchar", 10_485_760),
                "character" => length("char", 10_485_760),
                "bit" => length("bit", 83_886_080),
                "bit varying" => length("varbit", 83_886_080),
                "numeric" if count > 2 => "invalid NUMERIC type modifier".to_owned(),
                "numeric" => match first {
                    Some(n) if !(1..=1000).contains(&n) => format!("NUMERIC precision {n} must be between 1 and 1000"),
                    _ => String::new(),
                },
                _ => String::new(),
            };
            let takes_none = matches!(
                t.base.as_str(),
                "text"
                    | "uuid"
                    | "boolean"
                    | "json"
                    | "jsonb"
                    | "bytea"
                    | "date"
                    | "integer"
                    | "bigint"
                    | "smallint"
                    | "real"
                    | "double precision"
                    | "money"
                    | "inet"
                    | "cidr"
                    | "xml"
                    | "name"
                    | "oid"
                    | "tsvector"
                    | "tsquery"
            );
            if !message.is_empty() {
                ("22023", message)
            } else if takes_none && count > 0 {
                ("42601", format!("type modifier is not allowed for type \"{}\"", written.name.name.value))
            } else {
                return;
            }
        };
        self.report(invalid(code, message), written.span, None, out);
    }

    /// A column has one source of values: DEFAULT, GENERATED AS, IDENTITY or a serial's sequence.
    fn check_sources(&mut self, table: &Table, c: &ColumnDefinition, data_type: &Type, out: &mut Outcome) {
        if !self.engine.checks_types {
            return;
        }
        let of = format!("for column \"{}\" of table \"{}\"", c.name.value, table.name);
        let serial = self.serial_of(c).is_some();
        let (code, message) = if serial && c.data_type.as_ref().is_some_and(|t| t.dimensions > 0) {
            ("0A000", "array of serial is not implemented".to_owned())
        } else if serial && c.default.is_some() {
            ("42601", format!("multiple default values specified {of}"))
        } else if c.identity.is_some() && (c.default.is_some() || serial) {
            ("42601", format!("both default and identity specified {of}"))
        } else if c.generated.is_some() && (c.default.is_some() || serial) {
            ("42601", format!("both default and generation expression specified {of}"))
        } else if c.generated.is_some() && c.identity.is_some() {
            ("42601", format!("both identity and generation expression specified {of}"))
        } else if c.identity.is_some() && !may_be_identity(data_type) {
            ("22023", "identity column type must be smallint, integer, or bigint".to_owned())
        } else {
            return;
        };
        self.report(invalid(code, message), c.span, None, out);
    }

    pub(super) fn serial_of(&self, c: &ColumnDefinition) -> Option<&'static str> {
        if !self.engine.checks_types {
            return None;
        }
        serial_type(&c.data_type.as_ref()?.name.name.value)
    }

    /// Makes the sequence behind a serial or identity column of a table.
    pub(super) fn own_sequence(
        &mut self,
        table: &Key,
        name: &str,
        c: &ColumnDefinition,
        out: &mut Outcome,
    ) -> Option<Key> {
        if !self.engine.checks_types || (self.serial_of(c).is_none() && c.identity.is_none()) {
            return None;
        }
        self.identity_sequence(table, name, &c.name.value, c.sequence.as_ref(), out)
    }

    /// The default of a serial column is its sequence's next value.
    pub(super) fn draw_from(&mut self, table: &Key, c: &ColumnDefinition, sequence: Key) {
        if c.identity.is_none() {
            let name = sequence.name().to_owned();
            self.link(sequence, table.clone(), Part::Default(c.name.value.clone()));
            self.change_table(table, |t| {
                if let Some(column) = t.columns.iter_mut().find(|x| x.name == c.name.value) {
                    column.default = Some(format!("nextval ( '{name}' )"));
                }
            });
        }
    }

    /// Makes the sequence that a column of a table draws from, of the name that is said or the one that it gets by itself.
    pub(super) fn identity_sequence(
        &mut self,
        table: &Key,
        name: &str,
        column: &str,
        said: Option<&Name>,
        out: &mut Outcome,
    ) -> Option<Key> {
        let sequence = match said {
            // It goes to the table's schema, not to the first of the search path.
            Some(said) => {
                let own = || Ident::new(table.schema().to_owned(), said.name.span);
                let name = Name { schema: Some(said.schema.clone().unwrap_or_else(own)), name: said.name.clone() };
                self.new_relation(&name, false, false, ObjectKind::Sequence, out)?
            }
            None => {
                let name = self.free_name(table.schema(), name, column, "seq", false);
                Key::Relation(table.schema().to_owned(), name)
            }
        };
        self.put_owned_sequence(sequence.clone(), table, column);
        Some(sequence)
    }

    /// A column's default as it is kept. PostgreSQL keeps none for a NULL that is of the column's type as it is: a length
    /// is applied, and a domain checks, so these have one (`AddRelationNewConstraints`; seen on 15 and 18).
    pub(super) fn kept_default(&self, data_type: &Type, default: &crate::change::Expr) -> Option<String> {
        let bare = || {
            let text = default.text.trim_start_matches("( ").trim_end_matches(" )");
            let of = |name: &str| builtin(name).is_some_and(|b| b.text == data_type.text);
            text == "null"
                || text.strip_prefix("null :: ").is_some_and(of)
                || text.strip_prefix("cast ( null as ").is_some_and(of)
        };
        let applied = data_type.text.contains('(')
            || data_type.user.as_ref().is_some_and(
                |user| matches!(self.get(user), Some(Object::Type(t)) if matches!(t.kind, UserTypeKind::Domain { .. })),
            );
        (!(self.engine.forgets_null_defaults && !applied && bare())).then(|| default.text.clone())
    }

    /// A sequence that goes when its column does.
    pub(crate) fn put_owned_sequence(&mut self, sequence: Key, table: &Key, column: &str) {
        self.link(table.clone(), sequence.clone(), Part::Column(column.to_owned()));
        self.put(sequence, Object::Sequence { owned_by: Some((table.clone(), column.to_owned())) });
    }

    /// `NULL` is said of a column that something else makes NOT NULL.
    pub(super) fn check_null(&mut self, table: &Table, c: &ColumnDefinition, out: &mut Outcome) {
        if !self.engine.refuses_null_in_key || c.not_null != Some(false) {
            return;
        }
        let key = c.constraints.iter().any(|k| matches!(k.kind, ConstraintKind::PrimaryKey { .. }));
        if key || c.identity.is_some() || self.serial_of(c).is_some() {
            let problem = Problem::Other {
                // PostgreSQL refuses NULL in a key from 18 on, and always in the two others.
                rule: if key { "null-in-key" } else { "invalid-definition" },
                sqlstate: Some("42601"),
                message: format!(
                    "conflicting NULL/NOT NULL declarations for column \"{}\" of table \"{}\"",
                    c.name.value, table.name
                ),
            };
            self.report(problem, c.name.span, Some("leave NULL out".to_owned()), out);
        }
    }

    /// A DEFAULT: its names, and that it can be assigned to the column.
    pub(super) fn check_default(&mut self, column: &str, data_type: &Type, default: &Expr, out: &mut Outcome) {
        if let Some(path) = default.names.columns.first().filter(|_| self.engine.checks_types) {
            let problem = Problem::Other {
                rule: "invalid-definition",
                sqlstate: Some("0A000"),
                message: "cannot use column reference in DEFAULT expression".to_owned(),
            };
            let span = path.iter().map(|i| i.span).reduce(Span::to).unwrap_or(default.span);
            let help = "a default is computed without the row: a text stands in single quotes, a function needs its parentheses";
            self.report(problem, span, Some(help.to_owned()), out);
            return;
        }
        let looks_up = std::mem::replace(&mut self.looks_up_functions, self.engine.checks_functions_of_defaults);
        let types = self.resolve_names(&default.names, &[], out);
        self.looks_up_functions = looks_up;
        self.must_be_of_one_row(default, &types, Place::DEFAULT, out);
        let own = types.of(default.root);
        let refusal = self.unassignable(&default.names, default.root, own, column, data_type, true);
        self.report_all(refusal.into_iter().collect(), out);
    }

    pub(super) fn check_generated(&mut self, key: &Key, columns: &[ColumnDefinition], out: &mut Outcome) {
        let scope = Scope::of_table(self, key, None);
        for c in columns {
            let Some(g) = &c.generated else { continue };
            self.check_expression(&c.name.value, key, &scope, &g.expr, out);
            self.link_generated(key, &c.name.value, &g.expr, out);
        }
    }

    /// The expression of a generated column: its type is the column's, and it always answers the same.
    pub(super) fn check_expression(&mut self, column: &str, key: &Key, scope: &Scope, expr: &Expr, out: &mut Outcome) {
        let types = self.resolve_names(&expr.names, std::slice::from_ref(scope), out);
        let own = self.table(key).and_then(|t| t.columns.iter().find(|c| c.name == column));
        if let Some(data_type) = own.map(|c| c.data_type.clone()) {
            let refusal = self.unassignable(&expr.names, expr.root, types.of(expr.root), column, &data_type, true);
            self.report_all(refusal.into_iter().collect(), out);
        }
        self.must_be_of_one_row(expr, &types, Place::GENERATED, out);
        self.must_be_immutable(&types, "generation expression is not immutable", out);
    }

    /// A generated column needs what it is made of, and no other generated column (manual, 5.4).
    pub(super) fn link_generated(&mut self, key: &Key, column: &str, expr: &Expr, out: &mut Outcome) {
        if !self.engine.checks_types {
            return;
        }
        let Some(table) = self.table(key) else { return };
        let generated = expr
            .names
            .columns
            .iter()
            .filter_map(|p| p.last())
            .find(|n| table.columns.iter().any(|c| c.name == n.value && c.generated.is_some()));
        if let Some(n) = generated {
            let message = format!("cannot use generated column \"{}\" in column generation expression", n.value);
            let span = n.span;
            self.report(invalid("42P17", message), span, None, out);
        }
        let part = Part::Generated(column.to_owned());
        self.unlink_part(key, &part);
        self.link_names(key, &part, &expr.names);
        self.link_columns(key, &part, key, &expr.names);
    }
}

/// The types that an identity column can have.
pub(super) fn may_be_identity(t: &Type) -> bool {
    t.unknown || (!t.array && (matches!(t.text.as_str(), "smallint" | "integer" | "bigint") || t.user.is_some()))
}
