//! The rules, listed once: the build's errors, `cargo glowplug explain`, `docs/RULES.md` and SARIF all read this list.
//!
//! A rule's page stands beside this file as `<id>.md`, and its examples run on the real engines in the tests.
//!
//! ```
//! use glowplug_analysis::rules;
//!
//! let rule = rules::find("undefined-table").unwrap();
//! assert!(rule.page.starts_with("# undefined-table\n"));
//! assert_eq!(rules::suggest("undefined_tabel"), Some("undefined-table"));
//! ```

use crate::diagnostics::{Group, Level};

/// What is known of a rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its id: names the pattern, never the remedy.
    pub id: &'static str,
    /// Its family.
    pub group: Group,
    /// Its level where `glowplug.toml` says nothing.
    pub default: Level,
    /// Its page, Markdown: what it catches, why, what to write instead, a flagged and an accepted example.
    pub page: &'static str,
}

impl Rule {
    /// What the rule catches, in one line: the paragraph under the page's title.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.page.lines().skip(1).find(|line| !line.is_empty()).unwrap_or_default()
    }
}

macro_rules! rules {
    ($($id:literal $group:ident $level:ident,)*) => {
        &[$(Rule {
            id: $id,
            group: Group::$group,
            default: Level::$level,
            page: include_str!(concat!($id, ".md")),
        },)*]
    };
}

/// Every rule, sorted by id.
pub static ALL: &[Rule] = rules! {
    "add-column-constraint" Safety Deny,
    "add-constraint-without-guard" Idempotency Deny,
    "algorithm-copy" Safety Warn,
    "allow-without-reason" Convention Deny,
    "attach-without-check" Safety Deny,
    "changes-on-rerun" Idempotency Deny,
    "char-n" Design Allow,
    "check-validates" Safety Deny,
    "column-type-rewrites" Safety Deny,
    "config" Convention Deny,
    "conflict-target-without-index" Correctness Deny,
    "constraint-never-validated" Design Warn,
    "create-without-guard" Idempotency Deny,
    "create-without-or-replace" Idempotency Deny,
    "data-and-schema-mixed" Safety Warn,
    "default-type-mismatch" Correctness Deny,
    "delete-all-rows" Safety Deny,
    "dependent-objects" Correctness Deny,
    "detach-not-concurrent" Safety Deny,
    "down-missing" Convention Allow,
    "down-not-inverse" Convention Warn,
    "drop-cascade" Safety Deny,
    "drop-column" Safety Deny,
    "drop-constraint" Safety Warn,
    "drop-deletes-children" Safety Deny,
    "drop-index-not-concurrent" Safety Deny,
    "drop-not-null" Safety Warn,
    "drop-schema" Safety Deny,
    "drop-table" Safety Deny,
    "drop-then-create-loses-data" Idempotency Deny,
    "drop-without-guard" Idempotency Deny,
    "duplicate-column" Correctness Deny,
    "duplicate-key" Correctness Deny,
    "duplicate-object" Correctness Deny,
    "duplicate-schema" Correctness Deny,
    "duplicate-table" Correctness Deny,
    "edited-after-lock" Convention Deny,
    "empty-migration" Convention Deny,
    "enum-reordered" Safety Deny,
    "enum-value-used-too-soon" Correctness Deny,
    "exclusion-builds-index" Safety Deny,
    "file-name" Convention Deny,
    "fk-narrower-than-key" Design Warn,
    "fk-target-not-unique" Correctness Deny,
    "fk-type-mismatch" Correctness Deny,
    "foreign-key-validates" Safety Deny,
    "foreign-key-without-index" Design Warn,
    "guard-catches-wrong-error" Idempotency Deny,
    "identifier-too-long" Correctness Warn,
    "if-not-exists-shape" Correctness Deny,
    "index-not-concurrent" Safety Deny,
    "inline-references-ignored" Safety Deny,
    "insert-column-count" Correctness Deny,
    "insert-without-guard" Idempotency Deny,
    "integer-primary-key" Design Warn,
    "invalid-definition" Correctness Deny,
    "json-not-jsonb" Design Allow,
    "late-bound-break" Correctness Warn,
    "lock-file" Convention Deny,
    "lock-table" Safety Deny,
    "many-locks-one-transaction" Safety Warn,
    "nesting-too-deep" Correctness Deny,
    "newer-than-server" Correctness Deny,
    "not-in-transaction" Correctness Deny,
    "not-null-implicit-zero" Safety Deny,
    "not-null-without-default" Safety Deny,
    "not-resumable" Idempotency Deny,
    "not-utf8" Convention Deny,
    "null-in-key" Correctness Deny,
    "number-duplicate" Convention Deny,
    "number-gap" Convention Deny,
    "number-scheme-mixed" Convention Deny,
    "opaque-statement" Convention Warn,
    "orphan-down" Convention Deny,
    "primary-key-builds-index" Safety Deny,
    "psql-command" Convention Deny,
    "rebuild-loses" Safety Deny,
    "redundant-index" Design Warn,
    "refresh-not-concurrent" Safety Deny,
    "reindex-not-concurrent" Safety Deny,
    "rename-column" Safety Deny,
    "rename-enum-value" Safety Deny,
    "rename-table" Safety Deny,
    "rename-without-guard" Idempotency Deny,
    "schema-parity" Safety Deny,
    "second-primary-key" Correctness Deny,
    "serial-not-identity" Design Allow,
    "serial-or-identity-rewrites" Safety Deny,
    "set-logged-rewrites" Safety Deny,
    "set-not-null-scans" Safety Deny,
    "stored-generated-rewrites" Safety Deny,
    "syntax-error" Correctness Deny,
    "table-without-primary-key" Design Warn,
    "timestamp-without-zone" Design Allow,
    "truncate" Safety Deny,
    "type-change-using" Idempotency Deny,
    "type-mismatch" Correctness Deny,
    "unbalanced-transaction" Correctness Deny,
    "undefined-column" Correctness Deny,
    "undefined-enum-label" Correctness Deny,
    "undefined-function" Correctness Deny,
    "undefined-object" Correctness Deny,
    "undefined-schema" Correctness Deny,
    "undefined-table" Correctness Deny,
    "unique-builds-index" Safety Deny,
    "unknown-directive" Convention Deny,
    "unnamed-constraint" Idempotency Deny,
    "unreadable-file" Convention Deny,
    "unused-allow" Convention Deny,
    "update-accumulates" Idempotency Deny,
    "update-all-rows" Safety Deny,
    "vacuous-if-exists" Correctness Warn,
    "vacuum-full-locks" Safety Deny,
    "validate-in-same-transaction" Safety Deny,
    "varchar-crosses-255" Safety Deny,
    "volatile-default-rewrites" Safety Deny,
    "wide-foreign-keys" Safety Warn,
    "wrong-engine" Correctness Deny,
};

/// The rule of this id, written exactly.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    ALL.binary_search_by(|rule| rule.id.cmp(id)).ok().map(|at| &ALL[at])
}

/// The id that was probably meant by one that does not exist: a typing error away, or another way to write it
/// (`undefined_table`, `Undefined-Table`, `undefined-tables`). `None` where nothing is near.
#[must_use]
pub fn suggest(id: &str) -> Option<&'static str> {
    let wanted = id.trim().to_ascii_lowercase().replace(['_', ' '], "-");
    // Nobody types a hundred characters by mistake: what is that long is not an id, and the distance is quadratic.
    if wanted.len() > 100 {
        return None;
    }
    let (distance, nearest) = ALL
        .iter()
        .map(|rule| (strsim::osa_distance(&wanted, rule.id), rule.id))
        .min_by_key(|(distance, _)| *distance)?;
    (distance <= wanted.len().min(nearest.len()) / 3).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_so_that_find_finds() {
        for pair in ALL.windows(2) {
            assert!(pair[0].id < pair[1].id, "{} stands before {}", pair[0].id, pair[1].id);
        }
        for rule in ALL {
            assert_eq!(find(rule.id).map(|found| found.id), Some(rule.id));
        }
        assert!(find("undefined_table").is_none());
    }

    #[test]
    fn suggests_what_is_near_and_nothing_else() {
        assert_eq!(suggest("undefined_table"), Some("undefined-table"));
        assert_eq!(suggest("Number-Gaps"), Some("number-gap"));
        assert_eq!(suggest("inserts-without-gaurd"), Some("insert-without-guard"));
        assert_eq!(suggest("frobnicate"), None);
        assert_eq!(suggest(""), None);
        assert_eq!(suggest(&"x".repeat(1_000_000)), None);
    }
}
