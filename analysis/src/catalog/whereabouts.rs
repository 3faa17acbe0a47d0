//! In which tables a constraint or trigger of a name may be: migrations ask for one by its name alone, and reading every
//! table for each such question would cost the square of their number.

use std::collections::{BTreeMap, BTreeSet};

use super::object::{Key, Object, Table};

/// Grows only: whether a table still has what it once had is for the table to say.
#[derive(Debug, Default)]
pub(super) struct Whereabouts {
    homes: BTreeMap<String, BTreeSet<Key>>,
    /// Tables that may hold anything.
    open: BTreeSet<Key>,
    /// What changed since it was last asked.
    stale: Vec<Key>,
}

impl Whereabouts {
    /// A table is another one now.
    pub(super) fn changed(&mut self, key: &Key) {
        if matches!(key, Key::Relation(..)) && self.stale.last() != Some(key) {
            self.stale.push(key.clone());
        }
    }

    /// The tables that may have a part of one of these names.
    pub(super) fn of<'t>(&mut self, names: &[String], table: impl Fn(&Key) -> Option<&'t Object>) -> Vec<Key> {
        for key in std::mem::take(&mut self.stale) {
            if let Some(Object::Table(t)) = table(&key) {
                self.read(key, t);
            }
        }
        let named = names.iter().filter_map(|name| self.homes.get(name)).flatten();
        let all: BTreeSet<&Key> = named.chain(&self.open).collect();
        all.into_iter().cloned().collect()
    }

    fn read(&mut self, key: Key, table: &Table) {
        let constraints = table.constraints.iter().map(|c| &c.name);
        for name in constraints.chain(table.triggers.iter().map(|(name, _)| name)) {
            match self.homes.get_mut(name) {
                Some(homes) if homes.contains(&key) => {}
                Some(homes) => {
                    homes.insert(key.clone());
                }
                None => {
                    self.homes.insert(name.clone(), BTreeSet::from([key.clone()]));
                }
            }
        }
        if table.open {
            self.open.insert(key);
        }
    }
}
