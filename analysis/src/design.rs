//! How the schema stands once every migration has run: keys without an index, indexes that another one makes needless,
//! tables without a key, keys that end too soon, types that are seldom meant.
//!
//! One look over the last catalog, table by table, in which everything knows where it was made: what a later migration
//! put right is not there to be reported, and what it made wrong is reported at the later one. Where something may be
//! otherwise than the catalog has it, nothing is said. Each engine has its judges
//! ([`Engine::judges`](crate::catalog::Engine)); nobody else knows which engine it is.

use std::collections::{BTreeMap, BTreeSet};

use crate::Migration;
use crate::catalog::object::{Column, Constraint, ConstraintType, Index, Table, TableKind, Type};
use crate::catalog::relations::object_name;
use crate::catalog::types::quoted;
use crate::catalog::{Catalog, Key, Object, Place};
use crate::diagnostics::{Diagnostic, Label};

/// Looks at one table.
pub(crate) type Judge = fn(&mut Look<'_>, &Key, &Table);

/// PostgreSQL's.
pub(crate) static OF_POSTGRES: &[Judge] = &[
    keys_without_index,
    redundant_indexes,
    no_primary_key,
    short_primary_key,
    narrow_keys,
    never_validated,
    types_of_postgres,
];
/// SQLite's: its integers have 64 bits, and its types are advice.
pub(crate) static OF_SQLITE: &[Judge] = &[keys_without_index, redundant_indexes, no_primary_key];
/// MySQL's and MariaDB's: InnoDB makes the index of a foreign key itself, and takes no key of another width.
pub(crate) static OF_MYSQL: &[Judge] = &[redundant_indexes, no_primary_key, short_primary_key];

/// What is wrong with the last schema, at places in the files of `enforced`.
pub(crate) fn judge(catalog: &Catalog, migrations: &[Migration], enforced: &BTreeSet<&str>) -> Vec<Diagnostic> {
    let order = migrations.iter().enumerate().map(|(i, m)| (m.file.as_str(), i)).collect();
    let mut look = Look { catalog, order, found: Vec::new() };
    for (key, object) in catalog.iter() {
        let Object::Table(table) = object else { continue };
        let holds_rows = matches!(table.kind, TableKind::Table | TableKind::Partitioned);
        if holds_rows && !table.temporary && !table.open && !look.in_doubt(key) {
            for judge in catalog.engine.judges {
                judge(&mut look, key, table);
            }
        }
    }
    look.found.retain(|d| enforced.contains(d.file.as_str()));
    look.found
}

/// The last catalog, and what was found in it.
#[derive(Debug)]
pub(crate) struct Look<'a> {
    catalog: &'a Catalog,
    /// The place of each file among the migrations.
    order: BTreeMap<&'a str, usize>,
    found: Vec<Diagnostic>,
}

impl Look<'_> {
    /// The last of some places: there it became so. `None` where all of it was there before the first migration.
    fn latest<'p>(&self, places: impl IntoIterator<Item = &'p Place>) -> Option<&'p Place> {
        let known = places.into_iter().filter_map(|place| place.0.as_ref().map(|at| (place, at)));
        known.max_by_key(|(_, (file, span))| (self.order.get(&**file), span.start)).map(|(place, _)| place)
    }

    fn say<'p>(
        &mut self,
        rule: &'static str,
        places: impl IntoIterator<Item = &'p Place>,
        message: String,
        help: impl Into<String>,
    ) -> Option<&mut Diagnostic> {
        let (file, span) = self.latest(places)?.0.as_ref()?;
        self.found.push(Diagnostic::new(rule, file, *span, message).help(help));
        self.found.last_mut()
    }

    /// Whether a relation may be gone, or something was done to it that could not be read.
    fn in_doubt(&self, key: &Key) -> bool {
        self.catalog.may_be_gone(key) || self.catalog.is_blurred(key.name())
    }

    fn index_in_doubt(&self, table: &Key, index: &Index) -> bool {
        self.in_doubt(&Key::Relation(table.schema().to_owned(), self.catalog.folded(&index.name)))
    }

    /// The constraints that a table has for itself, and surely.
    fn own<'t>(&self, table: &'t Table) -> Vec<&'t Constraint> {
        let sure = |c: &&Constraint| {
            c.local
                && c.parent.is_none()
                && !self.catalog.part_may_be_gone(&table.name, &c.name)
                && !self.catalog.is_blurred(&c.name)
        };
        table.constraints.iter().filter(sure).collect()
    }

    fn column<'t>(&self, table: &'t Table, name: &str) -> Option<&'t Column> {
        table.columns.iter().find(|c| self.catalog.same(&c.name, name))
    }

    /// Whether a column is this table's, and not its parent's.
    fn is_own(&self, table: &Table, column: &Column) -> bool {
        let has =
            |parent: &Key| self.catalog.table(parent).is_none_or(|p| p.open || self.column(p, &column.name).is_some());
        column.local && !table.parents.iter().any(has)
    }

    fn is_among(&self, name: &str, columns: &[String]) -> bool {
        columns.iter().any(|c| self.catalog.same(c, name))
    }

    /// Whether rows are found by an index where these columns have certain values.
    fn serves(&self, index: &Index, columns: &[String], table: &Table) -> bool {
        let among = |c: &&Option<String>| c.as_ref().is_some_and(|c| self.is_among(c, columns));
        // Where keys are in order, what comes first counts.
        let reached = if index.method.is_empty() {
            index.columns.iter().take_while(among).count()
        } else {
            index.columns.iter().filter(among).count()
        };
        // One that is over a part of the columns and nothing else was made for them.
        let reaches = reached >= columns.len() || reached > 0 && reached == index.columns.len();
        // A value that is sought is not NULL; what else the predicate asks of these columns may hold for it.
        let all_rows = index.predicate.as_ref().is_none_or(|predicate| {
            let mut words = predicate.split(' ').map(|word| word.trim_matches('"'));
            words.all(|word| {
                let reads = self.is_among(word, &index.reads) && self.column(table, word).is_some();
                !reads || self.is_among(word, columns)
            })
        });
        reaches && all_rows
    }
}

fn listed(columns: &[String]) -> String {
    columns.join(", ")
}

/// 2147483647 as a person reads it.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn keys_without_index(look: &mut Look<'_>, key: &Key, table: &Table) {
    if look.catalog.is_small(key) || look.catalog.may_have_more_relations() {
        return;
    }
    for c in look.own(table) {
        let ConstraintType::ForeignKey { table: target, .. } = &c.kind else { continue };
        if c.columns.is_empty() || table.indexes.iter().any(|i| look.serves(i, &c.columns, table)) {
            continue;
        }
        let lost = table.lost.indexes().iter().filter(|i| look.serves(i, &c.columns, table)).map(|i| &i.place);
        let places: Vec<&Place> = lost.chain([&c.place]).collect();
        let (own, other) = (&table.name, target.name());
        let columns = listed(&c.columns);
        let message = format!("no index of \"{own}\" starts with its foreign key ({columns})");
        let name = look.catalog.sql(key);
        let help = format!(
            "whenever a row of \"{other}\" goes, all of \"{own}\" is read for rows that point at it: CREATE INDEX IF NOT \
             EXISTS … ON {name} ({columns}), in a new migration where this one is applied already"
        );
        look.say("foreign-key-without-index", places, message, help);
    }
}

/// An index with what its keys are, as they are compared.
struct Keyed<'t> {
    index: &'t Index,
    /// Its place among those of its table, in the order in which they were made.
    at: usize,
    constraint: Option<&'t Constraint>,
    keys: Vec<(String, &'t str)>,
}

impl Keyed<'_> {
    /// What a query is answered from: only those of one store are compared.
    fn store(&self) -> (&str, Option<&str>) {
        (&self.index.method, self.index.predicate.as_deref())
    }

    /// What it is called, or what it is for where it has no name.
    fn name(&self) -> String {
        match self.constraint.map(|c| &c.kind) {
            Some(ConstraintType::PrimaryKey) => "the primary key".to_owned(),
            Some(ConstraintType::Unique) => "the unique key".to_owned(),
            _ => format!("\"{}\"", self.index.name),
        }
    }

    fn listed(&self) -> String {
        let keys: Vec<String> = self.keys.iter().map(|(column, way)| format!("{column}{way}")).collect();
        format!("({})", keys.join(", "))
    }

    /// Whether all that it does is done by the other, whose first keys are its own.
    fn is_done_by(&self, other: &Self) -> bool {
        let same = self.keys.len() == other.keys.len();
        let (a, b) = (self.index, other.index);
        let included = a
            .included()
            .iter()
            .all(|c| b.included().contains(c) || (!a.unique && b.columns.iter().flatten().any(|own| own == c)));
        let kept_apart = |index: &Index| index.unique && !index.lenient;
        let droppable = match self.constraint.map(|c| &c.kind) {
            None => !a.constraint,
            Some(ConstraintType::Unique) => !a.name.is_empty(),
            Some(_) => false,
        };
        let does = if a.unique {
            same && kept_apart(a) && kept_apart(b) && a.nulls_not_distinct == b.nulls_not_distinct
        } else {
            // Only what is in order can be looked into by its first keys alone.
            same || a.method.is_empty()
        };
        droppable && included && does
    }

    /// Of two that do the same, the one with the lesser rank stays.
    fn rank(&self) -> u8 {
        match self.constraint.map(|c| &c.kind) {
            Some(ConstraintType::PrimaryKey) => 0,
            Some(_) => 1,
            None => 2,
        }
    }
}

fn redundant_indexes(look: &mut Look<'_>, key: &Key, table: &Table) {
    let mut all: Vec<Keyed<'_>> = Vec::new();
    for index in table.indexes.iter().filter(|i| i.parent.is_none() && !i.implicit && !look.index_in_doubt(key, i)) {
        let column = |c: &Option<String>| match c {
            Some(c) if look.catalog.engine.parts_ignore_case => c.to_ascii_lowercase(),
            Some(c) => c.clone(),
            None => String::new(),
        };
        let keys = index.columns.iter().enumerate().map(|(i, c)| (column(c), index.way(i))).collect();
        // SQLite gives the key of a constraint no name.
        let behind = |c: &&Constraint| {
            !matches!(c.kind, ConstraintType::ForeignKey { .. } | ConstraintType::Check | ConstraintType::NotNull)
                && c.name == index.name
                && c.columns.iter().eq(index.columns.iter().flatten())
        };
        let constraint = table.constraints.iter().filter(|_| index.constraint).find(behind);
        all.push(Keyed { index, at: all.len(), constraint, keys });
    }
    // Sorted, those that begin alike are beside each other.
    all.sort_by(|a, b| a.store().cmp(&b.store()).then_with(|| a.keys.cmp(&b.keys)));
    for (at, one) in all.iter().enumerate() {
        let begins = |other: &&Keyed<'_>| other.store() == one.store() && other.keys.starts_with(&one.keys);
        let twins = all[..at].iter().rev().take_while(|other| begins(other) && other.keys.len() == one.keys.len());
        let longer = all[at + 1..].iter().take_while(begins);
        let stays = |other: &&Keyed<'_>| {
            if !one.is_done_by(other) {
                return false;
            }
            // Each may do the other's work: then it is the later one that is too many.
            let mutual = one.keys.len() == other.keys.len() && other.is_done_by(one);
            !mutual || (other.rank(), other.at) < (one.rank(), one.at)
        };
        let Some(other) = twins.chain(longer).find(stays) else { continue };
        let (name, of) = (&one.index.name, &table.name);
        let keeper = other.name();
        let message = if one.keys.len() == other.keys.len() {
            format!("index \"{name}\" of \"{of}\" does what {keeper} does: {}", one.listed())
        } else {
            format!("index \"{name}\" of \"{of}\" is the beginning of {keeper}: {} of {}", one.listed(), other.listed())
        };
        let help = format!(
            "every write to the table keeps both, and no query needs this one: drop \"{name}\", or say above this statement \
             why it stays"
        );
        let places = [&other.index.place, &one.index.place];
        let beside = match look.latest(places) {
            Some(last) if std::ptr::eq(last, places[0]) => places[1].clone(),
            _ => places[0].clone(),
        };
        let Some(said) = look.say("redundant-index", places, message, help) else { continue };
        if let Some((file, span)) = beside.0.filter(|(file, span)| (&**file, *span) != (said.file.as_str(), said.span))
        {
            let elsewhere = (*file != *said.file).then(|| file.to_string());
            said.labels.push(Label { file: elsewhere, span, text: "the other one".to_owned() });
        }
    }
}

fn no_primary_key(look: &mut Look<'_>, _: &Key, table: &Table) {
    let may_have = || {
        let usual = object_name(&table.name, "", "pkey");
        look.catalog.may_have_part(&table.name, &usual) || look.catalog.may_have_more_relations()
    };
    // What tells rows apart in each partition is its parent's affair.
    if table.bound.is_some() || table.primary_key().is_some() || may_have() {
        return;
    }
    // As good as one, and can be made it.
    let tells_apart = |i: &Index| {
        let filled = |name: &String| look.column(table, name).is_some_and(|c| c.not_null);
        let all = || i.columns.iter().all(|c| c.as_ref().is_some_and(filled));
        i.unique && !i.lenient && i.predicate.is_none() && !i.columns.is_empty() && all()
    };
    if table.indexes.iter().any(tells_apart) {
        return;
    }
    let message = format!("table \"{}\" has no primary key", table.name);
    let help = "nothing tells its rows apart: give it a PRIMARY KEY, or a UNIQUE key over columns that are NOT NULL";
    look.say("table-without-primary-key", table.lost.key_at().into_iter().chain([&table.place]), message, help);
}

/// The greatest value of a type of integers that are not the widest.
fn greatest(of: &Type) -> Option<u64> {
    if of.array || of.user.is_some() || of.unknown {
        return None;
    }
    let word = of.base.split('|').next().unwrap_or_default();
    let greatest = match word.to_ascii_lowercase().as_str() {
        "tinyint" => i8::MAX as u64,
        "smallint" => i16::MAX as u64,
        "mediumint" => 8_388_607,
        "integer" | "int" => i32::MAX as u64,
        _ => return None,
    };
    Some(if of.text.contains("unsigned") { 2 * greatest + 1 } else { greatest })
}

/// Whether the engine numbers the rows by a column.
fn numbers_itself(column: &Column) -> bool {
    column.identity.is_some() || column.default.as_ref().is_some_and(|d| d.starts_with("nextval"))
}

fn short_primary_key(look: &mut Look<'_>, key: &Key, table: &Table) {
    let Some(primary) = look.own(table).into_iter().find(|c| c.kind == ConstraintType::PrimaryKey) else { return };
    let [name] = primary.columns.as_slice() else { return };
    let Some(column) = look.column(table, name).filter(|c| numbers_itself(c)) else { return };
    let Some(last) = greatest(&column.data_type) else { return };
    let points = |c: &Constraint| matches!(c.kind, ConstraintType::ForeignKey { .. }) && c.columns == primary.columns;
    if look.catalog.is_small(key) || table.bound.is_some() || table.constraints.iter().any(points) {
        return;
    }
    let last = grouped(last);
    let message = format!("the primary key \"{name}\" of \"{}\" ends at {last}", table.name);
    let help = "make it bigint while the table is small; later every row, and every key that points at it, has to be \
                written anew. A table that never gets there belongs into `small-tables`";
    let places = [&primary.place, &column.place, &column.typed];
    if let Some(said) = look.say("integer-primary-key", places, message, help) {
        said.label = Some(format!("it is {}", column.data_type.text));
    }
}

/// How much a type holds, beside others of its kind; [`u64::MAX`] where there is no limit.
fn width(of: &Type) -> Option<(&'static str, u64)> {
    if of.array || of.user.is_some() || of.unknown {
        return None;
    }
    Some(match of.base.as_str() {
        "bigint" => ("integer", i64::MAX as u64),
        "text" => ("text", u64::MAX),
        "character varying" => {
            let length = of.text.split_once('(').and_then(|(_, rest)| rest.trim_end_matches(')').parse().ok());
            ("text", length.unwrap_or(u64::MAX))
        }
        _ => ("integer", greatest(of)?),
    })
}

fn narrow_keys(look: &mut Look<'_>, _: &Key, table: &Table) {
    for c in look.own(table) {
        let ConstraintType::ForeignKey { table: target, columns, .. } = &c.kind else { continue };
        let Some(parent) = look.catalog.table(target).filter(|p| !p.open && !look.in_doubt(target)) else { continue };
        for (own, other) in c.columns.iter().zip(columns) {
            let (Some(own), Some(other)) = (look.column(table, own), look.column(parent, other)) else { continue };
            let (Some((kind, narrow)), Some((other_kind, wide))) = (width(&own.data_type), width(&other.data_type))
            else {
                continue;
            };
            if kind != other_kind || narrow >= wide {
                continue;
            }
            let (is, points_at) = (&own.data_type.text, &other.data_type.text);
            let message = format!(
                "\"{}\" of \"{}\" is {is}, and what it points at, \"{}\" of \"{}\", is {points_at}",
                own.name, table.name, other.name, parent.name
            );
            let help = format!(
                "make it {points_at}: no row here can point at one of \"{}\" whose key does not fit into {is}",
                parent.name
            );
            look.say("fk-narrower-than-key", [&c.place, &own.typed, &other.typed], message, help);
        }
    }
}

fn never_validated(look: &mut Look<'_>, key: &Key, table: &Table) {
    for c in look.own(table).into_iter().filter(|c| !c.valid) {
        let message = format!("constraint \"{}\" of \"{}\" is NOT VALID, and nothing validates it", c.name, table.name);
        let help = format!(
            "rows from before it may break it: ALTER TABLE {} VALIDATE CONSTRAINT {}; in a migration of its own",
            look.catalog.sql(key),
            quoted(&c.name)
        );
        look.say("constraint-never-validated", [&c.place], message, help);
    }
}

fn types_of_postgres(look: &mut Look<'_>, key: &Key, table: &Table) {
    for column in &table.columns {
        let of = &column.data_type;
        if of.user.is_some() || of.unknown || !look.is_own(table, column) {
            continue;
        }
        let places = [&column.place, &column.typed, &table.place];
        let at: &[&Place] = if column.place.0.is_some() { &places[..2] } else { &places[2..] };
        let said = |what: &str| format!("\"{}\" of \"{}\" is {what}", column.name, table.name);
        let found = match of.base.as_str() {
            "json" => Some((
                "json-not-jsonb",
                said("json: kept as text, and read anew by every query"),
                "jsonb has indexes, equality and containment; json keeps spaces, order and repeated keys as they were written",
            )),
            "timestamp without time zone" => Some((
                "timestamp-without-zone",
                said("a time of no place: which moment it means hangs on who reads it"),
                "timestamptz keeps the moment, in the same eight bytes",
            )),
            "character" if of.text != "bpchar" => Some((
                "char-n",
                said(&format!("{}: filled up with blanks, which count in some comparisons and not in others", of.text)),
                "text, or varchar(n) where the length is a rule",
            )),
            _ => None,
        };
        if let Some((rule, message, help)) = found {
            look.say(rule, at.iter().copied(), message, help);
        }
        let draws = column.identity.is_none()
            && column.default.as_ref().is_some_and(|d| d.starts_with("nextval"))
            && look.catalog.owned_sequences(key).iter().any(|(_, owner)| *owner == column.name);
        if draws && (greatest(of).is_some() || of.base == "bigint") {
            look.say(
                "serial-not-identity",
                at.iter().copied(),
                said("a serial: its sequence is a thing of its own"),
                "bigint GENERATED ALWAYS AS IDENTITY: no rights of its own to grant, and no number written past it",
            );
        }
    }
}

#[cfg(test)]
mod tests;
