//! What the fold and the proof say of SQL: one door, [`check`], and the exact words.

use glowplug_analysis::{Analysis, Backend, Config, Level, Sources, analyze};

/// Analyzes `files` (numbered from 1) and compares all errors and warnings but those of safety and design, a line each: `file:line:column rule: message`.
#[track_caller]
fn check(backend: Backend, files: &[&str], expected: &[&str]) -> Analysis {
    let named: Vec<(String, &str)> =
        files.iter().enumerate().map(|(i, sql)| (format!("{:03}_step.sql", i + 1), *sql)).collect();
    let sources = Sources::from_texts(named.iter().map(|(n, s)| (n.as_str(), *s)));
    let mut config = Config::new(backend);
    // Whom it hurts is another question.
    config.lints.insert("safety".to_owned(), Level::Allow);
    config.lints.insert("design".to_owned(), Level::Allow);
    let analysis = analyze(sources, &config);
    let found: Vec<String> = analysis
        .diagnostics
        .iter()
        .map(|d| {
            let file = analysis.sources.find(&d.file).expect("a diagnostic points into a file that was read");
            let (line, column) = file.lines.line_column(&file.text, d.span.start);
            let warning = if d.level == Level::Warn { " (warning)" } else { "" };
            format!("{}:{line}:{column} {}{warning}: {}", &d.file[..3], d.rule, d.message)
        })
        .collect();
    assert_eq!(found, expected, "\n{}", files.join("\n---\n"));
    analysis
}

#[track_caller]
fn postgres(files: &[&str], expected: &[&str]) -> Analysis {
    check(Backend::Postgres, files, expected)
}

#[track_caller]
fn sqlite(files: &[&str], expected: &[&str]) -> Analysis {
    check(Backend::Sqlite, files, expected)
}

const USERS: &str = "CREATE TABLE IF NOT EXISTS users (id uuid PRIMARY KEY, email text NOT NULL UNIQUE);";

/// The verdict of the last file.
#[track_caller]
fn idempotent(analysis: &Analysis) -> bool {
    analysis.migrations.last().expect("there is a migration").idempotent
}

#[test]
fn a_procedure_is_called() {
    let wipe = "CREATE OR REPLACE PROCEDURE wipe(a int) LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;";
    postgres(
        &[wipe, "CALL wipe(1);", "CALL wipe(1, 2);"],
        &["003:1:6 undefined-function: function wipe(integer, integer) does not exist"],
    );
}

#[test]
fn a_default_may_name_the_sequence_of_its_table() {
    postgres(
        &["CREATE TABLE IF NOT EXISTS t (name text DEFAULT 'n' || currval('t_id_seq'), id serial PRIMARY KEY);\n\
           ALTER TABLE t ADD COLUMN IF NOT EXISTS n bigserial;"],
        &[],
    );
}

#[test]
fn names_that_are_not_there() {
    postgres(
        &[USERS, "CREATE TABLE IF NOT EXISTS posts (id uuid PRIMARY KEY, author uuid REFERENCES usres (id));"],
        &["002:1:79 undefined-table: relation \"usres\" does not exist"],
    );
    postgres(
        &[USERS, "CREATE INDEX IF NOT EXISTS i ON users (emial);"],
        &["002:1:40 undefined-column: column \"emial\" of relation \"users\" does not exist"],
    );
    postgres(
        &["CREATE TABLE IF NOT EXISTS t (id uiid);"],
        &["001:1:34 undefined-object: type \"uiid\" does not exist"],
    );
    postgres(
        &["CREATE TABLE IF NOT EXISTS app.t (id int);"],
        &["001:1:28 undefined-schema: schema \"app\" does not exist"],
    );
    postgres(
        &[USERS, "ALTER TABLE users DROP CONSTRAINT users_emial_key;"],
        &["002:1:35 undefined-object: constraint \"users_emial_key\" of relation \"users\" does not exist"],
    );
    postgres(
        &["CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE slq AS 'SELECT 1';"],
        &["001:1:28 undefined-object: language \"slq\" does not exist"],
    );
    postgres(
        &["CREATE TABLE IF NOT EXISTS t (a text); CREATE INDEX IF NOT EXISTS i ON t USING gin (a gin_trgm_ops);"],
        &["001:1:87 undefined-object: operator class \"gin_trgm_ops\" does not exist for access method \"gin\""],
    );
    postgres(&["DROP INDEX nothing;"], &["001:1:12 undefined-object: index \"nothing\" does not exist"]);
    sqlite(&["ALTER TABLE lost ADD COLUMN a;"], &["001:1:13 undefined-table: no such table: lost"]);
}

#[test]
fn a_suggestion_comes_from_the_catalog() {
    let analysis = postgres(
        &[USERS, "COMMENT ON TABLE usres IS 'people';"],
        &["002:1:18 undefined-table: relation \"usres\" does not exist"],
    );
    assert_eq!(analysis.diagnostics[0].help.as_deref(), Some("did you mean \"users\"?"));
    assert_eq!(analysis.diagnostics[0].sqlstate, Some("42P01"));
}

#[test]
fn one_mistake_is_one_message() {
    // The table that could not be made, the name that is wrong twice, the words of a statement that cannot be read.
    postgres(
        &["CREATE TABLE IF NOT EXISTS nowhere.t (id int);", "CREATE INDEX IF NOT EXISTS a ON nowhere.t (id);"],
        &["001:1:28 undefined-schema: schema \"nowhere\" does not exist"],
    );
    postgres(
        &["COMMENT ON TABLE a IS 'x'; COMMENT ON TABLE a IS 'y';"],
        &["001:1:18 undefined-table: relation \"a\" does not exist"],
    );
    postgres(
        &[
            "CREATE TABLE IF NOT EXISTS broken (id int,, name text);",
            "CREATE INDEX IF NOT EXISTS i ON broken (name); CREATE INDEX IF NOT EXISTS j ON other (name);",
        ],
        &[
            "001:1:43 syntax-error: syntax error at or near \",\"",
            "002:1:80 undefined-table: relation \"other\" does not exist",
        ],
    );
}

#[test]
fn names_that_are_taken() {
    postgres(
        &[USERS, "CREATE TABLE users (id int);"],
        &["002:1:14 duplicate-table: relation \"users\" already exists"],
    );
    postgres(
        &[USERS, "ALTER TABLE users ADD COLUMN email text;"],
        &["002:1:30 duplicate-column: column \"email\" of relation \"users\" already exists"],
    );
    postgres(
        &["CREATE TABLE IF NOT EXISTS t (a int, a text);"],
        &["001:1:38 duplicate-column: column \"a\" specified more than once"],
    );
    // Tables, indexes, views and sequences share a namespace; a table is a type as well.
    postgres(
        &[USERS, "CREATE SEQUENCE users_email_key;"],
        &["002:1:17 duplicate-table: relation \"users_email_key\" already exists"],
    );
    postgres(
        &[USERS, "CREATE TYPE users AS ENUM ('a');"],
        &["002:1:13 duplicate-object: type \"users\" already exists"],
    );
    postgres(
        &["CREATE TABLE IF NOT EXISTS t (id int PRIMARY KEY, n int PRIMARY KEY);"],
        &["001:1:57 second-primary-key: multiple primary keys for table \"t\" are not allowed"],
    );
    sqlite(
        &["CREATE TABLE IF NOT EXISTS T (a);", "CREATE TABLE t (b);"],
        &["002:1:14 duplicate-table: table t already exists"],
    );
}

#[test]
fn the_engine_names_what_has_no_name() {
    // Each DROP names what PostgreSQL would have made up; a wrong guess would be an error.
    postgres(
        &[
            "CREATE TABLE IF NOT EXISTS a (id int PRIMARY KEY, b int CHECK (b > 0), c int UNIQUE, d int REFERENCES a, \
             CHECK (b > c), UNIQUE (b, c));",
            "ALTER TABLE a DROP CONSTRAINT IF EXISTS a_d_fkey; ALTER TABLE a DROP CONSTRAINT a_b_check; \
             ALTER TABLE a DROP CONSTRAINT a_check; ALTER TABLE a DROP CONSTRAINT a_c_key; \
             ALTER TABLE a DROP CONSTRAINT a_b_c_key; ALTER TABLE a DROP CONSTRAINT a_pkey;",
        ],
        &[
            "002:1:81 drop-without-guard: a second run fails here: constraint \"a_b_check\" of relation \"a\" does not exist",
            "002:1:122 drop-without-guard: a second run fails here: constraint \"a_check\" of relation \"a\" does not exist",
            "002:1:161 drop-without-guard: a second run fails here: constraint \"a_c_key\" of relation \"a\" does not exist",
            "002:1:200 drop-without-guard: a second run fails here: constraint \"a_b_c_key\" of relation \"a\" does not exist",
            "002:1:241 drop-without-guard: a second run fails here: constraint \"a_pkey\" of relation \"a\" does not exist",
        ],
    );
}

#[test]
fn foreign_keys_point_at_keys_of_their_type() {
    postgres(
        &[USERS, "CREATE TABLE IF NOT EXISTS p (author text REFERENCES users (id));"],
        &[
            "002:1:31 fk-type-mismatch: foreign key constraint \"p_author_fkey\" cannot be implemented: column \"author\" is text, \
           the key it points at is uuid",
        ],
    );
    postgres(
        &["CREATE TABLE IF NOT EXISTS a (x int); CREATE TABLE IF NOT EXISTS b (x int REFERENCES a (x));"],
        &[
            "001:1:89 fk-target-not-unique: there is no unique constraint matching given keys for referenced table \"a\"",
        ],
    );
    // An int may point at a bigint, and a table at itself.
    postgres(
        &["CREATE TABLE IF NOT EXISTS a (id bigint PRIMARY KEY, up int REFERENCES a); \
           CREATE TABLE IF NOT EXISTS b (x varchar(5) PRIMARY KEY, y text REFERENCES b (x));"],
        &[],
    );
    // SQLite looks a foreign key up when rows come.
    sqlite(&["CREATE TABLE IF NOT EXISTS a (x REFERENCES later (id));"], &[]);
}

#[test]
fn drops_ask_what_depends() {
    let posts = "CREATE TABLE IF NOT EXISTS posts (id uuid PRIMARY KEY, author uuid REFERENCES users);";
    postgres(
        &[USERS, posts, "DROP TABLE IF EXISTS users;"],
        &[
            "003:1:22 dependent-objects: cannot drop table users because other objects depend on it: constraint posts_author_fkey on table posts depends on it",
        ],
    );
    postgres(&[USERS, posts, "DROP TABLE IF EXISTS users, posts;"], &[]);
    postgres(&[USERS, posts, "DROP TABLE IF EXISTS users CASCADE; DROP TABLE IF EXISTS posts;"], &[]);
    postgres(
        &[
            "DO $$ BEGIN CREATE TYPE mood AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN NULL; END $$; \
             CREATE TABLE IF NOT EXISTS t (m mood);",
            "DROP TYPE IF EXISTS mood;",
        ],
        &[
            "002:1:21 dependent-objects: cannot drop type mood because other objects depend on it: column m of table t depends on it",
        ],
    );
    postgres(
        &[
            USERS,
            "CREATE OR REPLACE VIEW v AS SELECT email FROM users;",
            "ALTER TABLE users DROP COLUMN IF EXISTS email;",
        ],
        &[
            "003:1:41 dependent-objects: cannot drop column email of table users because other objects depend on it: view v depends on it",
        ],
    );
    // What was dropped and made anew depends on what its new text says alone.
    postgres(
        &[
            "CREATE TABLE IF NOT EXISTS a (x int); CREATE TABLE IF NOT EXISTS b (x int); CREATE OR REPLACE VIEW v AS SELECT x FROM a;",
            "DROP VIEW IF EXISTS v; CREATE OR REPLACE VIEW v AS SELECT x FROM b; DROP TABLE IF EXISTS a;",
        ],
        &[],
    );
}

#[test]
fn renames_carry_through() {
    postgres(
        &[
            USERS,
            "CREATE TABLE IF NOT EXISTS posts (id uuid PRIMARY KEY, author uuid REFERENCES users);",
            "ALTER TABLE IF EXISTS users RENAME TO people;",
            "CREATE INDEX IF NOT EXISTS i ON people (email); \
             CREATE TABLE IF NOT EXISTS t (x uuid REFERENCES people (id)); DROP TABLE IF EXISTS people;",
        ],
        &[
            "004:1:132 dependent-objects: cannot drop table people because other objects depend on it: constraint posts_author_fkey on table posts depends on it",
        ],
    );
}

#[test]
fn a_second_run_is_folded_not_guessed() {
    let yes = [
        "CREATE TABLE IF NOT EXISTS a (x int)",
        "DROP TABLE IF EXISTS a; CREATE VIEW v AS SELECT 1 AS one; DROP VIEW v",
        "ALTER TABLE users DROP CONSTRAINT IF EXISTS c; ALTER TABLE users ADD CONSTRAINT c CHECK (email <> '')",
        "ALTER TABLE users ALTER COLUMN email DROP NOT NULL; ALTER TABLE users ALTER COLUMN email SET DEFAULT 'x'",
        "DO $$ BEGIN CREATE TYPE mood AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood') THEN CREATE TYPE mood AS ENUM ('a'); END IF; END $$",
        "INSERT INTO users (id, email) VALUES ('00000000-0000-0000-0000-000000000000', 'a') ON CONFLICT DO NOTHING",
        "UPDATE users SET email = 'x' WHERE email = 'y'; DELETE FROM users WHERE email = 'z'",
    ];
    for sql in yes {
        assert!(idempotent(&postgres(&[USERS, sql], &[])), "{sql}");
    }
    let no = [
        (
            "CREATE TABLE a (x int)",
            "002:1:14 create-without-guard: a second run fails here: relation \"a\" already exists",
        ),
        (
            "CREATE VIEW v AS SELECT 1 AS one",
            "002:1:13 create-without-or-replace: a second run fails here: relation \"v\" already exists",
        ),
        ("DROP TABLE users", "002:1:12 drop-without-guard: a second run fails here: table \"users\" does not exist"),
        (
            "ALTER TABLE users ADD CONSTRAINT c CHECK (email <> '')",
            "002:1:34 add-constraint-without-guard: a second run fails here: constraint \"c\" for relation \"users\" already exists",
        ),
        (
            "ALTER TABLE users ADD CHECK (email <> '')",
            "002:1:19 unnamed-constraint: a constraint without a name: a second run makes another one on \"users\"",
        ),
        (
            "CREATE INDEX ON users (email)",
            "002:1:1 unnamed-constraint: an index without a name: a second run makes another one on \"users\"",
        ),
        (
            "ALTER TABLE users RENAME COLUMN email TO mail",
            "002:1:33 rename-without-guard: a second run fails here: column \"email\" of relation \"users\" does not exist",
        ),
        (
            "INSERT INTO users SELECT gen_random_uuid(), 'a'",
            "002:1:13 insert-without-guard: a second run inserts the same rows into \"users\" again",
        ),
        (
            "UPDATE users SET email = email || 'x'",
            "002:1:18 update-accumulates: a second run changes \"email\" again: its new value is made from the old one",
        ),
        (
            "DO $$ BEGIN ALTER TABLE users ADD CONSTRAINT u UNIQUE (id, email); EXCEPTION WHEN duplicate_object THEN NULL; END $$",
            "002:1:46 guard-catches-wrong-error: a second run fails here: relation \"u\" already exists",
        ),
    ];
    for (sql, expected) in no {
        assert!(!idempotent(&postgres(&[USERS, sql], &[expected])), "{sql}");
    }
}

#[test]
fn the_help_is_the_form_that_works() {
    let analysis = postgres(
        &[USERS, "ALTER TABLE users ADD CONSTRAINT u UNIQUE (id, email)"],
        &["002:1:34 add-constraint-without-guard: a second run fails here: relation \"u\" already exists"],
    );
    assert_eq!(
        analysis.diagnostics[0].help.as_deref(),
        Some(
            "ALTER TABLE users DROP CONSTRAINT IF EXISTS u; before it, or DO $$ BEGIN ALTER TABLE users ADD CONSTRAINT u \
             UNIQUE (…); EXCEPTION WHEN duplicate_table THEN NULL; END $$;"
        )
    );
}

#[test]
fn sqlite_has_no_guard_for_alter_table_so_the_record_is_it() {
    let analysis = sqlite(&["CREATE TABLE IF NOT EXISTS t (a);", "ALTER TABLE t ADD COLUMN b;"], &[]);
    assert!(!idempotent(&analysis), "the second run fails, and says so");
    assert!(analysis.migrations[1].transaction);
    sqlite(
        &["CREATE TABLE t (a);"],
        &["001:1:14 create-without-guard: a second run fails here: table t already exists"],
    );
}

#[test]
fn a_rebuild_keeps_its_rows_and_its_foreign_keys_off() {
    let analysis = sqlite(
        &[
            "CREATE TABLE IF NOT EXISTS t (a);",
            "PRAGMA foreign_keys = OFF; BEGIN; CREATE TABLE t2 (a, b); INSERT INTO t2 (a) SELECT a FROM t; DROP TABLE t; \
             ALTER TABLE t2 RENAME TO t; COMMIT; PRAGMA foreign_keys = ON;",
        ],
        &[],
    );
    let rebuild = &analysis.migrations[1];
    assert!(rebuild.foreign_keys_off && rebuild.transaction && rebuild.idempotent);
    assert_eq!(rebuild.statements.len(), 6, "BEGIN and COMMIT are the runner's");
    sqlite(
        &["CREATE TABLE IF NOT EXISTS t (a);", "DROP TABLE IF EXISTS t; CREATE TABLE t (a, b);"],
        &["002:1:22 drop-then-create-loses-data: a second run drops \"t\" again, with the rows it has by then"],
    );
}

#[test]
fn transactions_belong_to_the_runner() {
    let whole = postgres(&["BEGIN; CREATE TABLE IF NOT EXISTS t (a int); COMMIT;"], &[]);
    assert_eq!(whole.migrations[0].statements.len(), 1);
    postgres(
        &["CREATE TABLE IF NOT EXISTS t (a int); COMMIT; CREATE TABLE IF NOT EXISTS u (a int);"],
        &[
            "001:1:39 unbalanced-transaction: this would end the transaction that the migration and its record are written in",
        ],
    );
    postgres(
        &["BEGIN; CREATE TABLE IF NOT EXISTS t (a int);"],
        &["001:1:1 unbalanced-transaction: this transaction is never committed"],
    );
}

#[test]
fn several_transactions_of_a_file_are_one() {
    let made = |name: &str| format!("CREATE TABLE IF NOT EXISTS {name} (a int);");
    let (t, u, v) = (made("t"), made("u"), made("v"));
    let several = postgres(&[&format!("{t} BEGIN; {u} COMMIT; BEGIN; {v} COMMIT;")], &[]);
    assert!(several.migrations[0].transaction);
    assert_eq!(several.migrations[0].statements.len(), 3);
    // PostgreSQL only warns of a COMMIT where nothing was begun; SQLite refuses it.
    let at_end = postgres(&[&format!("{t} COMMIT;")], &[]);
    assert_eq!(at_end.migrations[0].statements.len(), 1);
    let ends = |column| {
        format!(
            "001:1:{column} unbalanced-transaction: this would end the transaction that the migration and its record are written in"
        )
    };
    sqlite(&[&format!("{t} COMMIT;")], &[&ends(39)]);
    // What means something else in a longer transaction is left to its author.
    postgres(&[&format!("BEGIN; SET LOCAL lock_timeout = '1s'; {u} COMMIT; {v}")], &[&ends(1)]);
    postgres(
        &[
            "DO $$ BEGIN CREATE TYPE mood AS ENUM ('sad'); EXCEPTION WHEN duplicate_object THEN NULL; END $$;",
            &format!("BEGIN; ALTER TYPE mood ADD VALUE IF NOT EXISTS 'ok'; COMMIT; {v}"),
        ],
        &[&ends(1).replace("001:", "002:")],
    );
    postgres(&[&format!("BEGIN; {u} ROLLBACK; BEGIN; {v} COMMIT;")], &[&ends(1)]);
}

#[test]
fn what_an_unknown_name_is_renamed_to_is_as_unknown() {
    sqlite(
        &["CREATE TABLE t (id SERIAL PRIMARY KEY, a int);", "ALTER TABLE t RENAME TO u; INSERT INTO u (a) VALUES (1);"],
        &["001:1:20 wrong-engine: SQLite takes SERIAL for the name of a type: the column does not count"],
    );
    postgres(
        &[USERS, "ALTER TABLE users RENAME COLUMN nickname TO nick; UPDATE users SET email = nick WHERE nick = 'x';"],
        &["002:1:33 undefined-column: column \"nickname\" of relation \"users\" does not exist"],
    );
}

/// The words of SQLite 3.40, and what its `table_info` says.
#[test]
fn columns_of_strict_tables_have_one_of_six_types() {
    let strict = "CREATE TABLE IF NOT EXISTS t (id TEXT PRIMARY KEY, n INTEGER) STRICT;";
    sqlite(
        &[
            strict,
            "ALTER TABLE t ADD COLUMN a ANY; ALTER TABLE t ADD COLUMN b varchar; ALTER TABLE t ADD COLUMN c;",
            "ALTER TABLE t RENAME TO u;\nALTER TABLE u ADD COLUMN d text(3);",
            "CREATE TABLE IF NOT EXISTS n (a VARCHAR, b) STRICT;",
        ],
        &[
            "002:1:60 invalid-definition: unknown datatype for t.b: \"varchar\"",
            "002:1:94 invalid-definition: missing datatype for t.c",
            "003:2:28 invalid-definition: unknown datatype for u.d: \"text(3)\"",
            "004:1:33 invalid-definition: unknown datatype for n.a: \"VARCHAR\"",
            "004:1:42 invalid-definition: missing datatype for n.b",
        ],
    );
    let keys = sqlite(
        &[
            strict,
            "CREATE TABLE IF NOT EXISTS u (id INTEGER PRIMARY KEY) STRICT;",
            "CREATE TABLE IF NOT EXISTS v (ID INTEGER, b TEXT, PRIMARY KEY (id)) WITHOUT ROWID;",
            "CREATE TABLE IF NOT EXISTS w (id INT PRIMARY KEY);",
        ],
        &[],
    );
    let nullable = |table: &str, column: &str| {
        let table = keys.schema.tables.iter().find(|t| t.name == table).unwrap();
        table.columns.iter().find(|c| c.name == column).unwrap().nullable
    };
    assert!(!nullable("t", "id") && nullable("t", "n"));
    assert!(nullable("u", "id"), "the rowid is not marked");
    assert!(!nullable("v", "ID") && nullable("v", "b"));
    assert!(nullable("w", "id"));
}

#[test]
fn what_cannot_be_in_a_transaction_stands_alone() {
    let concurrently = "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON users (email);";
    let alone = postgres(&[USERS, concurrently], &[]);
    assert!(!alone.migrations[1].transaction && alone.migrations[1].resumable);
    let beside = format!("{concurrently} COMMENT ON TABLE users IS 'x';");
    postgres(
        &[USERS, &beside],
        &["002:1:1 not-in-transaction: CREATE INDEX CONCURRENTLY cannot run inside a transaction block"],
    );
    let chosen = format!("-- glowplug: no-transaction\n{beside}");
    assert!(!postgres(&[USERS, &chosen], &[]).migrations[1].transaction);
    let commits = postgres(&[USERS, "DO $$ BEGIN DELETE FROM users WHERE email = 'x'; COMMIT; END $$;"], &[]);
    assert!(!commits.migrations[1].transaction);
    // Each statement may be the last that ran.
    let swap = "-- glowplug: no-transaction\nDROP INDEX CONCURRENTLY IF EXISTS i;\n\
                ALTER TABLE users RENAME COLUMN email TO mail;\nALTER TABLE users RENAME COLUMN mail TO email;";
    postgres(
        &[USERS, swap],
        &[
            "002:3:1 not-resumable: stopped after this statement, the migration cannot be run again: column \"email\" of relation \"users\" does not exist",
        ],
    );
}

#[test]
fn rows_fit_their_table() {
    postgres(
        &[USERS, "INSERT INTO users (id, emial) VALUES (gen_random_uuid(), 'a') ON CONFLICT DO NOTHING"],
        &["002:1:24 undefined-column: column \"emial\" of relation \"users\" does not exist"],
    );
    postgres(
        &[USERS, "INSERT INTO users (id, email) VALUES (gen_random_uuid()) ON CONFLICT DO NOTHING"],
        &["002:1:38 insert-column-count: INSERT has more target columns than expressions"],
    );
    postgres(
        &[USERS, "INSERT INTO users (id, email) VALUES (gen_random_uuid(), 'a') ON CONFLICT (id, email) DO NOTHING"],
        &[
            "002:1:63 conflict-target-without-index: there is no unique or exclusion constraint matching the ON CONFLICT specification",
        ],
    );
    sqlite(
        &["CREATE TABLE IF NOT EXISTS t (a, b);", "INSERT OR IGNORE INTO t VALUES (1, 2, 3);"],
        &["002:1:32 insert-column-count: table t has 2 columns but 3 values were supplied"],
    );
}

#[test]
fn what_cannot_be_known_is_not_reported_as_missing() {
    postgres(
        &["DO $$ BEGIN EXECUTE current_setting('my.sql'); END $$;", "CREATE INDEX IF NOT EXISTS i ON perhaps (x);"],
        &[
            "001:1:13 opaque-statement (warning): what this does cannot be read: EXECUTE of a text that is put together when it runs",
        ],
    );
    // Schemas of the engine, the runner's own tables, temporary tables, and what an extension brings.
    postgres(
        &["CREATE EXTENSION IF NOT EXISTS citext; CREATE TABLE IF NOT EXISTS t (e citext); \
           CREATE TEMP TABLE IF NOT EXISTS s (x int); INSERT INTO s SELECT 1; \
           CREATE OR REPLACE VIEW v AS SELECT relname FROM pg_catalog.pg_class; \
           COMMENT ON TABLE __diesel_schema_migrations IS 'x';"],
        &[],
    );
}

#[test]
fn exceptions_that_are_surely_raised() {
    let raise = "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_tables WHERE tablename = 'people') THEN \
                 RAISE EXCEPTION 'no people'; END IF; END $$;";
    postgres(&[USERS, raise], &["002:1:83 invalid-definition: this exception is raised whenever the migration runs"]);
    postgres(&["CREATE TABLE IF NOT EXISTS people (id int);", raise], &[]);
}

#[test]
fn guards_that_hide_something() {
    postgres(
        &[USERS, "CREATE TABLE IF NOT EXISTS users (id uuid PRIMARY KEY, name text);"],
        &[
            "002:1:56 if-not-exists-shape: table \"users\" exists without the column \"name\", and IF NOT EXISTS hides it",
        ],
    );
    postgres(
        &[USERS, "DROP TABLE IF EXISTS usres;"],
        &["002:1:22 vacuous-if-exists (warning): no table \"usres\" ever existed: this drops nothing"],
    );
}

#[test]
fn checksums_are_of_what_is_meant() {
    let of = |sql: &str| postgres(&[sql], &[]).migrations[0].checksum.clone();
    let plain = of("CREATE TABLE IF NOT EXISTS t (a text DEFAULT 'x  y');\n");
    assert_eq!(plain, of("\u{feff}-- why\r\nCREATE  TABLE IF NOT EXISTS t (\r\n a text /* b */ DEFAULT 'x  y');\r\n"));
    assert_ne!(plain, of("CREATE TABLE IF NOT EXISTS t (a text DEFAULT 'x y');\n"));
}

#[test]
fn columns_count_characters_and_spans_count_bytes() {
    let analysis = postgres(
        &["\u{feff}COMMENT ON TABLE \"größe\" IS 'ß'; COMMENT ON TABLE x IS '';"],
        &[
            "001:1:18 undefined-table: relation \"größe\" does not exist",
            "001:1:51 undefined-table: relation \"x\" does not exist",
        ],
    );
    let x = analysis.diagnostics[1].span;
    assert_eq!(&analysis.sources.files[0].text[x.start..x.end], "x");
}

#[test]
fn nothing_in_a_file_makes_it_panic_or_hang() {
    let deep = format!("SELECT {}1{};", "(".repeat(10_000), ")".repeat(10_000));
    postgres(&[&deep], &["001:1:208 nesting-too-deep: nested more than 200 deep"]);
    let wide = format!("CREATE TABLE IF NOT EXISTS t (a int CHECK ({}));", vec!["a > 1"; 20_000].join(" OR "));
    postgres(&[&wide], &[]);
    postgres(&["SELECT 1;\0"], &["001:1:10 syntax-error: a NUL byte stands in the file"]);
    for odd in [
        "'",
        "$$",
        "/*",
        "\"",
        "E'\\",
        "((",
        "))",
        ";;",
        "CREATE",
        "CREATE TABLE",
        "DO $$ BEGIN",
        "\\i x.sql",
        "{{ name }}",
    ] {
        for backend in [Backend::Postgres, Backend::Sqlite] {
            let analysis = analyze(Sources::from_texts([("001_odd.sql", odd)]), &Config::new(backend));
            assert!(!analysis.diagnostics.is_empty(), "{odd} on {backend:?}");
        }
    }
}

/// Nothing that stood before is certain once something ran that cannot be read; what was written out since is.
#[test]
fn after_what_cannot_be_read() {
    const OPAQUE: &str = "DO $$ DECLARE q text; BEGIN SELECT note INTO q FROM old; EXECUTE q; END $$;";
    let opaque = "002:1:58 opaque-statement (warning): what this does cannot be read: EXECUTE of a text that is put together when it runs";
    let old = "CREATE TABLE IF NOT EXISTS old (id int, note text);";
    let analysis = postgres(
        &[old, OPAQUE, "DROP TABLE IF EXISTS new; CREATE TABLE new (id int);", "ALTER TABLE old RENAME id TO note2;"],
        &[
            opaque,
            "003:1:22 drop-then-create-loses-data: a second run drops \"new\" again, with the rows it has by then",
            "004:1:24 rename-without-guard: a second run fails here: column \"id\" of relation \"old\" does not exist",
        ],
    );
    assert!(!idempotent(&analysis));
    // It may have dropped the table, and the index with it.
    postgres(
        &[old, OPAQUE, "CREATE TABLE old (id int);"],
        &[opaque, "003:1:14 create-without-guard: a second run fails here: relation \"old\" already exists"],
    );
}

/// Only a literal is not known: the statement is.
#[test]
fn a_text_with_a_literal_that_is_not_known() {
    let migration = "DO $$ DECLARE who text; BEGIN\n\
        SELECT 'x' || random() INTO who;\n\
        EXECUTE format('ALTER TABLE t ADD COLUMN IF NOT EXISTS by text NOT NULL DEFAULT %L', who);\n\
        EXECUTE 'COMMENT ON TABLE t IS ' || quote_literal(who);\n\
        END $$;";
    let t = "CREATE TABLE IF NOT EXISTS t (id int PRIMARY KEY);";
    let analysis = postgres(&[t, migration, "ALTER TABLE t ALTER COLUMN by DROP DEFAULT;"], &[]);
    let columns: Vec<_> = analysis.schema.tables[0].columns.iter().map(|c| (c.name.as_str(), c.nullable)).collect();
    assert_eq!(columns, [("id", false), ("by", false)]);
}

#[test]
fn an_index_goes_with_the_columns_that_it_reads() {
    let start = "CREATE TABLE IF NOT EXISTS t (id int PRIMARY KEY, a jsonb, b int, c int);\n\
        CREATE INDEX IF NOT EXISTS by_text ON t ((a ->> 'b'));\n\
        CREATE INDEX IF NOT EXISTS by_b ON t (id) WHERE b > 0;\n\
        CREATE INDEX IF NOT EXISTS with_c ON t (id) INCLUDE (c);";
    let analysis = postgres(
        &[start, "ALTER TABLE t RENAME b TO d;", "ALTER TABLE t DROP COLUMN IF EXISTS d, DROP COLUMN IF EXISTS c;"],
        &["002:1:22 rename-without-guard: a second run fails here: column \"b\" of relation \"t\" does not exist"],
    );
    let names: Vec<_> = analysis.schema.tables[0].indexes.iter().map(|i| i.name.as_str()).collect();
    assert_eq!(names, ["by_text", "t_pkey"]);
}

/// What a text is called that is put together when it runs is often known in part: only such names are in doubt.
#[test]
fn names_that_are_known_in_part() {
    let opaque = |column: usize| {
        format!(
            "002:1:{column} opaque-statement (warning): what this does cannot be read: EXECUTE of a text that is put together when it runs"
        )
    };
    let events = "CREATE TABLE IF NOT EXISTS events (id int PRIMARY KEY, part int);";
    let migration = "DO $$ DECLARE r record; BEGIN FOR r IN SELECT part FROM events LOOP\n\
        EXECUTE format('CREATE TABLE IF NOT EXISTS events_%s (id int)', r.part); END LOOP; END $$;";
    postgres(
        &[
            events,
            migration,
            "ALTER TABLE events_7 ALTER COLUMN id SET NOT NULL; ALTER TABLE event_7 ALTER COLUMN id SET NOT NULL;",
            "CREATE TABLE IF NOT EXISTS t (a itneger); CREATE TABLE events (id int);",
        ],
        &[
            &opaque(1).replace("002:1:", "002:2:"),
            "003:1:64 undefined-table: relation \"event_7\" does not exist",
            "004:1:33 undefined-object: type \"itneger\" does not exist",
            "004:1:56 duplicate-table: relation \"events\" already exists",
        ],
    );
    let dropped = "DO $$ DECLARE r record; BEGIN FOR r IN SELECT part FROM events LOOP\n\
        EXECUTE 'DROP INDEX IF EXISTS by_part_' || r.part; END LOOP; END $$;";
    let index = "CREATE TABLE IF NOT EXISTS events (id int PRIMARY KEY, part int);\n\
        CREATE INDEX IF NOT EXISTS by_part_1 ON events (part);";
    // It is gone, or it is not; it is no other index.
    postgres(
        &[index, dropped, "DROP INDEX by_prat_1;", "CREATE INDEX by_part_1 ON events (part);"],
        &[
            &opaque(1).replace("002:1:", "002:2:"),
            "003:1:12 undefined-object: index \"by_prat_1\" does not exist",
            "004:1:14 create-without-guard: a second run fails here: relation \"by_part_1\" already exists",
        ],
    );
}

#[test]
fn what_a_body_names_is_missed_once_and_only_where_it_is_gone() {
    let count =
        "CREATE OR REPLACE FUNCTION counted() RETURNS bigint LANGUAGE sql AS $$ SELECT count(email) FROM users $$;";
    postgres(
        &[
            USERS,
            count,
            "ALTER TABLE IF EXISTS users RENAME TO people;\nCREATE OR REPLACE VIEW users AS SELECT * FROM people;",
            "ALTER VIEW IF EXISTS users RENAME TO seen;",
            "ALTER TABLE people ADD COLUMN IF NOT EXISTS born date;",
        ],
        &[
            "003:1:39 rename-without-guard: a second run fails here: relation \"people\" already exists",
            "004:1:1 late-bound-break (warning): the body of function \"counted\" still names relation \"users\": it fails when it is called",
        ],
    );
}

#[test]
fn functions_that_sqlite_has_not_are_reported_where_it_looks_them_up() {
    let users = "CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, email TEXT DEFAULT (lowr('A')));";
    // A default, a view and a trigger are looked at when they are needed.
    let late = "CREATE VIEW IF NOT EXISTS v AS SELECT lowr(email) FROM users;\n\
                CREATE TRIGGER IF NOT EXISTS t AFTER INSERT ON users BEGIN SELECT lowr(NEW.email); END;";
    sqlite(&[users, late], &[]);
    let analysis = sqlite(
        &[
            users,
            "CREATE INDEX IF NOT EXISTS i ON users (lowr(email));\n\
             UPDATE users SET email = NOW() WHERE email = substr(email, 1, 2, 3);\n\
             CREATE TABLE IF NOT EXISTS x (a TEXT CHECK (slug(a) <> ''), b TEXT AS (to_char(a)));",
        ],
        &[
            "002:1:40 undefined-function: no such function: lowr",
            "002:2:26 undefined-function: no such function: NOW",
            "002:2:46 undefined-function: wrong number of arguments to function substr()",
            "002:3:45 undefined-function: no such function: slug",
            "002:3:72 undefined-function: no such function: to_char",
        ],
    );
    let help: Vec<_> = analysis.diagnostics.iter().filter_map(|d| d.help.as_deref()).collect();
    assert_eq!(
        help,
        [
            "did you mean \"lower\"?",
            "SQLite has CURRENT_TIMESTAMP, and datetime('now')",
            "where the service registers it on its connection, say so in glowplug.toml: functions = [\"slug\"]",
            "to_char is PostgreSQL's",
        ]
    );
    let registered = Config { functions: vec!["Slug".to_owned()], ..Config::new(Backend::Sqlite) };
    let text = "CREATE TABLE IF NOT EXISTS x (a TEXT PRIMARY KEY CHECK (SLUG(a) <> ''));";
    assert_eq!(analyze(Sources::from_texts([("001_x.sql", text)]), &registered).diagnostics, []);
}

#[test]
fn a_table_made_of_a_query_has_affinities_on_sqlite() {
    let made = sqlite(
        &[
            "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, a VARCHAR(20), n NUMERIC(3), d DOUBLE PRECISION, b BLOB);\n\
           CREATE TABLE IF NOT EXISTS made AS SELECT * FROM t;",
        ],
        &[],
    );
    let table = made.schema.tables.iter().find(|t| t.name == "made").unwrap();
    let types: Vec<_> = table.columns.iter().map(|c| c.sql_type.as_str()).collect();
    assert_eq!(types, ["int", "text", "num", "real", ""]);
    let again = "CREATE TABLE made AS SELECT * FROM t;\nDROP TABLE t;\nALTER TABLE made RENAME TO t;";
    let rebuilt = sqlite(&["CREATE TABLE IF NOT EXISTS t (a VARCHAR(20), n NUMERIC(3));", again], &[]);
    assert!(idempotent(&rebuilt), "its types are affinities already");
}

/// `EXECUTE` of a text with the arguments in it, a condition over them, and what a body makes and drops.
#[test]
fn a_function_that_is_called_does_what_its_body_does() {
    let functions = "CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;\n\
        CREATE OR REPLACE FUNCTION stamp(_tbl regclass) RETURNS void LANGUAGE plpgsql AS $$\n\
        BEGIN EXECUTE format('CREATE TRIGGER stamp BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION touch()', _tbl); END $$;\n\
        CREATE OR REPLACE FUNCTION tidy() RETURNS integer LANGUAGE plpgsql AS $$\n\
        DECLARE many integer;\n\
        BEGIN SELECT count(*) INTO many FROM users; CREATE TABLE kept (n integer); DROP TABLE IF EXISTS old; RETURN many; END $$;";
    let tables =
        "CREATE TABLE IF NOT EXISTS users (id bigint PRIMARY KEY);\nCREATE TABLE IF NOT EXISTS old (id bigint);";
    let analysis = postgres(
        &[functions, tables, "SELECT stamp('users');\nSELECT tidy();"],
        &[
            "003:1:8 create-without-guard: a second run fails here: trigger \"stamp\" for relation \"users\" already exists",
            "003:2:8 create-without-guard: a second run fails here: relation \"kept\" already exists",
        ],
    );
    let tables_left: Vec<_> = analysis.schema.tables.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(tables_left, ["kept", "users"]);
    let twice = "SELECT stamp('users');\nSELECT stamp('users');\nSELECT stamp('usres');\nDROP TRIGGER stmp ON users;";
    let found = postgres_errors(&[functions, tables, twice], "003");
    assert_eq!(
        found,
        [
            "duplicate-object: trigger \"stamp\" for relation \"users\" already exists",
            "undefined-table: relation \"usres\" does not exist",
            "undefined-object: trigger \"stmp\" for table \"users\" does not exist",
        ]
    );
    // What is not written out is not known: then there may be any trigger.
    let computed =
        "SELECT stamp(oid::regclass) FROM pg_class WHERE relname = 'users';\nDROP TRIGGER IF EXISTS stmp ON users;";
    assert_eq!(postgres_errors(&[functions, tables, computed], "003"), [""; 0]);
}

/// The errors of one file that the server would answer with.
fn postgres_errors(files: &[&str], of: &str) -> Vec<String> {
    let named: Vec<(String, &str)> =
        files.iter().enumerate().map(|(i, sql)| (format!("{:03}_step.sql", i + 1), *sql)).collect();
    let sources = Sources::from_texts(named.iter().map(|(n, s)| (n.as_str(), *s)));
    let analysis = analyze(sources, &Config::new(Backend::Postgres));
    let errors = analysis.diagnostics.iter().filter(|d| d.file.starts_with(of) && d.sqlstate.is_some());
    errors.filter(|d| d.level == Level::Deny).map(|d| format!("{}: {}", d.rule, d.message)).collect()
}

#[test]
fn what_comes_after_a_refused_table_hurts_nobody() {
    postgres(
        &[
            USERS,
            "CREATE TABLE IF NOT EXISTS rewards (user_id uuid REFERENCES usres (id));\n\
             CREATE INDEX IF NOT EXISTS rewards_user ON rewards (user_id);\n\
             ALTER TABLE rewards ADD COLUMN IF NOT EXISTS points integer NOT NULL DEFAULT 0;",
        ],
        &["002:1:61 undefined-table: relation \"usres\" does not exist"],
    );
}
