//! An ordered map with a journal: what was changed since a mark can be listed, compared and taken back.
//!
//! This is what makes "fold it a second time" cheap: nothing is cloned but what a statement touches.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::ops::RangeBounds;

/// A place in a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark(usize);

#[derive(Debug)]
pub(crate) struct Store<K, V> {
    map: BTreeMap<K, V>,
    journal: Vec<(K, Option<V>)>,
}

impl<K, V> Default for Store<K, V> {
    fn default() -> Self {
        Self { map: BTreeMap::new(), journal: Vec::new() }
    }
}

impl<K: Ord + Clone, V: Clone + PartialEq> Store<K, V> {
    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.map.get(key)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    pub(crate) fn contains(&self, key: &K) -> bool {
        self.map.contains_key(key)
    }

    pub(crate) fn set(&mut self, key: K, value: V) {
        let old = self.map.insert(key.clone(), value);
        self.journal.push((key, old));
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let old = self.map.remove(key)?;
        self.journal.push((key.clone(), Some(old.clone())));
        Some(old)
    }

    pub(crate) fn range(&self, range: impl RangeBounds<K>) -> impl Iterator<Item = (&K, &V)> {
        self.map.range(range)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.map.iter()
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark(self.journal.len())
    }

    /// Takes everything back that was done since the mark.
    pub(crate) fn roll_back(&mut self, to: Mark) {
        while self.journal.len() > to.0 {
            match self.journal.pop() {
                Some((key, Some(old))) => {
                    self.map.insert(key, old);
                }
                Some((key, None)) => {
                    self.map.remove(&key);
                }
                None => break,
            }
        }
    }

    /// Forgets the journal: nothing before now will be taken back.
    pub(crate) fn settle(&mut self) {
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
            None => self.map.get(key),
        }
    }

    /// The keys whose value now differs from that of the mark.
    pub(crate) fn changed(&self, mark: Mark) -> Vec<K> {
        self.before(mark).into_iter().filter(|(k, old)| self.map.get(k) != old.as_ref()).map(|(k, _)| k).collect()
    }
}
