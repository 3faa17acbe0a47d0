//! The catalog is the server's, on MariaDB: scenarios run there and through the analysis, and are held against each other.
//!
//! Each file of `tests/catalog/mariadb` is a scenario, its migrations cut apart by empty lines. What the server refuses the
//! analysis refuses with the same number and SQLSTATE, what the server runs it lets pass, and the schema in the end is the
//! live one.

use std::collections::BTreeMap;
use std::path::Path;

use glowplug_analysis::schema::{ConstraintKind, Kind};
use glowplug_analysis::{Analysis, Backend, Config, Group, Level, Sources, analyze, rules};
use glowplug_tests::MariadbDatabase;

fn analysed(migrations: &[&str]) -> Analysis {
    let files: Vec<(String, &str)> =
        migrations.iter().enumerate().map(|(i, text)| (format!("{:04}_scenario.sql", i + 1), *text)).collect();
    analyze(
        Sources::from_texts(files.iter().map(|(name, text)| (name.as_str(), *text))),
        &Config::new(Backend::Mariadb),
    )
}

/// What each migration is refused with, by its position.
fn refused(analysis: &Analysis) -> BTreeMap<usize, Vec<String>> {
    let mut all: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for d in &analysis.diagnostics {
        if d.level == Level::Deny && rules::find(d.rule).is_some_and(|rule| rule.group == Group::Correctness) {
            let position: usize = d.file[..4].parse().unwrap();
            all.entry(position - 1).or_default().push(d.message.clone());
        }
    }
    all
}

/// Tables, columns, keys and constraints, a line each.
fn live(database: &MariadbDatabase) -> Vec<String> {
    let mut all = Vec::new();
    for (what, query) in [
        (
            "table",
            "SELECT table_name, IF(table_type = 'VIEW', 'view', 'table') FROM information_schema.tables WHERE table_schema = DATABASE()",
        ),
        (
            "column",
            "SELECT table_name, c.column_name, c.column_type, LOWER(c.is_nullable) FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name) WHERE table_schema = DATABASE() AND t.table_type = 'BASE TABLE'",
        ),
        (
            "order",
            "SELECT table_name, GROUP_CONCAT(c.column_name ORDER BY ordinal_position) FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name) WHERE table_schema = DATABASE() AND t.table_type = 'BASE TABLE' GROUP BY 1",
        ),
        (
            "index",
            "SELECT table_name, index_name, IF(non_unique, 'plain', 'unique'), GROUP_CONCAT(column_name ORDER BY seq_in_index) FROM information_schema.statistics WHERE table_schema = DATABASE() GROUP BY 1, 2, 3",
        ),
        (
            "constraint",
            "SELECT table_name, constraint_name, LOWER(constraint_type) FROM information_schema.table_constraints WHERE table_schema = DATABASE()",
        ),
        (
            "points",
            "SELECT table_name, constraint_name, referenced_table_name, LOWER(delete_rule), LOWER(update_rule) FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE()",
        ),
    ] {
        all.extend(database.rows(query).into_iter().map(|row| format!("{what} {row}")));
    }
    all.sort();
    all
}

/// The same of the compile-time schema.
fn known(analysis: &Analysis) -> Vec<String> {
    let mut all = Vec::new();
    let yes = |b: bool| if b { "yes" } else { "no" };
    for t in &analysis.schema.tables {
        let table = t.kind == Kind::Table;
        all.push(format!("table {}|{}", t.name, if table { "table" } else { "view" }));
        if !table {
            continue;
        }
        let names: Vec<&str> = t.columns.iter().map(|c| c.name.as_str()).collect();
        all.push(format!("order {}|{}", t.name, names.join(",")));
        for c in &t.columns {
            all.push(format!("column {}|{}|{}|{}", t.name, c.name, c.sql_type, yes(c.nullable)));
        }
        for i in &t.indexes {
            let columns: Vec<&str> = i.columns.iter().map(|c| c.as_deref().unwrap_or("NULL")).collect();
            let kind = if i.unique { "unique" } else { "plain" };
            all.push(format!("index {}|{}|{kind}|{}", t.name, i.name, columns.join(",")));
        }
        for c in &t.constraints {
            let kind = c.kind.as_str().replace('_', " ");
            all.push(format!("constraint {}|{}|{kind}", t.name, c.name));
            if let ConstraintKind::ForeignKey { table, on_delete, on_update, .. } = &c.kind {
                // MariaDB writes RESTRICT for what is not said.
                let rule = |r: &str| if r == "no action" { "restrict".to_owned() } else { r.to_owned() };
                all.push(format!("points {}|{}|{table}|{}|{}", t.name, c.name, rule(on_delete), rule(on_update)));
            }
        }
    }
    all.sort();
    all
}

#[test]
fn the_catalog_is_the_servers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog/mariadb");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no scenario in {}", folder.display());
    let mut wrong = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let migrations: Vec<&str> = text.split("\n\n").map(str::trim).filter(|m| !m.is_empty()).collect();
        let database = glowplug_tests::mariadb();
        // What the server refuses leaves nothing behind, in one statement: the rest goes on without it.
        let verdicts: Vec<_> = migrations.iter().map(|m| database.try_execute(m).err()).collect();
        let analysis = analysed(&migrations);
        let said = refused(&analysis);
        for (i, (migration, verdict)) in migrations.iter().zip(&verdicts).enumerate() {
            let ours = said.get(&i).map_or(&[][..], Vec::as_slice);
            match verdict {
                None if !ours.is_empty() => {
                    wrong.push(format!("{name}: runs, and is refused: {migration}\n    {ours:?}"))
                }
                Some(v) if !ours.iter().any(|m| m.starts_with(&format!("{} ({})", v.number, v.sqlstate))) => {
                    wrong.push(format!("{name}: {migration}\n    server: {v}\n    here: {ours:?}"));
                }
                _ => {}
            }
        }
        let (live, known) = (live(&database), known(&analysis));
        // What is refused in part is kept here with the rest, so that nothing is reported twice; a type that a query gives
        // is not worked out.
        let ours_alone = |fact: &&String| !fact.contains(" refused_") && !fact.contains("|unknown|");
        wrong.extend(
            live.iter()
                .filter(|l| !known.contains(l) && !l.contains(" of_query|"))
                .map(|l| format!("{name}: the server has: {l}")),
        );
        wrong.extend(
            known.iter().filter(ours_alone).filter(|k| !live.contains(k)).map(|k| format!("{name}: only here: {k}")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The sample folder runs twice without a word and without a change, as the analysis proves.
#[test]
fn the_sample_folder_runs_twice() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations/mysql");
    let config = Config::load(&folder).unwrap().unwrap();
    let analysis = analyze(Sources::read(&folder).unwrap(), &config);
    assert!(analysis.diagnostics.is_empty(), "{:?}", analysis.diagnostics);
    let database = glowplug_tests::mariadb();
    for migration in &analysis.migrations {
        let text = &analysis.sources.find(&migration.file).unwrap().text;
        database.execute(text);
        let before = live(&database);
        let rows = database.rows("SELECT * FROM schema_migrations ORDER BY version");
        database.execute(text);
        assert_eq!(live(&database), before, "{}", migration.file);
        assert_eq!(database.rows("SELECT * FROM schema_migrations ORDER BY version"), rows, "{}", migration.file);
        assert!(migration.idempotent && migration.resumable, "{}", migration.file);
    }
}
