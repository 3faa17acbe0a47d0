//! Variables among the names that SQL reads.

use crate::change::{Change, Ident, InsertSource, Names, Reads, SourceKind};

/// Takes the names of variables out of the columns that a query reads. Definitions do not see variables.
pub(super) fn hide_variables(change: &mut Change, variables: &[String]) {
    match change {
        Change::Insert(i) => {
            hide_in_names(&mut i.names, variables);
            if let InsertSource::Query(q) = &mut i.source {
                hide_in_reads(q, variables);
            }
        }
        Change::Update(u) => hide_in_reads(&mut u.reads, variables),
        Change::Delete { reads, .. } | Change::Select(reads) => hide_in_reads(reads, variables),
        Change::CreateTable(t) => {
            if let Some((_, q)) = &mut t.query {
                hide_in_reads(q, variables);
            }
        }
        Change::CreateView(v) => hide_in_reads(&mut v.query, variables),
        _ => {}
    }
}

fn hide_in_names(names: &mut Names, variables: &[String]) {
    // The places of the others stay: the forms of the expressions refer to them.
    let variable = |path: &&mut Vec<Ident>| path.first().is_some_and(|p| variables.contains(&p.value));
    names.columns.iter_mut().filter(variable).for_each(Vec::clear);
    names.queries.iter_mut().for_each(|q| hide_in_reads(q, variables));
}

pub(super) fn hide_in_reads(reads: &mut Reads, variables: &[String]) {
    for select in &mut reads.selects {
        hide_in_names(&mut select.names, variables);
        hide_in_names(&mut select.loose, variables);
        for source in &mut select.sources {
            if let SourceKind::Query(q) = &mut source.kind {
                hide_in_reads(q, variables);
            }
        }
    }
}
