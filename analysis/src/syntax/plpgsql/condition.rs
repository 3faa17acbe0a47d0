//! Conditions: looks into the system catalogs, as queries that the catalog can answer.
//!
//! Nothing here is an error. What is not understood is [`Condition::Unknown`], or a query that says it is partial.

use std::collections::BTreeMap;

use sqlparser::ast::{
    self, BinaryOperator as Op, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr, JoinConstraint,
    JoinOperator, LimitClause, Query, Select, SelectItem, SetExpr, SetOperator, TableFactor, UnaryOperator, Value,
};
use sqlparser::tokenizer::Span as Place;

use super::text::Text;
use crate::change::{CatalogQuery, Condition, ObjectKind, UNKNOWN_PART};
use crate::span::Span;

/// More alternatives than this in one WHERE are not taken apart.
const MAX_ALTERNATIVES: usize = 16;

/// What a variable is known to hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Known {
    Text(Text),
    /// Its expression, and the variables that this reads.
    Expr(Box<Expr>, Vec<String>),
}

/// The variables of a block and what is known of them at one place.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Variables {
    known: BTreeMap<String, Known>,
}

impl Variables {
    pub(super) fn set(&mut self, name: &str, value: Known) {
        self.forget(name);
        self.known.insert(name.to_owned(), value);
    }

    /// Forgets a variable, and what was known through it.
    pub(super) fn forget(&mut self, name: &str) {
        let field = |other: &str| other.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        let reads = |k: &Known| matches!(k, Known::Expr(_, reads) if reads.iter().any(|r| r == name));
        self.known.retain(|other, k| other != name && !field(other) && !reads(k));
    }

    /// The schema may have changed: what was read from it is no longer known.
    pub(super) fn schema_changed(&mut self) {
        self.known.retain(|_, k| match k {
            Known::Text(_) => true,
            Known::Expr(e, _) => matches!(**e, Expr::Value(_)),
        });
    }

    pub(super) fn clear(&mut self) {
        self.known.clear();
    }

    /// What is known on both of two ways.
    pub(super) fn meet(&mut self, other: &Self) {
        self.known.retain(|name, k| other.known.get(name) == Some(k));
    }

    /// A variable, or a field of a record.
    fn get(&self, e: &Expr) -> Option<&Known> {
        match e {
            Expr::Identifier(name) => self.known.get(&fold(name)),
            Expr::CompoundIdentifier(parts) => self.known.get(&parts.iter().map(fold).collect::<Vec<_>>().join(".")),
            _ => None,
        }
    }

    pub(super) fn forget_all(&mut self, names: &[String]) {
        names.iter().for_each(|n| self.forget(n));
    }
}

/// An unquoted name in lower case.
pub(super) fn fold(ident: &ast::Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}

fn span_of(place: Place) -> Span {
    let byte = |line: u64| usize::try_from(line.saturating_sub(1)).unwrap_or(0);
    Span::new(byte(place.start.line), byte(place.end.line))
}

/// A query as an expression: of one that shows an expression and nothing else, that.
pub(super) fn scalar(query: Query) -> Expr {
    match alone(&query) {
        Some(e) => e.clone(),
        None => Expr::Subquery(Box::new(query)),
    }
}

fn as_select(query: &Query) -> Option<&Select> {
    if query.with.is_some() || query.fetch.is_some() {
        return None;
    }
    match &*query.body {
        SetExpr::Select(s) => Some(s),
        SetExpr::Query(q) => as_select(q),
        _ => None,
    }
}

/// The one expression that a SELECT shows.
fn projected(select: &Select) -> Option<&Expr> {
    match select.projection.as_slice() {
        [SelectItem::UnnamedExpr(e) | SelectItem::ExprWithAlias { expr: e, .. }] => Some(e),
        _ => None,
    }
}

/// The expression of a query that is nothing else.
fn alone(query: &Query) -> Option<&Expr> {
    let select = as_select(query)?;
    let plain = select.from.is_empty() && select.selection.is_none() && !grouped(select) && plain(query);
    projected(select).filter(|_| plain)
}

/// An expression without parentheses, casts and `(SELECT …)` around it.
fn bare(mut e: &Expr) -> &Expr {
    loop {
        e = match e {
            Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => inner,
            Expr::Subquery(q) => match alone(q) {
                Some(inner) => inner,
                None => return e,
            },
            _ => return e,
        };
    }
}

/// The last part of a function's name.
fn function_name(f: &ast::Function) -> String {
    f.name.0.last().and_then(|p| p.as_ident()).map(fold).unwrap_or_default()
}

fn arguments(f: &ast::Function) -> Option<Vec<&Expr>> {
    match &f.args {
        FunctionArguments::None => Some(Vec::new()),
        FunctionArguments::List(list) if list.clauses.is_empty() && list.duplicate_treatment.is_none() => list
            .args
            .iter()
            .map(|a| match a {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) => Some(e),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

/// Functions that make one row of many. One of them without GROUP BY answers a row, always.
fn is_aggregate(e: &Expr) -> bool {
    const AGGREGATES: &[&str] =
        &["count", "max", "min", "sum", "avg", "bool_or", "bool_and", "every", "array_agg", "string_agg", "json_agg"];
    match bare(e) {
        Expr::Function(f) => {
            AGGREGATES.contains(&function_name(f).as_str())
                || arguments(f).is_some_and(|a| a.iter().any(|e| is_aggregate(e)))
        }
        Expr::BinaryOp { left, right, .. } => is_aggregate(left) || is_aggregate(right),
        Expr::UnaryOp { expr, .. } => is_aggregate(expr),
        _ => false,
    }
}

fn not(c: Condition) -> Condition {
    match c {
        Condition::Not(inner) => *inner,
        Condition::Constant(b) => Condition::Constant(!b),
        Condition::Unknown => Condition::Unknown,
        other => Condition::Not(Box::new(other)),
    }
}

fn both(a: Condition, b: Condition) -> Condition {
    let mut all = Vec::new();
    for c in [a, b] {
        match c {
            Condition::And(inner) => all.extend(inner),
            other => all.push(other),
        }
    }
    Condition::And(all)
}

fn either(a: Condition, b: Condition) -> Condition {
    let mut all = Vec::new();
    for c in [a, b] {
        match c {
            Condition::Or(inner) => all.extend(inner),
            other => all.push(other),
        }
    }
    Condition::Or(all)
}

/// What a query must say besides its own WHERE.
#[derive(Clone)]
enum Extra<'e> {
    Holds(&'e Expr),
    Equals(&'e Expr, Vec<String>),
}

/// A relation of a FROM clause; `name` is empty where it is no system catalog.
struct Source {
    name: String,
    alias: String,
}

/// What the conjuncts of a WHERE say.
#[derive(Default)]
struct Found {
    filters: Vec<(usize, String, Vec<String>)>,
    /// A column of one relation that holds the `oid` of another.
    edges: Vec<(usize, String, usize)>,
    /// Columns of one name that are equal.
    same: Vec<(usize, usize, String)>,
    partial: bool,
}

/// Reads expressions at one place of a block.
pub(super) struct Reader<'a> {
    pub(super) file: &'a str,
    pub(super) variables: &'a Variables,
    /// Whether a text in which only the values of literals are not known is known.
    pub(super) any_literal: bool,
}

impl Reader<'_> {
    /// Whether `e` is true.
    pub(super) fn condition(&self, e: &Expr) -> Condition {
        self.is(e, true)
    }

    /// Whether `e` is true, or else whether it is false. NULL is neither.
    fn is(&self, e: &Expr, wanted: bool) -> Condition {
        let unless = |reversed: bool, c: Condition| if reversed { not(c) } else { c };
        match self.resolved(e) {
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => self.is(expr, !wanted),
            Expr::BinaryOp { left, op: Op::And, right } if wanted => both(self.is(left, true), self.is(right, true)),
            Expr::BinaryOp { left, op: Op::And, right } => either(self.is(left, false), self.is(right, false)),
            Expr::BinaryOp { left, op: Op::Or, right } if wanted => either(self.is(left, true), self.is(right, true)),
            Expr::BinaryOp { left, op: Op::Or, right } => both(self.is(left, false), self.is(right, false)),
            Expr::BinaryOp { left, op, right } => self.comparison(left, op, right, wanted),
            Expr::Value(v) => match &v.value {
                Value::Boolean(b) => Condition::Constant(*b == wanted),
                Value::Null => Condition::Constant(false),
                _ => Condition::Unknown,
            },
            Expr::Exists { subquery, negated } => unless(*negated == wanted, self.exists(subquery, &[])),
            Expr::IsNull(e) => unless(!wanted, self.is_null(e)),
            Expr::IsNotNull(e) => unless(wanted, self.is_null(e)),
            Expr::IsTrue(e) => unless(!wanted, self.is(e, true)),
            Expr::IsNotTrue(e) => unless(wanted, self.is(e, true)),
            Expr::IsFalse(e) => unless(!wanted, self.is(e, false)),
            Expr::IsNotFalse(e) => unless(wanted, self.is(e, false)),
            Expr::IsDistinctFrom(a, b) => unless(wanted, self.same(a, b)),
            Expr::IsNotDistinctFrom(a, b) => unless(!wanted, self.same(a, b)),
            Expr::InList { expr, list, negated } => {
                match list.iter().map(|e| self.value(e)).collect::<Option<Vec<_>>>() {
                    Some(values) => self.one_of(expr, &values, *negated != wanted),
                    None => Condition::Unknown,
                }
            }
            Expr::InSubquery { expr, subquery, negated } => unless(*negated == wanted, self.among(expr, subquery)),
            Expr::AnyOp { left, compare_op: Op::Eq, right, .. } => match bare(right) {
                Expr::Subquery(q) => unless(!wanted, self.among(left, q)),
                _ => Condition::Unknown,
            },
            Expr::AllOp { left, compare_op: Op::NotEq, right } => match bare(right) {
                Expr::Subquery(q) => unless(wanted, self.among(left, q)),
                _ => Condition::Unknown,
            },
            Expr::Subquery(q) => self.scalar_is(q, wanted),
            Expr::Function(f) if function_name(f) == "coalesce" => match arguments(f).as_deref() {
                Some([e, Expr::Value(or)]) => match &or.value {
                    Value::Boolean(false) => unless(!wanted, self.is(e, true)),
                    Value::Boolean(true) => unless(wanted, self.is(e, false)),
                    _ => Condition::Unknown,
                },
                _ => Condition::Unknown,
            },
            _ => Condition::Unknown,
        }
    }

    /// An expression without its parentheses and casts; a variable is what it was set to.
    fn resolved<'e>(&'e self, e: &'e Expr) -> &'e Expr {
        let mut e = bare(e);
        // A variable's expression never reads the variable itself, so this ends.
        while let Some(Known::Expr(known, _)) = self.variables.get(e) {
            e = bare(known);
        }
        e
    }

    /// A boolean that one row shows: `(SELECT attnotnull FROM pg_attribute …)`, `(SELECT count(*) > 0 FROM …)`.
    fn scalar_is(&self, query: &Query, wanted: bool) -> Condition {
        let Some(shown) = as_select(query).and_then(projected) else { return Condition::Unknown };
        match bare(shown) {
            Expr::BinaryOp { left, op, right } if is_count(left) => match self.number(right) {
                Some(n) => self.counted(query, op, n, wanted),
                None => Condition::Unknown,
            },
            Expr::Value(v) => match &v.value {
                Value::Boolean(b) if *b == wanted => self.exists(query, &[]),
                Value::Boolean(_) | Value::Null => Condition::Constant(false),
                _ => Condition::Unknown,
            },
            shown if is_aggregate(shown) => Condition::Unknown,
            shown if wanted => self.exists(query, &[Extra::Holds(shown)]),
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
                self.exists(query, &[Extra::Equals(shown, vec!["false".to_owned()])])
            }
            _ => Condition::Unknown,
        }
    }

    fn comparison(&self, left: &Expr, op: &Op, right: &Expr, wanted: bool) -> Condition {
        let (l, r) = (self.resolved(left), self.resolved(right));
        if let (Some(query), Some(n)) = (count_of(l), self.number(r)) {
            return self.counted(query, op, n, wanted);
        }
        if let (Some(n), Some(query)) = (self.number(l), count_of(r)) {
            return match turned(op) {
                Some(op) => self.counted(query, &op, n, wanted),
                None => Condition::Unknown,
            };
        }
        let equal = match op {
            Op::Eq => wanted,
            Op::NotEq => !wanted,
            _ => return Condition::Unknown,
        };
        for (e, other) in [(l, r), (r, l)] {
            if let Expr::Value(v) = e
                && let Value::Boolean(b) = v.value
            {
                return self.is(other, b == equal);
            }
        }
        if let Some(value) = self.value(right) {
            return self.one_of(left, &[value], equal);
        }
        match self.value(left) {
            Some(value) => self.one_of(right, &[value], equal),
            None => Condition::Unknown,
        }
    }

    /// Whether a value is among others, or not (and not NULL).
    fn one_of(&self, e: &Expr, values: &[String], wanted: bool) -> Condition {
        if let Some(value) = self.value(e) {
            return Condition::Constant(values.contains(&value) == wanted);
        }
        let Some((query, shown)) = self.shown(e) else { return Condition::Unknown };
        let hit = self.exists(query, &[Extra::Equals(shown, values.to_vec())]);
        if wanted { hit } else { both(self.exists(query, &[]), not(hit)) }
    }

    /// IS NOT DISTINCT FROM.
    fn same(&self, a: &Expr, b: &Expr) -> Condition {
        for (a, b) in [(a, b), (b, a)] {
            match self.resolved(b) {
                Expr::Value(v) if v.value == Value::Null => return self.is_null(a),
                Expr::Value(v) => {
                    if let Value::Boolean(b) = v.value {
                        return self.is(a, b);
                    }
                }
                _ => {}
            }
            if let Some(value) = self.value(b) {
                return self.one_of(a, &[value], true);
            }
        }
        Condition::Unknown
    }

    /// `'x' IN (SELECT name FROM …)`.
    fn among(&self, e: &Expr, query: &Query) -> Condition {
        match (self.value(e), as_select(query).and_then(projected)) {
            (Some(value), Some(shown)) => self.exists(query, &[Extra::Equals(shown, vec![value])]),
            _ => Condition::Unknown,
        }
    }

    /// A query for one value, and the expression that it shows.
    fn shown<'e>(&'e self, e: &'e Expr) -> Option<(&'e Query, &'e Expr)> {
        let Expr::Subquery(query) = self.resolved(e) else { return None };
        let shown = as_select(query).and_then(projected)?;
        (!is_aggregate(shown)).then_some((query, shown))
    }

    fn number(&self, e: &Expr) -> Option<i64> {
        match self.resolved(e) {
            Expr::Value(v) => match &v.value {
                Value::Number(n, _) => n.parse().ok(),
                _ => None,
            },
            _ => None,
        }
    }

    /// `count(*) <op> n`.
    fn counted(&self, query: &Query, op: &Op, n: i64, wanted: bool) -> Condition {
        let any = |there: bool| {
            let c = match as_select(query) {
                Some(s) if !grouped(s) => self.rows(s, &[]),
                _ => Condition::Unknown,
            };
            if there == wanted { c } else { not(c) }
        };
        match (op, n) {
            (Op::Gt | Op::NotEq, 0) | (Op::GtEq, 1) => any(true),
            (Op::Eq, 0) | (Op::Lt, 1) | (Op::LtEq, 0) => any(false),
            // At least so many: none at all is not enough.
            (Op::Eq | Op::GtEq, 1..) | (Op::Gt, 0..) if wanted => both(any(true), Condition::Unknown),
            _ => Condition::Unknown,
        }
    }

    fn is_null(&self, e: &Expr) -> Condition {
        match self.resolved(e) {
            Expr::Value(v) => Condition::Constant(v.value == Value::Null),
            Expr::Exists { .. } => Condition::Constant(false),
            e @ (Expr::Identifier(_) | Expr::CompoundIdentifier(_)) => match self.variables.get(e) {
                Some(Known::Text(_)) => Condition::Constant(false),
                _ => Condition::Unknown,
            },
            Expr::Function(f) => match self.lookup(f) {
                Some((kind, name)) => not(Condition::Resolves { kind, name }),
                None => Condition::Unknown,
            },
            Expr::Subquery(query) => {
                let Some(select) = as_select(query) else { return Condition::Unknown };
                let Some(shown) = projected(select) else { return Condition::Unknown };
                if is_count(shown) {
                    return Condition::Constant(false);
                }
                if grouped(select) || !plain(query) {
                    return Condition::Unknown;
                }
                let none = not(self.rows(select, &[]));
                if never_null(shown) { none } else { either(none, Condition::Unknown) }
            }
            _ => Condition::Unknown,
        }
    }

    /// `to_regclass('x')` and its like.
    fn lookup(&self, f: &ast::Function) -> Option<(ObjectKind, String)> {
        let kind = match function_name(f).as_str() {
            "to_regclass" => ObjectKind::Table,
            "to_regtype" => ObjectKind::Type,
            "to_regproc" | "to_regprocedure" => ObjectKind::Function,
            "to_regnamespace" => ObjectKind::Schema,
            "to_regrole" => ObjectKind::Role,
            _ => return None,
        };
        match arguments(f)?.as_slice() {
            [e] => Some((kind, self.text(bare(e))?.as_str().to_owned())),
            _ => None,
        }
    }

    // ---- queries

    fn exists(&self, query: &Query, extra: &[Extra<'_>]) -> Condition {
        if query.with.is_some() || !plain(query) {
            return Condition::Unknown;
        }
        self.any_row(&query.body, extra)
    }

    fn any_row(&self, body: &SetExpr, extra: &[Extra<'_>]) -> Condition {
        match body {
            SetExpr::Select(s) => {
                let aggregates = s.projection.iter().any(|p| match p {
                    SelectItem::UnnamedExpr(e) | SelectItem::ExprWithAlias { expr: e, .. } => is_aggregate(e),
                    _ => false,
                });
                match (aggregates && !has_group_by(s), extra) {
                    _ if s.having.is_some() => Condition::Unknown,
                    (true, []) => Condition::Constant(true),
                    (true, _) => Condition::Unknown,
                    (false, _) => self.rows(s, extra),
                }
            }
            SetExpr::Query(q) => self.exists(q, extra),
            SetExpr::Values(_) if extra.is_empty() => Condition::Constant(true),
            SetExpr::SetOperation { left, op: SetOperator::Union, right, .. } if extra.is_empty() => {
                either(self.any_row(left, &[]), self.any_row(right, &[]))
            }
            _ => Condition::Unknown,
        }
    }

    /// Whether FROM and WHERE leave a row.
    fn rows(&self, select: &Select, extra: &[Extra<'_>]) -> Condition {
        if select.from.is_empty() {
            return match (&select.selection, extra) {
                (None, []) => Condition::Constant(true),
                (Some(e), []) => self.is(e, true),
                _ => Condition::Unknown,
            };
        }
        match self.catalog_queries(select, extra).map(|mut all| (all.pop(), all)) {
            Some((Some(one), all)) if all.is_empty() => Condition::Exists(one),
            Some((Some(last), all)) => Condition::Or(all.into_iter().chain([last]).map(Condition::Exists).collect()),
            _ => Condition::Unknown,
        }
    }

    /// One for each alternative of the WHERE; `None` where no system catalog is asked.
    fn catalog_queries(&self, select: &Select, extra: &[Extra<'_>]) -> Option<Vec<CatalogQuery>> {
        let mut sources = Vec::new();
        let mut base = Found::default();
        let mut conjuncts: Vec<&Expr> = select.selection.iter().collect();
        for item in &select.from {
            source(&item.relation, &mut sources, &mut base);
            for join in &item.joins {
                source(&join.relation, &mut sources, &mut base);
                let constraint = match &join.join_operator {
                    JoinOperator::Join(c) | JoinOperator::Inner(c) | JoinOperator::CrossJoin(c) => c,
                    // An outer join takes no row away: what it matches on can only be said too much about.
                    JoinOperator::Left(c) | JoinOperator::LeftOuter(c) => {
                        base.partial |= !matches!(c, JoinConstraint::On(e) if self.is_reference(e, &sources));
                        c
                    }
                    _ => return None,
                };
                match constraint {
                    JoinConstraint::On(e) => conjuncts.push(e),
                    JoinConstraint::Using(columns) => {
                        let right = sources.len() - 1;
                        let columns: Vec<String> =
                            columns.iter().filter_map(|c| c.0.last()?.as_ident().map(fold)).collect();
                        let joined = (0..right).find(|i| by_name(&sources, *i, right, &columns).is_some());
                        match joined {
                            Some(left) => base.same.extend(columns.into_iter().map(|c| (left, right, c))),
                            None => base.partial = true,
                        }
                    }
                    JoinConstraint::Natural => base.partial = true,
                    JoinConstraint::None => {}
                }
            }
        }
        if sources.iter().all(|s| s.name.is_empty()) {
            return None;
        }
        for e in extra {
            match e {
                Extra::Holds(e) => conjuncts.push(e),
                Extra::Equals(e, values) => match self.column(e, &sources) {
                    Some((i, column)) => base.filters.push((i, column, values.clone())),
                    None => base.partial = true,
                },
            }
        }
        let alternatives = alternatives(&conjuncts, &|e| self.one_filter(e, &sources).is_some());
        let queries = alternatives.iter().map(|all| {
            let mut found = Found {
                filters: base.filters.clone(),
                edges: base.edges.clone(),
                same: base.same.clone(),
                partial: base.partial,
            };
            all.iter().for_each(|e| self.conjunct(e, &sources, &mut found));
            build(&sources, found)
        });
        Some(queries.collect())
    }

    /// Whether an ON clause is one reference to another relation's row.
    fn is_reference(&self, e: &Expr, sources: &[Source]) -> bool {
        let mut found = Found::default();
        self.conjunct(e, sources, &mut found);
        !found.partial && found.filters.is_empty() && found.edges.len() == 1 && found.same.is_empty()
    }

    /// `a = 'x' OR a = 'y'`: one filter.
    fn one_filter(&self, e: &Expr, sources: &[Source]) -> Option<(usize, String, Vec<String>)> {
        match e {
            Expr::Nested(e) => self.one_filter(e, sources),
            Expr::BinaryOp { left, op: Op::Or, right } => {
                let (i, column, mut values) = self.one_filter(left, sources)?;
                let (j, other, more) = self.one_filter(right, sources)?;
                values.extend(more);
                (i == j && column == other).then_some((i, column, values))
            }
            Expr::BinaryOp { op: Op::And, .. } => None,
            e => {
                let mut found = Found::default();
                self.conjunct(e, sources, &mut found);
                let alone = found.edges.is_empty() && found.same.is_empty() && !found.partial;
                if alone && found.filters.len() == 1 { found.filters.pop() } else { None }
            }
        }
    }

    fn conjunct(&self, e: &Expr, sources: &[Source], found: &mut Found) {
        match e {
            Expr::Nested(e) => self.conjunct(e, sources, found),
            Expr::BinaryOp { left, op: Op::And, right } => {
                self.conjunct(left, sources, found);
                self.conjunct(right, sources, found);
            }
            Expr::BinaryOp { op: Op::Or, .. } => match self.one_filter(e, sources) {
                Some(f) => found.filters.push(f),
                None => found.partial = true,
            },
            Expr::BinaryOp { left, op: Op::Eq, right } => self.equality(left, right, sources, found),
            Expr::BinaryOp { left, op: Op::NotEq, right } => {
                let values: Vec<String> = self.value(right).into_iter().collect();
                found.partial |= !self.excludes_system_schemas(left, &values, sources);
            }
            // The attributes of the system have numbers below 1.
            Expr::BinaryOp { left, op: Op::Gt, right } => {
                let user =
                    self.column(left, sources).is_some_and(|(_, c)| c == "attnum") && self.number(right) == Some(0);
                found.partial |= !user;
            }
            Expr::InList { expr, list, negated } => {
                let values: Vec<String> = list.iter().filter_map(|e| self.value(e)).collect();
                match self.column(expr, sources) {
                    Some((i, column)) if !negated && values.len() == list.len() => {
                        found.filters.push((i, column, values));
                    }
                    _ => found.partial |= !negated || !self.excludes_system_schemas(expr, &values, sources),
                }
            }
            Expr::InSubquery { expr, subquery, negated: false } => self.reference(expr, subquery, sources, found),
            Expr::AnyOp { left, compare_op: Op::Eq, right, .. } => match (self.column(left, sources), bare(right)) {
                (Some(_), Expr::Subquery(q)) => self.reference(left, q, sources, found),
                (Some((i, column)), right) => match self.elements(right) {
                    Some(values) => found.filters.push((i, column, values)),
                    None => found.partial = true,
                },
                _ => found.partial = true,
            },
            Expr::Like { negated: true, expr, pattern, .. } => {
                let pattern: Vec<String> = self.value(pattern).into_iter().collect();
                found.partial |= !self.excludes_system_schemas(expr, &pattern, sources);
            }
            Expr::Value(v) if v.value == Value::Boolean(true) => {}
            Expr::IsTrue(e) | Expr::IsNotFalse(e) => self.flag(e, true, sources, found),
            Expr::IsFalse(e) | Expr::IsNotTrue(e) => self.flag(e, false, sources, found),
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => self.flag(expr, false, sources, found),
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => self.flag(e, true, sources, found),
            Expr::IsNotNull(e) => found.partial |= self.column(e, sources).is_none() || !never_null(e),
            Expr::Function(f) => match self.visibility(f, sources) {
                Some(filter) => found.filters.push(filter),
                None => found.partial = true,
            },
            _ => found.partial = true,
        }
    }

    /// A boolean column that stands as a condition.
    fn flag(&self, e: &Expr, value: bool, sources: &[Source], found: &mut Found) {
        match (e, self.column(e, sources)) {
            (Expr::Identifier(_) | Expr::CompoundIdentifier(_), Some((i, column))) => {
                found.filters.push((i, column, vec![value.to_string()]));
            }
            (Expr::Nested(e), _) => self.flag(e, value, sources, found),
            _ => found.partial = true,
        }
    }

    /// `pg_table_is_visible(c.oid)`: its schema is on the search path.
    fn visibility(&self, f: &ast::Function, sources: &[Source]) -> Option<(usize, String, Vec<String>)> {
        let column = match function_name(f).as_str() {
            "pg_table_is_visible" => "relnamespace",
            "pg_type_is_visible" => "typnamespace",
            "pg_function_is_visible" => "pronamespace",
            _ => return None,
        };
        let argument = arguments(f)?;
        let (i, oid) = self.column(argument.first()?, sources)?;
        (oid == "oid").then(|| (i, format!("{column}.nspname"), vec!["current_schemas()".to_owned()]))
    }

    /// `schema <> 'pg_catalog'`: no row that migrations make is taken away.
    fn excludes_system_schemas(&self, e: &Expr, values: &[String], sources: &[Source]) -> bool {
        let system = |v: &String| v == "information_schema" || v.starts_with("pg_") || v.starts_with("pg\\_");
        let names_schema = |column: &str| column == "nspname" || column.ends_with("schema") || column == "schemaname";
        !values.is_empty()
            && values.iter().all(system)
            && self.column(e, sources).is_some_and(|(_, column)| names_schema(&column))
    }

    fn equality(&self, left: &Expr, right: &Expr, sources: &[Source], found: &mut Found) {
        if let (Expr::Tuple(a), Expr::Tuple(b)) = (left, right)
            && a.len() == b.len()
        {
            a.iter().zip(b).for_each(|(a, b)| self.equality(a, b, sources, found));
            return;
        }
        match (self.column(left, sources), self.column(right, sources)) {
            (Some((i, a)), Some((j, b))) if i != j => match (a.as_str(), b.as_str()) {
                (_, "oid") => found.edges.push((i, a, j)),
                ("oid", _) => found.edges.push((j, b, i)),
                _ if a == b => found.same.push((i, j, a)),
                _ => found.partial = true,
            },
            (Some(_), Some(_)) | (None, None) => found.partial = true,
            (Some(_), None) => self.column_equals(left, right, sources, found),
            (None, Some(_)) => self.column_equals(right, left, sources, found),
        }
    }

    fn column_equals(&self, column: &Expr, value: &Expr, sources: &[Source], found: &mut Found) {
        let Some((i, name)) = self.column(column, sources) else { return };
        match bare(value) {
            Expr::Subquery(q) => self.reference(column, q, sources, found),
            // Every row of the information schema says the database that it is in.
            Expr::Function(f) if function_name(f) == "current_database" && name.ends_with("catalog") => {}
            _ => match self.value(value) {
                Some(v) => found.filters.push((i, name, vec![v])),
                None => found.partial = true,
            },
        }
    }

    /// `enumtypid = (SELECT oid FROM pg_type WHERE typname = 'mood')`.
    fn reference(&self, column: &Expr, query: &Query, sources: &[Source], found: &mut Found) {
        let target = || {
            let (i, column) = self.column(column, sources)?;
            if !plain(query) {
                return None;
            }
            let select = as_select(query)?;
            let shown = bare(projected(select)?);
            let shown = match shown {
                Expr::Identifier(name) => fold(name),
                Expr::CompoundIdentifier(parts) => fold(parts.last()?),
                _ => return None,
            };
            if grouped(select) {
                return None;
            }
            let mut queries = self.catalog_queries(select, &[])?;
            let inner = queries.pop()?;
            let root = inner.relations.first()?.as_str();
            let path = match (shown.as_str(), root) {
                ("oid", _) => column,
                ("constraint_name", "information_schema.table_constraints") if column == "constraint_name" => {
                    "table_constraints".to_owned()
                }
                _ => return None,
            };
            queries.is_empty().then_some((i, path, inner))
        };
        match target() {
            Some((i, path, inner)) => {
                found.partial |= inner.partial;
                found.filters.extend(inner.filters.into_iter().map(|(c, values)| (i, format!("{path}.{c}"), values)));
            }
            None => found.partial = true,
        }
    }

    /// The column that an expression is, casts aside: the number of its relation, and its name.
    fn column(&self, e: &Expr, sources: &[Source]) -> Option<(usize, String)> {
        match bare(e) {
            Expr::Identifier(name) => {
                if self.variables.get(bare(e)).is_some() {
                    return None;
                }
                let column = fold(name);
                if sources.len() == 1 {
                    return Some((0, column));
                }
                let mut owners = (0..sources.len()).filter(|i| {
                    prefix(&sources[*i].name).is_some_and(|p| column.starts_with(p) || column == format!("{p}oid"))
                });
                match (owners.next(), owners.next()) {
                    (Some(i), None) => Some((i, column)),
                    _ => None,
                }
            }
            Expr::CompoundIdentifier(parts) => {
                let (column, path) = parts.split_last()?;
                let alias = fold(path.last()?);
                let i = sources.iter().position(|s| s.alias == alias)?;
                Some((i, fold(column)))
            }
            _ => None,
        }
    }

    // ---- values

    /// A value that is known from the text, as text. `current_schema()` is itself.
    fn value(&self, e: &Expr) -> Option<String> {
        match bare(e) {
            Expr::Value(v) => match &v.value {
                Value::Boolean(b) => Some(b.to_string()),
                _ => Some(self.text(bare(e))?.as_str().to_owned()),
            },
            Expr::Function(f) if function_name(f) == "current_schema" => Some("current_schema()".to_owned()),
            Expr::Function(f) => match self.lookup(f) {
                Some((_, name)) => Some(name),
                None => Some(self.text(bare(e))?.as_str().to_owned()),
            },
            e @ (Expr::Identifier(_) | Expr::CompoundIdentifier(_)) => match self.variables.get(e)? {
                Known::Text(t) => Some(t.as_str().to_owned()),
                Known::Expr(e, _) => self.value(e),
            },
            e => Some(self.text(e)?.as_str().to_owned()),
        }
    }

    fn some_literal(&self, span: Place) -> Option<Text> {
        self.any_literal.then(|| Text::plain(SOME_LITERAL, span_of(span)))
    }

    /// The elements of a constant array.
    pub(super) fn elements(&self, e: &Expr) -> Option<Vec<String>> {
        match bare(e) {
            Expr::Array(a) => a.elem.iter().map(|e| self.value(e)).collect(),
            Expr::Function(f) if function_name(f) == "current_schemas" => Some(vec!["current_schemas()".to_owned()]),
            e @ (Expr::Identifier(_) | Expr::CompoundIdentifier(_)) => match self.variables.get(e)? {
                Known::Expr(e, _) => self.elements(e),
                Known::Text(t) => array_literal(t.as_str()),
            },
            e => array_literal(self.text(e)?.as_str()),
        }
    }

    /// A text that is known here: literals, put together with `||`, `format()`, `quote_ident()` …
    pub(super) fn text(&self, e: &Expr) -> Option<Text> {
        match e {
            Expr::Nested(e) | Expr::Cast { expr: e, .. } => self.text(e),
            Expr::Value(v) => {
                let span = span_of(v.span);
                let s = match &v.value {
                    Value::SingleQuotedString(s)
                    | Value::EscapedStringLiteral(s)
                    | Value::UnicodeStringLiteral(s)
                    | Value::NationalStringLiteral(s) => s,
                    Value::DollarQuotedString(s) => &s.value,
                    Value::Number(n, _) => return Some(Text::plain(n, span)),
                    _ => return None,
                };
                Some(Text::of_literal(s, span, self.file))
            }
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => match self.variables.get(e)? {
                Known::Text(t) => Some(t.clone()),
                Known::Expr(e, _) => self.text(e),
            },
            Expr::BinaryOp { op: Op::StringConcat, .. } => {
                let mut parts = Vec::new();
                let mut e = e;
                while let Expr::BinaryOp { left, op: Op::StringConcat, right } = e {
                    parts.push(&**right);
                    e = left;
                }
                parts.push(e);
                self.joined(parts.into_iter().rev())
            }
            Expr::Function(f) => {
                let all = arguments(f)?;
                match (function_name(f).as_str(), all.as_slice()) {
                    ("format", [format, values @ ..]) => self.format(&self.text(format)?, values),
                    ("concat", all) => self.joined(all.iter().copied()),
                    ("quote_ident", [e]) => self.changed(e, quote_ident),
                    ("quote_literal", [e]) => {
                        self.changed(e, quote_literal).or_else(|| self.some_literal(f.name.0.last()?.as_ident()?.span))
                    }
                    ("quote_nullable", [_]) => self.some_literal(f.name.0.last()?.as_ident()?.span),
                    ("lower", [e]) => self.changed(e, str::to_lowercase),
                    ("upper", [e]) => self.changed(e, str::to_uppercase),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn joined<'e>(&self, parts: impl Iterator<Item = &'e Expr>) -> Option<Text> {
        let mut out = Text::default();
        for part in parts {
            let text = self.text(part)?;
            match place_of_variable(part) {
                // What it holds stands elsewhere.
                Some(span) => out.push(&Text::plain(text.as_str(), span)),
                None => out.push(&text),
            }
            if out.is_too_long() {
                return None;
            }
        }
        Some(out)
    }

    fn changed(&self, e: &Expr, by: impl Fn(&str) -> String) -> Option<Text> {
        let text = self.text(e)?;
        let span = place_of_variable(e).unwrap_or_else(|| text.place(0, text.as_str().len()));
        Some(Text::plain(&by(text.as_str()), span))
    }

    /// A text as it would be with some name in the place of each part that is not known.
    pub(super) fn template(&self, e: &Expr) -> Option<String> {
        if let Some(text) = self.text(e) {
            return Some(text.as_str().to_owned());
        }
        match bare(e) {
            Expr::BinaryOp { left, op: Op::StringConcat, right } => Some(self.template(left)? + &self.template(right)?),
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => Some(UNKNOWN_PART.to_string()),
            Expr::Function(f) => match (function_name(f).as_str(), arguments(f)?.as_slice()) {
                ("quote_ident", [_]) => Some(UNKNOWN_PART.to_string()),
                ("quote_literal" | "quote_nullable", [_]) => Some("'?'".to_owned()),
                ("format", [format, values @ ..]) => {
                    let format = self.text(format)?;
                    let mut next = 0;
                    let mut parts = format.as_str().split('%');
                    let mut out = parts.next()?.to_owned();
                    for part in parts {
                        let kind = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '$');
                        if let Some((number, _)) = part.split_once('$').filter(|_| kind.len() < part.len()) {
                            next = number.parse::<usize>().ok()?.checked_sub(1)?;
                        }
                        let value = values.get(next).and_then(|e| self.template(e));
                        next += 1;
                        match (kind.starts_with('L'), value) {
                            (true, _) => out.push_str("'?'"),
                            (false, Some(value)) => out.push_str(&value),
                            (false, None) => out.push(UNKNOWN_PART),
                        }
                        out.push_str(kind.strip_prefix(['I', 'L', 's'])?);
                    }
                    Some(out)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The rows of `SELECT * FROM (VALUES …) AS t(a, b)`, `VALUES …` or `SELECT unnest(ARRAY[…])`, each value under the name
    /// that a loop's variable gives it.
    pub(super) fn constant_rows(&self, query: &Query, variable: &str) -> Option<super::Rounds> {
        if query.with.is_some() || query.order_by.is_some() || query.limit_clause.is_some() || query.fetch.is_some() {
            return None;
        }
        let field = |column: &str| format!("{variable}.{column}");
        let (rows, names) = match &*query.body {
            SetExpr::Values(values) => {
                let width = values.rows.first()?.len();
                (values, (1..=width).map(|n| field(&format!("column{n}"))).collect::<Vec<_>>())
            }
            SetExpr::Select(s) if s.selection.is_none() && !grouped(s) && s.distinct.is_none() => {
                if let ([], Some(Expr::Function(f))) = (s.from.as_slice(), projected(s)) {
                    let [array] = arguments(f)?[..] else { return None };
                    let elements = (function_name(f) == "unnest").then(|| self.elements(array))??;
                    let span = span_of(f.name.0.last()?.as_ident()?.span);
                    let one = |v: &String| vec![(variable.to_owned(), Text::plain(v, span))];
                    return Some(elements.iter().map(one).collect());
                }
                let ([SelectItem::Wildcard(_)], [from]) = (s.projection.as_slice(), s.from.as_slice()) else {
                    return None;
                };
                let TableFactor::Derived { subquery, alias: Some(alias), .. } = &from.relation else { return None };
                let (SetExpr::Values(values), []) = (&*subquery.body, from.joins.as_slice()) else { return None };
                (values, alias.columns.iter().map(|c| field(&fold(&c.name))).collect())
            }
            _ => return None,
        };
        let row = |exprs: &Vec<Expr>| {
            let texts = exprs.iter().map(|e| self.text(e)).collect::<Option<Vec<Text>>>()?;
            (texts.len() == names.len()).then(|| names.iter().cloned().zip(texts).collect())
        };
        rows.rows.iter().map(|r| row(r)).collect()
    }

    /// `format()` with %I, %L, %s and their positions.
    fn format(&self, format: &Text, values: &[&Expr]) -> Option<Text> {
        let pattern = format.as_str();
        let mut out = Text::default();
        let (mut from, mut next) = (0, 0);
        while let Some(at) = pattern[from..].find('%').map(|n| n + from) {
            out.push(&format.slice(from, at));
            let digits = pattern[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
            let mut end = at + 1;
            if digits > 0 && pattern[at + 1 + digits..].starts_with('$') {
                next = pattern[at + 1..at + 1 + digits].parse::<usize>().ok()?.checked_sub(1)?;
                end += digits + 1;
            }
            let kind = *pattern.as_bytes().get(end)?;
            end += 1;
            if kind == b'%' {
                out.push(&Text::plain("%", format.place(at, end)));
            } else {
                let value = self.text(values.get(next)?);
                next += 1;
                let put = match (kind, value) {
                    (b'I', Some(value)) => quote_ident(value.as_str()),
                    (b'L', Some(value)) => quote_literal(value.as_str()),
                    (b's', Some(value)) => value.as_str().to_owned(),
                    (b'L', None) if self.any_literal => SOME_LITERAL.to_owned(),
                    _ => return None,
                };
                out.push(&Text::plain(&put, format.place(at, end)));
            }
            if out.is_too_long() {
                return None;
            }
            from = end;
        }
        out.push(&format.slice(from, pattern.len()));
        Some(out)
    }
}

/// Reads as a value of which nothing is known.
const SOME_LITERAL: &str = "$1";

/// Where the name of a variable stands.
fn place_of_variable(e: &Expr) -> Option<Span> {
    match bare(e) {
        Expr::Identifier(name) => Some(span_of(name.span)),
        Expr::CompoundIdentifier(parts) => Some(span_of(parts.first()?.span).to(span_of(parts.last()?.span))),
        _ => None,
    }
}

/// Quoted, whether it must be or not: the name is the same.
fn quote_ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn quote_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// `{a,b}` without quotes or nesting.
fn array_literal(text: &str) -> Option<Vec<String>> {
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    let simple = !inner.is_empty() && !inner.contains(['{', '"', '\\']);
    simple.then(|| inner.split(',').map(|s| s.trim().to_owned()).collect())
}

fn is_count(e: &Expr) -> bool {
    matches!(bare(e), Expr::Function(f) if function_name(f) == "count" && f.filter.is_none() && f.over.is_none())
}

/// `(SELECT count(*) FROM …)`.
fn count_of(e: &Expr) -> Option<&Query> {
    match e {
        Expr::Subquery(q) => as_select(q).and_then(projected).filter(|e| is_count(e)).map(|_| &**q),
        _ => None,
    }
}

fn turned(op: &Op) -> Option<Op> {
    Some(match op {
        Op::Eq => Op::Eq,
        Op::NotEq => Op::NotEq,
        Op::Lt => Op::Gt,
        Op::LtEq => Op::GtEq,
        Op::Gt => Op::Lt,
        Op::GtEq => Op::LtEq,
        _ => return None,
    })
}

/// LIMIT and OFFSET leave the first row.
fn plain(query: &Query) -> bool {
    let positive = |e: &Expr| matches!(bare(e), Expr::Value(v) if matches!(&v.value, Value::Number(n, _) if n != "0"));
    query.fetch.is_none()
        && match &query.limit_clause {
            None => true,
            Some(LimitClause::LimitOffset { limit, offset: None, .. }) => limit.as_ref().is_none_or(positive),
            Some(_) => false,
        }
}

fn has_group_by(select: &Select) -> bool {
    match &select.group_by {
        GroupByExpr::All(_) => true,
        GroupByExpr::Expressions(all, _) => !all.is_empty(),
    }
}

fn grouped(select: &Select) -> bool {
    has_group_by(select) || select.having.is_some()
}

/// A constant, an `oid`, a name: never NULL where there is a row.
fn never_null(e: &Expr) -> bool {
    let column = match bare(e) {
        Expr::Value(v) => return v.value != Value::Null,
        Expr::Identifier(name) => fold(name),
        Expr::CompoundIdentifier(parts) => parts.last().map(fold).unwrap_or_default(),
        Expr::Function(f) if is_aggregate(e) => {
            return arguments(f).is_some_and(|all| all.iter().all(|e| never_null(e)));
        }
        _ => return false,
    };
    column == "oid"
        || column.ends_with("name")
        || ["table_type", "data_type", "is_nullable", "constraint_type", "contype", "relkind", "typtype", "attnum"]
            .contains(&column.as_str())
}

/// Adds a FROM item.
fn source(factor: &TableFactor, sources: &mut Vec<Source>, found: &mut Found) {
    let mut add = |name: String, alias: String| sources.push(Source { name, alias });
    match factor {
        TableFactor::Table { name, alias, args: None, .. } => {
            let parts: Vec<String> = name.0.iter().filter_map(|p| p.as_ident().map(fold)).collect();
            let last = parts.last().cloned().unwrap_or_default();
            let catalog = match parts.as_slice() {
                [name] if name.starts_with("pg_") => name.clone(),
                [schema, name] if schema == "pg_catalog" => name.clone(),
                [schema, name] if schema == "information_schema" => format!("information_schema.{name}"),
                _ => String::new(),
            };
            found.partial |= catalog.is_empty();
            add(catalog, alias.as_ref().map_or(last, |a| fold(&a.name)));
        }
        TableFactor::Derived { alias, .. } | TableFactor::Table { alias, .. } => {
            found.partial = true;
            add(String::new(), alias.as_ref().map_or_else(String::new, |a| fold(&a.name)));
        }
        _ => {
            found.partial = true;
            add(String::new(), String::new());
        }
    }
}

/// The columns of these catalogs start with a mark of their own.
fn prefix(relation: &str) -> Option<&'static str> {
    Some(match relation {
        "pg_type" => "typ",
        "pg_class" => "rel",
        "pg_namespace" => "nsp",
        "pg_constraint" => "con",
        "pg_attribute" => "att",
        "pg_index" => "ind",
        "pg_trigger" => "tg",
        "pg_policy" => "pol",
        "pg_enum" => "enum",
        "pg_extension" => "ext",
        "pg_proc" => "pro",
        "pg_publication" => "pub",
        "pg_attrdef" => "ad",
        "pg_roles" | "pg_authid" => "rol",
        "pg_inherits" => "inh",
        "pg_sequence" => "seq",
        "pg_collation" => "coll",
        "pg_language" => "lan",
        "pg_event_trigger" => "evt",
        _ => return None,
    })
}

/// Conjuncts as alternatives of conjuncts: `a AND (b OR c)` is `a AND b`, `a AND c`. What is one filter stays together.
fn alternatives<'e>(conjuncts: &[&'e Expr], one: &dyn Fn(&Expr) -> bool) -> Vec<Vec<&'e Expr>> {
    let mut all: Vec<Vec<&'e Expr>> = vec![Vec::new()];
    for e in conjuncts {
        let options = options(e, one);
        if all.len() * options.len() > MAX_ALTERNATIVES {
            all.iter_mut().for_each(|a| a.push(e));
            continue;
        }
        all = all.iter().flat_map(|a| options.iter().map(move |o| [a.as_slice(), o.as_slice()].concat())).collect();
    }
    all
}

fn options<'e>(e: &'e Expr, one: &dyn Fn(&Expr) -> bool) -> Vec<Vec<&'e Expr>> {
    match e {
        Expr::Nested(e) => options(e, one),
        Expr::BinaryOp { left, op: Op::And, right } => alternatives(&[left, right], one),
        Expr::BinaryOp { left, op: Op::Or, right } if !one(e) => {
            let mut all = options(left, one);
            all.extend(options(right, one));
            all
        }
        e => vec![vec![e]],
    }
}

/// Two relations of the information schema joined by names: `(detail, master)`.
fn by_name(sources: &[Source], i: usize, j: usize, columns: &[String]) -> Option<(usize, usize)> {
    let of = |n: usize| sources[n].name.strip_prefix("information_schema.").unwrap_or_default();
    let on = |c: &str| columns.iter().any(|x| x == c);
    [(i, j), (j, i)].into_iter().find(|(detail, master)| match (of(*detail), of(*master)) {
        (
            "key_column_usage" | "constraint_column_usage" | "constraint_table_usage" | "referential_constraints",
            "table_constraints",
        ) => on("constraint_name"),
        ("columns" | "table_constraints" | "key_column_usage" | "views", "tables") => on("table_name"),
        _ => false,
    })
}

/// Filters of several relations become paths from one: the one that refers to the others.
fn build(sources: &[Source], mut found: Found) -> CatalogQuery {
    let mut pairs: Vec<(usize, usize)> = found.same.iter().map(|(i, j, _)| (*i.min(j), *i.max(j))).collect();
    pairs.sort_unstable();
    pairs.dedup();
    for (i, j) in pairs {
        let equal = found.same.iter().filter(|(a, b, _)| (*a.min(b), *a.max(b)) == (i, j)).map(|(_, _, c)| c.clone());
        match by_name(sources, i, j, &equal.collect::<Vec<_>>()) {
            Some((detail, master)) => {
                let label = sources[master].name.trim_start_matches("information_schema.").to_owned();
                found.edges.push((detail, label, master));
            }
            None => found.partial = true,
        }
    }
    let paths_from = |root: usize| {
        let mut paths: Vec<Option<String>> = vec![None; sources.len()];
        paths[root] = Some(String::new());
        for _ in 0..sources.len() {
            for (from, column, to) in &found.edges {
                if paths[*to].is_none()
                    && let Some(path) = &paths[*from]
                {
                    paths[*to] = Some(format!("{path}{column}."));
                }
            }
        }
        paths
    };
    let worth = |paths: &[Option<String>]| {
        let filters = found.filters.iter().filter(|(i, ..)| paths[*i].is_some()).count();
        (filters, paths.iter().flatten().count())
    };
    let mut best = (0, vec![None; sources.len()]);
    for root in (0..sources.len()).filter(|i| !sources[*i].name.is_empty()) {
        let paths = paths_from(root);
        if best.1.iter().all(Option::is_none) || worth(&paths) > worth(&best.1) {
            best = (root, paths);
        }
    }
    let (root, paths) = best;
    let mut partial = found.partial || paths.iter().any(Option::is_none);
    // Each edge must have been used: two ways to one row, or a reference that may be to nothing, say more than the paths do.
    partial |= found.edges.len() + 1 > sources.len();
    partial |= found.edges.iter().any(|(_, column, to)| {
        ["confrelid", "contypid", "conindid", "typrelid", "typelem"].contains(&column.as_str())
            && !found.filters.iter().any(|(i, ..)| i == to)
    });
    let mut filters = Vec::new();
    for (i, column, values) in found.filters {
        if let Some(path) = &paths[i] {
            filters.push((format!("{path}{column}"), values));
        }
    }
    let mut relations = vec![sources[root].name.clone()];
    relations.extend(
        sources.iter().enumerate().filter(|(i, s)| *i != root && !s.name.is_empty()).map(|(_, s)| s.name.clone()),
    );
    CatalogQuery { relations, filters, partial }
}
