//! What the rules of the group `safety` say of PostgreSQL, held against the server: whether it writes a table anew
//! (`pg_relation_filenode`), reads all of it or builds an index (what it says at the level DEBUG1).

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use glowplug_analysis::config::SmallTable;
use glowplug_analysis::{Backend, Config, Diagnostic, Group, Level, Sources, Span, analyze, rules};
use glowplug_tests::{PostgresServer, TestDatabase};
use postgres::Client;

/// What is there before each statement of the list.
const BEFORE: &str = "
    CREATE TYPE mood AS ENUM ('ok');
    CREATE DOMAIN plain AS text;
    CREATE DOMAIN filled AS text CHECK (value <> '');
    CREATE DOMAIN present AS integer NOT NULL;
    CREATE DOMAIN three AS integer DEFAULT 3;
    CREATE FUNCTION changing() RETURNS integer LANGUAGE plpgsql VOLATILE AS $$ BEGIN RETURN 1; END $$;
    CREATE FUNCTION steady() RETURNS integer LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN 1; END $$;
    CREATE SEQUENCE numbers;
    CREATE TABLE others (id integer PRIMARY KEY);
    CREATE TABLE t (
        id integer PRIMARY KEY, i integer, f integer, v text, v10 varchar(10), ts timestamp, at timestamp,
        chk varchar(10) CONSTRAINT t_chk CHECK (chk <> ''), ix varchar(10), px varchar(10), ex varchar(10),
        held integer CONSTRAINT t_held CHECK (held IS NOT NULL AND held > 0),
        half integer CONSTRAINT t_half CHECK (half > 0),
        either integer CONSTRAINT t_either CHECK (either IS NOT NULL OR id > 0),
        late integer, u integer, during tsrange);
    ALTER TABLE t ADD CONSTRAINT t_late CHECK (late IS NOT NULL) NOT VALID;
    CREATE INDEX t_ix ON t (ix);
    CREATE INDEX t_px ON t (id) WHERE px <> 'x';
    CREATE INDEX t_ex ON t (lower(ex));
    CREATE INDEX t_at ON t (at);
    CREATE UNIQUE INDEX t_u ON t (u);
    CREATE UNIQUE INDEX t_held_key ON t (held);
    CREATE TABLE keyless (id integer NOT NULL, loose integer);
    CREATE UNIQUE INDEX keyless_id ON keyless (id);
    CREATE UNIQUE INDEX keyless_loose ON keyless (loose);
    CREATE TABLE parts (id integer NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
    CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE TABLE empty_parts (id integer NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
    CREATE TABLE loose (id integer NOT NULL, at date NOT NULL);
    CREATE TABLE bound (id integer NOT NULL, at date NOT NULL
        CONSTRAINT bound_at CHECK (at >= '2028-01-01' AND at < '2029-01-01'));
    CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM others;
";

/// Rows, so that there is something to read.
const ROWS: &str = "
    INSERT INTO others VALUES (1);
    INSERT INTO t (id, held, half, either, late, u) VALUES (1, 1, 1, 1, 1, 1), (2, 2, 2, 2, 2, 2);
    INSERT INTO keyless VALUES (1, 1);
    INSERT INTO parts VALUES (1, '2026-05-05');
    INSERT INTO bound VALUES (1, '2028-05-05');
";

/// One of each kind, some in two statements.
const STATEMENTS: &[&str] = &[
    "CREATE INDEX i ON t (i)",
    "CREATE UNIQUE INDEX i ON t (id)",
    "CREATE INDEX IF NOT EXISTS t_ix ON t (i)",
    "CREATE INDEX i ON parts (id)",
    "CREATE INDEX i ON ONLY parts (id)",
    "CREATE INDEX i ON empty_parts (id)",
    "CREATE TABLE fresh (id integer); CREATE INDEX i ON fresh (id)",
    "REINDEX TABLE t",
    "REINDEX INDEX t_ix",
    "REFRESH MATERIALIZED VIEW counted",
    "CLUSTER t USING t_pkey",
    "ALTER TABLE t ADD COLUMN z integer",
    "ALTER TABLE t ADD COLUMN z integer DEFAULT 1",
    "ALTER TABLE t ADD COLUMN z integer NOT NULL DEFAULT 1",
    "ALTER TABLE t ADD COLUMN z timestamptz DEFAULT now()",
    "ALTER TABLE t ADD COLUMN z timestamptz DEFAULT now() + interval '1 day'",
    "ALTER TABLE t ADD COLUMN z text DEFAULT current_user",
    "ALTER TABLE t ADD COLUMN z date DEFAULT current_date",
    "ALTER TABLE t ADD COLUMN z timestamptz DEFAULT clock_timestamp()",
    "ALTER TABLE t ADD COLUMN z uuid DEFAULT gen_random_uuid()",
    "ALTER TABLE t ADD COLUMN z text DEFAULT 'x' || random()::text",
    "ALTER TABLE t ADD COLUMN z double precision DEFAULT random()",
    "ALTER TABLE t ADD COLUMN z integer DEFAULT nextval('numbers')",
    "ALTER TABLE t ADD COLUMN z integer DEFAULT changing()",
    "ALTER TABLE t ADD COLUMN z integer DEFAULT steady()",
    "ALTER TABLE t ADD COLUMN z serial",
    "ALTER TABLE t ADD COLUMN z bigserial",
    "ALTER TABLE t ADD COLUMN z bigint GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE t ADD COLUMN z integer GENERATED ALWAYS AS (id + 1) STORED",
    "ALTER TABLE t ADD COLUMN z plain",
    "ALTER TABLE t ADD COLUMN z three",
    "ALTER TABLE t ADD COLUMN z filled",
    "ALTER TABLE t ADD COLUMN z filled DEFAULT 'x'",
    "ALTER TABLE t ADD COLUMN z present DEFAULT 1",
    "ALTER TABLE t ADD COLUMN z filled[]",
    "ALTER TABLE t ADD COLUMN z integer CHECK (z > 0)",
    "ALTER TABLE t ADD COLUMN z integer DEFAULT 1 CHECK (z > 0)",
    "ALTER TABLE t ADD COLUMN z integer UNIQUE",
    "ALTER TABLE t ADD COLUMN z integer REFERENCES others",
    "ALTER TABLE t ADD COLUMN z integer DEFAULT NULL REFERENCES others",
    "ALTER TABLE t ADD COLUMN z integer DEFAULT 1 REFERENCES others",
    "ALTER TABLE t ADD COLUMN z integer, ADD FOREIGN KEY (z) REFERENCES others",
    "ALTER TABLE t ADD COLUMN z integer, ADD CHECK (z > 0)",
    "ALTER TABLE t ADD FOREIGN KEY (f) REFERENCES others",
    "ALTER TABLE t ADD FOREIGN KEY (f) REFERENCES others NOT VALID",
    "ALTER TABLE t ADD CHECK (i > 0)",
    "ALTER TABLE t ADD CHECK (i > 0) NOT VALID",
    "ALTER TABLE t ADD CONSTRAINT c CHECK (i > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c",
    "ALTER TABLE t ADD UNIQUE (i)",
    "ALTER TABLE t ADD CONSTRAINT c UNIQUE USING INDEX t_u",
    "ALTER TABLE keyless ADD PRIMARY KEY (id)",
    "ALTER TABLE keyless ADD PRIMARY KEY USING INDEX keyless_id",
    "ALTER TABLE keyless ADD PRIMARY KEY USING INDEX keyless_loose",
    "ALTER TABLE t ADD EXCLUDE USING gist (during WITH &&)",
    "ALTER TABLE t ALTER COLUMN id SET NOT NULL",
    "ALTER TABLE t ALTER COLUMN held SET NOT NULL",
    "ALTER TABLE t ALTER COLUMN held SET NOT NULL, DROP CONSTRAINT t_held",
    "ALTER TABLE t ALTER COLUMN half SET NOT NULL",
    "ALTER TABLE t ALTER COLUMN either SET NOT NULL",
    "ALTER TABLE t ALTER COLUMN late SET NOT NULL",
    "ALTER TABLE t ALTER COLUMN u SET NOT NULL",
    "ALTER TABLE t ALTER COLUMN v10 TYPE text",
    "ALTER TABLE t ALTER COLUMN v10 TYPE text USING v10",
    "ALTER TABLE t ALTER COLUMN v10 TYPE text USING v10::text",
    "ALTER TABLE t ALTER COLUMN v10 TYPE text USING upper(v10)",
    "ALTER TABLE t ALTER COLUMN v10 TYPE text USING v",
    "ALTER TABLE t ALTER COLUMN v10 TYPE text USING 'x'",
    "ALTER TABLE t ALTER COLUMN v10 TYPE varchar(20) USING v10::varchar(15)",
    "ALTER TABLE t ALTER COLUMN v10 TYPE varchar(20) USING v10::varchar(5)",
    "ALTER TABLE t ALTER COLUMN i TYPE integer",
    "ALTER TABLE t ALTER COLUMN i TYPE integer USING i + 1",
    "ALTER TABLE t ALTER COLUMN i TYPE integer USING i::text::integer",
    "ALTER TABLE t ALTER COLUMN v TYPE mood USING v::mood",
    "ALTER TABLE t ALTER COLUMN chk TYPE text",
    "ALTER TABLE t ALTER COLUMN chk TYPE varchar(10)",
    "ALTER TABLE t ALTER COLUMN ix TYPE text",
    "ALTER TABLE t ALTER COLUMN px TYPE text",
    "ALTER TABLE t ALTER COLUMN ex TYPE varchar(20)",
    "ALTER TABLE t ALTER COLUMN ts TYPE timestamptz",
    "SET LOCAL timezone = 'UTC'; ALTER TABLE t ALTER COLUMN ts TYPE timestamptz",
    "SET LOCAL TIME ZONE 'Etc/UTC'; ALTER TABLE t ALTER COLUMN ts TYPE timestamptz USING ts::timestamptz",
    "SET LOCAL timezone = 'UTC'; ALTER TABLE t ALTER COLUMN ts TYPE timestamptz USING ts AT TIME ZONE 'UTC'",
    "SET LOCAL timezone = 'UTC'; ALTER TABLE t ALTER COLUMN at TYPE timestamptz",
    "SET LOCAL timezone = 'UTC'; SET LOCAL timezone = 'Europe/Berlin'; ALTER TABLE t ALTER COLUMN ts TYPE timestamptz",
    "ALTER TABLE t ALTER COLUMN i SET DEFAULT 5",
    "ALTER TABLE t ALTER COLUMN v SET STORAGE external",
    "ALTER TABLE t ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE t SET UNLOGGED",
    "ALTER TABLE t REPLICA IDENTITY FULL",
    "ALTER TABLE t SET (fillfactor = 70)",
    "ALTER TABLE t RENAME CONSTRAINT t_chk TO named",
    "ALTER TABLE parts ATTACH PARTITION bound FOR VALUES FROM ('2028-01-01') TO ('2029-01-01')",
    "ALTER TABLE empty_parts ADD CHECK (id > 0)",
    "ALTER TABLE parts ADD CHECK (id > 0)",
    "ALTER TABLE parts ALTER COLUMN id TYPE bigint",
    "ALTER TABLE empty_parts ALTER COLUMN id TYPE bigint",
    "CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM ('2030-01-01') TO ('2031-01-01')",
    "CREATE TABLE fresh (id integer); ALTER TABLE fresh ALTER COLUMN id TYPE bigint; ALTER TABLE fresh ADD CHECK (id > 0)",
    "CREATE TABLE fresh (id integer REFERENCES others)",
    "DO $$ BEGIN ALTER TABLE t ADD CONSTRAINT t_chk CHECK (true); EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 't_chk') THEN ALTER TABLE t ADD CONSTRAINT t_chk CHECK (true); END IF; END $$",
    "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'fresh') THEN ALTER TABLE t ADD CONSTRAINT fresh CHECK (true); END IF; END $$",
];

/// From 18 on.
const NEWER: &[&str] = &[
    "ALTER TABLE t ADD COLUMN z integer GENERATED ALWAYS AS (id + 1) VIRTUAL",
    "ALTER TABLE t ADD CONSTRAINT c NOT NULL i NOT VALID",
    "ALTER TABLE t ADD CONSTRAINT c NOT NULL u",
    "ALTER TABLE t ADD CONSTRAINT c NOT NULL u NOT VALID; ALTER TABLE t ALTER COLUMN u SET NOT NULL",
];

/// The rules about a table that is written anew, read as a whole, or indexed.
const WRITTEN: &[&str] = &[
    "column-type-rewrites",
    "serial-or-identity-rewrites",
    "set-logged-rewrites",
    "stored-generated-rewrites",
    "vacuum-full-locks",
    "volatile-default-rewrites",
];
const READ: &[&str] = &[
    "attach-without-check",
    "check-validates",
    "column-type-rewrites",
    "exclusion-builds-index",
    "foreign-key-validates",
    "index-not-concurrent",
    "primary-key-builds-index",
    "refresh-not-concurrent",
    "reindex-not-concurrent",
    "set-not-null-scans",
    "unique-builds-index",
    "validate-in-same-transaction",
];

/// What the build says of the last migration: the rules of the group.
fn said(config: &Config, migrations: &[&str]) -> Vec<Diagnostic> {
    let files: Vec<(String, &str)> =
        migrations.iter().enumerate().map(|(i, text)| (format!("{:04}_m.sql", i + 1), *text)).collect();
    let sources = Sources::from_texts(files.iter().map(|(name, text)| (name.as_str(), *text)));
    let last = &files.last().unwrap().0;
    let mut all = analyze(sources, config).diagnostics;
    let broken: Vec<_> = all.iter().filter(|d| d.sqlstate.is_some()).map(|d| &d.message).collect();
    assert!(broken.is_empty(), "{migrations:?}: {broken:?}");
    let safety = |d: &Diagnostic| rules::find(d.rule).is_some_and(|rule| rule.group == Group::Safety);
    all.retain(|d| d.file == *last && safety(d));
    all
}

fn ids(diagnostics: &[Diagnostic]) -> BTreeSet<&'static str> {
    diagnostics.iter().map(|d| d.rule).collect()
}

/// What the server did.
#[derive(Debug, Default, PartialEq, Eq)]
struct Done {
    /// Tables were written anew.
    written: bool,
    /// What it says of reading tables and building indexes.
    read: Vec<String>,
}

struct Server {
    client: Client,
    heard: Arc<Mutex<Vec<String>>>,
    _database: TestDatabase,
}

impl Server {
    fn new() -> Self {
        let database = glowplug_tests::postgres();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let to = Arc::clone(&heard);
        let mut config: postgres::Config = database.url().parse().unwrap();
        config.notice_callback(move |notice| to.lock().unwrap().push(notice.message().to_owned()));
        let mut client = config.connect(postgres::NoTls).unwrap();
        client.batch_execute("SET timezone = 'Europe/Berlin'; SET client_min_messages = debug1").unwrap();
        Self { client, heard, _database: database }
    }

    fn files(&mut self) -> BTreeSet<(String, String)> {
        let query = "SELECT oid::regclass::text, pg_relation_filenode(oid)::text FROM pg_class
                      WHERE relkind IN ('r', 'm') AND relnamespace = 'public'::regnamespace";
        self.client.query(query, &[]).unwrap().into_iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// Runs a statement and takes it back; `None` where the server refuses it.
    fn run(&mut self, statement: &str) -> Result<Done, String> {
        let before = self.files();
        self.client.batch_execute("SAVEPOINT s").unwrap();
        self.heard.lock().unwrap().clear();
        let outcome = self.client.batch_execute(statement);
        let heard = std::mem::take(&mut *self.heard.lock().unwrap());
        let outcome = match outcome {
            Err(error) => Err(error.as_db_error().map_or(error.to_string(), |e| e.message().to_owned())),
            Ok(()) => {
                let written = before.difference(&self.files()).next().is_some();
                let of_old =
                    |said: &String| before.iter().any(|(table, _)| said.contains(&format!("table \"{table}\"")));
                let read = heard.into_iter().filter(|said| {
                    (said.starts_with("verifying table") || said.starts_with("building index")) && of_old(said)
                        || said.starts_with("validating foreign key")
                });
                // Where a table is written anew its indexes are, too.
                let mut read: Vec<String> = read.collect();
                if written {
                    read.clear();
                }
                // A constraint that is validated is read, though nothing is said of it.
                Ok(Done { written, read })
            }
        };
        self.client.batch_execute("ROLLBACK TO SAVEPOINT s").unwrap();
        outcome
    }
}

/// What the build says and the server does not do, or the other way round.
fn disagreement(rules: &BTreeSet<&str>, done: &Done) -> Option<&'static str> {
    let written = rules.iter().any(|id| WRITTEN.contains(id));
    let read = rules.iter().any(|id| READ.contains(id) || WRITTEN.contains(id));
    match (written, read, done) {
        (false, _, Done { written: true, .. }) => Some("the server writes the table anew"),
        (_, false, Done { read: of, .. }) if !of.is_empty() => Some("the server reads the table"),
        (_, true, Done { written: false, read: of }) if of.is_empty() => Some("the server neither reads nor writes it"),
        _ => None,
    }
}

#[test]
fn what_is_said_of_a_statement_is_what_the_server_does() {
    let major = PostgresServer::shared().major();
    let mut server = Server::new();
    server.client.batch_execute(&format!("{BEFORE}{ROWS}; BEGIN")).unwrap();
    let mut amiss = String::new();
    let (mut fired, mut compared) = (BTreeSet::new(), 0);
    for statement in STATEMENTS.iter().chain(NEWER.iter().filter(|_| major >= 18)) {
        let rules = said(&Config::new(Backend::Postgres), &[BEFORE, statement]);
        // A materialized view is written anew by a REFRESH, which is what it is for; attaching and validating say nothing.
        let silent = ["REFRESH", "REINDEX", "CLUSTER"].iter().any(|w| statement.starts_with(w));
        let done = server.run(statement).unwrap_or_else(|said| panic!("{statement}: {said}"));
        compared += 1;
        let ids = ids(&rules);
        if silent || statement.contains("VALIDATE CONSTRAINT") {
            assert!(!ids.is_empty(), "{statement}");
        } else if let Some(what) = disagreement(&ids, &done) {
            writeln!(amiss, "{statement}\n    said: {ids:?}\n    {what}: {:?}", done.read).unwrap();
        }
        fired.extend(ids);
    }
    assert!(amiss.is_empty(), "{amiss}");
    assert!(compared >= STATEMENTS.len(), "{compared}");
    let unheard: Vec<_> = WRITTEN.iter().chain(READ).filter(|id| !fired.contains(*id)).collect();
    assert_eq!(unheard, [&"attach-without-check"], "of some rules nothing is tried");
}

/// Types of columns. A change from each to each is tried.
const TYPES: &[&str] = &[
    "text",
    "varchar",
    "varchar(10)",
    "varchar(20)",
    "char(10)",
    "char(20)",
    "bpchar",
    "name",
    "smallint",
    "integer",
    "bigint",
    "numeric",
    "numeric(10,2)",
    "numeric(12,2)",
    "numeric(12,3)",
    "numeric(9,2)",
    "real",
    "double precision",
    "oid",
    "regclass",
    "boolean",
    "timestamp",
    "timestamp(3)",
    "timestamp(5)",
    "timestamp(6)",
    "timestamptz",
    "timestamptz(3)",
    "time",
    "time(3)",
    "timetz",
    "date",
    "interval",
    "interval(3)",
    "interval hour to minute",
    "cidr",
    "inet",
    "macaddr",
    "uuid",
    "json",
    "jsonb",
    "xml",
    "bytea",
    "bit(5)",
    "bit(6)",
    "varbit",
    "varbit(5)",
    "varbit(9)",
    "mood",
    "tones",
    "plain",
    "filled",
    "short",
    "text[]",
    "varchar[]",
    "varchar(10)[]",
    "varchar(20)[]",
    "integer[]",
    "bigint[]",
    "mood[]",
    "int4range",
    "money",
    "tsvector",
    "jsonpath",
];

const OWN_TYPES: &str = "
    CREATE TYPE mood AS ENUM ('ok');
    CREATE TYPE tones AS ENUM ('ok');
    CREATE DOMAIN plain AS text;
    CREATE DOMAIN filled AS text CHECK (value <> '');
    CREATE DOMAIN short AS varchar(10);
";

/// Changes a column as it is or, where that does not do, by a cast; answers the statement that went through, and whether it
/// wrote the table anew. The server decides on a table without rows as on any other.
const TRY: &str = "
    CREATE FUNCTION try(n integer, target text, OUT statement text, OUT written boolean) LANGUAGE plpgsql AS $$
    DECLARE
        before oid := pg_relation_filenode(format('m%s', n)::regclass);
    BEGIN
        BEGIN
            statement := format('ALTER TABLE m%s ALTER COLUMN c TYPE %s', n, target);
            EXECUTE statement;
        EXCEPTION WHEN others THEN
            BEGIN
                statement := format('ALTER TABLE m%s ALTER COLUMN c TYPE %s USING c::%s', n, target, target);
                EXECUTE statement;
            EXCEPTION WHEN others THEN
                statement := NULL;
            END;
        END;
        written := pg_relation_filenode(format('m%s', n)::regclass) <> before;
    END $$;
";

#[test]
fn changes_of_type_write_what_is_said() {
    let database = glowplug_tests::postgres();
    let mut client = database.client();
    client.batch_execute(&format!("{OWN_TYPES}{TRY}SET timezone = 'Europe/Berlin'")).unwrap();
    let (mut amiss, mut compared, mut free) = (String::new(), 0, 0);
    for from in TYPES {
        let mut transaction = client.transaction().unwrap();
        let tables: String = (0..TYPES.len()).map(|n| format!("CREATE TABLE m{n} (c {from});\n")).collect();
        transaction.batch_execute(&tables).unwrap();
        let query = "SELECT (o - 1)::integer, t.statement, t.written
                       FROM unnest($1::text[]) WITH ORDINALITY u (target, o), try((o - 1)::integer, target) t
                      WHERE t.statement IS NOT NULL ORDER BY o";
        let rows = transaction.query(query, &[&TYPES]).unwrap();
        transaction.rollback().unwrap();
        let done: Vec<(i32, String, bool)> = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
        let statements: Vec<&str> = done.iter().map(|(_, statement, _)| statement.as_str()).collect();
        let rules = said(&Config::new(Backend::Postgres), &[OWN_TYPES, &tables, &statements.join(";\n")]);
        for (n, statement, written) in done {
            compared += 1;
            free += u32::from(!written);
            let of_table = format!("\"m{n}\"");
            let said = rules.iter().any(|d| d.rule == "column-type-rewrites" && d.message.contains(&of_table));
            if said != written {
                writeln!(amiss, "{from}: {statement}: said {said}, written {written}").unwrap();
            }
        }
    }
    assert!(amiss.is_empty(), "{amiss}");
    assert!(compared > 800 && free > 120, "{compared} {free}");
}

#[track_caller]
fn expect(migrations: &[&str], expected: &[&str]) {
    let found = said(&Config::new(Backend::Postgres), migrations);
    let found: Vec<&str> = found.iter().map(|d| d.rule).collect();
    assert_eq!(found, expected, "{migrations:?}");
}

const USERS: &str = "CREATE TABLE users (id bigint PRIMARY KEY, email text, name text NOT NULL, big boolean);";

#[test]
fn what_has_no_other_users_is_left_alone() {
    let index = "CREATE INDEX users_email ON users (email);";
    expect(&[USERS, index], &["index-not-concurrent"]);
    expect(&[&format!("{USERS} {index}")], &[]);
    // Filled, or under another name: it is this migration's until the commit.
    expect(&[&format!("{USERS} INSERT INTO users SELECT g, '', '' FROM generate_series(1, 9) g; {index}")], &[]);
    expect(&[&format!("{USERS} ALTER TABLE users RENAME TO people; CREATE INDEX i ON people (email);")], &[]);
    expect(
        &[
            USERS,
            "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people; CREATE INDEX i ON people (email);",
        ],
        &["index-not-concurrent"],
    );
    // Outside a transaction others see it as soon as it is there.
    let outside = "-- glowplug: no-transaction\n";
    expect(&[&format!("{outside}{USERS} {index}")], &[]);
    expect(
        &[&format!("{outside}{USERS} INSERT INTO users (id, name) VALUES (1, ''); {index}")],
        &["index-not-concurrent"],
    );
    expect(&["CREATE TEMPORARY TABLE scratch AS SELECT 1 AS a; CREATE INDEX i ON scratch (a);"], &[]);
    expect(
        &[USERS, "CREATE TABLE IF NOT EXISTS users (id bigint); CREATE INDEX i ON users (email);"],
        &["index-not-concurrent"],
    );
    expect(&[USERS, "CREATE TABLE copies AS SELECT * FROM users; ALTER TABLE copies ADD PRIMARY KEY (id);"], &[]);
    let parts = "CREATE TABLE parts (id int, at date) PARTITION BY RANGE (at);";
    expect(&[parts, "CREATE INDEX i ON parts (id);"], &[]);
    let filled = format!("{parts} CREATE TABLE parts_1 PARTITION OF parts DEFAULT;");
    expect(&[&filled, "CREATE INDEX i ON parts (id);"], &["index-not-concurrent"]);
    expect(
        &[
            &filled,
            "CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01'); CREATE INDEX i ON parts_2 (id);",
        ],
        &[],
    );
}

#[test]
fn what_is_not_known_is_left_alone() {
    let index = "CREATE INDEX users_email ON users (email);";
    expect(&[USERS, &format!("DO $$ BEGIN EXECUTE current_setting('app.sql'); END $$; {index}")], &[]);
    expect(
        &[
            USERS,
            "DO $$ BEGIN EXECUTE format('DROP TABLE IF EXISTS %I', current_setting('app.t')); END $$; ALTER TABLE users ALTER COLUMN email SET NOT NULL;",
        ],
        &[],
    );
    // Refused, and that is said; not this too.
    let sources = Sources::from_texts([
        ("1_a.sql", USERS),
        ("2_b.sql", "ALTER TABLE users ADD CONSTRAINT c CHECK (missing > 0);"),
    ]);
    let rules: Vec<_> = analyze(sources, &Config::new(Backend::Postgres)).diagnostics.iter().map(|d| d.rule).collect();
    assert!(!rules.contains(&"check-validates"), "{rules:?}");
}

#[test]
fn settings_and_allows_are_followed() {
    let index = "CREATE INDEX users_email ON users (email);";
    let mut config = Config::new(Backend::Postgres);
    config.small_tables = vec![SmallTable { name: "users".to_owned(), span: Span::default() }];
    assert_eq!(ids(&said(&config, &[USERS, index])), BTreeSet::new());
    // What running code reads does not hang on how many rows there are.
    assert_eq!(ids(&said(&config, &[USERS, "ALTER TABLE users DROP COLUMN email;"])), BTreeSet::from(["drop-column"]));
    let mut config = Config::new(Backend::Postgres);
    config.small_tables = vec![SmallTable { name: "user".to_owned(), span: Span::new(3, 7) }];
    let analysis = analyze(Sources::from_texts([("1_a.sql", USERS)]), &config);
    let told: Vec<_> = analysis.diagnostics.iter().filter(|d| d.rule == "config").collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].message, "no migration makes a table `user`");
    assert_eq!(told[0].help.as_deref(), Some("did you mean `users`?"));
    for (lint, expected) in
        [("safety", Level::Warn), ("index-not-concurrent", Level::Warn), ("drop-column", Level::Deny)]
    {
        let mut config = Config::new(Backend::Postgres);
        config.lints.insert(lint.to_owned(), Level::Warn);
        assert_eq!(said(&config, &[USERS, index])[0].level, expected, "{lint}");
    }
    let mut config = Config::new(Backend::Postgres);
    config.enforce_from = Some("0003".to_owned());
    assert_eq!(ids(&said(&config, &[USERS, index])), BTreeSet::new());
    expect(&[USERS, &format!("-- glowplug: allow(index-not-concurrent, reason = \"at night\")\n{index}")], &[]);
}

#[test]
fn running_code() {
    expect(&[USERS, "ALTER TABLE users RENAME TO people;"], &["rename-table"]);
    expect(&[USERS, "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people;"], &[]);
    expect(&[USERS, "ALTER TABLE users RENAME COLUMN email TO mail;"], &["rename-column"]);
    expect(
        &[
            USERS,
            "ALTER TABLE users ADD COLUMN a int; ALTER TABLE users RENAME COLUMN a TO b; ALTER TABLE users DROP COLUMN b;",
        ],
        &[],
    );
    expect(&[USERS, "ALTER TABLE users RENAME TO a; ALTER TABLE a RENAME TO b;"], &["rename-table"]);
    expect(&[USERS, "ALTER TABLE users RENAME TO a; ALTER TABLE a RENAME TO users;"], &[]);
    expect(
        &[
            USERS,
            "ALTER TABLE users ADD CONSTRAINT u UNIQUE (email, name);",
            "ALTER TABLE users DROP CONSTRAINT u; ALTER TABLE users ADD CONSTRAINT v UNIQUE (name, email);",
        ],
        &["unique-builds-index"],
    );
    expect(&[USERS, "ALTER TABLE users ADD COLUMN a int; ALTER TABLE users DROP COLUMN a;"], &[]);
    expect(&[USERS, "ALTER TABLE users DROP COLUMN IF EXISTS nothing;"], &[]);
    expect(&[USERS, "DROP TABLE users;"], &["drop-table"]);
    expect(&[&format!("{USERS} DROP TABLE users;")], &[]);
    expect(
        &[
            USERS,
            "CREATE TABLE users_new (LIKE users INCLUDING ALL); INSERT INTO users_new SELECT * FROM users; DROP TABLE users; ALTER TABLE users_new RENAME TO users;",
        ],
        &[],
    );
    expect(&[USERS, "DROP TABLE IF EXISTS nothing;"], &[]);
    expect(&[USERS, "TRUNCATE users;"], &["truncate"]);
    expect(&[USERS, "ALTER TABLE users ALTER COLUMN name DROP NOT NULL;"], &["drop-not-null"]);
    expect(&[USERS, "ALTER TABLE users ALTER COLUMN email DROP NOT NULL;"], &[]);
    let posts =
        format!("{USERS} CREATE TABLE posts (id bigint PRIMARY KEY, author bigint CONSTRAINT by REFERENCES users);");
    expect(&[&posts, "DROP TABLE users CASCADE;"], &["drop-table", "drop-cascade"]);
    expect(&[&posts, "DROP TABLE posts, users CASCADE;"], &["drop-table", "drop-table"]);
    expect(&[&posts, "DROP TABLE posts CASCADE;"], &["drop-table"]);
    expect(&[&posts, "ALTER TABLE posts DROP CONSTRAINT by;"], &["drop-constraint"]);
    expect(
        &[
            &posts,
            "ALTER TABLE posts DROP CONSTRAINT by; ALTER TABLE posts ADD CONSTRAINT by2 FOREIGN KEY (author) REFERENCES users ON DELETE CASCADE NOT VALID;",
        ],
        &[],
    );
    expect(&[&posts, "ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE;"], &["drop-constraint", "drop-cascade"]);
    let mood = "CREATE TYPE mood AS ENUM ('sad');";
    expect(&[mood, "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';"], &["rename-enum-value"]);
    expect(&[&format!("{mood} ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';")], &[]);
}

#[test]
fn rows() {
    expect(&[USERS, "UPDATE users SET name = '';"], &["update-all-rows"]);
    expect(&[USERS, "UPDATE users SET name = '' WHERE email IS NULL;"], &[]);
    expect(
        &[USERS, "ALTER TABLE users ADD COLUMN a text; UPDATE users SET a = name WHERE a IS NULL;"],
        &["update-all-rows"],
    );
    expect(
        &[USERS, "ALTER TABLE users ADD COLUMN a text DEFAULT ''; UPDATE users SET a = name WHERE a = '';"],
        &["data-and-schema-mixed"],
    );
    expect(&[USERS, "ALTER TABLE users ADD COLUMN a text; UPDATE users SET a = name WHERE id = 3;"], &[]);
    expect(&[USERS, "ALTER TABLE users ADD COLUMN a text; UPDATE users SET a = name WHERE id IN (1, 2) AND big;"], &[]);
    expect(
        &[
            USERS,
            "ALTER TABLE users ADD COLUMN a text; INSERT INTO users (id, name) VALUES (1, '') ON CONFLICT DO NOTHING;",
        ],
        &[],
    );
    expect(&[USERS, "DELETE FROM users;"], &["delete-all-rows"]);
    expect(&[USERS, "DELETE FROM users WHERE big;"], &[]);
    expect(
        &[USERS, "CREATE TABLE a (id int); INSERT INTO a SELECT id FROM users; UPDATE a SET id = 1; DELETE FROM a;"],
        &[],
    );
    expect(&[USERS, "LOCK TABLE users IN SHARE UPDATE EXCLUSIVE MODE;"], &[]);
    expect(&[USERS, "LOCK TABLE users;"], &["lock-table"]);
}

/// The help is SQL that the server takes, in the order that it says.
#[test]
fn what_is_advised_runs() {
    let database = glowplug_tests::postgres();
    let mut client = database.client();
    client
        .batch_execute(&format!(
            "{USERS} CREATE TABLE \"Odd\" (\"a b\" int, r bigint); CREATE INDEX odd_r ON \"Odd\" (r);"
        ))
        .unwrap();
    let before = format!("{USERS} CREATE TABLE \"Odd\" (\"a b\" int, r bigint); CREATE INDEX odd_r ON \"Odd\" (r);");
    for statement in [
        "CREATE UNIQUE INDEX i ON \"Odd\" USING btree (\"a b\" DESC, lower(r::text)) WHERE r > 0;",
        "DROP INDEX odd_r;",
        "ALTER TABLE \"Odd\" ADD CONSTRAINT c CHECK (\"a b\" > 0);",
        "ALTER TABLE \"Odd\" ADD FOREIGN KEY (r) REFERENCES users (id);",
        "ALTER TABLE \"Odd\" ALTER COLUMN \"a b\" SET NOT NULL;",
        "ALTER TABLE \"Odd\" ADD PRIMARY KEY (\"a b\");",
        "REINDEX TABLE \"Odd\";",
    ] {
        let found = said(&Config::new(Backend::Postgres), &[&before, statement]);
        let help = found.iter().filter_map(|d| d.help.as_deref()).next().unwrap_or_else(|| panic!("{statement}"));
        let words = ["CREATE ", "DROP ", "ALTER ", "REINDEX "];
        let starts = words.iter().filter_map(|w| help.find(w)).min().unwrap_or_else(|| panic!("{help}"));
        for part in help[starts..].split(';').filter(|part| !part.trim().is_empty()) {
            let Some(at) = words.iter().filter_map(|w| part.find(w)).min() else { continue };
            client.batch_execute(&part[at..]).unwrap_or_else(|error| panic!("{help}\n{}\n{error:?}", &part[at..]));
        }
    }
}
