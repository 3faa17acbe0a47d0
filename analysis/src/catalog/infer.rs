//! The types of expressions, and what the server refuses because of them.
//!
//! Nothing is asked before a tree is there, and nothing is kept. What cannot be known stays [`Inferred::Unknown`], and
//! whatever it is part of, too.

use super::literals::{self, Unreadable};
use super::object::{Column, Object, Table, Type, UserTypeKind};
use super::operators::{Choice, Context, Inferred, Sure, Ty, Unmatched};
use super::resolve::Scope;
use super::{Catalog, Found, Key, Outcome, Problem, Refusal, builtins, nearest};
use crate::change::{Expr, Form, Literal, Name, Names, Node, NodeId, ObjectKind, Output, QueryForm, Reads, Select};
use crate::span::Span;

/// A problem of types, under the rule of its place.
fn problem(rule: &'static str, sqlstate: &'static str, message: String) -> Problem {
    Problem::Other { rule, sqlstate: Some(sqlstate), message }
}

/// The types of a tree's nodes, by their positions.
#[derive(Debug, Default)]
pub(crate) struct Types {
    all: Vec<Inferred>,
    /// The first part that may answer otherwise the next time.
    mutable: Option<Span>,
    /// The first part that may answer otherwise for the next row.
    volatile: Option<Span>,
    /// The first aggregate, window function or function of rows.
    special: Option<(Special, Span)>,
    /// The calls whose function is known, by their positions: `f` a function, `a` an aggregate, `w` one of windows.
    calls: Vec<(usize, char)>,
}

/// A query whose names were resolved: a part for each of its SELECTs.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    pub(super) arms: Vec<Arm>,
}

/// One of a query's parts.
#[derive(Debug)]
pub(super) struct Arm {
    pub(super) types: Types,
    /// What it shows: `None` where that cannot be known, or is not asked.
    columns: Option<Vec<(String, Inferred)>>,
}

/// A call that not every place takes.
#[derive(Clone, Copy, Debug)]
enum Special {
    Aggregate,
    Window,
    Rows,
}

/// A place of an expression, as messages call it: one, and several.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(&'static str, &'static str);

impl Place {
    pub(super) const CHECK: Self = Self("check constraint", "check constraints");
    pub(super) const DEFAULT: Self = Self("DEFAULT expression", "DEFAULT expressions");
    pub(super) const INDEX: Self = Self("index expression", "index expressions");
    pub(super) const PREDICATE: Self = Self("index predicate", "index predicates");
    pub(super) const GENERATED: Self = Self("column generation expression", "column generation expressions");
    pub(super) const TRIGGER: Self = Self("trigger WHEN condition", "trigger WHEN conditions");
    pub(super) const TRANSFORM: Self = Self("transform expression", "transform expressions");
}

impl Types {
    /// The type of a node.
    pub(crate) fn of(&self, id: NodeId) -> &Inferred {
        id.position().and_then(|at| self.all.get(at)).unwrap_or(&Inferred::Unknown)
    }

    /// What kind of function a node calls, where that is known.
    pub(super) fn kind_of(&self, position: usize) -> Option<char> {
        self.calls.binary_search_by_key(&position, |(at, _)| *at).ok().map(|found| self.calls[found].1)
    }

    /// The first part that may answer otherwise for the next row.
    pub(crate) fn volatile(&self) -> Option<Span> {
        self.volatile
    }

    pub(super) fn has_aggregates(&self) -> bool {
        self.calls.iter().any(|(_, kind)| *kind == 'a')
    }
}

impl Catalog {
    /// The types of all expressions of a scope. What the server would refuse in them goes to `found`.
    pub(crate) fn infer(&self, names: &Names, scopes: &[Scope], found: Option<&mut Vec<Refusal>>) -> Types {
        if names.tree.is_empty() || !self.engine.checks_types || self.is_open() {
            return Types::default();
        }
        let mut reader = Reading {
            catalog: self,
            names,
            scopes,
            types: Vec::with_capacity(names.tree.len()),
            found,
            mutable: None,
            volatile: None,
            special: None,
            calls: Vec::new(),
            under_cast: casts_of_arrays(names),
        };
        for (at, node) in names.tree.iter().enumerate() {
            let t = reader.node(node, at);
            reader.types.push(t);
        }
        for (id, clause) in &names.conditions {
            reader.must_be_boolean(*id, clause);
        }
        Types {
            all: reader.types,
            mutable: reader.mutable,
            volatile: reader.volatile,
            special: reader.special,
            calls: reader.calls,
        }
    }

    /// The condition of a clause is true or false.
    pub(super) fn must_be_boolean(&mut self, expr: &Expr, types: &Types, clause: &str, out: &mut Outcome) {
        self.must_be(expr, types, &Ty::named("boolean"), clause, out);
    }

    /// The expression of a clause can be assigned to a type.
    pub(super) fn must_be(&mut self, expr: &Expr, types: &Types, wanted: &Ty, clause: &str, out: &mut Outcome) {
        let refusal = match (types.of(expr.root), expr.names.at(expr.root)) {
            (Inferred::Untyped, Some(node)) => self.unreadable(node, wanted, "type-mismatch"),
            (Inferred::Known(own), _) if self.coerces(own, wanted, Context::Assignment) == Sure::No => {
                let message = format!("argument of {clause} must be type {}, not type {}", wanted.text(), own.text());
                Some(Refusal { problem: problem("type-mismatch", "42804", message), span: expr.span, help: None })
            }
            _ => None,
        };
        self.report_all(refusal.into_iter().collect(), out);
    }

    /// What is computed for one row alone takes no subquery, no aggregate and no function of rows.
    pub(super) fn must_be_of_one_row(&mut self, expr: &Expr, types: &Types, place: Place, out: &mut Outcome) {
        if !self.engine.checks_types {
            return;
        }
        let Place(one, several) = place;
        let (sqlstate, message, span) = if let Some(query) = expr.names.queries.first() {
            ("0A000", format!("cannot use subquery in {one}"), query.span)
        } else if let Some((special, span)) = types.special {
            match special {
                Special::Aggregate => ("42803", format!("aggregate functions are not allowed in {several}"), span),
                Special::Window => ("42P20", format!("window functions are not allowed in {several}"), span),
                Special::Rows => ("0A000", format!("set-returning functions are not allowed in {several}"), span),
            }
        } else {
            return;
        };
        self.report(problem("invalid-definition", sqlstate, message), span, None, out);
    }

    /// An expression whose value is stored must always answer the same.
    pub(super) fn must_be_immutable(&mut self, types: &Types, message: &str, out: &mut Outcome) {
        if let Some(span) = types.mutable {
            let problem = problem("invalid-definition", "42P17", message.to_owned());
            let help =
                "what it answers depends on the session or the time: say the time zone, or make an IMMUTABLE function";
            self.report(problem, span, Some(help.to_owned()), out);
        }
    }

    /// What keeps a column of one type from being inserted into another.
    pub(super) fn unassignable_column(&self, own: &Column, column: &Column, span: Span) -> Option<Refusal> {
        let (from, to) = (Ty::of(&own.data_type)?, Ty::of(&column.data_type)?);
        if self.coerces(&from, &to, Context::Assignment) != Sure::No {
            return None;
        }
        let (name, to) = (&column.name, &column.data_type.text);
        let message = format!("column \"{name}\" is of type {to} but expression is of type {}", from.text());
        Some(Refusal { problem: problem("type-mismatch", "42804", message), span, help: None })
    }

    /// Whether a foreign key of type `own` can point at a key of type `referenced`: equality within the family of the
    /// key's operator class, or the column becomes the key's type by itself (manual, CREATE TABLE, REFERENCES).
    pub(super) fn keys_compare(&self, own: &Type, referenced: &Type) -> Sure {
        let bases = (Ty::of(own).and_then(|t| self.base_of(&t)), Ty::of(referenced).and_then(|t| self.base_of(&t)));
        let (Some(a), Some(b)) = bases else { return Sure::Perhaps };
        if a.same(&b) {
            return Sure::Yes;
        }
        if a.array || b.array {
            return Sure::No;
        }
        const FAMILIES: [&[&str]; 4] = [
            &["smallint", "integer", "bigint"],
            &["real", "double precision"],
            &["date", "timestamp without time zone", "timestamp with time zone"],
            &["text", "character varying", "name"],
        ];
        if FAMILIES.iter().any(|family| family.iter().any(|t| a.is(t)) && family.iter().any(|t| b.is(t))) {
            return Sure::Yes;
        }
        let class = match &*b.name {
            "character varying" if b.user.is_none() => Ty::named("text"),
            "cidr" if b.user.is_none() => Ty::named("inet"),
            _ => b,
        };
        self.coerces(&a, &class, Context::Implicit)
    }

    /// What keeps an index of this method from holding a type (manual, 11.10).
    pub(super) fn unindexable(
        &self,
        method: &str,
        own: &Inferred,
        class: Option<&Name>,
        span: Span,
    ) -> Option<Refusal> {
        let base = self.base_of(own.ty()?)?;
        if !self.engine.checks_types || self.is_open() || self.unknown_extension_installed() {
            return None;
        }
        let first = Key::Other(ObjectKind::OperatorClass, String::new(), String::new());
        let own_class = self.objects.range(first..).next();
        if own_class.is_some_and(|(k, _)| matches!(k, Key::Other(ObjectKind::OperatorClass, ..))) {
            return None;
        }
        // What an operator class of another type takes, too: without a change of the bytes.
        let mut takes: Vec<&str> = vec![&base.name];
        let builtin = super::types::builtin(&base.name).filter(|_| base.user.is_none());
        if base.array {
            takes = vec!["anyarray"];
        } else if let Some(key) = &base.user {
            match self.get(key) {
                Some(Object::Type(t)) if matches!(t.kind, UserTypeKind::Enum(_)) => takes = vec!["anyenum"],
                Some(Object::Type(t)) if matches!(t.kind, UserTypeKind::Composite(_)) => takes = vec!["record"],
                _ => return None,
            }
        } else {
            match (&*base.name, builtin) {
                ("character varying", _) => takes.push("text"),
                ("cidr", _) => takes.push("inet"),
                (_, Some(b)) if b.category == 'R' => {
                    takes.push(if base.name.ends_with("multirange") { "anymultirange" } else { "anyrange" });
                }
                (name, Some(b)) if b.category == 'N' && name.starts_with("reg") => takes.push("oid"),
                (_, Some(b)) if matches!(b.category, 'P' | 'A') => return None,
                (_, None) if !self.installed_extensions().any(|e| e.has_type(&base.name)) => return None,
                _ => {}
            }
        }
        let known = builtins::index_method(method) || self.installed_extensions().any(|e| e.has_method(method));
        if !known {
            return None;
        }
        let Some(class) = class else {
            let there = takes.iter().any(|t| {
                builtins::default_class(method, t).is_some()
                    || self.installed_extensions().any(|e| e.default_class(method, t).is_some())
            });
            if there {
                return None;
            }
            let message =
                format!("data type {} has no default operator class for access method \"{method}\"", own.text());
            let help = match (method, base.is("text") || base.is("character varying")) {
                ("gin" | "gist", true) => {
                    "for a search in the text: CREATE EXTENSION IF NOT EXISTS pg_trgm, then gin_trgm_ops"
                }
                _ => "name an operator class, or take another access method",
            };
            let problem = problem("undefined-object", "42704", message);
            return Some(Refusal { problem, span, help: Some(help.to_owned()) });
        };
        let word = class.name.value.as_str();
        let mut of: Vec<&str> = builtins::class_types(method, word).collect();
        of.extend(self.installed_extensions().flat_map(|e| e.class_types(method, word)));
        // A class that is not there has been said; one of several types takes what any of them takes.
        let fits = of.is_empty()
            || of.iter().any(|t| {
                takes.contains(t) || *t == "\"any\"" || t.starts_with("any") && *t != "anyarray" && *t != "anyenum"
            });
        if fits {
            return None;
        }
        let message = format!("operator class \"{word}\" does not accept data type {}", own.text());
        Some(Refusal { problem: problem("type-mismatch", "42804", message), span: class.span(), help: None })
    }

    /// What keeps an expression from being assigned to a column: `None` where nothing does, or where that cannot be known.
    pub(crate) fn unassignable(
        &self,
        names: &Names,
        id: NodeId,
        from: &Inferred,
        column: &str,
        to: &Type,
        default: bool,
    ) -> Option<Refusal> {
        let target = Ty::of(to)?;
        let node = names.at(id)?;
        match from {
            Inferred::Unknown => None,
            Inferred::Untyped => {
                let rule = if default { "default-type-mismatch" } else { "type-mismatch" };
                self.unreadable(node, &target, rule)
            }
            Inferred::Known(own) => {
                if self.coerces(own, &target, Context::Assignment) != Sure::No {
                    return None;
                }
                let (what, rule) = if default {
                    ("default expression", "default-type-mismatch")
                } else {
                    ("expression", "type-mismatch")
                };
                let message =
                    format!("column \"{column}\" is of type {} but {what} is of type {}", to.text, own.text());
                let help = format!("write it as {0}, or cast it: (…)::{0}", to.text);
                Some(Refusal { problem: problem(rule, "42804", message), span: node.span, help: Some(help) })
            }
        }
    }

    /// The name in a literal of type `regclass` or `regnamespace` is looked up where the literal is read (manual, 8.19).
    fn names_nothing(&self, text: &str, kind: &str, span: Span) -> Option<Refusal> {
        if self.is_open() || text == "-" || text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let name = super::functions::name_in_text(text.trim(), span);
        if kind == "regnamespace" {
            let there = self.schema_known(&self.folded(&name.name.value));
            let problem = Problem::UndefinedSchema(name.name.value);
            return (!there).then_some(Refusal { problem, span, help: None });
        }
        if self.find_relation(&name) != Found::No || self.is_poisoned(&format!("relation {}", name.text())) {
            return None;
        }
        let help = nearest(&name.name.value, self.relation_names()).map(|near| format!("did you mean \"{near}\"?"));
        Some(Refusal { problem: Problem::UndefinedRelation(name.text()), span, help })
    }

    /// What keeps a literal from being read as a type.
    fn unreadable(&self, node: &Node, to: &Ty, rule: &'static str) -> Option<Refusal> {
        let Form::Literal(Literal::Text(text)) = &node.form else { return None };
        let base = self.base_of(to)?;
        if let Some(key) = &base.user {
            let Some(Object::Type(user)) = self.get(key) else { return None };
            if base.array {
                return literals::not_an_array(text).then(|| misread(text, &base, "22P02", rule, node.span));
            }
            let UserTypeKind::Enum(labels) = &user.kind else { return None };
            if labels.contains(text) {
                let (problem, help) = self.label_too_soon(key, text)?;
                return Some(Refusal { problem, span: node.span, help: Some(help) });
            }
            let help = nearest(text, labels.iter().map(String::as_str))
                .map(|near| format!("did you mean \"{near}\"?"))
                .or_else(|| Some(format!("its labels are: {}", labels.join(", "))));
            let problem = Problem::UndefinedEnumLabel { label: text.clone(), type_name: base.text() };
            return Some(Refusal { problem, span: node.span, help });
        }
        if base.array {
            return literals::not_an_array(text).then(|| misread(text, &base, "22P02", rule, node.span));
        }
        if let "regclass" | "regnamespace" = &*base.name {
            return self.names_nothing(text, &base.name, node.span);
        }
        let sqlstate = match literals::unreadable(text, &base.name)? {
            Unreadable::Syntax => "22P02",
            Unreadable::Moment => "22007",
            Unreadable::Range => "22003",
        };
        Some(misread(text, &base, sqlstate, rule, node.span))
    }

    /// The columns of a query as it shows them, where all of them are known; a type that is not is `unknown`.
    pub(crate) fn output_columns(&self, reads: &Reads, outer: &[Scope], own: Option<&str>) -> Option<Vec<Column>> {
        if reads.opaque {
            return None;
        }
        let mut resolved = Resolved::default();
        for (i, select) in reads.selects.iter().enumerate() {
            let scopes = self.select_scopes(select, outer, own);
            let types = self.infer(&select.names, &scopes, None);
            resolved.arms.push(self.arm(reads, i, &scopes, types));
        }
        self.answered(reads, &resolved)
    }

    /// The same of a query that was resolved.
    pub(super) fn answered(&self, reads: &Reads, resolved: &Resolved) -> Option<Vec<Column>> {
        if reads.opaque {
            return None;
        }
        let mut columns = match resolved.arms.first() {
            Some(first) => first.columns.clone()?,
            None => reads.outputs.iter().map(output_name).map(|n| n.map(column_of)).collect::<Option<Vec<_>>>()?,
        };
        // Untyped ones are texts once no other part of a set operation says otherwise.
        for (select, arm) in reads.selects.iter().zip(&resolved.arms).skip(1) {
            if select.arm.is_none() {
                continue;
            }
            let other = arm.columns.as_ref().filter(|o| o.len() == columns.len());
            for (i, (_, t)) in columns.iter_mut().enumerate() {
                let theirs = other.map_or(&Inferred::Unknown, |o| &o[i].1);
                *t = match self.common_type(&[t, theirs]) {
                    Ok(Some(common)) if t.ty().is_some() || theirs.ty().is_some() => Inferred::Known(common),
                    Ok(Some(_)) => Inferred::Untyped,
                    _ => Inferred::Unknown,
                };
            }
        }
        let finished = columns.into_iter().map(|(name, t)| {
            let data_type = match t {
                Inferred::Unknown => Type::unknown("unknown"),
                Inferred::Untyped => Ty::named("text").to_type(),
                Inferred::Known(t) => t.to_type(),
            };
            Column::plain(&name, data_type)
        });
        Some(finished.collect())
    }

    /// The parts of a set operation whose columns have no type together, and rows of VALUES the same.
    pub(super) fn unmatched_arms(&self, reads: &Reads, resolved: &Resolved) -> Vec<Refusal> {
        let mut found = Vec::new();
        let (Some(first), Some(own)) = (reads.selects.first(), resolved.arms.first()) else { return found };
        let arms = reads.selects.iter().skip(1).filter(|s| s.arm.is_some()).count();
        if reads.opaque || self.is_open() || !self.engine.checks_types {
            return found;
        }
        let refuse = |word: &str, unmatched: &Unmatched, span: Span| {
            let (sqlstate, message) = unmatched.said(word);
            Refusal { problem: problem("type-mismatch", sqlstate, message), span, help: None }
        };
        if let Some(rows) = reads.values.as_ref().filter(|rows| arms == 0 && rows.len() > 1) {
            let types = &own.types;
            let width = rows[0].0;
            for i in 0..width {
                let column = || first.targets.iter().skip(i).step_by(width);
                let all: Vec<&Inferred> = column().map(|id| types.of(*id)).collect();
                match self.common_type(&all) {
                    Err(e) => found.push(refuse("VALUES", &e, rows[0].1)),
                    Ok(Some(t)) => {
                        let texts = column().filter(|id| matches!(types.of(**id), Inferred::Untyped));
                        let unread = texts.filter_map(|id| self.unreadable(first.names.at(*id)?, &t, "type-mismatch"));
                        found.extend(unread);
                    }
                    Ok(None) => {}
                }
            }
            return found;
        }
        if arms == 0 {
            return found;
        }
        let Some(mut columns) = own.columns.clone() else { return found };
        for (select, arm) in reads.selects.iter().zip(&resolved.arms).skip(1) {
            let Some((word, _)) = &select.arm else { continue };
            let Some(other) = arm.columns.as_ref().filter(|o| o.len() == columns.len()) else { return found };
            for ((_, t), (_, theirs)) in columns.iter_mut().zip(other) {
                match self.common_type(&[t, theirs]) {
                    Err(e) => {
                        found.push(refuse(word, &e, reads.span));
                        return found;
                    }
                    Ok(Some(common)) => *t = Inferred::Known(common),
                    Ok(None) => *t = Inferred::Unknown,
                }
            }
        }
        // The texts among them are read as what all are together.
        let arms = reads.selects.iter().skip(1).filter_map(|s| Some((s, &s.arm.as_ref()?.1)));
        for (select, outputs) in [(first, &reads.outputs)].into_iter().chain(arms) {
            if outputs.iter().any(|o| matches!(o, Output::Star(_))) || select.targets.len() != columns.len() {
                continue;
            }
            for (id, (_, t)) in select.targets.iter().zip(&columns) {
                if let (Some(node), Inferred::Known(t)) = (select.names.at(*id), t) {
                    found.extend(self.unreadable(node, t, "type-mismatch"));
                }
            }
        }
        found
    }

    /// What one of a query's parts is made of, and what it shows where it is part of the answer.
    pub(super) fn arm(&self, reads: &Reads, at: usize, scopes: &[Scope], types: Types) -> Arm {
        let select = &reads.selects[at];
        let outputs = match &select.arm {
            _ if at == 0 => Some(&reads.outputs),
            Some((_, outputs)) => Some(outputs),
            None => None,
        };
        let outputs = outputs.filter(|_| !reads.opaque);
        let columns = outputs.and_then(|outputs| self.arm_columns(select, outputs, reads, scopes, &types));
        Arm { types, columns }
    }

    /// The columns of one part of a set operation, literals without a type being untyped still.
    fn arm_columns(
        &self,
        select: &Select,
        outputs: &[Output],
        reads: &Reads,
        scopes: &[Scope],
        types: &Types,
    ) -> Option<Vec<(String, Inferred)>> {
        if let Some(rows) = reads.values.as_ref().filter(|_| select.sources.is_empty()) {
            let width = rows.first()?.0;
            let columns = (0..width).map(|i| {
                let all: Vec<&Inferred> =
                    select.targets.iter().skip(i).step_by(width).map(|id| types.of(*id)).collect();
                let common = match self.common_type(&all) {
                    Ok(Some(t)) if all.iter().any(|t| t.ty().is_some()) => Inferred::Known(t),
                    Ok(Some(_)) => Inferred::Untyped,
                    _ => Inferred::Unknown,
                };
                (format!("column{}", i + 1), common)
            });
            return Some(columns.collect());
        }
        let mut columns = Vec::with_capacity(outputs.len());
        for (i, output) in outputs.iter().enumerate() {
            match output {
                Output::Star(qualifier) => {
                    self.expand_star(select, scopes, qualifier.as_deref(), &mut columns)?;
                }
                named => {
                    let id = select.targets.get(i).copied().unwrap_or_default();
                    columns.push((output_name(named)?, types.of(id).clone()));
                }
            }
        }
        Some(columns)
    }
}

fn column_of(name: String) -> (String, Inferred) {
    (name, Inferred::Unknown)
}

fn output_name(output: &Output) -> Option<String> {
    match output {
        Output::Named(i) => Some(i.value.clone()),
        Output::Unnamed => Some("?column?".to_owned()),
        Output::Star(_) => None,
    }
}

fn misread(text: &str, to: &Ty, sqlstate: &'static str, rule: &'static str, span: Span) -> Refusal {
    let message = match sqlstate {
        _ if to.array => format!("malformed array literal: \"{text}\""),
        _ if to.user.is_none() && to.name.ends_with("range") => format!("malformed range literal: \"{text}\""),
        "22003" => format!("value \"{text}\" is out of range for type {}", to.name),
        _ => {
            // The messages of dates and times name the type without its zone's words.
            let name = to.name.strip_suffix(" without time zone").unwrap_or(&to.name);
            format!("invalid input syntax for type {name}: \"{text}\"")
        }
    };
    Refusal { problem: problem(rule, sqlstate, message), span, help: None }
}

/// The nodes that are arrays under a cast, which gives their elements their type.
fn casts_of_arrays(names: &Names) -> Vec<bool> {
    if !names.tree.iter().any(|n| matches!(n.form, Form::Array)) {
        return Vec::new();
    }
    let mut under = vec![false; names.tree.len()];
    for (at, node) in names.tree.iter().enumerate().rev() {
        if matches!(node.form, Form::Cast(_)) || under[at] && matches!(node.form, Form::Array) {
            for part in names.parts_of(node) {
                if let Some(at) = part.position() {
                    under[at] = true;
                }
            }
        }
    }
    under
}

/// One pass over a tree.
struct Reading<'a, 'f> {
    catalog: &'a Catalog,
    names: &'a Names,
    scopes: &'a [Scope],
    types: Vec<Inferred>,
    found: Option<&'f mut Vec<Refusal>>,
    mutable: Option<Span>,
    volatile: Option<Span>,
    special: Option<(Special, Span)>,
    /// The calls whose function is known, by their positions: `f` a function, `a` an aggregate, `w` one of windows.
    calls: Vec<(usize, char)>,
    under_cast: Vec<bool>,
}

impl Reading<'_, '_> {
    fn of(&self, id: NodeId) -> &Inferred {
        id.position().and_then(|at| self.types.get(at)).unwrap_or(&Inferred::Unknown)
    }

    /// A part answers `i`mmutably, or not.
    fn answers(&mut self, volatility: char, span: Span) {
        if matches!(volatility, 's' | 'v') {
            self.mutable.get_or_insert(span);
        }
        if volatility == 'v' {
            self.volatile.get_or_insert(span);
        }
    }

    fn refuse(&mut self, problem: Problem, span: Span, help: Option<String>) {
        if let Some(found) = &mut self.found {
            found.push(Refusal { problem, span, help });
        }
    }

    /// A literal without a type is read as one.
    fn read_as(&mut self, id: NodeId, to: &Ty) {
        if self.found.is_none() || !matches!(self.of(id), Inferred::Untyped) {
            return;
        }
        let Some(node) = self.names.at(id) else { return };
        if let Some(refusal) = self.catalog.unreadable(node, to, "type-mismatch")
            && let Some(found) = &mut self.found
        {
            found.push(refusal);
        }
    }

    fn must_be_boolean(&mut self, id: NodeId, clause: &str) {
        let boolean = Ty::named("boolean");
        let own = match self.of(id) {
            Inferred::Unknown => return,
            Inferred::Untyped => return self.read_as(id, &boolean),
            Inferred::Known(t) => t,
        };
        if self.catalog.coerces(own, &boolean, Context::Assignment) == Sure::No {
            let message = format!("argument of {clause} must be type boolean, not type {}", own.text());
            let span = self.names.at(id).map_or(Span::default(), |n| n.span);
            self.refuse(problem("type-mismatch", "42804", message), span, None);
        }
    }

    fn node(&mut self, node: &Node, at: usize) -> Inferred {
        let names = self.names;
        let parts = names.parts_of(node);
        let boolean = || Inferred::named("boolean");
        match &node.form {
            Form::Literal(literal) => match literal {
                Literal::Number(digits) => Inferred::named(literals::number(digits)),
                Literal::Boolean(_) => boolean(),
                Literal::Null | Literal::Text(_) => Inferred::Untyped,
            },
            Form::Bits => Inferred::named("bit"),
            Form::Value(t) => {
                self.answers('s', node.span);
                Inferred::named(t)
            }
            Form::Column(i) => names.columns.get(*i as usize).map_or(Inferred::Unknown, |path| self.column(path)),
            Form::Parameter(n) => {
                let given = self.catalog.parameters.as_ref().and_then(|all| all.get((*n as usize).checked_sub(1)?));
                given.and_then(Ty::of).map_or(Inferred::Unknown, Inferred::Known)
            }
            Form::Call { call, aggregate: _, window, named } => {
                let Some(call) = names.functions.get(*call as usize) else { return Inferred::Unknown };
                if *named { Inferred::Unknown } else { self.call(&call.name, parts, *window, node.span) }
            }
            Form::Function(name) => {
                let args = self.arguments(parts, name == &"extract");
                match self.catalog.function(Some("pg_catalog"), name, None, &args) {
                    Choice::Found { result, takes, volatility, .. } => {
                        self.answers(volatility, node.span);
                        self.read_arguments(parts, &takes);
                        result.map_or(Inferred::Unknown, Inferred::Known)
                    }
                    Choice::Missing => {
                        self.missing_function(&format!("pg_catalog.{name}"), &args, node.span);
                        Inferred::Unknown
                    }
                    _ => Inferred::Unknown,
                }
            }
            Form::Cast(t) => self.cast(*t, parts, node.span),
            Form::Operator(name) => match *parts {
                [one] => self.operator(name, None, one, node.span),
                [left, right] => self.operator(name, Some(left), right, node.span),
                _ => Inferred::Unknown,
            },
            Form::Quantified(name) => {
                if let [left, right] = *parts {
                    self.quantified(name, left, right, node.span);
                }
                boolean()
            }
            Form::Logic(word) => {
                let clause = if *word == "IS" { "IS TRUE" } else { word };
                for part in parts {
                    self.must_be_boolean(*part, clause);
                }
                boolean()
            }
            Form::Test => boolean(),
            Form::Distinct => {
                if let [left, right] = *parts {
                    self.operator("=", Some(left), right, node.span);
                }
                boolean()
            }
            Form::Between => {
                if let [x, low, high] = *parts {
                    self.operator(">=", Some(x), low, node.span);
                    self.operator("<=", Some(x), high, node.span);
                }
                boolean()
            }
            Form::In => {
                if let [x, ref list @ ..] = *parts {
                    self.listed(x, list, node.span);
                }
                boolean()
            }
            Form::Nullif => {
                let [left, right] = *parts else { return Inferred::Unknown };
                self.operator("=", Some(left), right, node.span);
                // As the operator takes it: of a varchar that is a text.
                let own = self.of(left).clone();
                match (self.catalog.operator("=", Some(&own), self.of(right)), own) {
                    (Choice::Found { takes, .. }, Inferred::Known(t)) => match takes.into_iter().next() {
                        Some(taken) if !taken.same(&t) => Inferred::Known(taken),
                        _ => Inferred::Known(t),
                    },
                    _ => Inferred::Unknown,
                }
            }
            Form::Case { operand, otherwise } => self.case(parts, *operand, *otherwise, node.span),
            Form::Common(word) => self.common(word, parts, node.span),
            Form::Array => self.array(parts, at, node.span),
            Form::Row => Inferred::Unknown,
            Form::Query(i, form) => self.query(*i, form, parts, node.span),
            Form::Field(name) => parts.first().map_or(Inferred::Unknown, |p| self.field(*p, name)),
            Form::Subscript { slice } => {
                parts.first().map_or(Inferred::Unknown, |p| self.subscript(*p, *slice, node.span))
            }
            Form::Collate => parts.first().map_or(Inferred::Unknown, |p| self.of(*p).clone()),
        }
    }

    /// A column of the scopes: the nearest that has it.
    fn column(&self, path: &[crate::change::Ident]) -> Inferred {
        let known = |t: Option<&Type>| t.and_then(Ty::of).map_or(Inferred::Unknown, Inferred::Known);
        match path {
            [column] => {
                let mut found: Option<(&Type, usize)> = None;
                for s in self.scopes {
                    if found.is_some_and(|(_, depth)| s.depth < depth) {
                        break;
                    }
                    let Some(columns) = &s.columns else { return Inferred::Unknown };
                    let Some(at) = columns.iter().position(|c| self.catalog.same(c, &column.value)) else { continue };
                    match (found, s.type_at(self.catalog, at)) {
                        (_, None) => return Inferred::Unknown,
                        (None, Some(t)) => found = Some((t, s.depth)),
                        // Merged by USING, or ambiguous: of one type it does not matter.
                        (Some((a, _)), Some(b)) if a.text == b.text => {}
                        (Some(_), Some(_)) => return Inferred::Unknown,
                    }
                }
                known(found.map(|(t, _)| t))
            }
            [qualifier, column] => {
                let entry = |s: &&Scope| s.qualifier.as_ref().is_some_and(|q| self.catalog.same(q, &qualifier.value));
                let Some(scope) = self.scopes.iter().find(entry) else { return Inferred::Unknown };
                let Some(columns) = &scope.columns else { return Inferred::Unknown };
                let at = columns.iter().position(|c| self.catalog.same(c, &column.value));
                at.map_or(Inferred::Unknown, |at| known(scope.type_at(self.catalog, at)))
            }
            _ => Inferred::Unknown,
        }
    }

    fn arguments(&self, parts: &[NodeId], field_first: bool) -> Vec<Inferred> {
        let mut args: Vec<Inferred> = parts.iter().map(|p| self.of(*p).clone()).collect();
        // EXTRACT's field is a word that becomes a text.
        if let (true, Some(first)) = (field_first, args.first_mut()) {
            *first = Inferred::named("text");
        }
        args
    }

    fn read_arguments(&mut self, parts: &[NodeId], takes: &[Ty]) {
        for (part, t) in parts.iter().zip(takes) {
            if !t.name.starts_with("any") && !t.is("\"any\"") {
                self.read_as(*part, t);
            }
        }
    }

    fn call(&mut self, name: &Name, parts: &[NodeId], window: bool, span: Span) -> Inferred {
        let catalog = self.catalog;
        let args = self.arguments(parts, false);
        let own = match catalog.find(name, Key::Function) {
            Found::Yes(key) => Some(key),
            Found::No => None,
            Found::Perhaps if name.schema.as_ref().is_some_and(|s| s.value == "pg_catalog") => None,
            // What begins with `pg_` is the server's own.
            Found::Perhaps if !catalog.is_open() && !catalog.is_blurred(&name.name.value) && name.schema.is_none() => {
                None
            }
            Found::Perhaps => return Inferred::Unknown,
        };
        // `type('text')` is a cast (manual, 4.2.9).
        if let ([Inferred::Untyped], [part]) = (args.as_slice(), parts)
            && let Some(to) = catalog.type_of_name(name)
        {
            self.read_as(*part, &to);
            return Inferred::Known(to);
        }
        let schema = name.schema.as_ref().map(|s| s.value.as_str());
        match catalog.function(schema, &name.name.value, own.as_ref(), &args) {
            Choice::Found { result, takes, volatility, kind, set } => {
                self.answers(volatility, span);
                self.calls.push((self.types.len(), kind));
                let special = match kind {
                    _ if window => Some(Special::Window),
                    'w' => Some(Special::Window),
                    'a' => Some(Special::Aggregate),
                    _ => set.then_some(Special::Rows),
                };
                if let (None, Some(special)) = (self.special, special) {
                    self.special = Some((special, span));
                }
                self.read_arguments(parts, &takes);
                result.map_or(Inferred::Unknown, Inferred::Known)
            }
            Choice::Missing => {
                self.no_function(name, &args);
                Inferred::Unknown
            }
            Choice::Ambiguous if args.len() == 1 && catalog.is_type_or_column(name) => Inferred::Unknown,
            Choice::Ambiguous => {
                let message = format!("function {}({}) is not unique", name.text(), texts(&args));
                let help = Some("cast the literals to the types that are meant".to_owned());
                self.refuse(problem("undefined-function", "42725", message), name.span(), help);
                Inferred::Unknown
            }
            Choice::Unknown => Inferred::Unknown,
        }
    }

    /// No function takes these: a cast, a column of a row, or an error. That the name or the number of arguments is
    /// wrong has been said where names are resolved.
    fn no_function(&mut self, name: &Name, args: &[Inferred]) {
        if !self.catalog.takes_so_many(name, args.len()) || args.len() == 1 && self.catalog.is_type_or_column(name) {
            return;
        }
        self.missing_function(&name.text(), args, name.span());
    }

    fn missing_function(&mut self, name: &str, args: &[Inferred], span: Span) {
        let message = format!("function {name}({}) does not exist", texts(args));
        let help = Some("no function of that name takes these types: cast what is not meant as it is".to_owned());
        self.refuse(problem("undefined-function", "42883", message), span, help);
    }

    fn operator(&mut self, name: &str, left: Option<NodeId>, right: NodeId, span: Span) -> Inferred {
        let l = left.map(|id| self.of(id).clone());
        let r = self.of(right).clone();
        match self.catalog.operator(name, l.as_ref(), &r) {
            Choice::Found { result, takes, volatility, .. } => {
                self.answers(volatility, span);
                if name == "||" && result.as_ref().is_some_and(|t| t.is("text")) {
                    let text = Ty::named("text");
                    let mutable = |t: &Inferred| t.ty().is_some_and(|t| self.catalog.cast_is_mutable(t, &text));
                    if l.as_ref().is_some_and(mutable) || mutable(&r) {
                        self.answers('s', span);
                    }
                }
                let parts: Vec<NodeId> = left.into_iter().chain([right]).collect();
                self.read_arguments(&parts, &takes);
                result.map_or(Inferred::Unknown, Inferred::Known)
            }
            Choice::Missing => {
                let before = l.map_or_else(String::new, |l| format!("{} ", l.text()));
                let message = format!("operator does not exist: {before}{name} {}", r.text());
                let help = Some("no operator takes these types: cast one side to the type of the other".to_owned());
                self.refuse(problem("undefined-function", "42883", message), span, help);
                Inferred::Unknown
            }
            Choice::Ambiguous => {
                let before = l.map_or_else(String::new, |l| format!("{} ", l.text()));
                let message = format!("operator is not unique: {before}{name} {}", r.text());
                let help = Some("cast a literal to the type that is meant".to_owned());
                self.refuse(problem("undefined-function", "42725", message), span, help);
                Inferred::Unknown
            }
            // Whatever is compared, the answer is true or false.
            Choice::Unknown if matches!(name, "=" | "<>" | "<" | ">" | "<=" | ">=" | "~~" | "!~~" | "~~*" | "!~~*") => {
                Inferred::named("boolean")
            }
            Choice::Unknown => Inferred::Unknown,
        }
    }

    /// `x = ANY (array)`.
    fn quantified(&mut self, name: &str, left: NodeId, right: NodeId, span: Span) {
        let element = match self.of(right) {
            Inferred::Known(t) => {
                let Some(base) = self.catalog.base_of(t) else { return };
                match base.element() {
                    Some(e) => e,
                    None => {
                        let vector = super::types::builtin(&base.name).is_none_or(|b| b.category == 'A');
                        if !vector && base.user.is_none() {
                            let message = "op ANY/ALL (array) requires array on right side".to_owned();
                            self.refuse(problem("type-mismatch", "42809", message), span, None);
                        }
                        return;
                    }
                }
            }
            // `'{a,b}'` is an array of what is on the left.
            Inferred::Untyped => {
                if let Some(array) = self.of(left).ty().cloned().and_then(Ty::array_of) {
                    self.read_as(right, &array);
                }
                return;
            }
            Inferred::Unknown => return,
        };
        let l = self.of(left).clone();
        if let Choice::Missing = self.catalog.operator(name, Some(&l), &Inferred::Known(element.clone())) {
            let message = format!("operator does not exist: {} {name} {}", l.text(), element.text());
            let help = Some("no operator takes these types: cast one side to the type of the other".to_owned());
            self.refuse(problem("undefined-function", "42883", message), span, help);
        } else {
            self.read_as(left, &element);
        }
    }

    /// `x IN (a, b)`: as one array where all have a common type, or one by one.
    fn listed(&mut self, x: NodeId, list: &[NodeId], span: Span) {
        for item in list {
            let at = self.names.at(*item).map_or(span, |n| n.span);
            self.operator("=", Some(x), *item, at);
        }
    }

    fn cast(&mut self, t: u32, parts: &[NodeId], span: Span) -> Inferred {
        let Some(name) = self.names.types.get(t as usize) else { return Inferred::Unknown };
        let Some(to) = self.catalog.lookup_type(name).as_ref().and_then(Ty::of) else { return Inferred::Unknown };
        let Some(part) = parts.first() else { return Inferred::Known(to) };
        match self.of(*part) {
            Inferred::Untyped => self.read_as(*part, &to),
            Inferred::Known(from) => {
                let from = from.clone();
                // An array constructor's elements are cast one by one.
                let array = self.names.at(*part).is_some_and(|n| matches!(n.form, Form::Array));
                if !array && self.catalog.coerces(&from, &to, Context::Explicit) == Sure::No {
                    let message = format!("cannot cast type {} to {}", from.text(), to.text());
                    self.refuse(problem("type-mismatch", "42846", message), span, None);
                }
                if !array && self.catalog.cast_is_mutable(&from, &to) {
                    self.answers('s', span);
                }
            }
            Inferred::Unknown => {}
        }
        Inferred::Known(to)
    }

    fn case(&mut self, parts: &[NodeId], operand: bool, otherwise: bool, span: Span) -> Inferred {
        let (first, arms) = if operand { (parts.first().copied(), parts.get(1..)) } else { (None, Some(parts)) };
        let arms = arms.unwrap_or_default();
        let pairs = arms.len() - usize::from(otherwise && !arms.is_empty());
        let mut results = Vec::with_capacity(pairs / 2 + 1);
        for pair in arms[..pairs].chunks_exact(2) {
            match first {
                Some(x) => {
                    self.operator("=", Some(x), pair[0], span);
                }
                None => self.must_be_boolean(pair[0], "CASE/WHEN"),
            }
            results.push(pair[1]);
        }
        // The server puts ELSE first.
        if otherwise && let Some(last) = arms.last() {
            results.insert(0, *last);
        }
        // Without ELSE it is NULL.
        let null = Inferred::Untyped;
        self.common_with("CASE", &results, (!otherwise).then_some(&null), span)
    }

    fn common(&mut self, word: &str, parts: &[NodeId], span: Span) -> Inferred {
        self.common_with(word, parts, None, span)
    }

    fn common_with(&mut self, word: &str, parts: &[NodeId], more: Option<&Inferred>, span: Span) -> Inferred {
        let all: Vec<&Inferred> = parts.iter().map(|p| self.of(*p)).chain(more).collect();
        match self.catalog.common_type(&all) {
            Ok(Some(t)) => {
                if all.iter().all(|t| t.ty().is_none()) {
                    return Inferred::named("text");
                }
                for part in parts {
                    self.read_as(*part, &t);
                }
                Inferred::Known(t)
            }
            Ok(None) => Inferred::Unknown,
            Err(e) => {
                let (sqlstate, message) = e.said(word);
                self.refuse(problem("type-mismatch", sqlstate, message), span, None);
                Inferred::Unknown
            }
        }
    }

    fn array(&mut self, parts: &[NodeId], at: usize, span: Span) -> Inferred {
        if self.under_cast.get(at).copied().unwrap_or(false) {
            return Inferred::Unknown;
        }
        if parts.is_empty() {
            let message = "cannot determine type of empty array".to_owned();
            let help = Some("say its type: ARRAY[]::integer[]".to_owned());
            self.refuse(problem("type-mismatch", "42P18", message), span, help);
            return Inferred::Unknown;
        }
        match self.common("ARRAY", parts, span) {
            // An array of arrays is one of more dimensions.
            Inferred::Known(t) if t.array => Inferred::Known(t),
            Inferred::Known(t) => t.array_of().map_or(Inferred::Unknown, Inferred::Known),
            other => other,
        }
    }

    fn query(&mut self, at: u32, form: &QueryForm, parts: &[NodeId], span: Span) -> Inferred {
        let Some(query) = self.names.queries.get(at as usize) else {
            return match form {
                QueryForm::Exists | QueryForm::Compared(_) => Inferred::named("boolean"),
                _ => Inferred::Unknown,
            };
        };
        if matches!(form, QueryForm::Exists) {
            return Inferred::named("boolean");
        }
        let columns = self.catalog.output_columns(query, self.scopes, None);
        if let Some(columns) = &columns {
            self.check_query_width(columns.len(), form, parts, span);
        }
        let single = match columns.as_deref() {
            Some([one]) => Ty::of(&one.data_type).map_or(Inferred::Unknown, Inferred::Known),
            _ => Inferred::Unknown,
        };
        match form {
            QueryForm::Scalar => single,
            QueryForm::Array => match single {
                Inferred::Known(t) => t.array_of().map_or(Inferred::Unknown, Inferred::Known),
                _ => Inferred::Unknown,
            },
            QueryForm::Compared(name) => {
                if let Some(left) = parts.first()
                    && !name.is_empty()
                {
                    let l = self.of(*left).clone();
                    // NOT IN compares for equality, too.
                    if let Choice::Missing = self.catalog.operator(name, Some(&l), &single) {
                        let sign = if name == "<>" { "=" } else { name };
                        let message = format!("operator does not exist: {} {sign} {}", l.text(), single.text());
                        self.refuse(problem("undefined-function", "42883", message), span, None);
                    }
                }
                Inferred::named("boolean")
            }
            QueryForm::Exists => Inferred::named("boolean"),
        }
    }

    /// A query that stands for a value has one column; one that is compared has those of the other side.
    fn check_query_width(&mut self, columns: usize, form: &QueryForm, parts: &[NodeId], span: Span) {
        let names = self.names;
        let message = match form {
            QueryForm::Exists => return,
            // `(a, b) = (SELECT …)` compares rows.
            QueryForm::Scalar if names.tree.iter().any(|node| matches!(node.form, Form::Row)) => return,
            QueryForm::Scalar | QueryForm::Array if columns == 1 => return,
            QueryForm::Scalar | QueryForm::Array => "subquery must return only one column",
            QueryForm::Compared(_) => {
                let Some(left) = parts.first().and_then(|left| names.at(*left)) else { return };
                let wanted = if matches!(left.form, Form::Row) { names.parts_of(left).len() } else { 1 };
                match columns.cmp(&wanted) {
                    std::cmp::Ordering::Equal => return,
                    std::cmp::Ordering::Less => "subquery has too few columns",
                    std::cmp::Ordering::Greater => "subquery has too many columns",
                }
            }
        };
        self.refuse(problem("type-mismatch", "42601", message.to_owned()), span, None);
    }

    fn field(&self, part: NodeId, name: &str) -> Inferred {
        let Inferred::Known(t) = self.of(part) else { return Inferred::Unknown };
        let Some(base) = self.catalog.base_of(t).filter(|b| !b.array) else { return Inferred::Unknown };
        let found = match base.user.as_ref().and_then(|key| self.catalog.get(key)) {
            Some(Object::Type(user)) => match &user.kind {
                UserTypeKind::Composite(fields) => fields.iter().find(|(n, _)| n == name).map(|(_, t)| t),
                _ => None,
            },
            Some(Object::Table(Table { columns, open: false, .. })) => {
                columns.iter().find(|c| c.name == name).map(|c| &c.data_type)
            }
            _ => None,
        };
        found.and_then(Ty::of).map_or(Inferred::Unknown, Inferred::Known)
    }

    fn subscript(&mut self, part: NodeId, slice: bool, span: Span) -> Inferred {
        let Inferred::Known(t) = self.of(part) else { return Inferred::Unknown };
        let Some(base) = self.catalog.base_of(t) else { return Inferred::Unknown };
        if base.array {
            // Of how many dimensions it is, no type says.
            return if slice {
                Inferred::Known(base)
            } else {
                base.element().map_or(Inferred::Unknown, Inferred::Known)
            };
        }
        let plain = base.user.is_none()
            && super::types::builtin(&base.name).is_some_and(|b| matches!(b.category, 'N' | 'S' | 'B' | 'D' | 'T'))
            && !base.is("name");
        if plain {
            let message = format!("cannot subscript type {} because it does not support subscripting", base.text());
            self.refuse(problem("type-mismatch", "42804", message), span, None);
        }
        if base.is("jsonb") { Inferred::Known(base) } else { Inferred::Unknown }
    }
}

fn texts(args: &[Inferred]) -> String {
    args.iter().map(Inferred::text).collect::<Vec<_>>().join(", ")
}
