//! Which function, operator or cast the server takes for arguments of given types (manual, chapter 10).
//!
//! Everything answers in three values: what is known to be there, what is known not to be, and what cannot be known
//! here. The last is never reported.

use std::borrow::Cow;

use super::builtins;
use super::object::{Object, Type, UserTypeKind};
use super::{Catalog, Key, types};
use crate::change::ObjectKind;

/// A type, as far as choosing a function asks for it.
#[derive(Clone, Debug)]
pub(crate) struct Ty {
    /// As `format_type()` writes it, without modifiers and brackets.
    pub(crate) name: Cow<'static, str>,
    pub(crate) array: bool,
    /// The user's own type behind it.
    pub(crate) user: Option<Key>,
    /// As `format_type()` writes it, where there are modifiers.
    pub(crate) modified: Option<String>,
}

impl Ty {
    /// A type of the data files.
    pub(crate) fn named(text: &'static str) -> Self {
        let (name, array) = text.strip_suffix("[]").map_or((text, false), |element| (element, true));
        Self { name: Cow::Borrowed(name), array, user: None, modified: None }
    }

    /// A column's type; `None` where it is not known.
    pub(crate) fn of(t: &Type) -> Option<Self> {
        if t.unknown || t.base.is_empty() {
            return None;
        }
        let own = if t.user.is_none() { types::builtin(&t.base) } else { None };
        let name = own.map_or_else(|| Cow::Owned(t.base.clone()), |b| Cow::Borrowed(b.text));
        let plain = t.text.strip_suffix("[]").unwrap_or(&t.text) == name;
        Some(Self { name, array: t.array, user: t.user.clone(), modified: (!plain).then(|| t.text.clone()) })
    }

    /// As the catalog keeps a column's type.
    pub(crate) fn to_type(&self) -> Type {
        let text = match (&self.modified, &*self.name) {
            (Some(modified), _) => modified.clone(),
            // Without a length these are no `bit(1)` and no `character(1)`.
            (None, "bit") if self.user.is_none() => format!("\"bit\"{}", if self.array { "[]" } else { "" }),
            (None, "character") if self.user.is_none() => format!("bpchar{}", if self.array { "[]" } else { "" }),
            (None, _) => self.text(),
        };
        Type { text, base: self.name.to_string(), user: self.user.clone(), array: self.array, unknown: false }
    }

    /// Without modifiers.
    pub(crate) fn text(&self) -> String {
        if self.array { format!("{}[]", self.name) } else { self.name.to_string() }
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        !self.array && self.user.is_none() && self.name == name
    }

    /// Whether it is the same type, whatever the modifiers.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.array == other.array
            && match (&self.user, &other.user) {
                (None, None) => self.name == other.name,
                (a, b) => a == b,
            }
    }

    /// Its elements' type, where it is an array.
    pub(crate) fn element(&self) -> Option<Self> {
        let modified = self.modified.as_ref().and_then(|m| m.strip_suffix("[]")).map(str::to_owned);
        self.array.then(|| Self { array: false, modified, ..self.clone() })
    }

    /// The array of it.
    pub(crate) fn array_of(self) -> Option<Self> {
        let modified = self.modified.as_ref().map(|m| format!("{m}[]"));
        (!self.array).then_some(Self { array: true, modified, ..self })
    }

    fn plain(mut self) -> Self {
        self.modified = None;
        self
    }

    /// A placeholder of a declaration that stands for other types.
    fn is_polymorphic(&self) -> bool {
        self.user.is_none() && !self.array && self.name.starts_with("any") && !self.is("any")
    }

    fn is_any(&self) -> bool {
        self.user.is_none() && self.name == "\"any\""
    }
}

/// What is known of an expression's type.
#[derive(Clone, Debug)]
pub(crate) enum Inferred {
    /// It cannot be known here.
    Unknown,
    /// A literal without a type of its own, or NULL: it takes the type of its place.
    Untyped,
    Known(Ty),
}

impl Inferred {
    pub(crate) fn named(text: &'static str) -> Self {
        Self::Known(Ty::named(text))
    }

    pub(crate) fn ty(&self) -> Option<&Ty> {
        match self {
            Self::Known(t) => Some(t),
            _ => None,
        }
    }

    /// As messages write it.
    pub(crate) fn text(&self) -> String {
        self.ty().map_or_else(|| "unknown".to_owned(), Ty::text)
    }
}

/// An answer in three values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sure {
    Yes,
    No,
    Perhaps,
}

/// Where a cast is to happen by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    Implicit,
    Assignment,
    Explicit,
}

/// Two types that do not go together.
#[derive(Debug)]
pub(crate) struct Unmatched {
    pub(crate) first: Ty,
    pub(crate) second: Ty,
    /// They are of one category, and it is the cast that is not there.
    late: bool,
}

impl Unmatched {
    /// The server's code and words; `word` is what they stand in.
    pub(crate) fn said(&self, word: &str) -> (&'static str, String) {
        let (a, b) = (self.first.text(), self.second.text());
        if self.late {
            ("42846", format!("{word} could not convert type {b} to {a}"))
        } else {
            ("42804", format!("{word} types {a} and {b} cannot be matched"))
        }
    }
}

/// A function or operator that was found, or why none was.
#[derive(Clone, Debug)]
pub(crate) enum Choice {
    Found {
        /// What it answers; `None` where that cannot be known.
        result: Option<Ty>,
        /// What it takes.
        takes: Vec<Ty>,
        volatility: char,
        /// `f` function, `a` aggregate, `w` window function.
        kind: char,
        /// It answers rows.
        set: bool,
    },
    /// Nothing of that name takes these.
    Missing,
    /// Several do, and none is better.
    Ambiguous,
    Unknown,
}

impl Choice {
    /// The same choice for other types in these places.
    fn of_other(mut self, theirs: &[Ty], ours: &[Ty]) -> Self {
        if let Self::Found { result, takes, .. } = &mut self {
            for t in result.iter_mut().chain(takes).filter(|t| t.user.is_some()) {
                if let Some(at) = theirs.iter().position(|their| their.user == t.user) {
                    *t = Ty { array: t.array, ..ours[at].clone() };
                }
            }
        }
        self
    }
}

/// One of several of a name.
#[derive(Clone, Debug)]
struct Candidate {
    takes: Vec<Ty>,
    returns: Option<Ty>,
    volatility: char,
    kind: char,
    set: bool,
}

/// Whether a line of a data file holds for the newest server: its last field is the range of versions.
fn current(line: &str) -> bool {
    line.rsplit('\t').next().is_none_or(|versions| versions.is_empty() || versions.ends_with('-'))
}

impl Catalog {
    // ---- types

    /// The type that a domain stands for, down to the last; `None` where that is not known.
    pub(crate) fn base_of(&self, t: &Ty) -> Option<Ty> {
        let mut t = t.clone();
        for _ in 0..32 {
            if t.array {
                return Some(t);
            }
            match t.user.as_ref().map(|key| self.get(key)) {
                Some(Some(Object::Type(user))) => match &user.kind {
                    UserTypeKind::Domain { base, .. } => t = Ty::of(base)?,
                    _ => return Some(t),
                },
                Some(Some(Object::Table(_))) | None => return Some(t),
                Some(_) => return None,
            }
        }
        None
    }

    fn user_kind(&self, t: &Ty) -> Option<&UserTypeKind> {
        match self.get(t.user.as_ref()?)? {
            Object::Type(user) if !t.array => Some(&user.kind),
            _ => None,
        }
    }

    fn is_enum(&self, t: &Ty) -> bool {
        matches!(self.user_kind(t), Some(UserTypeKind::Enum(_)))
    }

    /// `pg_type.typcategory`, and whether it is the preferred type of its category.
    fn category(&self, t: &Ty) -> Option<(char, bool)> {
        if t.array {
            return Some(('A', false));
        }
        if let Some(key) = &t.user {
            return Some((
                match self.get(key)? {
                    Object::Table(_) => 'C',
                    Object::Type(user) => match &user.kind {
                        UserTypeKind::Enum(_) => 'E',
                        UserTypeKind::Composite(_) => 'C',
                        UserTypeKind::Range => 'R',
                        UserTypeKind::Domain { .. } => {
                            return self.category(&self.base_of(t)?).map(|(c, _)| (c, false));
                        }
                        UserTypeKind::Base => return None,
                    },
                    _ => return None,
                },
                false,
            ));
        }
        if let Some(b) = types::builtin(&t.name) {
            return Some((b.category, b.preferred));
        }
        self.installed_extensions().find_map(|e| e.category(&t.name)).map(|c| (c, false))
    }

    /// Whether the user has made casts of their own: then one that is not known may be there.
    fn has_own_casts(&self) -> bool {
        let first = Key::Other(ObjectKind::Cast, String::new(), String::new());
        self.objects.range(first..).next().is_some_and(|(k, _)| matches!(k, Key::Other(ObjectKind::Cast, ..)))
            || self.unknown_extension_installed()
    }

    /// Whether a value of one type becomes one of another where no cast is written (`can_coerce_type`).
    pub(crate) fn coerces(&self, from: &Ty, to: &Ty, context: Context) -> Sure {
        if from.same(to) || to.is_any() || to.is_polymorphic() {
            return Sure::Yes;
        }
        let (Some(source), Some(target)) = (self.base_of(from), self.base_of(to)) else { return Sure::Perhaps };
        if source.same(&target) {
            return Sure::Yes;
        }
        if source.is("record") {
            return Sure::Perhaps;
        }
        if target.is("record") {
            return if matches!(self.category(&source), Some(('C', _))) { Sure::Yes } else { Sure::No };
        }
        let named = |t: &Ty| t.user.is_some() || types::builtin(&t.name).is_some() || self.is_extension_type(&t.name);
        if !named(&source) || !named(&target) || source.is_polymorphic() {
            return Sure::Perhaps;
        }
        let enough = |written: char| match context {
            Context::Implicit => written == 'i',
            Context::Assignment => written != 'e',
            Context::Explicit => true,
        };
        if source.array
            && target.array
            && let (Some(a), Some(b)) = (source.element(), target.element())
        {
            return self.coerces(&a, &b, context);
        }
        if !source.array && !target.array && source.user.is_none() && target.user.is_none() {
            let own = builtins::cast(&source.name, &target.name)
                .or_else(|| self.installed_extensions().find_map(|e| e.cast(&source.name, &target.name)));
            if let Some(written) = own {
                return if enough(written) { Sure::Yes } else { Sure::No };
            }
        }
        // To a string by the output function, from a string by the input function.
        let string = |t: &Ty| self.category(t).is_some_and(|(c, _)| c == 'S');
        if context != Context::Implicit && string(&target) || context == Context::Explicit && string(&source) {
            return Sure::Yes;
        }
        let unsure = |t: &Ty| {
            let inherits = matches!(t.user.as_ref().and_then(|k| self.get(k)), Some(Object::Table(_)));
            inherits || matches!(self.user_kind(t), Some(UserTypeKind::Base | UserTypeKind::Range))
        };
        if self.has_own_casts() || unsure(&source) || unsure(&target) {
            return Sure::Perhaps;
        }
        // int2vector and oidvector are arrays and are not.
        let vector = |t: &Ty| !t.array && types::builtin(&t.name).is_some_and(|b| b.category == 'A');
        let both = (vector(&source) || source.array) && (vector(&target) || target.array);
        if both { Sure::Perhaps } else { Sure::No }
    }

    /// Whether what a cast makes depends on the session: the time zone, the style of dates, the labels of an enum.
    pub(crate) fn cast_is_mutable(&self, from: &Ty, to: &Ty) -> bool {
        const ZONED: &str = "timestamp with time zone";
        const MOMENTS: [&str; 4] =
            ["date", "timestamp without time zone", "time without time zone", "time with time zone"];
        // Types whose text depends on the session, as pg_proc.provolatile of their output functions says; and those whose
        // input functions alone do.
        const TEXTS: [&str; 5] =
            ["date", "timestamp without time zone", "timestamp with time zone", "interval", "money"];
        const READ: [&str; 3] = ["time without time zone", "time with time zone", "xml"];
        let (Some(a), Some(b)) = (self.base_of(from), self.base_of(to)) else { return false };
        let string = |t: &Ty| t.user.is_none() && !t.array && matches!(self.category(t), Some(('S', _)));
        if let (Some(a), Some(b)) = (a.element(), b.element()) {
            return self.cast_is_mutable(&a, &b);
        }
        if a.same(&b) {
            return false;
        }
        if a.array || b.array {
            return string(&a) || string(&b);
        }
        let plain = |t: &Ty, names: &[&str]| names.iter().any(|n| t.is(n));
        if a.is(ZONED) && plain(&b, &MOMENTS) || b.is(ZONED) && plain(&a, &MOMENTS[..2]) {
            return true;
        }
        if a.is("time without time zone") && b.is("time with time zone") {
            return true;
        }
        let named = |t: &Ty| t.user.is_none() && t.name.starts_with("reg");
        if string(&b) {
            return self.is_enum(&a) || plain(&a, &TEXTS) || named(&a);
        }
        string(&a) && (self.is_enum(&b) || plain(&b, &TEXTS) || plain(&b, &READ) || named(&b))
    }

    fn is_extension_type(&self, name: &str) -> bool {
        self.installed_extensions().any(|e| e.has_type(name))
    }

    /// The type that several expressions take together (UNION, CASE, COALESCE, ARRAY; manual, 10.5). `Err` names the two
    /// that do not go together; `None` is what cannot be known.
    pub(crate) fn common_type(&self, all: &[&Inferred]) -> Result<Option<Ty>, Box<Unmatched>> {
        let mut chosen: Option<Ty> = None;
        // Beside a literal, a domain gives way to its base and modifiers go.
        let literals = all.iter().any(|t| matches!(t, Inferred::Untyped));
        for inferred in all {
            let t = match inferred {
                Inferred::Unknown => return Ok(None),
                Inferred::Untyped => continue,
                Inferred::Known(t) => t,
            };
            let Some(before) = &chosen else {
                chosen = Some(t.clone());
                continue;
            };
            if before.same(t) {
                if before.modified != t.modified {
                    chosen = Some(t.clone().plain());
                }
                continue;
            }
            // Domains give way to their bases where the types differ.
            let (Some(a), Some(b)) = (self.base_of(before), self.base_of(t)) else { return Ok(None) };
            let (a, b) = (a.plain(), b.plain());
            if a.same(&b) {
                chosen = Some(a);
                continue;
            }
            let (Some((ca, preferred)), Some((cb, _))) = (self.category(&a), self.category(&b)) else {
                return Ok(None);
            };
            if ca != cb {
                return Err(Box::new(Unmatched { first: before.clone(), second: t.clone(), late: false }));
            }
            if preferred {
                chosen = Some(a);
                continue;
            }
            chosen = Some(match (self.coerces(&a, &b, Context::Implicit), self.coerces(&b, &a, Context::Implicit)) {
                (Sure::Perhaps, _) | (_, Sure::Perhaps) => return Ok(None),
                (Sure::Yes, Sure::No) => b,
                (_, Sure::Yes) => a,
                // The server finds out when it casts: one of them does not become the other.
                (Sure::No, Sure::No) => {
                    return Err(Box::new(Unmatched { first: before.clone(), second: t.clone(), late: true }));
                }
            });
        }
        let Some(chosen) = chosen else { return Ok(Some(Ty::named("text"))) };
        Ok(if literals { self.base_of(&chosen).map(Ty::plain) } else { Some(chosen) })
    }

    // ---- operators

    /// The operator that is taken for these operands; `left` is `None` before an operand.
    pub(crate) fn operator(&self, name: &str, left: Option<&Inferred>, right: &Inferred) -> Choice {
        if matches!(left, Some(Inferred::Unknown)) || matches!(right, Inferred::Unknown) {
            return Choice::Unknown;
        }
        let args: Vec<Inferred> = left.into_iter().chain([right]).cloned().collect();
        // An operator of the user's may be better than any that is known here.
        if self.is_open() || self.has_own(ObjectKind::Operator, name) {
            return Choice::Unknown;
        }
        self.remembered(name, &args, || self.choose_operator(name, &args))
    }

    /// What is chosen, once for the same name and types: the same few are asked for again and again. One enum is like
    /// another.
    fn remembered(&self, name: &str, args: &[Inferred], choose: impl FnOnce() -> Choice) -> Choice {
        let mut asked = name.to_owned();
        let mut enums: Vec<Ty> = Vec::new();
        for arg in args {
            asked.push('\t');
            let Some(t) = arg.ty() else { continue };
            if t.user.is_none() {
                asked.push_str(&t.text());
                asked.push_str(t.modified.as_deref().unwrap_or_default());
            } else if self.is_enum(t) && enums.len() < 2 {
                let at = enums.iter().position(|e| e.same(t)).unwrap_or(enums.len());
                asked.push_str(if at == 0 { "enum 0" } else { "enum 1" });
                if at == enums.len() {
                    enums.push(t.clone());
                }
            } else {
                return choose();
            }
        }
        if let Some((theirs, known)) = self.chosen.borrow().get(&asked) {
            return known.clone().of_other(theirs, &enums);
        }
        let choice = choose();
        self.chosen.borrow_mut().insert(asked, (enums, choice.clone()));
        choice
    }

    fn choose_operator(&self, name: &str, args: &[Inferred]) -> Choice {
        let types: Vec<&Ty> = args.iter().filter_map(Inferred::ty).collect();
        // Exactly as written; a literal takes the type of the other side (manual, 10.2, step 2a).
        let (l, r) = match args {
            [Inferred::Known(l), Inferred::Known(r)] => (Some(l), r),
            [_, Inferred::Known(r)] => (Some(r), r),
            [Inferred::Known(l), _] => (Some(l), l),
            [Inferred::Known(r)] => (None, r),
            _ => return self.inexact_operator(name, args),
        };
        let exact = |l: Option<&Ty>, r: &Ty| {
            if l.is_some_and(|l| l.user.is_some()) || r.user.is_some() {
                return None;
            }
            let l_text = l.map(Ty::text).unwrap_or_default();
            let r_text = r.text();
            let result = builtins::operator(name, &l_text, &r_text)
                .or_else(|| self.installed_extensions().find_map(|e| e.operator(name, &l_text, &r_text)))?;
            let volatility = operator_volatility(name, &l_text, &r_text);
            let takes = l.into_iter().chain([r]).map(|t| t.clone().plain()).collect();
            Some(Choice::Found { result: Some(Ty::named(result)), takes, volatility, kind: 'f', set: false })
        };
        if let Some(found) = exact(l, r) {
            return found;
        }
        // A domain beside a literal: its base.
        if types.len() == 1 && args.len() == 2 {
            let Some(base) = self.base_of(types[0]) else { return Choice::Unknown };
            if let Some(found) = exact(Some(&base), &base) {
                return found;
            }
        }
        self.inexact_operator(name, args)
    }

    /// Whether the user has made an object of this kind and name, in whatever schema.
    fn has_own(&self, kind: ObjectKind, name: &str) -> bool {
        let first = Key::Other(kind, String::new(), String::new());
        let mut own = self.objects.range(first..).map_while(|(k, _)| match k {
            Key::Other(found, _, n) if *found == kind => Some(n),
            _ => None,
        });
        own.any(|n| n == name || n.is_empty())
    }

    /// The operator that takes these operands after a conversion.
    fn inexact_operator(&self, name: &str, args: &[Inferred]) -> Choice {
        let mut candidates = Vec::new();
        let mut older = Vec::new();
        let mut add = |line: &'static str| {
            let mut fields = line.split('\t');
            let (Some(l), Some(r), Some(result)) = (fields.next(), fields.next(), fields.next()) else { return };
            if l.is_empty() != (args.len() == 1) {
                return;
            }
            let takes: Vec<Ty> = [l, r].into_iter().filter(|t| !t.is_empty()).map(Ty::named).collect();
            let volatility = operator_volatility(name, l, r);
            let made = Candidate { takes, returns: Some(Ty::named(result)), volatility, kind: 'f', set: false };
            if current(line) { candidates.push(made) } else { older.push(made) }
        };
        builtins::operators(name).for_each(&mut add);
        for e in self.installed_extensions() {
            e.operators(name).for_each(&mut add);
        }
        match self.choose(candidates, args) {
            Choice::Missing if self.unknown_extension_installed() => Choice::Unknown,
            Choice::Missing => self.unless_older(older, args),
            other => other,
        }
    }

    // ---- functions

    /// The function that is taken for these arguments. `None` for its schema: along the search path.
    pub(crate) fn function(&self, schema: Option<&str>, name: &str, own: Option<&Key>, args: &[Inferred]) -> Choice {
        if args.iter().any(|a| matches!(a, Inferred::Unknown)) || self.unknown_extension_installed() {
            return Choice::Unknown;
        }
        if own.is_none() && schema.is_none() {
            // No operator has such a name.
            return self.remembered(&format!("{name}()"), args, || self.choose_function(schema, name, own, args));
        }
        self.choose_function(schema, name, own, args)
    }

    fn choose_function(&self, schema: Option<&str>, name: &str, own: Option<&Key>, args: &[Inferred]) -> Choice {
        let mut candidates = Vec::new();
        let mut older = Vec::new();
        let mut add = |line: &'static str| {
            let made = candidate(line, args.len());
            if current(line) { candidates.extend(made) } else { older.extend(made) }
        };
        if schema.is_none_or(|s| s == "pg_catalog") {
            builtins::functions(name).for_each(&mut add);
        }
        for e in self.installed_extensions() {
            e.functions(name).for_each(&mut add);
        }
        if let Some(Object::Function(all)) = own.and_then(|key| self.get(key)) {
            for f in all {
                // What an aggregate takes and answers is not kept; a procedure is what CALL names.
                let called = matches!(f.kind, ObjectKind::Function | ObjectKind::Procedure);
                if !called || f.takes.len() != f.arguments.len() {
                    return Choice::Unknown;
                }
                let Some(takes) = f.takes.iter().map(Ty::of).collect::<Option<Vec<Ty>>>() else {
                    return Choice::Unknown;
                };
                if takes.iter().any(|t| t.user.as_ref().is_some_and(|key| !self.has(key))) {
                    return Choice::Unknown;
                }
                let takes: Vec<Ty> = takes.into_iter().map(Ty::plain).collect();
                let Some(takes) = fitted(takes, f.defaults, f.variadic, args.len()) else { continue };
                let returns = f.result.as_ref().and_then(Ty::of).map(Ty::plain);
                let set = f.returns.starts_with("setof");
                candidates.push(Candidate { takes, returns, volatility: f.volatility, kind: 'f', set });
            }
        }
        // The same arguments twice: the path decides, which is not followed here.
        for (i, c) in candidates.iter().enumerate() {
            let twin =
                |o: &Candidate| o.takes.len() == c.takes.len() && o.takes.iter().zip(&c.takes).all(|(a, b)| a.same(b));
            if candidates[..i].iter().any(twin) {
                return Choice::Unknown;
            }
        }
        match self.choose(candidates, args) {
            Choice::Missing => self.unless_older(older, args),
            other => other,
        }
    }

    /// Nothing of the newest server takes them: older ones may have what does.
    fn unless_older(&self, older: Vec<Candidate>, args: &[Inferred]) -> Choice {
        match self.choose(older, args) {
            Choice::Missing => Choice::Missing,
            _ => Choice::Unknown,
        }
    }

    // ---- choosing

    /// The best of the candidates (`func_get_detail`, `oper`; manual, 10.2 and 10.3).
    fn choose(&self, mut candidates: Vec<Candidate>, args: &[Inferred]) -> Choice {
        let fits = |c: &Candidate| {
            let exact = |(t, a): (&Ty, &Inferred)| a.ty().is_some_and(|a| a.same(t));
            !args.is_empty() && c.takes.iter().zip(args).all(exact)
        };
        if let Some(exact) = candidates.iter().position(fits) {
            return self.found(candidates.swap_remove(exact), args);
        }
        let mut unsure = false;
        candidates.retain(|c| {
            let takes = self.accepts(&c.takes, args);
            unsure |= takes == Sure::Perhaps;
            takes != Sure::No
        });
        if unsure {
            return Choice::Unknown;
        }
        match candidates.len() {
            0 => return Choice::Missing,
            1 => return self.found(candidates.swap_remove(0), args),
            _ => {}
        }
        self.best(candidates, args)
    }

    /// Whether arguments become what a declaration takes, its placeholders standing for one type.
    fn accepts(&self, takes: &[Ty], args: &[Inferred]) -> Sure {
        let mut sure = Sure::Yes;
        for (t, a) in takes.iter().zip(args) {
            match a.ty().map_or(Sure::Yes, |a| self.coerces(a, t, Context::Implicit)) {
                Sure::No => return Sure::No,
                Sure::Perhaps => sure = Sure::Perhaps,
                Sure::Yes => {}
            }
        }
        if !takes.iter().any(Ty::is_polymorphic) {
            return sure;
        }
        match self.bind(takes, args) {
            Binding::Bound(_) => sure,
            Binding::Refused => Sure::No,
            Binding::Unknown => Sure::Perhaps,
        }
    }

    /// Of several that can be called, the one that fits best (`func_select_candidate`).
    fn best(&self, mut candidates: Vec<Candidate>, args: &[Inferred]) -> Choice {
        let mut bases: Vec<Option<Ty>> = Vec::with_capacity(args.len());
        for a in args {
            match a.ty() {
                Some(t) => match self.base_of(t) {
                    Some(base) => bases.push(Some(base)),
                    None => return Choice::Unknown,
                },
                None => bases.push(None),
            }
        }
        let exact =
            |c: &Candidate| c.takes.iter().zip(&bases).filter(|(t, b)| b.as_ref().is_some_and(|b| b.same(t))).count();
        keep_most(&mut candidates, exact);
        if candidates.len() > 1 {
            let mut categories = Vec::with_capacity(bases.len());
            for b in &bases {
                match b.as_ref().map(|b| self.category(b)) {
                    Some(Some((c, _))) => categories.push(Some(c)),
                    Some(None) => return Choice::Unknown,
                    None => categories.push(None),
                }
            }
            let preferred = |c: &Candidate| {
                let good = |((t, b), category): ((&Ty, &Option<Ty>), &Option<char>)| {
                    b.as_ref().is_some_and(|b| {
                        b.same(t) || self.category(t).is_some_and(|(k, preferred)| preferred && Some(k) == *category)
                    })
                };
                c.takes.iter().zip(&bases).zip(&categories).filter(|x| good(*x)).count()
            };
            keep_most(&mut candidates, preferred);
        }
        if candidates.len() == 1 {
            return self.found(candidates.swap_remove(0), args);
        }
        if bases.iter().all(Option::is_some) {
            return Choice::Ambiguous;
        }
        self.by_literals(candidates, args, &bases)
    }

    /// The rules for literals without a type: strings first, then the category that all share, then the type of the
    /// other arguments.
    fn by_literals(&self, candidates: Vec<Candidate>, args: &[Inferred], bases: &[Option<Ty>]) -> Choice {
        let mut wanted: Vec<Option<(char, bool)>> = vec![None; bases.len()];
        let mut resolved = true;
        for (i, slot) in wanted.iter_mut().enumerate().filter(|(i, _)| bases[*i].is_none()) {
            let mut common: Option<(char, bool)> = None;
            let mut conflict = false;
            for c in &candidates {
                let Some((category, preferred)) = self.slot_category(&c.takes[i]) else { return Choice::Unknown };
                match common {
                    None => common = Some((category, preferred)),
                    Some((before, p)) if before == category => common = Some((before, p || preferred)),
                    Some(_) if category == 'S' => common = Some(('S', preferred)),
                    Some(('S', _)) => {}
                    Some(_) => conflict = true,
                }
            }
            if conflict && !matches!(common, Some(('S', _))) {
                resolved = false;
                break;
            }
            *slot = common;
        }
        let mut left: Vec<Candidate> = Vec::new();
        if resolved {
            let accepts = |c: &Candidate| {
                wanted.iter().zip(&c.takes).all(|(w, t)| {
                    w.is_none_or(|(category, wants_preferred)| {
                        self.slot_category(t)
                            .is_some_and(|(k, preferred)| k == category && (!wants_preferred || preferred))
                    })
                })
            };
            left = candidates.iter().filter(|c| accepts(c)).cloned().collect();
        }
        if left.is_empty() {
            left = candidates;
        }
        if left.len() == 1 {
            return self.found(left.swap_remove(0), args);
        }
        let mut known = bases.iter().flatten();
        if let Some(first) = known.next()
            && known.all(|t| t.same(first))
        {
            let all = vec![Inferred::Known(first.clone()); bases.len()];
            let mut accepting = left.iter().filter(|c| self.accepts(&c.takes, &all) == Sure::Yes);
            if let (Some(one), None) = (accepting.next(), accepting.next()) {
                return self.found(one.clone(), args);
            }
        }
        Choice::Ambiguous
    }

    fn slot_category(&self, t: &Ty) -> Option<(char, bool)> {
        if t.is_any() || t.is_polymorphic() { Some(('P', false)) } else { self.category(t) }
    }

    /// What a chosen function answers: the placeholders of its declaration stand for what it was given.
    fn found(&self, c: Candidate, args: &[Inferred]) -> Choice {
        let polymorphic = |t: &Ty| t.is_polymorphic();
        let Candidate { takes, returns, volatility, kind, set } = c;
        if !takes.iter().any(polymorphic) {
            let result = returns.filter(|r| !polymorphic(r) && !r.is("record"));
            return Choice::Found { result, takes, volatility, kind, set };
        }
        match self.bind(&takes, args) {
            Binding::Bound(element) => {
                let result = returns.and_then(|r| match &*r.name {
                    "anyelement" | "anynonarray" | "anyenum" | "anycompatible" | "anycompatiblenonarray"
                        if !r.array =>
                    {
                        element.clone()
                    }
                    "anyarray" | "anycompatiblearray" => element.clone().and_then(Ty::array_of),
                    _ if polymorphic(&r) || r.is("record") => None,
                    _ => Some(r),
                });
                let range = takes.iter().zip(args).find(|(t, a)| t.is("anyrange") && a.ty().is_some());
                let range = range.and_then(|(_, a)| self.base_of(a.ty()?));
                let bound = |t: Ty| match &*t.name {
                    "anyelement" | "anynonarray" | "anyenum" | "anycompatible" | "anycompatiblenonarray" => {
                        element.clone().unwrap_or(t)
                    }
                    "anyarray" | "anycompatiblearray" => element.clone().and_then(Ty::array_of).unwrap_or(t),
                    "anyrange" => range.clone().unwrap_or(t),
                    _ => t,
                };
                let takes = takes.into_iter().map(bound).collect();
                Choice::Found { result, takes, volatility, kind, set }
            }
            Binding::Refused => Choice::Missing,
            Binding::Unknown => Choice::Unknown,
        }
    }

    /// What the placeholders of a declaration stand for: the element type (`check_generic_type_consistency`).
    fn bind(&self, takes: &[Ty], args: &[Inferred]) -> Binding {
        let mut element: Option<Ty> = None;
        let mut loose: Vec<Inferred> = Vec::new();
        for (t, a) in takes.iter().zip(args).filter(|(t, _)| t.is_polymorphic()) {
            let Some(a) = a.ty() else { continue };
            let Some(base) = self.base_of(a) else { return Binding::Unknown };
            let found = match &*t.name {
                "anyelement" | "anycompatible" => a.clone().plain(),
                "anynonarray" | "anycompatiblenonarray" if !base.array => a.clone().plain(),
                "anyenum" if self.is_enum(&base) => base,
                "anyarray" | "anycompatiblearray" => match base.element() {
                    Some(e) => e.plain(),
                    None if types::builtin(&base.name).is_some_and(|b| b.category == 'A') && base.user.is_none() => {
                        return Binding::Unknown;
                    }
                    None => return Binding::Refused,
                },
                "anynonarray" | "anycompatiblenonarray" | "anyenum" => return Binding::Refused,
                "anyrange" | "anymultirange" if base.array => return Binding::Refused,
                "anyrange" | "anymultirange" => match range_of(&base, &t.name) {
                    Some(e) => e,
                    None if matches!(self.user_kind(&base), Some(UserTypeKind::Range | UserTypeKind::Base)) => {
                        return Binding::Unknown;
                    }
                    None => return Binding::Refused,
                },
                _ => return Binding::Unknown,
            };
            if t.name.starts_with("anycompatible") {
                loose.push(Inferred::Known(found));
                continue;
            }
            match &element {
                Some(e) if !e.same(&found) => return Binding::Refused,
                _ => element = Some(found),
            }
        }
        if !loose.is_empty() {
            if element.is_some() {
                return Binding::Unknown;
            }
            return match self.common_type(&loose.iter().collect::<Vec<_>>()) {
                Ok(Some(t)) => Binding::Bound(Some(t)),
                Ok(None) => Binding::Unknown,
                Err(_) => Binding::Refused,
            };
        }
        Binding::Bound(element)
    }
}

enum Binding {
    Bound(Option<Ty>),
    Refused,
    Unknown,
}

/// The type that a range of the server's own is over.
fn range_of(t: &Ty, placeholder: &str) -> Option<Ty> {
    let name = if placeholder == "anymultirange" { t.name.replace("multirange", "range") } else { t.name.to_string() };
    let is_multirange = t.name.ends_with("multirange");
    if t.user.is_some() || is_multirange != (placeholder == "anymultirange") {
        return None;
    }
    Some(Ty::named(match name.as_str() {
        "int4range" => "integer",
        "int8range" => "bigint",
        "numrange" => "numeric",
        "tsrange" => "timestamp without time zone",
        "tstzrange" => "timestamp with time zone",
        "daterange" => "date",
        _ => return None,
    }))
}

/// Keeps the candidates with the highest count, where any is above none.
fn keep_most(candidates: &mut Vec<Candidate>, count: impl Fn(&Candidate) -> usize) {
    let counts: Vec<usize> = candidates.iter().map(&count).collect();
    let most = counts.iter().copied().max().unwrap_or(0);
    let mut at = 0;
    candidates.retain(|_| {
        at += 1;
        counts[at - 1] == most
    });
}

/// The types that a function takes where it is called with so many arguments; `None` where it cannot be.
fn fitted(mut takes: Vec<Ty>, defaults: usize, variadic: bool, count: usize) -> Option<Vec<Ty>> {
    if !variadic {
        if count > takes.len() || count + defaults < takes.len() {
            return None;
        }
        takes.truncate(count);
        return Some(takes);
    }
    if count < takes.len() {
        return None;
    }
    let last = takes.pop()?;
    let one = if last.array {
        last.element()?
    } else if last.is("anyarray") {
        Ty::named("anyelement")
    } else if last.is("anycompatiblearray") {
        Ty::named("anycompatible")
    } else {
        last
    };
    takes.resize(count, one);
    Some(takes)
}

/// A line of functions as a candidate for so many arguments.
fn candidate(line: &'static str, count: usize) -> Option<Candidate> {
    let mut fields = line.split('\t');
    let written = fields.next()?;
    let defaults = fields.next()?.parse().unwrap_or(0);
    let returns = fields.next()?;
    let kind = fields.next()?.chars().next()?;
    let volatility = fields.next()?.chars().next()?;
    if kind == 'p' {
        return None;
    }
    let variadic = written.contains("VARIADIC ");
    let takes = written.split(',').filter(|t| !t.is_empty());
    let takes = takes.map(|t| Ty::named(t.strip_prefix("VARIADIC ").unwrap_or(t))).collect();
    let set = returns.starts_with("SETOF ");
    let returns = Some(Ty::named(returns.strip_prefix("SETOF ").unwrap_or(returns)));
    Some(Candidate { takes: fitted(takes, defaults, variadic, count)?, returns, volatility, kind, set })
}

/// Whether an operator reads the time zone or the like: those of PostgreSQL that are not immutable. `||` with what is no
/// text is as constant as that value's cast to one.
fn operator_volatility(name: &str, left: &str, right: &str) -> char {
    let zoned = |t: &str| t == "timestamp with time zone";
    let stable = match name {
        "+" | "-" => zoned(left) && right == "interval" || left == "interval" && zoned(right),
        "=" | "<>" | "<" | "<=" | ">" | ">=" => left != right && (zoned(left) || zoned(right)),
        "@@" => left == "text",
        _ => false,
    };
    if stable { 's' } else { 'i' }
}
