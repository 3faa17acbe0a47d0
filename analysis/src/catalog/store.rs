//! An ordered map with a journal: what was changed since a mark can be listed, compared and taken back.
//!
//! This is what makes "fold it a second time" cheap: nothing is cloned but what a statement touches.

use std::borrow::Borrow;
use std::cell::Cell;
use std::collections::hash_map::{Entry, HashMap};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::ops::RangeBounds;

/// A place in a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark(usize);

#[derive(Debug)]
pub(crate) struct Store<K, V> {
    /// By hash, because one key is asked for far more often than all in their order, and an unoptimised build compares
    /// names slowly.
    map: HashMap<K, Held<V>, BuildHasherDefault<Quick>>,
    order: BTreeSet<K>,
    journal: Vec<(K, Option<V>)>,
    /// Grows with every mark, and whenever the journal is cut.
    epoch: Cell<u64>,
}

/// A value, and the epoch in which the journal last took down what its key held before.
#[derive(Debug)]
struct Held<V> {
    value: V,
    epoch: u64,
}

impl<K, V> Default for Store<K, V> {
    fn default() -> Self {
        Self { map: HashMap::default(), order: BTreeSet::new(), journal: Vec::new(), epoch: Cell::new(1) }
    }
}

/// Multiplies and turns, four bytes at a time. Nobody gains by making names collide in their own build.
#[derive(Debug, Default)]
pub(super) struct Quick(u64);

/// 2^64 divided by the golden ratio.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for Quick {
    // Plain indices: in an unoptimised build every call counts, and this is called the most.
    fn write(&mut self, bytes: &[u8]) {
        let length = bytes.len();
        let mut at = 0;
        while at + 4 <= length {
            let word = (bytes[at] as u64)
                | (bytes[at + 1] as u64) << 8
                | (bytes[at + 2] as u64) << 16
                | (bytes[at + 3] as u64) << 24;
            self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(ODD);
            at += 4;
        }
        let mut word = length as u64;
        while at < length {
            word = word << 8 | bytes[at] as u64;
            at += 1;
        }
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(ODD);
    }

    fn write_u8(&mut self, _: u8) {
        // What ends a text: its length is in already.
    }

    fn write_isize(&mut self, number: isize) {
        self.0 = (self.0 ^ number.cast_unsigned() as u64).wrapping_mul(ODD);
    }

    fn finish(&self) -> u64 {
        // The table takes its seven bits from the top and the place from the bottom.
        self.0 ^ self.0 >> 32
    }
}

impl<K: Ord + Hash + Clone, V: Clone + PartialEq> Store<K, V> {
    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.map.get(key).map(|held| &held.value)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    pub(crate) fn contains<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.map.contains_key(key)
    }

    pub(crate) fn set(&mut self, key: K, value: V) {
        let epoch = self.epoch.get();
        match self.map.entry(key) {
            Entry::Occupied(mut entry) => {
                // No mark lies between this and the last time: nobody can ask for what was there meanwhile.
                if entry.get().epoch == epoch {
                    entry.get_mut().value = value;
                } else {
                    let key = entry.key().clone();
                    let old = entry.insert(Held { value, epoch });
                    self.journal.push((key, Some(old.value)));
                }
            }
            Entry::Vacant(entry) => {
                self.journal.push((entry.key().clone(), None));
                self.order.insert(entry.key().clone());
                entry.insert(Held { value, epoch });
            }
        }
    }

    /// A value to change where it stands: only where the journal has what was there before.
    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let epoch = self.epoch.get();
        self.map.get_mut(key).filter(|held| held.epoch == epoch).map(|held| &mut held.value)
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let old = self.map.remove(key)?.value;
        self.order.remove(key);
        self.journal.push((key.clone(), Some(old.clone())));
        Some(old)
    }

    pub(crate) fn range(&self, range: impl RangeBounds<K>) -> impl Iterator<Item = (&K, &V)> {
        self.order.range(range).filter_map(|key| Some((key, self.get(key)?)))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.order.iter().filter_map(|key| Some((key, self.get(key)?)))
    }

    pub(crate) fn mark(&self) -> Mark {
        self.epoch.set(self.epoch.get() + 1);
        Mark(self.journal.len())
    }

    /// Takes everything back that was done since the mark. Answers the keys that hold something else again.
    pub(crate) fn roll_back(&mut self, to: Mark) -> Vec<K> {
        self.epoch.set(self.epoch.get() + 1);
        let mut restored = Vec::new();
        while self.journal.len() > to.0 {
            match self.journal.pop() {
                Some((key, Some(value))) => {
                    restored.push(key.clone());
                    if self.map.insert(key.clone(), Held { value, epoch: 0 }).is_none() {
                        self.order.insert(key);
                    }
                }
                Some((key, None)) => {
                    self.map.remove(&key);
                    self.order.remove(&key);
                }
                None => break,
            }
        }
        restored
    }

    /// Forgets the journal: nothing before now will be taken back.
    pub(crate) fn settle(&mut self) {
        self.epoch.set(self.epoch.get() + 1);
        self.journal.clear();
    }

    /// What each key touched since the mark held then.
    pub(crate) fn before(&self, mark: Mark) -> BTreeMap<K, Option<V>> {
        let mut first = BTreeMap::new();
        for (key, old) in &self.journal[mark.0..] {
            first.entry(key.clone()).or_insert_with(|| old.clone());
        }
        first
    }

    /// What a key held at the mark.
    pub(crate) fn at(&self, mark: Mark, key: &K) -> Option<&V> {
        match self.journal[mark.0..].iter().find(|(k, _)| k == key) {
            Some((_, old)) => old.as_ref(),
            None => self.get(key),
        }
    }

    /// The keys whose value now differs from that of the mark.
    pub(crate) fn changed(&self, mark: Mark) -> Vec<K> {
        self.before(mark).into_iter().filter(|(k, old)| self.get(k) != old.as_ref()).map(|(k, _)| k).collect()
    }
}

impl<K: Ord + Hash + Clone> Store<K, ()> {
    /// Adds a key, and answers whether it is new.
    pub(crate) fn insert(&mut self, key: K) -> bool {
        let new = !self.contains(&key);
        if new {
            self.set(key, ());
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_can_be_gone_back_to() {
        let mut store = Store::default();
        store.set("a", 1);
        let first = store.mark();
        store.set("a", 2);
        store.set("a", 3);
        store.set("b", 1);
        let second = store.mark();
        *store.get_mut(&"a").unwrap_or(&mut 0) = 9;
        assert_eq!((store.get(&"a"), store.journal.len()), (Some(&3), 3), "the mark's value is not changed in place");
        store.set("a", 4);
        *store.get_mut(&"a").unwrap() = 5;
        store.remove(&"b");
        store.set("b", 7);
        store.set("b", 8);
        assert_eq!(store.changed(second), ["a", "b"]);
        assert_eq!(store.changed(first), ["a", "b"]);
        assert_eq!((store.at(first, &"a"), store.at(second, &"a"), store.at(first, &"b")), (Some(&1), Some(&3), None));
        store.roll_back(second);
        assert_eq!((store.get(&"a"), store.get(&"b")), (Some(&3), Some(&1)));
        // Gone back to once more, from there.
        store.set("a", 6);
        store.roll_back(second);
        assert_eq!(store.get(&"a"), Some(&3));
        store.roll_back(first);
        assert_eq!((store.get(&"a"), store.get(&"b")), (Some(&1), None));
        store.set("a", 2);
        store.settle();
        let third = store.mark();
        store.set("a", 4);
        store.roll_back(third);
        assert_eq!(store.get(&"a"), Some(&2));
    }

    #[test]
    fn what_nobody_can_go_back_to_is_not_kept() {
        let mut store = Store::default();
        store.mark();
        (0..100).for_each(|n| store.set("a", n));
        assert_eq!(store.journal.len(), 1);
    }
}
