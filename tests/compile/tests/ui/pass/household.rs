// The sample schema: nine migrations an engine, proved, and the tables they end in.
#![allow(deprecated)]

mod postgres {
    glowplug::migrations!("fixtures/household-postgres");
}

mod sqlite {
    glowplug::migrations!("fixtures/household-sqlite");
}

fn main() {
    for (migrations, engine) in
        [(&postgres::MIGRATIONS, glowplug::Engine::Postgres), (&sqlite::MIGRATIONS, glowplug::Engine::Sqlite)]
    {
        assert_eq!(migrations.engine, engine);
        let versions: Vec<_> = migrations.list.iter().map(|migration| migration.version).collect();
        assert_eq!(versions, ["000", "001", "011", "012", "013", "014", "015", "016", "017"]);
        assert!(migrations.list.iter().all(|migration| migration.transactional && migration.resumable));
        let mut tables: Vec<_> = migrations.tables.iter().map(|table| table.name).collect();
        tables.sort_unstable();
        assert_eq!(
            tables,
            [
                "children",
                "household_members",
                "households",
                "rewards",
                "schema_migrations",
                "task_assignments",
                "task_completions",
                "tasks",
                "users",
            ]
        );
        let tasks = migrations.tables.iter().find(|table| table.name == "tasks").expect("tasks");
        assert!(tasks.columns.iter().any(|column| column.name == "points" && !column.nullable), "{tasks:?}");
    }
    assert!(postgres::MIGRATIONS.list.iter().all(|migration| migration.idempotent));
    // BEGIN and COMMIT are the runner's.
    let first = postgres::MIGRATIONS.list[0];
    assert!(first.sql.contains("BEGIN;"));
    assert!(first.statement(0).is_some_and(|sql| sql.starts_with("CREATE TABLE IF NOT EXISTS schema_migrations")));
    assert_eq!(first.statements.len(), 2);
}
