//! What follows what: statements in a row, where some of them may leave.

use crate::change::{BlockStatement, Condition};

/// More statements than this after which a block may be left are not nested any deeper.
const MAX_EXITS: usize = 50;

/// How a statement can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flow {
    /// The next statement can follow.
    pub(super) falls: bool,
    /// It can end the round of the loop it is in.
    pub(super) round: bool,
    /// It can end more than that.
    pub(super) out: bool,
}

impl Flow {
    pub(super) const FALLS: Self = Self { falls: true, round: false, out: false };
    pub(super) const ENDS_ROUND: Self = Self { falls: false, round: true, out: false };
    pub(super) const ENDS: Self = Self { falls: false, round: false, out: true };

    pub(super) fn leaves(self) -> bool {
        self.round || self.out
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self { falls: self.falls || other.falls, round: self.round || other.round, out: self.out || other.out }
    }
}

pub(super) type Statements = (Vec<BlockStatement>, Flow);

/// What one statement of the language becomes.
pub(super) enum Item {
    Plain(Vec<BlockStatement>, Flow),
    If { branches: Vec<(Condition, Statements)>, otherwise: Statements },
}

impl Item {
    pub(super) fn inert() -> Self {
        Self::Plain(vec![BlockStatement::Inert], Flow::FALLS)
    }

    pub(super) fn flow(&self) -> Flow {
        match self {
            Self::Plain(_, flow) => *flow,
            Self::If { branches, otherwise } => branches.iter().fold(otherwise.1, |f, (_, (_, g))| f.or(*g)),
        }
    }

    fn finish(self, out: &mut Vec<BlockStatement>) {
        match self {
            Self::Plain(statements, _) => out.extend(statements),
            Self::If { branches, otherwise } => out.push(BlockStatement::If {
                branches: branches.into_iter().map(|(c, (body, _))| (c, body)).collect(),
                otherwise: otherwise.0,
            }),
        }
    }
}

/// Puts statements in a row. What follows one that may leave goes to the branches that do not: `IF found THEN RETURN; END IF;
/// rest` is `IF found THEN ELSE rest END IF`. Where that cannot be said, it is a loop: it may happen or not.
pub(super) fn in_a_row(items: Vec<Item>) -> Statements {
    let may_leave = |i: &Item| i.flow().falls && i.flow().leaves();
    if items.iter().filter(|i| may_leave(i)).count() > MAX_EXITS {
        let flow = items.iter().fold(Flow::FALLS, |f, i| f.or(i.flow()));
        let mut all = Vec::new();
        items.into_iter().for_each(|i| i.finish(&mut all));
        return (vec![BlockStatement::Loop(all)], flow);
    }
    // From the last to the first; `rest` is what follows, last first.
    let mut rest: Vec<BlockStatement> = Vec::new();
    let mut flow = Flow::FALLS;
    for item in items.into_iter().rev() {
        let here = item.flow();
        if !here.falls {
            rest.clear();
            flow = here;
        } else if !here.leaves() {
        } else if rest.is_empty() {
            flow = flow.or(here);
        } else {
            let mut follows: Vec<BlockStatement> = std::mem::take(&mut rest);
            follows.reverse();
            flow = Flow { falls: flow.falls, ..flow.or(here) };
            if let Item::If { mut branches, mut otherwise } = item {
                let mut ways: Vec<&mut Statements> =
                    branches.iter_mut().map(|(_, b)| b).chain([&mut otherwise]).filter(|b| b.1.falls).collect();
                if let [only] = ways.as_mut_slice() {
                    if only.1.leaves() {
                        only.0.push(BlockStatement::Loop(follows));
                    } else {
                        only.0.extend(follows);
                    }
                    Item::If { branches, otherwise }.finish(&mut rest);
                } else {
                    rest.push(BlockStatement::Loop(follows));
                    Item::If { branches, otherwise }.finish(&mut rest);
                }
                continue;
            }
            rest.push(BlockStatement::Loop(follows));
        }
        let mut statements = Vec::new();
        item.finish(&mut statements);
        rest.extend(statements.into_iter().rev());
    }
    rest.reverse();
    (rest, flow)
}
