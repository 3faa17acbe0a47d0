//! What GROUP BY and aggregates allow a query to show (manual, 7.2.3), as far as it is certain.

use super::infer::Types;
use super::inherit::invalid;
use super::resolve::Scope;
use super::{Catalog, Outcome};
use crate::change::{Form, Groups, Ident, Names, NodeId, Select};
use crate::span::Span;

/// A column: the source that it is of, by its position, and its name.
type Column<'s> = (usize, &'s str);

/// The columns of a SELECT's own sources, which are all known.
struct Own<'s>(Vec<(&'s Scope, &'s [String])>);

impl<'s> Own<'s> {
    fn of(select: &Select, scopes: &'s [Scope]) -> Option<Self> {
        let own = scopes.get(..select.sources.len())?;
        own.iter().map(|s| Some((s, s.columns.as_deref()?))).collect::<Option<Vec<_>>>().map(Self)
    }

    /// The column that a path names; `None` where it is of a query around this one, or of several sources.
    fn find(&self, path: &[Ident]) -> Option<Column<'s>> {
        let has = |(at, (_, columns)): (usize, &(&'s Scope, &'s [String])), name: &str| {
            columns.iter().find(|c| *c == name).map(|c| (at, c.as_str()))
        };
        let sources = || self.0.iter().enumerate();
        match path {
            [column] => {
                let mut all = sources().filter_map(|s| has(s, &column.value));
                all.next().filter(|_| all.next().is_none())
            }
            [qualifier, column] => {
                let named = |(_, (scope, _)): &(usize, &(&Scope, &[String]))| {
                    scope.qualifier.as_ref() == Some(&qualifier.value)
                };
                sources().find(named).and_then(|s| has(s, &column.value))
            }
            _ => None,
        }
    }
}

/// The nodes of an expression, those of subqueries left out; `into` says of a call whether its arguments are looked at.
fn walk(names: &Names, root: NodeId, mut each: impl FnMut(usize, &Form, Span) -> bool) {
    let mut rest = vec![root];
    while let Some(id) = rest.pop() {
        let (Some(at), Some(node)) = (id.position(), names.at(id)) else { continue };
        if each(at, &node.form, node.span) {
            rest.extend_from_slice(names.parts_of(node));
        }
    }
}

impl Catalog {
    pub(super) fn check_grouping(&mut self, select: &Select, scopes: &[Scope], types: &Types, out: &mut Outcome) {
        let aggregates = types.has_aggregates();
        if !self.engine.checks_types || self.is_open() || !aggregates && matches!(select.groups, Groups::None) {
            return;
        }
        // Of a query inside another one, an aggregate may be of that.
        if aggregates && scopes.iter().all(|s| s.depth == 0) {
            self.aggregates_in_conditions(select, types, out);
        }
        if let Some((path, span)) = self.ungrouped(select, scopes, types) {
            let message =
                format!("column \"{path}\" must appear in the GROUP BY clause or be used in an aggregate function");
            self.report(invalid("42803", message), span, None, out);
        }
    }

    fn aggregates_in_conditions(&mut self, select: &Select, types: &Types, out: &mut Outcome) {
        for (id, clause) in &select.names.conditions {
            let place = match *clause {
                "WHERE" => "WHERE",
                "JOIN/ON" => "JOIN conditions",
                _ => continue,
            };
            let mut found = None;
            walk(&select.names, *id, |at, form, span| {
                let window = matches!(form, Form::Call { window: true, .. });
                if types.kind_of(at) == Some('a') && !window {
                    found = Some(span);
                }
                true
            });
            if let Some(span) = found {
                let help =
                    "a condition on groups stands in HAVING; one on a value of all rows needs a subquery".to_owned();
                let message = format!("aggregate functions are not allowed in {place}");
                self.report(invalid("42803", message), span, Some(help), out);
            }
        }
    }

    /// The first column that the query shows and that is not one value in each group.
    fn ungrouped(&self, select: &Select, scopes: &[Scope], types: &Types) -> Option<(String, Span)> {
        let own = Own::of(select, scopes).filter(|own| !own.0.is_empty())?;
        let names = &select.names;
        let path = |i: u32| names.columns.get(i as usize).map(Vec::as_slice).unwrap_or_default();
        let grouped: Vec<Column<'_>> = match &select.groups {
            Groups::Other => return None,
            // What is no column is the name of an output.
            Groups::Columns(all) => all.iter().map(|path| own.find(path)).collect::<Option<_>>()?,
            Groups::None => {
                let mut aggregated = false;
                for target in &select.targets {
                    walk(names, *target, |at, form, _| {
                        let Form::Call { window, .. } = form else { return true };
                        if types.kind_of(at) == Some('a') && !window {
                            // One of columns from outside alone is an aggregate of the query around this one.
                            let (mut inside, mut columns) = (false, false);
                            let id = names.tree.get(at).map(|node| names.parts_of(node).to_vec()).unwrap_or_default();
                            for part in id {
                                walk(names, part, |_, form, _| {
                                    if let Form::Column(i) = form {
                                        columns = true;
                                        inside |= own.find(path(*i)).is_some();
                                    }
                                    true
                                });
                            }
                            aggregated |= inside || !columns;
                            return false;
                        }
                        true
                    });
                }
                if !aggregated {
                    return None;
                }
                Vec::new()
            }
        };
        let covered: Vec<bool> = (0..own.0.len()).map(|at| self.key_is_grouped(&own, at, &grouped)).collect();
        let mut found = None;
        for target in &select.targets {
            walk(names, *target, |at, form, span| match form {
                // A function that is not known may be an aggregate.
                Form::Call { window, .. } => match types.kind_of(at) {
                    Some('a') => *window,
                    Some('f' | 'w') => true,
                    _ => false,
                },
                Form::Column(i) => {
                    let free = own.find(path(*i)).filter(|c| !grouped.contains(c) && !covered[c.0]);
                    if let (Some((source, column)), None) = (free, &found) {
                        let qualifier = own.0[source].0.qualifier.as_deref().unwrap_or_default();
                        found = Some((format!("{qualifier}.{column}"), span));
                    }
                    false
                }
                _ => true,
            });
        }
        found
    }

    /// Whether the groups are those of a table's primary key: then all its columns are one value in each.
    fn key_is_grouped(&self, own: &Own<'_>, at: usize, grouped: &[Column<'_>]) -> bool {
        let (scope, columns) = own.0[at];
        let Some(table) = scope.table().and_then(|key| self.table(key)) else { return false };
        let Some(key) = table.primary_key() else { return false };
        // They may have other names here.
        let here = |name: &String| {
            let place = table.columns.iter().position(|c| c.name == *name)?;
            columns.get(place)
        };
        key.columns.iter().all(|name| here(name).is_some_and(|n| grouped.contains(&(at, n.as_str()))))
    }
}
