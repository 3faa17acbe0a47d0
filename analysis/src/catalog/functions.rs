//! Functions, triggers, extensions and types: what has a name and a definition.

use super::builtins::Extension;
use super::calls::Called;
use super::certainty::{self, Touched};
use super::infer::Place;
use super::object::{Column, Function, Type, UserType, UserTypeKind};
use super::operators::Ty;
use super::resolve::Scope;
use super::{Catalog, Found, Key, Object, Outcome, Part, Problem, Refusal, YoungLabel, builtins, types};
use crate::change::{
    ArgumentMode, Call, Code, CreateFunction, CreateTrigger, Expr, Ident, Name, ObjectKind, Target, TypeAction,
    TypeDefinition,
};
use crate::config::Backend;
use crate::span::Span;
use crate::syntax::plpgsql::Reach;

/// A name inside a text literal: `'app.users_id_seq'`, read as the engine reads it.
pub(crate) fn name_in_text(text: &str, span: Span) -> Name {
    let mut parts: Vec<String> = Vec::new();
    let mut current = String::new();
    let mut inside = false;
    for c in text.chars() {
        match c {
            '"' => inside = !inside,
            '.' if !inside => parts.push(std::mem::take(&mut current)),
            c if inside => current.push(c),
            c => current.extend(c.to_lowercase()),
        }
    }
    parts.push(current);
    let mut idents = parts.into_iter().map(|value| Ident::new(value, span)).rev();
    let name = idents.next().unwrap_or(Ident::new(String::new(), span));
    Name { schema: idents.next(), name }
}

/// What CREATE EXTENSION has brought.
#[derive(Debug, Default)]
pub(super) struct Installed {
    known: Vec<Extension>,
    /// There is one whose contents nobody wrote down.
    unknown: bool,
}

impl Catalog {
    /// The extensions that are there, with those that they need; what is not known of them is not among them.
    pub(crate) fn installed_extensions(&self) -> impl Iterator<Item = Extension> + use<> {
        self.installed(|i| i.known.clone()).into_iter()
    }

    fn installed<T>(&self, ask: impl FnOnce(&Installed) -> T) -> T {
        ask(self.installed.borrow_mut().get_or_insert_with(|| {
            let mut installed = Installed::default();
            let first = Key::Extension(String::new());
            for (key, _) in self.objects.range(first..) {
                let Key::Extension(name) = key else { break };
                match builtins::extension(name) {
                    Some(known) => installed.known.extend(known.requires().chain([known])),
                    None => installed.unknown = true,
                }
            }
            installed
        }))
    }

    pub(crate) fn extension_of_type(&self, name: &str) -> Option<&'static str> {
        builtins::extensions().find(|e| e.has_type(name)).map(|e| e.name)
    }

    pub(crate) fn extension_type_installed(&self, name: &str) -> bool {
        self.installed_extensions().any(|e| e.has_type(name))
    }

    /// Whether an extension is installed whose contents nobody wrote down.
    pub(crate) fn unknown_extension_installed(&self) -> bool {
        self.installed(|i| i.unknown)
    }

    /// A function that is called: there with so many arguments, or reported. The types of the arguments are not known.
    pub(crate) fn check_function(&mut self, call: &Call, out: &mut Outcome) {
        let name = call.name.name.value.as_str();
        if !self.engine.checks_functions
            || !self.looks_up_functions
            || self.is_open()
            || self.registered.contains(&self.folded(name))
        {
            return;
        }
        if self.engine.backend == Backend::Sqlite {
            self.check_sqlite_function(call, out);
            return;
        }
        if let Some(schema) = &call.name.schema {
            let folded = self.folded(&schema.value);
            if !self.schema_known(&folded) {
                self.report_schema(schema, out);
                return;
            }
        }
        let found = self.find(&call.name, Key::Function);
        let own = match &found {
            Found::Perhaps => return,
            Found::Yes(key) => match self.get(key) {
                Some(Object::Function(overloads)) => overloads.iter().any(|f| f.takes(call.arguments)),
                _ => true,
            },
            Found::No => false,
        };
        let known = own
            || builtins::function(name, call.arguments)
            || self.installed_extensions().any(|e| e.has_function(name, call.arguments))
            || self.unknown_extension_installed()
            // `type(value)` is a cast, and `column(row)` another way to write `row.column` (manual, 4.2.6 and 4.2.9).
            || call.arguments == Some(1) && self.is_type_or_column(&call.name);
        if known {
            return;
        }
        let others = matches!(found, Found::Yes(_))
            || builtins::function(name, None)
            || self.installed_extensions().any(|e| e.has_function(name, None));
        let help = if others {
            Some(format!("there is a function {name}, but it does not take {}", counted(call.arguments)))
        } else if let Some(e) = builtins::extensions().find(|e| e.has_function(name, call.arguments)) {
            Some(format!("it comes with an extension: CREATE EXTENSION IF NOT EXISTS {};", e.written()))
        } else {
            let users = self.iter().filter_map(|(k, _)| match k {
                Key::Function(_, n) => Some(n.as_str()),
                _ => None,
            });
            out.suggestion(name, users.chain(builtins::function_names()))
        };
        let arguments = if call.arguments == Some(0) { "()" } else { "(…)" };
        self.report(
            Problem::UndefinedFunction(format!("{}{arguments}", call.name.text())),
            call.name.span(),
            help,
            out,
        );
    }

    /// SQLite makes no functions in SQL: there are its own, and those that a program registers on its connection
    /// ("Application-Defined SQL Functions").
    fn check_sqlite_function(&mut self, call: &Call, out: &mut Outcome) {
        let written = call.name.name.value.as_str();
        let name = written.to_ascii_lowercase();
        if builtins::sqlite_function(&name, call.arguments) {
            return;
        }
        let (message, help) = if builtins::sqlite_function(&name, None) {
            (format!("wrong number of arguments to function {written}()"), None)
        } else {
            let help = match name.as_str() {
                "now" => "SQLite has CURRENT_TIMESTAMP, and datetime('now')".to_owned(),
                "gen_random_uuid" | "uuid_generate_v4" | "uuid" => {
                    "SQLite has no UUIDs: lower(hex(randomblob(16))) is as random".to_owned()
                }
                _ if builtins::function(&name, None) => format!("{name} is PostgreSQL's"),
                _ => out.suggestion(&name, builtins::sqlite_function_names()).unwrap_or_else(|| {
                    format!("where the service registers it on its connection, say so in glowplug.toml: functions = [\"{written}\"]")
                }),
            };
            (format!("no such function: {written}"), Some(help))
        };
        let problem = Problem::Other { rule: "undefined-function", sqlstate: None, message };
        self.report(problem, call.name.span(), help, out);
    }

    pub(super) fn is_type_or_column(&self, name: &Name) -> bool {
        let column = &name.name.value;
        types::builtin(column).is_some()
            || self.find(name, Key::Type) != Found::No
            || self.find_relation(name) != Found::No
            || self.extension_type_installed(column)
            || self.iter().any(|(_, o)| matches!(o, Object::Table(t) if t.columns.iter().any(|c| c.name == *column)))
    }

    pub(crate) fn create_function(&mut self, f: &CreateFunction, out: &mut Outcome) {
        let Some(schema) = self.target_schema(&f.name, out) else { return };
        self.remember(&f.name.name.value);
        self.check_language(f, out);
        if let Some(name) = &f.unknown_setting {
            self.unknown_setting(name, out);
        }
        let mut arguments = Vec::new();
        let mut takes = Vec::new();
        let mut types = Vec::new();
        let mut all_known = true;
        for a in &f.arguments {
            let t = self.resolve_type(&a.data_type, out);
            all_known &= !t.unknown;
            if a.mode != ArgumentMode::Out {
                arguments.push(t.text.clone());
                takes.push(t.clone());
            }
            types.push(t);
        }
        let signature = arguments.join(", ");
        if let Some(r) = &f.returns
            && !matches!(r.name.name.value.as_str(), "trigger" | "void" | "record" | "event_trigger")
        {
            types.push(self.resolve_type(r, out));
        }
        for (_, t) in &f.returns_table {
            types.push(self.resolve_type(t, out));
        }
        let returns = f.returns.as_ref().map_or_else(String::new, |r| {
            let text = self.lookup_type(r).map_or_else(|| r.name.text(), |t| t.text);
            if r.set_of { format!("setof {text}") } else { text }
        });
        let returns = f.returns_table.iter().fold(returns, |r, (n, t)| format!("{r} {} {}", n.value, t.name.text()));
        let key = Key::Function(schema, self.folded(&f.name.name.value));
        let reach = f.body.as_ref().map_or(Reach::Rows, |(b, _)| crate::syntax::plpgsql::reach(b));
        let made = Function {
            kind: f.kind,
            defaults: f.arguments.iter().filter(|a| a.default.is_some()).count(),
            variadic: f.arguments.iter().any(|a| a.mode == ArgumentMode::Variadic),
            returns,
            language: f.language.clone().unwrap_or_default(),
            definition: f.text.clone(),
            touched: (reach == Reach::Everything).then(|| Self::touched_by(f)).flatten(),
            called: Called::of(f, reach, &arguments),
            reach,
            result: self.one_result(f),
            late: self.within_path(f, |catalog| catalog.late_names(f)),
            takes,
            // A body in SQL is put in the place of the call, and then it counts.
            volatility: if f.language.as_deref() == Some("sql") { '?' } else { f.volatility },
            arguments,
        };
        let mut overloads = match self.get(&key) {
            Some(Object::Function(v)) => v.clone(),
            _ => Vec::new(),
        };
        match overloads.iter_mut().find(|o| o.arguments == made.arguments) {
            Some(_) if !f.or_replace => {
                let name = f.name.name.value.clone();
                self.report(Problem::DuplicateFunction(name), f.name.span(), None, out);
                return;
            }
            Some(old) => {
                if old.returns != made.returns && all_known && old.kind == made.kind {
                    let problem = Problem::Other {
                        rule: "invalid-definition",
                        sqlstate: Some("42P13"),
                        message: "cannot change return type of existing function".to_owned(),
                    };
                    let help = format!("DROP FUNCTION IF EXISTS {} first", f.name.text());
                    self.report(problem, f.name.span(), Some(help), out);
                    return;
                }
                *old = made;
            }
            None => overloads.push(made),
        }
        let part = Part::Overload(signature);
        self.unlink_part(&key, &part);
        for t in &types {
            self.link_type(&key, &part, t);
        }
        self.put(key.clone(), Object::Function(overloads));
        self.check_code(f, &key, &part, &types, out);
    }

    /// The names that calling a function may make or drop, where these are known.
    fn touched_by(f: &CreateFunction) -> Option<Vec<Touched>> {
        match &f.code {
            Code::Block(block) => certainty::touched_by_block(block),
            Code::Sql(body) => {
                let changes: Option<Vec<_>> = body.statements.iter().map(|s| s.change.as_ref()).collect();
                certainty::touched(changes?)
            }
            Code::Unread | Code::Broken(_) => None,
        }
    }

    /// The type of a function's result, where it is one: not a row made of OUT arguments, nor one of a table.
    fn one_result(&self, f: &CreateFunction) -> Option<Type> {
        let out = f.arguments.iter().any(|a| matches!(a.mode, ArgumentMode::Out | ArgumentMode::InOut));
        let plain = f.kind == ObjectKind::Function && !out && f.returns_table.is_empty();
        self.lookup_type(f.returns.as_ref().filter(|_| plain)?)
    }

    /// The condition of a domain's CHECK, of its VALUE.
    fn check_domain(&mut self, base: &Type, expr: &Expr, out: &mut Outcome) {
        let value = Scope::of_columns(None, Some(vec![Column::plain("value", base.clone())]));
        let types = self.resolve_names(&expr.names, &[value], out);
        self.must_be_boolean(expr, &types, "CHECK", out);
        self.must_be_of_one_row(expr, &types, Place::CHECK, out);
    }

    /// The type of this name, as a function's name.
    pub(super) fn type_of_name(&self, name: &Name) -> Option<Ty> {
        if name.schema.is_none()
            && let Some(b) = types::builtin(&name.name.value)
        {
            return Some(Ty::named(b.text));
        }
        match self.find(name, Key::Type) {
            Found::Yes(key) => {
                let text = self.type_text(&key);
                Ty::of(&Type { base: text.clone(), text, user: Some(key), array: false, unknown: false })
            }
            _ => None,
        }
    }

    /// ALTER FUNCTION may have said anew how constant its answers are.
    pub(super) fn forget_volatility(&mut self, name: &Name) {
        let Found::Yes(key) = self.find(name, Key::Function) else { return };
        let Some(Object::Function(all)) = self.get(&key) else { return };
        let all = all.iter().cloned().map(|f| Function { volatility: '?', ..f }).collect();
        self.put(key, Object::Function(all));
    }

    /// Whether a function of this name takes so many arguments, whatever their types.
    pub(super) fn takes_so_many(&self, name: &Name, count: usize) -> bool {
        let own = match self.find(name, Key::Function) {
            Found::Yes(key) => {
                matches!(self.get(&key), Some(Object::Function(all)) if all.iter().any(|f| f.takes(Some(count))))
            }
            _ => false,
        };
        let word = name.name.value.as_str();
        own || builtins::function(word, Some(count))
            || self.installed_extensions().any(|e| e.has_function(word, Some(count)))
    }

    /// The language is one of the server's own, or an extension or CREATE LANGUAGE brought it (manual, 40 and 42).
    fn check_language(&mut self, f: &CreateFunction, out: &mut Outcome) {
        let Some(language) = &f.language else { return };
        let own = ["sql", "plpgsql", "c", "internal"];
        let brought = || {
            self.is_open()
                || self.unknown_extension_installed()
                || self.installed_extensions().any(|e| e.name == language)
                || self.iter().any(|(k, _)| matches!(k, Key::Other(ObjectKind::Language, _, n) if n == language))
        };
        if own.contains(&language.as_str()) || brought() {
            return;
        }
        let help = out.suggestion(language, own.into_iter());
        let problem = Problem::UndefinedObject { kind: ObjectKind::Language, name: language.clone() };
        self.report(problem, f.name.span(), help, out);
    }

    pub(crate) fn create_trigger(&mut self, t: &CreateTrigger, out: &mut Outcome) {
        let table = self.expect_table(&t.table, out);
        if let Some(f) = &t.function {
            self.expect_function(f, "()", out);
        }
        let Some(table) = table else { return };
        let Some(owner) = self.held(&table) else { return };
        for c in &t.columns {
            self.expect_column(&owner, c, false, out);
        }
        if let Some(when) = &t.when {
            let row = |name: &str| Scope::of_table(self, &table, None).called(name);
            let types = self.resolve_names(&when.names, &[row("new"), row("old")], out);
            self.must_be_boolean(when, &types, "WHEN", out);
            self.must_be_of_one_row(when, &types, Place::TRIGGER, out);
        }
        // A body is checked when the trigger fires, not when it is made.
        if self.engine.ignores_case {
            let schema = table.schema().to_owned();
            let key = Key::Other(ObjectKind::Trigger, schema, self.folded(&t.name.value));
            if self.has(&key) {
                if !t.if_not_exists {
                    let name = t.name.value.clone();
                    self.report(
                        Problem::DuplicateObject { kind: ObjectKind::Trigger, name, relation: None },
                        t.name.span,
                        None,
                        out,
                    );
                }
                return;
            }
            self.link(table.clone(), key.clone(), Part::Whole);
            self.put(key, Object::Other { definition: t.text.clone() });
        } else if owner.triggers.iter().any(|(n, _)| n == &t.name.value) && !t.or_replace {
            let problem = Problem::DuplicateObject {
                kind: ObjectKind::Trigger,
                name: t.name.value.clone(),
                relation: Some(owner.name.clone()),
            };
            self.report(problem, t.name.span, None, out);
            return;
        }
        let part = Part::Trigger(t.name.value.clone());
        self.unlink_part(&table, &part);
        if let Some(f) = &t.function
            && let Found::Yes(key) = self.find(f, Key::Function)
        {
            self.link(key, table.clone(), part.clone());
        }
        if self.engine.checks_types {
            for c in &t.columns {
                self.link(super::depend::column_key(&table, &c.value), table.clone(), part.clone());
            }
            if let Some(when) = &t.when {
                self.link_names(&table, &part, &when.names);
                self.link_columns(&table, &part, &table, &when.names);
            }
        }
        let entry = (t.name.value.clone(), t.text.clone());
        self.change_table(&table, |table| {
            table.triggers.retain(|(n, _)| *n != entry.0);
            table.triggers.push(entry);
            table.triggers.sort();
        });
    }

    /// A function of the user's that must be there, by name.
    pub(crate) fn expect_function(&mut self, name: &Name, arguments: &str, out: &mut Outcome) -> Option<Key> {
        match self.find(name, Key::Function) {
            Found::Yes(key) => Some(key),
            Found::Perhaps => None,
            Found::No => {
                let installed = self.extension_function_installed(&name.name.value);
                if installed || self.unknown_extension_installed() || builtin_function(&name.name.value) {
                    return None;
                }
                let users = self.iter().filter_map(|(k, _)| match k {
                    Key::Function(_, n) => Some(n.as_str()),
                    _ => None,
                });
                let help = out.suggestion(&name.name.value, users);
                self.report(Problem::UndefinedFunction(format!("{}{arguments}", name.text())), name.span(), help, out);
                None
            }
        }
    }

    pub(crate) fn extension_function_installed(&self, name: &str) -> bool {
        self.installed_extensions().any(|e| e.has_function(name, None))
    }

    /// The overload that a DROP, ALTER or COMMENT names.
    pub(crate) fn find_overload(&self, key: &Key, target: &Target) -> Option<usize> {
        let Some(Object::Function(all)) = self.get(key) else { return None };
        match &target.arguments {
            None => (!all.is_empty()).then_some(0),
            Some(types) => {
                let wanted: Vec<String> =
                    types.iter().map(|t| self.lookup_type(t).map_or_else(|| t.name.text(), |t| t.text)).collect();
                // Modifiers do not count, and a procedure's out arguments may be written without OUT.
                let bare = |t: &String| t.split('(').next().unwrap_or_default().trim().to_owned();
                let wanted: Vec<String> = wanted.iter().map(bare).collect();
                let own = |f: &Function| -> Vec<String> { f.arguments.iter().map(bare).collect() };
                let with_out = |f: &Function| {
                    let own = own(f);
                    f.kind == ObjectKind::Procedure && wanted.len() > own.len() && wanted.starts_with(&own)
                };
                all.iter().position(|f| own(f) == wanted).or_else(|| all.iter().position(with_out))
            }
        }
    }

    pub(crate) fn create_extension(&mut self, name: &Ident, guarded: bool, schema: Option<&Ident>, out: &mut Outcome) {
        let key = Key::Extension(name.value.clone());
        if let Some(s) = schema {
            let folded = self.folded(&s.value);
            if !self.schema_known(&folded) {
                self.report_schema(s, out);
            }
        }
        if self.has(&key) {
            if !guarded {
                let problem =
                    Problem::DuplicateObject { kind: ObjectKind::Extension, name: name.value.clone(), relation: None };
                self.report(problem, name.span, None, out);
            }
            return;
        }
        if let Some(near) = builtins::misspelt_extension(&name.value) {
            let problem = Problem::Other {
                rule: "undefined-object",
                sqlstate: Some("0A000"),
                message: format!("extension \"{}\" is not available", name.value),
            };
            self.report(problem, name.span, Some(format!("did you mean \"{near}\"?")), out);
        }
        let schema = schema.map_or_else(|| self.engine.default_schema.to_owned(), |s| s.value.clone());
        self.put(key, Object::Extension { schema });
    }

    pub(crate) fn create_type(&mut self, name: &Name, definition: &TypeDefinition, out: &mut Outcome) {
        self.remember(&name.name.value);
        self.check_length(&name.name, out);
        let Some(schema) = self.target_schema(name, out) else { return };
        let key = Key::Type(schema.clone(), self.folded(&name.name.value));
        let relation = Key::Relation(schema, self.folded(&name.name.value));
        let taken_by_relation = matches!(self.get(&relation), Some(Object::Table(_)));
        let is_shell = matches!(self.get(&key), Some(Object::Type(t)) if t.kind == UserTypeKind::Base);
        if (self.has(&key) && !is_shell) || taken_by_relation {
            let problem =
                Problem::DuplicateObject { kind: ObjectKind::Type, name: name.name.value.clone(), relation: None };
            self.report(problem, name.span(), None, out);
            return;
        }
        let mut needs = Vec::new();
        let kind = match definition {
            TypeDefinition::Enum(labels) => {
                for (i, (label, span)) in labels.iter().enumerate() {
                    if labels[..i].iter().any(|(l, _)| l == label) {
                        let problem = Problem::Other {
                            rule: "duplicate-object",
                            sqlstate: Some("23505"),
                            message: format!("enum label \"{label}\" used more than once"),
                        };
                        self.report(problem, *span, None, out);
                    }
                }
                UserTypeKind::Enum(labels.iter().map(|(l, _)| l.clone()).collect())
            }
            TypeDefinition::Composite(fields) => UserTypeKind::Composite({
                for (i, (n, _)) in fields.iter().enumerate() {
                    if fields[..i].iter().any(|(other, _)| other.value == n.value) {
                        let problem = Problem::DuplicateColumn { column: n.value.clone(), relation: None };
                        self.report(problem, n.span, None, out);
                    }
                }
                fields
                    .iter()
                    .map(|(n, t)| {
                        let t = self.resolve_type(t, out);
                        needs.extend(t.user.clone());
                        (n.value.clone(), t)
                    })
                    .collect()
            }),
            TypeDefinition::Domain { base, not_null, default, constraints } => {
                let base = self.resolve_type(base, out);
                needs.extend(base.user.clone());
                let mut named = Vec::new();
                for (constraint, expr) in constraints {
                    let own = constraint.as_ref().map_or_else(
                        || {
                            let mut n = 0;
                            loop {
                                let label = if n == 0 { "check".to_owned() } else { format!("check{n}") };
                                let candidate = super::relations::object_name(&name.name.value, "", &label);
                                if !named.iter().any(|(x, _): &(String, String)| *x == candidate) {
                                    break candidate;
                                }
                                n += 1;
                            }
                        },
                        |c| c.value.clone(),
                    );
                    self.link_names(&key, &Part::Whole, &expr.names);
                    named.push((own, expr.text.clone()));
                    self.check_domain(&base, expr, out);
                }
                if let Some(default) = default {
                    self.check_default(&name.name.value, &base, default, out);
                }
                UserTypeKind::Domain {
                    base,
                    not_null: *not_null,
                    default: default.as_ref().map(|d| d.text.clone()),
                    constraints: named,
                }
            }
            TypeDefinition::Range { subtype, multirange } => {
                match subtype {
                    Some(subtype) => needs.extend(self.resolve_type(subtype, out).user),
                    None => {
                        let message = "type attribute \"subtype\" is required".to_owned();
                        self.report(super::inherit::invalid("42601", message), name.span(), None, out);
                    }
                }
                let own = multirange_name(&name.name.value, multirange.as_ref());
                let multirange = Key::Type(key.schema().to_owned(), self.folded(&own));
                self.link(key.clone(), multirange.clone(), Part::Whole);
                self.put(multirange, Object::Type(UserType { name: own, kind: UserTypeKind::Range }));
                UserTypeKind::Range
            }
            TypeDefinition::Base => UserTypeKind::Base,
        };
        for target in needs {
            self.link(target, key.clone(), Part::Whole);
        }
        if self.in_transaction && matches!(kind, UserTypeKind::Enum(_)) {
            self.young_types.push(key.clone());
        }
        self.put(key, Object::Type(UserType { name: name.name.value.clone(), kind }));
    }

    /// A type of the user's that must be there.
    pub(crate) fn expect_type(&mut self, name: &Name, out: &mut Outcome) -> Option<Key> {
        match self.find(name, Key::Type) {
            Found::Yes(key) => Some(key),
            Found::Perhaps => None,
            Found::No => {
                if self.unknown_extension_installed() || self.extension_type_installed(&name.name.value) {
                    return None;
                }
                if let Found::Yes(_) = self.find_relation(name) {
                    return None;
                }
                let users = self.iter().filter_map(|(k, _)| match k {
                    Key::Type(_, n) => Some(n.as_str()),
                    _ => None,
                });
                let help = out.suggestion(&name.name.value, users);
                self.report(Problem::UndefinedType(name.text()), name.span(), help, out);
                None
            }
        }
    }

    /// What is dropped, renamed or altered as a domain is one.
    pub(crate) fn expect_domain(&mut self, key: &Key, name: &Name, out: &mut Outcome) -> bool {
        let Some(Object::Type(t)) = self.get(key) else { return true };
        if matches!(t.kind, UserTypeKind::Domain { .. }) {
            return true;
        }
        let problem = Problem::WrongKind { name: name.name.value.clone(), wanted: ObjectKind::Domain };
        self.report(problem, name.span(), None, out);
        false
    }

    pub(crate) fn alter_type(&mut self, name: &Name, actions: &[TypeAction], out: &mut Outcome) {
        let Some(key) = self.expect_type(name, out) else { return };
        let Some(Object::Type(t)) = self.get(&key) else { return };
        let mut t = t.clone();
        for action in actions {
            match (action, &mut t.kind) {
                (TypeAction::AddValue { value, span, if_not_exists, neighbour }, UserTypeKind::Enum(labels)) => {
                    if labels.contains(value) {
                        if !if_not_exists {
                            let problem = Problem::Other {
                                rule: "duplicate-object",
                                sqlstate: Some("42710"),
                                message: format!("enum label \"{value}\" already exists"),
                            };
                            self.report(problem, *span, None, out);
                        }
                        continue;
                    }
                    let at = match neighbour {
                        None => labels.len(),
                        Some((n, span, before)) => match labels.iter().position(|l| l == n) {
                            Some(i) => i + usize::from(!before),
                            None => {
                                let help = out.suggestion(n, labels.iter().map(String::as_str));
                                let problem = Problem::Other {
                                    rule: "undefined-enum-label",
                                    sqlstate: Some("22023"),
                                    message: format!("\"{n}\" is not an existing enum label"),
                                };
                                self.report(problem, *span, help, out);
                                continue;
                            }
                        },
                    };
                    labels.insert(at, value.clone());
                    if self.in_transaction {
                        let with_type = self.young_types.contains(&key);
                        self.young_labels.push(YoungLabel { of: key.clone(), label: value.clone(), with_type });
                    }
                }
                (TypeAction::RenameValue { from, span, to }, UserTypeKind::Enum(labels)) => {
                    let taken = labels.contains(to);
                    match labels.iter_mut().find(|l| *l == from) {
                        Some(l) if !taken => l.clone_from(to),
                        Some(_) => {
                            let problem = Problem::Other {
                                rule: "duplicate-object",
                                sqlstate: Some("42710"),
                                message: format!("enum label \"{to}\" already exists"),
                            };
                            self.report(problem, *span, None, out);
                        }
                        None => {
                            let help = out.suggestion(from, labels.iter().map(String::as_str));
                            let problem = Problem::Other {
                                rule: "undefined-enum-label",
                                sqlstate: Some("22023"),
                                message: format!("\"{from}\" is not an existing enum label"),
                            };
                            self.report(problem, *span, help, out);
                        }
                    }
                }
                (TypeAction::AddAttribute { name, data_type }, UserTypeKind::Composite(_)) => {
                    let resolved = self.resolve_type(data_type, out);
                    if let UserTypeKind::Composite(fields) = &mut t.kind {
                        if fields.iter().any(|(n, _)| *n == name.value) {
                            let relation = Some(t.name.clone());
                            let problem = Problem::DuplicateColumn { column: name.value.clone(), relation };
                            self.report(problem, name.span, None, out);
                        } else {
                            fields.push((name.value.clone(), resolved));
                        }
                    }
                }
                (TypeAction::DropAttribute { name, if_exists }, UserTypeKind::Composite(fields)) => {
                    let before = fields.len();
                    fields.retain(|(n, _)| *n != name.value);
                    if fields.len() == before && !if_exists {
                        let relation = Some(t.name.clone());
                        let problem = Problem::UndefinedColumn { column: name.value.clone(), relation };
                        self.report(problem, name.span, None, out);
                    }
                }
                (TypeAction::RenameAttribute { from, to }, UserTypeKind::Composite(fields)) => {
                    let taken = fields.iter().any(|(n, _)| *n == to.value);
                    match fields.iter_mut().find(|(n, _)| *n == from.value) {
                        Some(_) if taken => {
                            let relation = Some(t.name.clone());
                            let problem = Problem::DuplicateColumn { column: to.value.clone(), relation };
                            self.report(problem, to.span, None, out);
                        }
                        Some(f) => f.0.clone_from(&to.value),
                        None => {
                            let relation = Some(t.name.clone());
                            let problem = Problem::UndefinedColumn { column: from.value.clone(), relation };
                            self.report(problem, from.span, None, out);
                        }
                    }
                }
                (TypeAction::AlterAttribute { name, data_type }, UserTypeKind::Composite(_)) => {
                    let resolved = self.resolve_type(data_type, out);
                    if let UserTypeKind::Composite(fields) = &mut t.kind {
                        match fields.iter_mut().find(|(n, _)| *n == name.value) {
                            Some(f) => f.1 = resolved,
                            None => {
                                let relation = Some(t.name.clone());
                                let problem = Problem::UndefinedColumn { column: name.value.clone(), relation };
                                self.report(problem, name.span, None, out);
                            }
                        }
                    }
                }
                (TypeAction::AddConstraint { name, expr }, UserTypeKind::Domain { constraints, .. }) => {
                    let own = name.as_ref().map_or_else(|| format!("{}_check", t.name), |n| n.value.clone());
                    if let (Some(name), true) = (name, constraints.iter().any(|(n, _)| *n == own)) {
                        let problem = Problem::DuplicateObject {
                            kind: ObjectKind::Constraint,
                            name: own,
                            relation: Some(t.name.clone()),
                        };
                        self.report(problem, name.span, None, out);
                        continue;
                    }
                    let mut free = own.clone();
                    let mut n = 0;
                    while constraints.iter().any(|(x, _)| *x == free) {
                        n += 1;
                        free = format!("{own}{n}");
                    }
                    constraints.push((free, expr.as_ref().map(|e| e.text.clone()).unwrap_or_default()));
                }
                (TypeAction::DropConstraint { name, if_exists }, UserTypeKind::Domain { constraints, .. }) => {
                    let before = constraints.len();
                    constraints.retain(|(n, _)| *n != name.value);
                    if constraints.len() == before && !if_exists {
                        let problem = Problem::Other {
                            rule: "undefined-object",
                            sqlstate: Some("42704"),
                            message: format!("constraint \"{}\" of domain \"{}\" does not exist", name.value, t.name),
                        };
                        self.report(problem, name.span, None, out);
                    }
                }
                (TypeAction::ValidateConstraint(name), UserTypeKind::Domain { constraints, .. })
                    if !constraints.iter().any(|(n, _)| *n == name.value) =>
                {
                    let problem = Problem::Other {
                        rule: "undefined-object",
                        sqlstate: Some("42704"),
                        message: format!("constraint \"{}\" of domain \"{}\" does not exist", name.value, t.name),
                    };
                    self.report(problem, name.span, None, out);
                }
                (TypeAction::RenameConstraint { from, to }, UserTypeKind::Domain { constraints, .. }) => {
                    let (code, message) = if !constraints.iter().any(|(n, _)| *n == from.value) {
                        ("42704", format!("constraint \"{}\" for domain {} does not exist", from.value, t.name))
                    } else if constraints.iter().any(|(n, _)| *n == to.value) {
                        ("42710", format!("constraint \"{}\" for domain {} already exists", to.value, t.name))
                    } else {
                        constraints
                            .iter_mut()
                            .filter(|(n, _)| *n == from.value)
                            .for_each(|c| c.0.clone_from(&to.value));
                        continue;
                    };
                    let rule = if code == "42704" { "undefined-object" } else { "duplicate-object" };
                    let problem = Problem::Other { rule, sqlstate: Some(code), message };
                    self.report(problem, from.span, None, out);
                }
                (TypeAction::SetDefault(d), UserTypeKind::Domain { default, .. }) => {
                    *default = d.as_ref().map(|d| d.text.clone());
                }
                (TypeAction::SetNotNull(v), UserTypeKind::Domain { not_null, .. }) => *not_null = *v,
                (TypeAction::AddValue { span, .. } | TypeAction::RenameValue { span, .. }, _) => {
                    let problem = Problem::Other {
                        rule: "invalid-definition",
                        sqlstate: Some("42809"),
                        message: format!("\"{}\" is not an enum", t.name),
                    };
                    out.refusals.push(Refusal { problem, span: *span, help: None });
                }
                _ => {}
            }
        }
        self.put(key, Object::Type(t));
    }
}

/// What PostgreSQL calls the type of several ranges (manual, CREATE TYPE, `multirange_type_name`).
fn multirange_name(range: &str, written: Option<&Ident>) -> String {
    match written {
        Some(name) => name.value.clone(),
        None if range.contains("range") => range.replacen("range", "multirange", 1),
        None => super::relations::object_name(range, "", "multirange"),
    }
}

/// Whether PostgreSQL has a function of this name.
pub(crate) fn builtin_function(name: &str) -> bool {
    builtins::function(name, None)
}

/// How many arguments a call has, in words.
fn counted(arguments: Option<usize>) -> String {
    match arguments {
        Some(0) => "no arguments".to_owned(),
        Some(1) => "one argument".to_owned(),
        Some(n) => format!("{n} arguments"),
        None => "these arguments".to_owned(),
    }
}

impl Function {
    /// Whether it can be called with so many arguments; `None` is any number.
    fn takes(&self, count: Option<usize>) -> bool {
        // A procedure's OUT arguments are written in CALL from PostgreSQL 14 on, an aggregate's may stand in WITHIN GROUP.
        let Some(count) = count.filter(|_| self.kind == ObjectKind::Function) else { return true };
        let written = self.arguments.len();
        let least = written.saturating_sub(self.defaults + usize::from(self.variadic));
        count >= least && (self.variadic || count <= written)
    }
}
