//! What needs what, from both ends, with a journal.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::object::{Edge, Key, Part};
use super::store::Quick;

/// A place in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark(usize);

type ByKey<T> = HashMap<Key, Vec<T>, BuildHasherDefault<Quick>>;

#[derive(Debug, Default)]
pub(crate) struct Links {
    /// What needs each object.
    dependents: ByKey<(Key, Part)>,
    /// What each object needs.
    needs: ByKey<(Part, Key)>,
    /// Each change, and whether it added the edge.
    journal: Vec<(Edge, bool)>,
}

impl Links {
    pub(crate) fn add(&mut self, edge: Edge) {
        if self.join(&edge) {
            self.journal.push((edge, true));
        }
    }

    pub(crate) fn remove(&mut self, edge: &Edge) {
        if self.part(edge) {
            self.journal.push((edge.clone(), false));
        }
    }

    /// What an object needs, in order.
    pub(crate) fn needs_of(&self, from: &Key) -> Vec<Edge> {
        let mine = self.needs.get(from).into_iter().flatten();
        let edge =
            |(part, target): &(Part, Key)| Edge { target: target.clone(), from: from.clone(), part: part.clone() };
        let mut all: Vec<Edge> = mine.map(edge).collect();
        all.sort_by(|a, b| a.part.cmp(&b.part).then_with(|| a.target.cmp(&b.target)));
        all
    }

    /// What needs an object, in the order of names: the first is what a message names.
    pub(crate) fn dependents(&self, target: &Key) -> Vec<Edge> {
        let mine = self.dependents.get(target).into_iter().flatten();
        let edge = |(from, part): &(Key, Part)| Edge { target: target.clone(), from: from.clone(), part: part.clone() };
        let mut all: Vec<Edge> = mine.map(edge).collect();
        all.sort_by(|a, b| a.from.name().cmp(b.from.name()).then_with(|| a.cmp(b)));
        all
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark(self.journal.len())
    }

    pub(crate) fn roll_back(&mut self, to: Mark) {
        while self.journal.len() > to.0 {
            match self.journal.pop() {
                Some((edge, true)) => {
                    self.part(&edge);
                }
                Some((edge, false)) => {
                    self.join(&edge);
                }
                None => break,
            }
        }
    }

    pub(crate) fn settle(&mut self) {
        self.journal.clear();
    }

    /// Answers whether it is new. An object needs few others; much may need it.
    fn join(&mut self, edge: &Edge) -> bool {
        let needs = self.needs.entry(edge.from.clone()).or_default();
        if needs.iter().any(|(part, target)| *part == edge.part && *target == edge.target) {
            return false;
        }
        needs.push((edge.part.clone(), edge.target.clone()));
        self.dependents.entry(edge.target.clone()).or_default().push((edge.from.clone(), edge.part.clone()));
        true
    }

    /// Answers whether it was there.
    fn part(&mut self, edge: &Edge) -> bool {
        let Some(needs) = self.needs.get_mut(&edge.from) else { return false };
        let Some(at) = needs.iter().position(|(part, target)| *part == edge.part && *target == edge.target) else {
            return false;
        };
        needs.swap_remove(at);
        if let Some(dependents) = self.dependents.get_mut(&edge.target) {
            // What came last goes first: a second run takes away what the first has made.
            let at = dependents.iter().rposition(|(from, part)| *from == edge.from && *part == edge.part);
            at.map(|at| dependents.swap_remove(at));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(from: &str, target: &str) -> Edge {
        let key = |name: &str| Key::Relation("public".to_owned(), name.to_owned());
        Edge { target: key(target), from: key(from), part: Part::Whole }
    }

    #[test]
    fn both_ends_see_an_edge_and_its_going() {
        let mut links = Links::default();
        links.add(edge("view", "users"));
        links.add(edge("view", "users"));
        links.add(edge("report", "users"));
        let mark = links.mark();
        links.remove(&edge("view", "users"));
        links.add(edge("view", "orders"));
        assert_eq!(links.dependents(&edge("", "users").target), [edge("report", "users")]);
        assert_eq!(links.needs_of(&edge("view", "").from), [edge("view", "orders")]);
        links.roll_back(mark);
        assert_eq!(links.dependents(&edge("", "users").target), [edge("report", "users"), edge("view", "users")]);
        assert_eq!(links.needs_of(&edge("view", "").from), [edge("view", "users")]);
        assert_eq!(links.dependents(&edge("", "orders").target), []);
    }
}
