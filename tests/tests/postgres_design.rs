//! What the rules of the group `design` say of PostgreSQL, held against the server: whether its catalog has what a verdict
//! says, whether it can look a foreign key's rows up, and whether it does what the rules' pages say that it does.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use glowplug_analysis::{Analysis, Backend, Config, Group, Level, Sources, analyze, rules};
use glowplug_tests::TestDatabase;
use postgres::{Client, SimpleQueryMessage};

/// A folder with one of each, so that no verdict goes without a server's.
const MIGRATIONS: &[&str] = &[
    "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, code varchar(20) UNIQUE, nick varchar(10) NOT NULL);
     CREATE TABLE teams (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant bigint NOT NULL, name text,
         CONSTRAINT teams_tenant_key UNIQUE (tenant, id));
     CREATE TABLE posts (id bigint PRIMARY KEY, author integer REFERENCES users, editor integer REFERENCES users,
         team integer REFERENCES teams, code varchar(10) REFERENCES users (code), up bigint REFERENCES posts,
         tenant bigint, own_team bigint, other_tenant bigint, other_team bigint, at timestamptz,
         CONSTRAINT posts_own FOREIGN KEY (tenant, own_team) REFERENCES teams (tenant, id),
         CONSTRAINT posts_other FOREIGN KEY (other_tenant, other_team) REFERENCES teams (tenant, id));",
    "CREATE INDEX posts_author ON posts (author);
     CREATE INDEX posts_author_at ON posts (author, at);
     CREATE INDEX posts_editor ON posts (editor) WHERE at IS NOT NULL;
     CREATE INDEX posts_team ON posts (team) WHERE team IS NOT NULL;
     CREATE INDEX posts_code ON posts USING hash (code);
     CREATE INDEX posts_up ON posts (at, up);
     CREATE INDEX posts_own ON posts (own_team DESC, tenant, at);
     CREATE UNIQUE INDEX users_nick ON users (nick);
     CREATE INDEX users_code ON users (code);",
    "CREATE TABLE log (at timestamptz NOT NULL, what text);
     CREATE TABLE gone (at timestamptz NOT NULL);
     CREATE TABLE kept (id bigint NOT NULL UNIQUE);
     CREATE TABLE late (id bigint NOT NULL UNIQUE DEFERRABLE);
     CREATE TABLE parts (id bigint NOT NULL, team bigint REFERENCES teams) PARTITION BY HASH (id);
     CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
     CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
     CREATE TABLE base (id bigint PRIMARY KEY, n integer, CONSTRAINT base_n CHECK (n > 0) NOT VALID);
     CREATE TABLE child () INHERITS (base);",
    "DROP TABLE gone;
     ALTER TABLE base ADD CONSTRAINT base_small CHECK (n < 9) NOT VALID;
     ALTER TABLE base ADD CONSTRAINT base_odd CHECK (n % 2 = 1) NOT VALID;
     ALTER TABLE posts ADD CONSTRAINT posts_at CHECK (at > '2000-01-01 00:00+00') NOT VALID;
     ALTER TABLE base VALIDATE CONSTRAINT base_odd;
     DROP INDEX users_nick;",
];

fn rows(client: &mut Client, query: &str) -> BTreeSet<String> {
    let messages = client.simple_query(query).unwrap_or_else(|error| panic!("{query}\n{error:?}"));
    let rows = messages.iter().filter_map(|m| if let SimpleQueryMessage::Row(row) = m { Some(row) } else { None });
    rows.map(|row| row.get(0).unwrap_or_default().to_owned()).collect()
}

fn analysed(texts: &[&str]) -> Analysis {
    let names: Vec<String> = (1..=texts.len()).map(|n| format!("{n:04}_step.sql")).collect();
    let sources = Sources::from_texts(names.iter().map(String::as_str).zip(texts.iter().copied()));
    analyze(sources, &Config::new(Backend::Postgres))
}

/// The verdicts that [`live`] has a query for.
fn verdicts(analysis: &Analysis) -> BTreeSet<String> {
    let asked = [
        "foreign-key-without-index",
        "table-without-primary-key",
        "constraint-never-validated",
        "fk-narrower-than-key",
        "integer-primary-key",
        "redundant-index",
    ];
    let found = analysis.diagnostics.iter().filter(|d| asked.contains(&d.rule));
    found
        .map(|d| match d.rule {
            // Which of the others makes it so is told by the analysis alone.
            "redundant-index" => {
                d.message.split(" does what").next().unwrap().split(" is the").next().unwrap().to_owned()
            }
            _ => d.message.clone(),
        })
        .collect()
}

/// What PostgreSQL's own catalog says of the same, in the same words. Which expressions are one, the server knows better:
/// indexes of them are left out unless asked for.
fn live(client: &mut Client, expressions: bool) -> BTreeSet<String> {
    const OWN: &str = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%' AND r.relpersistence <> 't'
        AND r.relkind IN ('r', 'p')";
    // The smallest and the greatest kind of integer, and how long a text may be.
    const WIDTH: &str = "CASE format_type(X.atttypid, NULL) WHEN 'smallint' THEN 1 WHEN 'integer' THEN 2 WHEN 'bigint' THEN 3
        WHEN 'text' THEN 2000000000 WHEN 'character varying' THEN CASE WHEN X.atttypmod < 0 THEN 2000000000 ELSE X.atttypmod + 100 END END";
    let queries = [
        format!(
            "SELECT format('no index of \"%s\" starts with its foreign key (%s)', r.relname,
                    (SELECT string_agg(a.attname, ', ' ORDER BY k.at) FROM unnest(c.conkey) WITH ORDINALITY k (num, at)
                       JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = k.num))
               FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace
              WHERE c.contype = 'f' AND c.conparentid = 0 AND {OWN}
                AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = r.oid
                      AND ((string_to_array(i.indkey::text, ' ')::int2[])[1:cardinality(c.conkey)] @> c.conkey
                           OR (string_to_array(i.indkey::text, ' ')::int2[])[1:i.indnkeyatts] <@ c.conkey)
                      AND (i.indpred IS NULL OR pg_get_expr(i.indpred, r.oid) ~ '^\\(\\w+ IS NOT NULL\\)$'
                           AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = r.oid AND a.attnum = ANY (c.conkey)
                                 AND pg_get_expr(i.indpred, r.oid) = format('(%I IS NOT NULL)', a.attname))))"
        ),
        format!(
            "SELECT format('table \"%s\" has no primary key', r.relname)
               FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace
              WHERE {OWN} AND NOT r.relispartition
                AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = r.oid AND (i.indisprimary
                      OR i.indisunique AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
                         AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = r.oid AND NOT a.attnotnull
                               AND a.attnum = ANY ((string_to_array(i.indkey::text, ' ')::int2[])[1:i.indnkeyatts]))))"
        ),
        format!(
            "SELECT format('constraint \"%s\" of \"%s\" is NOT VALID, and nothing validates it', c.conname, r.relname)
               FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace
              WHERE NOT c.convalidated AND c.conparentid = 0 AND c.conislocal AND {OWN}
                AND to_jsonb(c) ->> 'conenforced' IS DISTINCT FROM 'false'"
        ),
        format!(
            "SELECT format('\"%s\" of \"%s\" is %s, and what it points at, \"%s\" of \"%s\", is %s', a.attname, r.relname,
                    format_type(a.atttypid, a.atttypmod), b.attname, p.relname, format_type(b.atttypid, b.atttypmod))
               FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace
               JOIN pg_class p ON p.oid = c.confrelid
               CROSS JOIN unnest(c.conkey, c.confkey) k (own, other)
               JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = k.own
               JOIN pg_attribute b ON b.attrelid = p.oid AND b.attnum = k.other
              WHERE c.contype = 'f' AND c.conparentid = 0 AND {OWN} AND ({}) < ({})
                AND (({0}) <= 3) = (({1}) <= 3)",
            WIDTH.replace('X', "a"),
            WIDTH.replace('X', "b"),
        ),
        format!(
            "SELECT format('the primary key \"%s\" of \"%s\" ends at %s', a.attname, r.relname,
                    CASE a.atttypid WHEN 'int2'::regtype THEN '32,767' ELSE '2,147,483,647' END)
               FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace
               JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = c.conkey[1]
               LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
              WHERE c.contype = 'p' AND cardinality(c.conkey) = 1 AND a.atttypid IN ('int2'::regtype, 'int4'::regtype) AND {OWN}
                AND NOT r.relispartition AND (a.attidentity <> '' OR pg_get_expr(d.adbin, r.oid) LIKE 'nextval%')
                AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.conrelid = r.oid AND f.contype = 'f' AND f.conkey = c.conkey)"
        ),
        format!(
            "WITH indexes AS (
                 SELECT i.*, c.relname, m.amname, array_length(k.num, 1) AS length, k.num,
                        coalesce(pg_get_expr(i.indpred, i.indrelid), '') AS predicate
                   FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
                  CROSS JOIN LATERAL (
                      SELECT array_agg(concat_ws(' ', pg_get_indexdef(i.indexrelid, n, true), i.indclass[n - 1],
                                                 i.indcollation[n - 1], i.indoption[n - 1]) ORDER BY n) AS num
                        FROM generate_series(1, i.indnkeyatts) n) k
                  WHERE NOT c.relispartition)
             SELECT DISTINCT format('index \"%s\" of \"%s\"', a.relname, r.relname)
               FROM indexes a JOIN indexes b ON b.indrelid = a.indrelid AND b.indexrelid <> a.indexrelid
               JOIN pg_class r ON r.oid = a.indrelid JOIN pg_namespace n ON n.oid = r.relnamespace
              WHERE {OWN} AND ({expressions} OR a.indexprs IS NULL) AND a.amname = b.amname AND a.predicate = b.predicate AND a.indnatts = a.indnkeyatts
                AND NOT a.indisprimary AND NOT a.indisexclusion AND a.num = b.num[1:a.length]
                AND (a.length = b.length OR a.amname = 'btree')
                AND CASE WHEN a.indisunique
                         THEN a.length = b.length AND b.indisunique AND a.indimmediate AND b.indimmediate
                              AND to_jsonb(a) -> 'indnullsnotdistinct' IS NOT DISTINCT FROM to_jsonb(b) -> 'indnullsnotdistinct'
                              AND (b.indisprimary OR a.indexrelid > b.indexrelid)
                         ELSE b.indisunique OR a.length < b.length OR b.indnatts > a.indnatts OR a.indexrelid > b.indexrelid END"
        ),
    ];
    queries.iter().flat_map(|query| rows(client, query)).collect()
}

fn run(database: &TestDatabase, texts: &[&str]) -> Client {
    let mut client = database.client();
    for text in texts {
        client.batch_execute(text).unwrap_or_else(|error| panic!("{text}\n{error:?}"));
    }
    client
}

#[test]
fn verdicts_are_what_the_servers_catalog_says() {
    let analysis = analysed(MIGRATIONS);
    let said = verdicts(&analysis);
    let database = glowplug_tests::postgres();
    let has = live(&mut run(&database, MIGRATIONS), true);
    assert_eq!(said, has);
    // Of each rule something, and of each something that is not said.
    for part in ["no index of", "has no primary key", "NOT VALID", "points at", "ends at", "index \""] {
        assert!(said.iter().any(|line| line.contains(part)), "{part}: {said:#?}");
    }
    assert_eq!(said.len(), 15, "{said:#?}");
}

fn sql_files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|e| e == "sql"));
    files.sort();
    assert!(!files.is_empty(), "no migration in {}", folder.display());
    files
}

/// The repository's own folders, and the scenarios by which its catalog is held against the server's, each without what
/// the server refuses.
#[test]
fn verdicts_on_the_sample_folders() {
    let mut folders: Vec<(String, Vec<String>)> = Vec::new();
    for folder in ["../migrations/postgres", "differential/postgres"] {
        let texts = sql_files(folder).iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
        folders.push((folder.to_owned(), texts));
    }
    for file in sql_files("catalog/postgres") {
        let text = std::fs::read_to_string(&file).unwrap();
        folders.push((file.display().to_string(), text.split("\n\n").map(str::to_owned).collect()));
    }
    let (mut compared, mut found, mut wrong) = (0, 0, Vec::new());
    for (name, texts) in folders {
        let database = glowplug_tests::postgres();
        let mut client = database.client();
        let ran = |text: &&String| client.batch_execute(text).is_ok();
        let texts: Vec<&str> = texts.iter().filter(ran).map(String::as_str).collect();
        let analysis = analysed(&texts);
        let unread = |d: &glowplug_analysis::Diagnostic| {
            let refused = d.level == Level::Deny && rules::find(d.rule).is_some_and(|r| r.group == Group::Correctness);
            refused || d.rule == "opaque-statement"
        };
        let said = verdicts(&analysis);
        found += said.len();
        let certain = !analysis.diagnostics.iter().any(unread) && !analysis.schema.open;
        compared += usize::from(certain);
        wrong.extend(said.difference(&live(&mut client, true)).map(|line| format!("{name}: said, and not so: {line}")));
        if certain {
            wrong.extend(
                live(&mut client, false).difference(&said).map(|line| format!("{name}: so, and not said: {line}")),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 10 && found > 100, "{compared} folders, {found} verdicts");
}

/// What the server asks itself when a row goes that a foreign key points at (`RI_Initial_Check`, `ri_triggers.c`), planned
/// as if reading a whole table were to be avoided at any price.
#[test]
fn the_server_reads_the_whole_table_where_it_is_said() {
    let said = verdicts(&analysed(MIGRATIONS));
    let database = glowplug_tests::postgres();
    let mut client = run(&database, MIGRATIONS);
    // An index whose second column is sought would be read as a whole, rather than the table.
    client.batch_execute("SET enable_seqscan = off; DROP INDEX posts_up").unwrap();
    let keys = rows(
        &mut client,
        "SELECT concat_ws('|', r.relname,
                (SELECT string_agg(a.attname, ', ' ORDER BY k.at) FROM unnest(c.conkey) WITH ORDINALITY k (num, at)
                   JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = k.num),
                (SELECT string_agg(format('%I = (SELECT NULL::%s)', a.attname, format_type(a.atttypid, a.atttypmod)), ' AND ')
                   FROM unnest(c.conkey) k (num) JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = k.num))
           FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid WHERE c.contype = 'f' AND c.conparentid = 0",
    );
    let (mut whole, mut found) = (0, 0);
    for key in &keys {
        let [table, columns, asked] = key.split('|').collect::<Vec<_>>()[..] else { panic!("{key}") };
        let plan = rows(&mut client, &format!("EXPLAIN (COSTS OFF) SELECT 1 FROM {table} WHERE {asked}"));
        let reads_all = plan.iter().any(|line| line.contains("Seq Scan on"));
        assert_eq!(reads_all, !plan.iter().any(|line| line.contains("Index Cond")), "{plan:?}");
        let verdict = format!("no index of \"{table}\" starts with its foreign key ({columns})");
        assert_eq!(said.contains(&verdict), reads_all, "{verdict}: {plan:?}");
        if reads_all { whole += 1 } else { found += 1 }
    }
    assert!(whole >= 4 && found >= 4, "{whole} and {found} of {keys:?}");
}

/// The code of the error that a script ends in.
#[track_caller]
fn code(client: &mut Client, script: &str) -> String {
    let error = client.batch_execute(script).expect_err(script);
    error.as_db_error().unwrap_or_else(|| panic!("{error:?}")).code().code().to_owned()
}

#[track_caller]
fn one(client: &mut Client, query: &str) -> String {
    let all = rows(client, query);
    assert_eq!(all.len(), 1, "{query}: {all:?}");
    all.into_iter().next().unwrap()
}

#[test]
fn keys_do_what_their_pages_say() {
    let database = glowplug_tests::postgres();
    let mut client = database.client();
    // fk-narrower-than-key: taken, until a key does not fit.
    client
        .batch_execute(
            "CREATE TABLE users (id bigint PRIMARY KEY, name text UNIQUE);
             CREATE TABLE posts (author integer REFERENCES users, name varchar(10) REFERENCES users (name));
             INSERT INTO users VALUES (1, 'short'), (3000000000, 'a name of some length');
             INSERT INTO posts VALUES (1, 'short')",
        )
        .unwrap();
    assert_eq!(code(&mut client, "INSERT INTO posts SELECT max(id) FROM users"), "22003");
    assert_eq!(code(&mut client, "INSERT INTO posts (name) SELECT name FROM users WHERE id > 1"), "22001");
    // integer-primary-key: what is rolled back is counted, and the end is an error.
    client
        .batch_execute(
            "CREATE TABLE few (id serial PRIMARY KEY); COMMIT; BEGIN; INSERT INTO few DEFAULT VALUES; ROLLBACK;
             INSERT INTO few DEFAULT VALUES",
        )
        .unwrap();
    assert_eq!(one(&mut client, "SELECT id FROM few"), "2");
    client.batch_execute("SELECT setval('few_id_seq', 2147483646); INSERT INTO few DEFAULT VALUES").unwrap();
    assert_eq!(code(&mut client, "INSERT INTO few DEFAULT VALUES"), "2200H");
    // table-without-primary-key: what a publication has is changed no more, until a key tells its rows apart.
    client
        .batch_execute(
            "CREATE TABLE log (id bigint NOT NULL, what text); INSERT INTO log VALUES (1, 'a');
             CREATE PUBLICATION everything FOR TABLE log",
        )
        .unwrap();
    assert_eq!(code(&mut client, "UPDATE log SET what = 'b'"), "55000");
    assert_eq!(code(&mut client, "DELETE FROM log"), "55000");
    client
        .batch_execute(
            "CREATE UNIQUE INDEX log_id ON log (id); ALTER TABLE log REPLICA IDENTITY USING INDEX log_id;
             UPDATE log SET what = 'b'; DELETE FROM log",
        )
        .unwrap();
    // constraint-never-validated: new rows alone, for good, and a dump has it so.
    client
        .batch_execute(
            "CREATE TABLE items (price bigint); INSERT INTO items VALUES (-1);
             ALTER TABLE items ADD CONSTRAINT positive CHECK (price > 0) NOT VALID",
        )
        .unwrap();
    assert_eq!(code(&mut client, "INSERT INTO items VALUES (-2)"), "23514");
    let state = "SELECT convalidated || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'positive'";
    assert_eq!(one(&mut client, state), "false CHECK ((price > 0)) NOT VALID");
    assert_eq!(code(&mut client, "ALTER TABLE items VALIDATE CONSTRAINT positive"), "23514");
    client.batch_execute("DELETE FROM items; ALTER TABLE items VALIDATE CONSTRAINT positive").unwrap();
    assert_eq!(one(&mut client, state), "true CHECK ((price > 0))");
}

#[test]
fn types_do_what_their_pages_say() {
    let database = glowplug_tests::postgres();
    let mut client = database.client();
    let mut answers = |query: &str, answer: &str| assert_eq!(one(&mut client, query), answer, "{query}");
    // json-not-jsonb
    answers("SELECT '{\"b\": 1,  \"a\": 2, \"a\": 3}'::json::text", "{\"b\": 1,  \"a\": 2, \"a\": 3}");
    answers("SELECT '{\"b\": 1,  \"a\": 2, \"a\": 3}'::jsonb::text", "{\"a\": 3, \"b\": 1}");
    // timestamp-without-zone
    answers("SELECT '2026-01-01 12:00+05'::timestamp", "2026-01-01 12:00:00");
    answers("SET TIME ZONE 'Asia/Tokyo'; SELECT now()::timestamp = now() AT TIME ZONE 'Asia/Tokyo'", "t");
    answers(
        "SELECT concat_ws(' ', a.typlen, b.typlen) FROM pg_type a, pg_type b WHERE a.typname = 'timestamp' AND b.typname = 'timestamptz'",
        "8 8",
    );
    // char-n
    answers("SELECT 'a'::char(3)", "a  ");
    answers("SELECT concat_ws(' ', 'a'::char(3) = 'a', 'a'::char(3) LIKE 'a', length('a'::char(3)))", "t f 1");
    answers("SELECT octet_length('a'::char(10)) || ' ' || octet_length('a'::text)", "10 1");
    for distinct in
        ["SELECT DISTINCT j FROM t", "SELECT j FROM t GROUP BY j", "CREATE INDEX ON t (j)", "SELECT j @> '{}' FROM t"]
    {
        client.batch_execute("DROP TABLE IF EXISTS t; CREATE TABLE t (j json)").unwrap();
        assert!(["42883", "42704"].contains(&&*code(&mut client, distinct)), "{distinct}");
        client.batch_execute("DROP TABLE IF EXISTS t; CREATE TABLE t (j jsonb)").unwrap();
        client.batch_execute(distinct).unwrap();
    }
    // serial-not-identity
    let role = format!("{}_writer", database.name());
    client
        .batch_execute(&format!(
            "CREATE TABLE loose (id bigserial PRIMARY KEY, n integer);
             CREATE TABLE own (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n integer);
             CREATE TABLE copied (LIKE loose INCLUDING DEFAULTS);
             CREATE ROLE \"{role}\"; GRANT INSERT ON loose, own TO \"{role}\"; SET ROLE \"{role}\""
        ))
        .unwrap();
    let refused = code(&mut client, "INSERT INTO loose (n) VALUES (1)");
    client.batch_execute("INSERT INTO own (n) VALUES (1)").unwrap();
    client.batch_execute(&format!("RESET ROLE; DROP OWNED BY \"{role}\"; DROP ROLE \"{role}\"")).unwrap();
    assert_eq!(refused, "42501");
    client.batch_execute("INSERT INTO copied (n) VALUES (1); SELECT setval('loose_id_seq', 1)").unwrap();
    client.batch_execute("INSERT INTO loose VALUES (2)").unwrap();
    assert_eq!(code(&mut client, "INSERT INTO loose (n) VALUES (1)"), "23505");
    assert_eq!(code(&mut client, "INSERT INTO own VALUES (2)"), "428C9");
    client.batch_execute("INSERT INTO own OVERRIDING SYSTEM VALUE VALUES (2)").unwrap();
    assert_eq!(
        one(&mut client, "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'copied'::regclass"),
        "nextval('loose_id_seq'::regclass)"
    );
}
