//! The locks that a build names for each statement, held against `pg_locks`: the sample folder, the rule pages' examples,
//! and a list of all kinds.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use glowplug_analysis::{Analysis, Backend, Config, LockMode, Sources, StatementSpan, analyze};
use glowplug_tests::TestDatabase;
use postgres::Client;

/// What is there before each statement of the list.
const BEFORE: &str = "
    CREATE TYPE mood AS ENUM ('ok');
    CREATE DOMAIN short AS text;
    CREATE TABLE users (id integer PRIMARY KEY, email text, name short, n integer);
    CREATE TABLE tasks (id integer PRIMARY KEY, owner integer CONSTRAINT tasks_owner_fkey REFERENCES users (id),
        title text CONSTRAINT titled CHECK (title <> ''));
    ALTER TABLE tasks ADD CONSTRAINT later CHECK (id > 0) NOT VALID;
    CREATE TABLE notes (id integer, task integer);
    ALTER TABLE notes ADD CONSTRAINT notes_task_fkey FOREIGN KEY (task) REFERENCES tasks (id) NOT VALID;
    CREATE TABLE parts (id integer, at date) PARTITION BY RANGE (at);
    CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE TABLE loose (id integer, at date);
    CREATE TABLE base (id integer);
    CREATE TABLE derived (more text) INHERITS (base);
    CREATE INDEX tasks_title ON tasks (title);
    CREATE UNIQUE INDEX notes_id ON notes (id);
    CREATE VIEW open_tasks AS SELECT id FROM tasks;
    CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM tasks;
    CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
    CREATE TRIGGER tasks_touched BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION touched();
    CREATE POLICY own ON tasks USING (owner = 1);
    CREATE RULE nothing AS ON DELETE TO loose DO INSTEAD NOTHING;
    CREATE SEQUENCE numbers;
";

/// One of each kind.
const KINDS: &[&str] = &[
    "CREATE TABLE pets (id integer PRIMARY KEY)",
    "CREATE TABLE pets (owner integer REFERENCES users (id))",
    "CREATE TABLE pets (owner integer, FOREIGN KEY (owner) REFERENCES users (id))",
    "CREATE TABLE IF NOT EXISTS tasks (owner integer REFERENCES users (id))",
    "CREATE TABLE pets () INHERITS (base)",
    "CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')",
    "CREATE TABLE pets AS SELECT * FROM users",
    "CREATE TABLE pets (LIKE users)",
    "CREATE INDEX ON tasks (owner)",
    "CREATE INDEX IF NOT EXISTS tasks_title ON tasks (title)",
    "CREATE UNIQUE INDEX parts_id ON parts (id, at)",
    "CREATE INDEX parts_id ON ONLY parts (id)",
    "CREATE VIEW done AS SELECT id FROM tasks",
    "CREATE OR REPLACE VIEW open_tasks AS SELECT id FROM tasks WHERE id > 0",
    "CREATE MATERIALIZED VIEW more AS SELECT * FROM tasks",
    "CREATE TRIGGER again AFTER UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION touched()",
    "CREATE POLICY other ON tasks USING (true)",
    "ALTER POLICY own ON tasks USING (false)",
    "CREATE RULE none AS ON UPDATE TO loose DO INSTEAD NOTHING",
    "CREATE STATISTICS pairs ON id, owner FROM tasks",
    "CREATE SEQUENCE more_numbers OWNED BY tasks.id",
    "CREATE TYPE colour AS ENUM ('red')",
    "CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA app",
    "ALTER TABLE tasks ADD COLUMN IF NOT EXISTS state mood",
    "ALTER TABLE tasks ADD COLUMN helper integer REFERENCES users (id)",
    "ALTER TABLE base ADD COLUMN state text",
    "ALTER TABLE parts ADD COLUMN state text",
    "ALTER TABLE tasks DROP COLUMN title",
    "ALTER TABLE users DROP COLUMN n",
    "ALTER TABLE tasks DROP COLUMN IF EXISTS absent",
    "ALTER TABLE tasks RENAME COLUMN title TO name",
    "ALTER TABLE tasks RENAME TO todos",
    "ALTER TABLE tasks RENAME CONSTRAINT titled TO named",
    "ALTER TABLE tasks SET SCHEMA pg_temp_nothing",
    "ALTER TABLE notes ADD CONSTRAINT notes_owner_fkey FOREIGN KEY (id) REFERENCES users (id)",
    "ALTER TABLE notes ADD CONSTRAINT notes_owner_fkey FOREIGN KEY (id) REFERENCES users (id) NOT VALID",
    "ALTER TABLE notes ADD CONSTRAINT positive CHECK (id > 0)",
    "ALTER TABLE notes ADD CONSTRAINT positive CHECK (id > 0) NOT VALID",
    "ALTER TABLE notes ADD PRIMARY KEY (id)",
    "ALTER TABLE notes ADD CONSTRAINT notes_key UNIQUE USING INDEX notes_id",
    "ALTER TABLE tasks DROP CONSTRAINT titled",
    "ALTER TABLE tasks DROP CONSTRAINT tasks_owner_fkey",
    "ALTER TABLE tasks DROP CONSTRAINT tasks_pkey CASCADE",
    "ALTER TABLE tasks VALIDATE CONSTRAINT later",
    "ALTER TABLE notes VALIDATE CONSTRAINT notes_task_fkey",
    "ALTER TABLE tasks ALTER COLUMN title TYPE varchar(10)",
    "ALTER TABLE users ALTER COLUMN n TYPE bigint",
    "ALTER TABLE users ALTER COLUMN id TYPE bigint",
    "ALTER TABLE tasks ALTER COLUMN title SET DEFAULT 'x'",
    "ALTER TABLE tasks ALTER COLUMN title DROP DEFAULT",
    "ALTER TABLE tasks ALTER COLUMN title SET NOT NULL",
    "ALTER TABLE tasks ALTER COLUMN title DROP NOT NULL",
    "ALTER TABLE loose ALTER COLUMN at SET STATISTICS 100",
    "ALTER TABLE tasks ALTER COLUMN title SET STORAGE external",
    "ALTER TABLE tasks ALTER COLUMN title SET (n_distinct = 5)",
    "ALTER TABLE tasks SET (fillfactor = 70)",
    "ALTER TABLE tasks RESET (fillfactor)",
    "ALTER TABLE tasks SET (autovacuum_enabled = off)",
    "ALTER TABLE tasks OWNER TO CURRENT_USER",
    "ALTER TABLE tasks ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE tasks DISABLE TRIGGER tasks_touched",
    "ALTER TABLE tasks CLUSTER ON tasks_title",
    "ALTER TABLE tasks SET WITHOUT CLUSTER",
    "ALTER TABLE tasks REPLICA IDENTITY FULL",
    "ALTER TABLE loose SET UNLOGGED",
    "ALTER TABLE parts ATTACH PARTITION loose FOR VALUES FROM ('2028-01-01') TO ('2029-01-01')",
    "ALTER TABLE parts DETACH PARTITION parts_1",
    "ALTER TABLE loose INHERIT base",
    "ALTER TABLE derived NO INHERIT base",
    "ALTER INDEX tasks_title RENAME TO titles",
    "ALTER VIEW open_tasks RENAME TO undone",
    "ALTER TYPE mood ADD VALUE 'bad'",
    "ALTER DOMAIN short ADD CONSTRAINT short CHECK (length(value) < 10)",
    "ALTER DOMAIN short ADD CONSTRAINT short CHECK (length(value) < 10) NOT VALID",
    "ALTER SEQUENCE numbers OWNED BY tasks.id",
    "DROP TABLE notes",
    "DROP TABLE IF EXISTS absent",
    "DROP TABLE tasks CASCADE",
    "DROP TABLE parts_1",
    "DROP TABLE parts",
    "DROP INDEX tasks_title",
    "DROP VIEW open_tasks",
    "DROP MATERIALIZED VIEW counted",
    "DROP TRIGGER tasks_touched ON tasks",
    "DROP POLICY own ON tasks",
    "DROP RULE nothing ON loose",
    "DROP SEQUENCE numbers",
    "COMMENT ON TABLE tasks IS 'x'",
    "COMMENT ON COLUMN tasks.title IS 'x'",
    "COMMENT ON INDEX tasks_title IS 'x'",
    "COMMENT ON TYPE mood IS 'x'",
    "COMMENT ON CONSTRAINT titled ON tasks IS 'x'",
    "GRANT SELECT ON tasks TO PUBLIC",
    "REFRESH MATERIALIZED VIEW counted",
    "REINDEX TABLE tasks",
    "REINDEX INDEX tasks_title",
    "CLUSTER tasks USING tasks_title",
    "ANALYZE tasks",
    "LOCK TABLE tasks IN SHARE ROW EXCLUSIVE MODE",
    "LOCK TABLE tasks",
    "TRUNCATE notes",
    "TRUNCATE users CASCADE",
    "TRUNCATE parts",
    "INSERT INTO users (id) VALUES (1)",
    "INSERT INTO notes (id) SELECT id FROM tasks",
    "UPDATE users SET n = 1",
    "UPDATE base SET id = 1",
    "DELETE FROM notes WHERE id = 1",
    "WITH gone AS (DELETE FROM notes RETURNING id) SELECT count(*) FROM gone",
    "SELECT count(*) FROM tasks",
    "SET LOCAL work_mem = '8MB'",
    "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'colour') THEN CREATE TYPE colour AS ENUM ('red'); END IF; END $$",
    "DO $$ BEGIN ALTER TABLE tasks ADD CONSTRAINT titled CHECK (true); EXCEPTION WHEN duplicate_object THEN NULL; END $$",
];

fn analysed(migrations: &[&str]) -> Analysis {
    let files: Vec<(String, &str)> =
        migrations.iter().enumerate().map(|(i, text)| (format!("{:04}_m.sql", i + 1), *text)).collect();
    let sources = Sources::from_texts(files.iter().map(|(name, text)| (name.as_str(), *text)));
    analyze(sources, &Config::new(Backend::Postgres))
}

/// What the server holds at the end of a statement on tables that were there before, more strongly than reading does.
fn held(client: &mut Client, statement: &str) -> Result<BTreeMap<String, String>, String> {
    let relations = "SELECT c.oid::regclass::text, c.oid::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')";
    let before: BTreeMap<String, String> =
        client.query(relations, &[]).unwrap().into_iter().map(|row| (row.get(1), row.get(0))).collect();
    let mut transaction = client.transaction().unwrap();
    transaction
        .batch_execute(statement)
        .map_err(|e| e.as_db_error().map_or(e.to_string(), |e| e.message().to_owned()))?;
    let locks =
        "SELECT relation::text, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted";
    let mut held: BTreeMap<String, LockMode> = BTreeMap::new();
    for row in transaction.query(locks, &[]).unwrap() {
        let (oid, mode): (String, String) = (row.get(0), row.get(1));
        let Some(name) = before.get(&oid) else { continue };
        let known = MODES.iter().find(|m| m.to_string().replace(' ', "") + "LOCK" == mode.to_uppercase()).copied();
        let mode = known.unwrap_or_else(|| panic!("{mode}"));
        if mode > LockMode::AccessShare {
            let strongest = held.entry(name.clone()).or_insert(mode);
            *strongest = mode.max(*strongest);
        }
    }
    transaction.rollback().unwrap();
    Ok(held.into_iter().map(|(table, mode)| (table, mode.to_string())).collect())
}

const MODES: [LockMode; 8] = [
    LockMode::AccessShare,
    LockMode::RowShare,
    LockMode::RowExclusive,
    LockMode::ShareUpdateExclusive,
    LockMode::Share,
    LockMode::ShareRowExclusive,
    LockMode::Exclusive,
    LockMode::AccessExclusive,
];

fn named(statement: &StatementSpan) -> Option<BTreeMap<String, String>> {
    let locks = statement.locks.as_ref()?;
    Some(locks.iter().map(|lock| (lock.table.clone(), lock.mode.to_string())).collect())
}

/// What is wrong with the locks of a statement. What a block does depends on what it finds: it does no more than is named.
fn wrong(statement: &str, named: Option<&BTreeMap<String, String>>, held: &BTreeMap<String, String>) -> Option<String> {
    let named = named?;
    let block = statement.trim_start().get(..2).is_some_and(|word| word.eq_ignore_ascii_case("do"));
    let guarded = statement.contains("IF NOT EXISTS") || statement.contains("IF EXISTS");
    let right = if block || guarded {
        held.iter().all(|(table, mode)| named.get(table).is_some_and(|m| rank(m) >= rank(mode)))
    } else {
        named == held
    };
    (!right).then(|| format!("{}\n    named: {named:?}\n    held:  {held:?}", statement.trim()))
}

fn rank(mode: &str) -> usize {
    MODES.iter().position(|m| m.to_string() == mode).unwrap()
}

#[test]
fn each_kind_of_statement_locks_what_is_named() {
    let database = glowplug_tests::postgres();
    database.execute(BEFORE);
    let mut client = database.client();
    let mut amiss = String::new();
    let (mut compared, mut refused) = (0, Vec::new());
    for statement in KINDS {
        let analysis = analysed(&[BEFORE, statement]);
        let named = named(&analysis.migrations[1].statements[0]);
        match held(&mut client, statement) {
            Ok(held) => {
                compared += 1;
                assert!(named.is_some(), "nothing is known of {statement}");
                if let Some(wrong) = wrong(statement, named.as_ref(), &held) {
                    writeln!(amiss, "{wrong}").unwrap();
                }
            }
            Err(said) => refused.push(format!("{statement}: {said}")),
        }
    }
    assert!(amiss.is_empty(), "{amiss}");
    // Where there is no such schema, on purpose.
    assert!(refused.len() <= 1, "{refused:#?}");
    assert!(compared > 100, "{compared}");
}

#[test]
fn concurrent_statements_are_named_as_the_manual_has_them() {
    let all = analysed(&[
        BEFORE,
        "CREATE INDEX CONCURRENTLY tasks_owner ON tasks (owner)",
        "DROP INDEX CONCURRENTLY tasks_title",
        "REINDEX TABLE CONCURRENTLY tasks",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY counted",
        "VACUUM tasks",
        "VACUUM (FULL) tasks",
        "ALTER TABLE parts DETACH PARTITION parts_1 CONCURRENTLY",
    ]);
    let lines: Vec<String> =
        all.migrations[1..].iter().map(|m| format!("{:?}", named(&m.statements[0]).unwrap())).collect();
    assert_eq!(
        lines,
        [
            r#"{"tasks": "SHARE UPDATE EXCLUSIVE"}"#,
            r#"{"tasks": "SHARE UPDATE EXCLUSIVE"}"#,
            r#"{"tasks": "SHARE UPDATE EXCLUSIVE"}"#,
            r#"{"counted": "EXCLUSIVE"}"#,
            r#"{"tasks": "SHARE UPDATE EXCLUSIVE"}"#,
            r#"{"tasks": "ACCESS EXCLUSIVE"}"#,
            r#"{"parts": "SHARE UPDATE EXCLUSIVE", "parts_1": "SHARE UPDATE EXCLUSIVE"}"#,
        ]
    );
    // What is known only when it runs is not guessed.
    let unknown = analysed(&["DO $$ BEGIN EXECUTE current_setting('app.sql'); END $$"]);
    assert_eq!(unknown.migrations[0].statements[0].locks, None);
}

#[test]
fn the_sample_folder_locks_what_is_named() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations/postgres");
    let config = Config::load(&folder).unwrap().unwrap();
    let analysis = analyze(Sources::read(&folder).unwrap(), &config);
    let database: TestDatabase = glowplug_tests::postgres();
    let mut client = database.client();
    let (mut amiss, mut compared) = (String::new(), 0);
    for migration in &analysis.migrations {
        let text = &analysis.sources.find(&migration.file).unwrap().text;
        for statement in &migration.statements {
            let sql = &text[statement.span.start..statement.span.end];
            let held = held(&mut client, sql).unwrap_or_else(|said| panic!("{}: {said}\n{sql}", migration.file));
            if let Some(wrong) = wrong(sql, named(statement).as_ref(), &held) {
                writeln!(amiss, "{}: {wrong}", migration.file).unwrap();
            }
            compared += 1;
            client.batch_execute(sql).unwrap();
        }
    }
    assert!(amiss.is_empty(), "{amiss}");
    assert!(compared > 20, "{compared}");
}
