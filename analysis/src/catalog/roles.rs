//! Roles. They live outside of the database: whether one is there is known only of a slip in a name that is.

use super::{Catalog, Key, Outcome, Problem};
use crate::change::{Ident, ObjectKind};

/// Shorter names than this are too near to each other.
const SHORTEST: usize = 5;

impl Catalog {
    /// Roles that are named must be there.
    pub(super) fn expect_roles(&mut self, roles: &[Ident], out: &mut Outcome) {
        if !self.engine.checks_types {
            return;
        }
        for role in roles {
            let Some(meant) = self.misspelt_role(&role.value) else { continue };
            let problem = Problem::UndefinedObject { kind: ObjectKind::Role, name: role.value.clone() };
            self.report(problem, role.span, Some(format!("did you mean \"{meant}\"?")), out);
        }
    }

    /// The role that was meant: all of them, where the name is `public` but for a slip, or one that a migration makes,
    /// where two letters changed places.
    fn misspelt_role(&self, name: &str) -> Option<String> {
        if name.len() < SHORTEST || name == "public" || self.is_open() || self.is_blurred(name) {
            return None;
        }
        let first = Key::Other(ObjectKind::Role, String::new(), String::new());
        let made: Vec<&str> = self
            .objects
            .range(first..)
            .map_while(|(k, _)| match k {
                Key::Other(ObjectKind::Role, _, n) => Some(n.as_str()),
                _ => None,
            })
            .collect();
        if made.contains(&name) || self.may_be_anything(name) {
            return None;
        }
        if strsim::osa_distance(name, "public") == 1 {
            return Some("public".to_owned());
        }
        let swapped = |other: &&&str| {
            other.len() == name.len() && strsim::osa_distance(name, other) == 1 && {
                let sorted = |s: &str| {
                    let mut letters: Vec<char> = s.chars().collect();
                    letters.sort_unstable();
                    letters
                };
                sorted(name) == sorted(other)
            }
        };
        made.iter().find(swapped).map(|meant| (*meant).to_owned())
    }
}
