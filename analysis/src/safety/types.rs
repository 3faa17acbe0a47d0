//! Whether `ALTER COLUMN … TYPE` writes the table anew (PostgreSQL).
//!
//! It does, unless what is stored is the new type's already: the cast between the two does nothing
//! (`ATColumnChangeRequiresRewrite`). `tests/tests/postgres_safety.rs` holds this against `pg_relation_filenode`.

use crate::catalog::object::{Type, UserTypeKind};
use crate::catalog::{Catalog, Object, types};
use crate::change::Expr;

/// Casts that do nothing, between types without a length (`pg_cast.castmethod = 'b'`); those among the `reg…` types are
/// told of by [`is_oid`].
const SAME: [(&str, &str); 11] = [
    ("text", "character varying"),
    ("text", "character"),
    ("character varying", "text"),
    ("character varying", "character"),
    ("cidr", "inet"),
    ("bit", "bit varying"),
    ("bit varying", "bit"),
    ("xml", "text"),
    ("xml", "character varying"),
    ("xml", "character"),
    ("pg_node_tree", "text"),
];

/// Whether a change of type writes every row anew; `None` where that is not known. `utc`: the session's time zone is
/// known to have no offset.
pub(super) fn rewrites(
    catalog: &Catalog,
    column: &str,
    from: &Type,
    to: &Type,
    using: Option<&Expr>,
    utc: bool,
) -> Option<bool> {
    let Some(using) = using else { return step(catalog, from, to, utc) };
    let own = matches!(using.names.columns.as_slice(), [path] if path.last().is_some_and(|c| c.value == column));
    if !own || !catalog.is_plain_cast(using, column) {
        return Some(true);
    }
    // `c::a::b`, and from there to the column's type.
    let mut at = from.clone();
    for name in &using.names.types {
        let next = catalog.lookup_type(name)?;
        if step(catalog, &at, &next, utc)? {
            return Some(true);
        }
        at = next;
    }
    step(catalog, &at, to, utc)
}

fn step(catalog: &Catalog, from: &Type, to: &Type, utc: bool) -> Option<bool> {
    if from.unknown || to.unknown {
        return None;
    }
    if from == to {
        return Some(false);
    }
    if is_checked(catalog, to)? {
        return Some(true);
    }
    let (is_domain, mut from, to) = (from.user.is_some(), stored(catalog, from)?, stored(catalog, to)?);
    if is_domain && from.user.is_none() && !from.array {
        // How long a domain's values are is not asked.
        from.text.clone_from(&from.base);
    }
    if from.text == to.text {
        return Some(false);
    }
    let bare = to.text == to.base || to.text == format!("{}[]", to.base);
    if from.array || to.array {
        // An array's elements are converted one by one, where they have to be at all.
        return Some(!(from.array && to.array && from.base == to.base && bare));
    }
    if from.user.is_some() || to.user.is_some() {
        let opaque = |t: &Type| {
            matches!(t.user.as_ref().and_then(|key| catalog.get(key)),
                Some(Object::Type(user)) if matches!(user.kind, UserTypeKind::Base | UserTypeKind::Range))
        };
        return if opaque(&from) || opaque(&to) { None } else { Some(true) };
    }
    if from.base == to.base {
        return same_base(&from, &to);
    }
    let string = |t: &Type| matches!(t.base.as_str(), "text" | "character varying");
    match (from.base.as_str(), to.base.as_str()) {
        ("citext", _) if string(&to) => return Some(to.text != to.base),
        (_, "citext") if string(&from) => return Some(false),
        ("timestamp without time zone", "timestamp with time zone")
        | ("timestamp with time zone", "timestamp without time zone") => {
            return Some(!utc || precision(&to).is_some_and(|p| p < 6));
        }
        (a, b) if is_oid(a) && is_oid(b) => {
            return Some(!(a == "integer" || a == "oid" || b == "integer" || b == "oid"));
        }
        _ => {}
    }
    if types::builtin(&from.base).is_none() || types::builtin(&to.base).is_none() {
        return None;
    }
    let same = SAME.contains(&(from.base.as_str(), to.base.as_str()));
    // A length of its own is enforced, and only `bpchar` has none of its kind.
    let lengthless = if to.base == "character" { to.text == "bpchar" } else { bare && to.base != "bit" };
    Some(!(same && lengthless))
}

/// Types of one base and different lengths.
fn same_base(from: &Type, to: &Type) -> Option<bool> {
    let (old, new) = (modifiers(from), modifiers(to));
    Some(match from.base.as_str() {
        "character varying" | "bit varying" => match (old.as_slice(), new.as_slice()) {
            (_, []) => false,
            ([old], [new]) => new < old,
            _ => true,
        },
        "character" => to.text != "bpchar",
        "numeric" => match (old.as_slice(), new.as_slice()) {
            (_, []) => false,
            ([p, s], [q, t]) => s != t || q < p,
            _ => true,
        },
        "timestamp without time zone"
        | "timestamp with time zone"
        | "time without time zone"
        | "time with time zone" => narrows(from, to),
        "interval" => {
            let (old, new) = (least_field(from), least_field(to));
            to.text != "interval" && (new > old || old == 0 && narrows(from, to))
        }
        "bit" => true,
        _ => return None,
    })
}

/// The least part that an interval keeps, `interval hour to minute`: zero is the second.
fn least_field(t: &Type) -> usize {
    const FIELDS: [&str; 6] = ["second", "minute", "hour", "day", "month", "year"];
    let words = t.text.split('(').next().unwrap_or_default();
    let last = words.rsplit(' ').next().unwrap_or_default();
    FIELDS.iter().position(|field| *field == last).unwrap_or(0)
}

/// Whether digits of a second are lost.
fn narrows(from: &Type, to: &Type) -> bool {
    precision(to).unwrap_or(6) < precision(from).unwrap_or(6)
}

fn precision(t: &Type) -> Option<i32> {
    modifiers(t).first().copied()
}

/// The numbers between the parentheses.
fn modifiers(t: &Type) -> Vec<i32> {
    let Some((_, rest)) = t.text.split_once('(') else { return Vec::new() };
    let within = rest.split_once(')').map_or(rest, |(within, _)| within);
    within.split(',').filter_map(|n| n.trim().parse().ok()).collect()
}

/// Types that are kept as an oid is.
fn is_oid(base: &str) -> bool {
    matches!(base, "integer" | "oid") || base.starts_with("reg")
}

/// What a domain stands for, down to the last.
fn stored(catalog: &Catalog, t: &Type) -> Option<Type> {
    let mut t = t.clone();
    for _ in 0..32 {
        let Some(key) = t.user.as_ref().filter(|_| !t.array) else { return Some(t) };
        match catalog.get(key) {
            Some(Object::Type(user)) => match &user.kind {
                UserTypeKind::Domain { base, .. } => t = base.clone(),
                _ => return Some(t),
            },
            Some(Object::Table(_)) => return Some(t),
            _ => return None,
        }
    }
    None
}

/// Whether a type is a domain that asks something of its values; `None` where that is not known.
pub(super) fn is_checked(catalog: &Catalog, t: &Type) -> Option<bool> {
    let mut t = t.clone();
    for _ in 0..32 {
        let Some(key) = t.user.as_ref().filter(|_| !t.array) else { return Some(false) };
        match catalog.get(key) {
            Some(Object::Type(user)) => match &user.kind {
                UserTypeKind::Domain { not_null, constraints, .. } if *not_null || !constraints.is_empty() => {
                    return Some(true);
                }
                UserTypeKind::Domain { base, .. } => t = base.clone(),
                _ => return Some(false),
            },
            Some(Object::Table(_)) => return Some(false),
            _ => return None,
        }
    }
    None
}
