//! Conditions that ask a system catalog, answered from this one.

use super::Catalog;
use crate::change::Condition;

/// Whether a condition holds; `None` where that is known only when it runs.
pub(crate) fn holds(condition: &Condition, catalog: &Catalog) -> Option<bool> {
    let _ = catalog;
    match condition {
        Condition::Constant(b) => Some(*b),
        _ => None,
    }
}
