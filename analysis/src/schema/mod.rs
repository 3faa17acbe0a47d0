//! The last catalog, for programs that look at a live database.

use crate::catalog::{Catalog, Object};

/// What the macro and the health checks want of a catalog: the tables that will be there.
pub(crate) fn expected_tables(catalog: &Catalog) -> Vec<crate::ExpectedTable> {
    catalog
        .iter()
        .filter_map(|(key, object)| match object {
            Object::Table(t) if t.kind.is_table() && !t.temporary => Some(crate::ExpectedTable {
                schema: key.schema().to_owned(),
                name: t.name.clone(),
                columns: t
                    .columns
                    .iter()
                    .map(|c| crate::ExpectedColumn {
                        name: c.name.clone(),
                        sql_type: c.data_type.text.clone(),
                        nullable: !c.not_null,
                    })
                    .collect(),
            }),
            _ => None,
        })
        .collect()
}
