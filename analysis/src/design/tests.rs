use crate::diagnostics::Group;
use crate::{Backend, Config, Sources, analyze, rules};

/// `file:line rule: message` of what is said of the schema that some files end in, with `glowplug.toml` as given.
fn said(toml: &str, files: &[&str]) -> Vec<String> {
    let config = Config::parse(".".as_ref(), toml).unwrap();
    let names: Vec<String> = (1..=files.len()).map(|n| format!("{n:03}_step.sql")).collect();
    let analysis = analyze(Sources::from_texts(names.iter().map(String::as_str).zip(files.iter().copied())), &config);
    let refused = analysis.diagnostics.iter().find(|d| d.is_refusal());
    assert!(refused.is_none(), "{refused:?}");
    let of_design = |rule: &str| {
        matches!(rule, "unused-allow" | "unknown-directive")
            || rules::find(rule).is_some_and(|rule| rule.group == Group::Design)
    };
    let lines = analysis.diagnostics.iter().filter(|d| of_design(d.rule)).map(|d| {
        let file = analysis.sources.files.iter().find(|f| f.path == d.file).unwrap();
        assert!(d.span.end <= file.text.len());
        let line = file.lines.line_column(&file.text, d.span.start).0;
        format!("{}:{line} {}: {}", &d.file[..3], d.rule, d.message)
    });
    lines.collect()
}

#[track_caller]
fn postgres(files: &[&str], expected: &[&str]) {
    assert_eq!(said("backend = \"postgres\"\n", files), expected, "{files:#?}");
}

#[track_caller]
fn on(backend: Backend, files: &[&str], expected: &[&str]) {
    assert_eq!(said(&format!("backend = \"{}\"\n", backend.as_str()), files), expected, "{files:#?}");
}

const TWO: &str = "CREATE TABLE a (id bigint PRIMARY KEY);\n\
                   CREATE TABLE b (id bigint PRIMARY KEY, x bigint, y bigint, c text, CONSTRAINT b_x_fkey FOREIGN KEY (x) REFERENCES a);\n";

const NO_INDEX: &str = "001:2 foreign-key-without-index: no index of \"b\" starts with its foreign key (x)";

#[test]
fn the_last_schema_counts() {
    postgres(&[TWO], &[NO_INDEX]);
    for later in [
        "CREATE INDEX ON b (x);",
        "DROP TABLE b;",
        "ALTER TABLE b DROP CONSTRAINT b_x_fkey;",
        "ALTER TABLE b DROP COLUMN x;",
        "ALTER TABLE b ADD UNIQUE (x, y);",
    ] {
        postgres(&[TWO, "SELECT 1;", later], &[]);
    }
    // What a later one made wrong is said there.
    postgres(
        &[TWO, "CREATE INDEX b_x ON b (x);", "CREATE INDEX b_y ON b (y);", "DROP INDEX b_x;"],
        &["004:1 foreign-key-without-index: no index of \"b\" starts with its foreign key (x)"],
    );
    postgres(
        &["CREATE TABLE k (id bigint PRIMARY KEY, v text);", "ALTER TABLE k DROP CONSTRAINT k_pkey;"],
        &["002:1 table-without-primary-key: table \"k\" has no primary key"],
    );
    postgres(&["CREATE TABLE k (id bigint, v text);", "ALTER TABLE k ADD PRIMARY KEY (id);"], &[]);
    postgres(
        &["CREATE TABLE k (id bigint, v text);", "ALTER TABLE k RENAME TO l;"],
        &["001:1 table-without-primary-key: table \"l\" has no primary key"],
    );
    postgres(
        &[
            "CREATE TABLE u (id integer PRIMARY KEY); CREATE TABLE p (id bigint PRIMARY KEY, u integer REFERENCES u);\nCREATE INDEX ON p (u);",
            "ALTER TABLE u ALTER COLUMN id TYPE bigint;",
        ],
        &["002:1 fk-narrower-than-key: \"u\" of \"p\" is integer, and what it points at, \"id\" of \"u\", is bigint"],
    );
    postgres(
        &[
            "CREATE TABLE u (id integer PRIMARY KEY); CREATE TABLE p (id bigint PRIMARY KEY, u integer REFERENCES u);\nCREATE INDEX ON p (u);",
            "ALTER TABLE u ALTER COLUMN id TYPE bigint;",
            "ALTER TABLE p ALTER COLUMN u TYPE bigint;",
        ],
        &[],
    );
}

#[test]
fn which_indexes_help_a_foreign_key() {
    let two = "CREATE TABLE a (id bigint, part bigint, PRIMARY KEY (id, part));\n\
               CREATE TABLE b (id bigint PRIMARY KEY, x bigint, y bigint, c text, CONSTRAINT b_fkey FOREIGN KEY (x, y) REFERENCES a);\n";
    let of_two = &["001:2 foreign-key-without-index: no index of \"b\" starts with its foreign key (x, y)"][..];
    for (folder, index, expected) in [
        (TWO, "CREATE INDEX i ON b (x)", &[][..]),
        (TWO, "CREATE INDEX i ON b (x DESC NULLS LAST, c)", &[]),
        (TWO, "CREATE INDEX i ON b (y, x)", &[NO_INDEX]),
        (TWO, "CREATE INDEX i ON b (y) INCLUDE (x)", &[NO_INDEX]),
        (TWO, "CREATE INDEX i ON b ((x + 1))", &[NO_INDEX]),
        (TWO, "CREATE INDEX i ON b USING hash (x)", &[]),
        (TWO, "CREATE INDEX i ON b USING brin (y, x)", &[]),
        (TWO, "CREATE INDEX i ON b (x) WHERE x IS NOT NULL", &[]),
        (TWO, "CREATE INDEX i ON b (x, lower(c)) WHERE x IS NOT NULL", &[]),
        (TWO, "CREATE INDEX i ON b (x) INCLUDE (c) WHERE x IS NOT NULL", &[]),
        (TWO, "CREATE INDEX i ON b (x) WHERE c IS NOT NULL", &[NO_INDEX]),
        (TWO, "CREATE INDEX i ON b (x) WHERE x IS NOT NULL AND c = 'x'", &[NO_INDEX]),
        (TWO, "CREATE UNIQUE INDEX i ON b (x)", &[]),
        (two, "CREATE INDEX i ON b (x, y)", &[]),
        (two, "CREATE INDEX i ON b (y, x, c)", &[]),
        (two, "CREATE INDEX i ON b (y)", &[]),
        (two, "CREATE INDEX i ON b (x, c)", of_two),
        (two, "CREATE INDEX i ON b (x, c, y)", of_two),
    ] {
        assert_eq!(said("backend = \"postgres\"", &[folder, index]), expected, "{index}");
    }
    // One key for another.
    postgres(&["CREATE TABLE a (id bigint PRIMARY KEY, up bigint REFERENCES a);\nCREATE INDEX ON a (up, id);"], &[]);
    postgres(&["CREATE TABLE a (id bigint PRIMARY KEY); CREATE TABLE b (id bigint PRIMARY KEY REFERENCES a);"], &[]);
}

#[test]
fn which_indexes_are_needless() {
    let table = "CREATE TABLE t (id bigint PRIMARY KEY, a bigint, b bigint, c text, r int4range, CONSTRAINT t_b_key UNIQUE (b));\n";
    for (indexes, expected) in [
        (
            "CREATE INDEX x ON t (a); CREATE INDEX y ON t (a, c);",
            "index \"x\" of \"t\" is the beginning of \"y\": (a) of (a, c)",
        ),
        (
            "CREATE INDEX x ON t (a, c);\nCREATE INDEX y ON t (a);",
            "index \"y\" of \"t\" is the beginning of \"x\": (a) of (a, c)",
        ),
        (
            "CREATE INDEX x ON t (a); CREATE INDEX y ON t (a ASC NULLS LAST);",
            "index \"y\" of \"t\" does what \"x\" does: (a)",
        ),
        ("CREATE INDEX x ON t (a); CREATE INDEX y ON t ((a));", "index \"y\" of \"t\" does what \"x\" does: (a)"),
        ("CREATE INDEX x ON t (id);", "index \"x\" of \"t\" does what the primary key does: (id)"),
        ("CREATE UNIQUE INDEX x ON t (b);", "index \"x\" of \"t\" does what the unique key does: (b)"),
        ("CREATE INDEX x ON t (b);", "index \"x\" of \"t\" does what the unique key does: (b)"),
        ("ALTER TABLE t ADD CONSTRAINT x UNIQUE (id);", "index \"x\" of \"t\" does what the primary key does: (id)"),
        (
            "CREATE INDEX x ON t (lower(c)); CREATE INDEX y ON t (lower(c), a DESC);",
            "index \"x\" of \"t\" is the beginning of \"y\": (lower ( c )) of (lower ( c ), a desc)",
        ),
        (
            "CREATE INDEX x ON t (a) WHERE c = 'x'; CREATE INDEX y ON t (a, b) WHERE c = 'x';",
            "index \"x\" of \"t\" is the beginning of \"y\": (a) of (a, b)",
        ),
        (
            "CREATE INDEX x ON t (a) INCLUDE (c); CREATE INDEX y ON t (a, c);",
            "index \"x\" of \"t\" is the beginning of \"y\": (a) of (a, c)",
        ),
        (
            "CREATE INDEX x ON t USING hash (a); CREATE INDEX y ON t USING hash (a);",
            "index \"y\" of \"t\" does what \"x\" does: (a)",
        ),
        // Not needless.
        ("CREATE INDEX x ON t (a); CREATE INDEX y ON t (c, a);", ""),
        ("CREATE INDEX x ON t (a DESC); CREATE INDEX y ON t (a, c);", ""),
        ("CREATE UNIQUE INDEX x ON t (a); CREATE INDEX y ON t (a, c);", ""),
        ("CREATE UNIQUE INDEX x ON t (a); CREATE UNIQUE INDEX y ON t (a, c);", ""),
        ("CREATE UNIQUE INDEX x ON t (a); CREATE UNIQUE INDEX y ON t (a) NULLS NOT DISTINCT;", ""),
        ("CREATE INDEX x ON t (a) WHERE c = 'x'; CREATE INDEX y ON t (a, b);", ""),
        ("CREATE INDEX x ON t (a); CREATE INDEX y ON t (a, b) WHERE c = 'x';", ""),
        ("CREATE INDEX x ON t (a) INCLUDE (c); CREATE INDEX y ON t (a, b);", ""),
        ("CREATE INDEX x ON t (c text_pattern_ops); CREATE INDEX y ON t (c);", ""),
        ("CREATE INDEX x ON t (c COLLATE \"C\"); CREATE INDEX y ON t (c);", ""),
        ("CREATE INDEX x ON t USING hash (a); CREATE INDEX y ON t (a);", ""),
        ("CREATE INDEX x ON t USING brin (a); CREATE INDEX y ON t USING brin (a, b);", ""),
        (
            "CREATE INDEX x ON t USING gist (r); ALTER TABLE t ADD CONSTRAINT e EXCLUDE USING gist (r WITH &&);",
            "index \"x\" of \"t\" does what \"e\" does: (r)",
        ),
        ("ALTER TABLE t ADD CONSTRAINT x UNIQUE (a) DEFERRABLE; CREATE UNIQUE INDEX y ON t (a);", ""),
    ] {
        let found = said("backend = \"postgres\"", &[table, indexes]);
        let wanted: Vec<String> = [expected].iter().filter(|e| !e.is_empty()).map(|e| e.to_string()).collect();
        let found: Vec<String> =
            found.iter().map(|f| f.split_once("redundant-index: ").map_or(f.as_str(), |(_, m)| m).to_owned()).collect();
        assert_eq!(found, wanted, "{indexes}");
    }
    // The later of the two is where it became so.
    let small = "CREATE INDEX x ON t (a);";
    let large = "CREATE INDEX y ON t (a, c);";
    let message = "redundant-index: index \"x\" of \"t\" is the beginning of \"y\": (a) of (a, c)";
    postgres(&[table, small, large], &[&format!("003:1 {message}")]);
    postgres(&[table, large, small], &[&format!("003:1 {message}")]);
    on(
        Backend::Mysql,
        &[
            "CREATE TABLE t (id bigint PRIMARY KEY, a bigint, c text, KEY x (a), KEY y (a, c(10)), KEY z (c(10)), KEY w (c(20)), FULLTEXT f (c));",
        ],
        &["001:1 redundant-index: index \"x\" of \"t\" is the beginning of \"y\": (a) of (a, c(10))"],
    );
}

#[test]
fn which_tables_are_judged() {
    postgres(
        &["CREATE TABLE a (x int);\nCREATE TEMPORARY TABLE b (x int);\nCREATE UNLOGGED TABLE c (x int);\n\
           CREATE VIEW d AS SELECT x FROM a;\nCREATE MATERIALIZED VIEW e AS SELECT x FROM a;\n\
           CREATE TABLE f (x int NOT NULL UNIQUE);\nCREATE TABLE g (x int UNIQUE);\n\
           CREATE TABLE h (x int NOT NULL, y int);\nCREATE UNIQUE INDEX ON h (x) WHERE y IS NULL;\n\
           CREATE TABLE p (x int NOT NULL) PARTITION BY RANGE (x);\nCREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (2);\n\
           CREATE TABLE q (x int PRIMARY KEY) PARTITION BY RANGE (x);\nCREATE TABLE q1 PARTITION OF q FOR VALUES FROM (1) TO (2);\n\
           CREATE TABLE k () INHERITS (q);".replace("CREATE TABLE k () INHERITS (q);", "CREATE TABLE i () INHERITS (a);").as_str()],
        &[
            "001:1 table-without-primary-key: table \"a\" has no primary key",
            "001:3 table-without-primary-key: table \"c\" has no primary key",
            "001:7 table-without-primary-key: table \"g\" has no primary key",
            "001:8 table-without-primary-key: table \"h\" has no primary key",
            "001:10 table-without-primary-key: table \"p\" has no primary key",
            "001:14 table-without-primary-key: table \"i\" has no primary key",
        ],
    );
    // A foreign key of a partitioned table is one, and its index too.
    let parts = "CREATE TABLE a (id bigint PRIMARY KEY);\nCREATE TABLE p (id bigint, x bigint REFERENCES a, PRIMARY KEY (id)) PARTITION BY HASH (id);\n\
                 CREATE TABLE p0 PARTITION OF p FOR VALUES WITH (MODULUS 1, REMAINDER 0);\n";
    postgres(&[parts], &["001:2 foreign-key-without-index: no index of \"p\" starts with its foreign key (x)"]);
    postgres(&[parts, "CREATE INDEX ON p (x);"], &[]);
    postgres(
        &["CREATE TABLE s AS SELECT 1 AS x;"],
        &["001:1 table-without-primary-key: table \"s\" has no primary key"],
    );
    on(
        Backend::Sqlite,
        &[
            "CREATE VIRTUAL TABLE f USING fts5(x);\nCREATE TABLE a (x INTEGER);\nCREATE TABLE b (id INTEGER PRIMARY KEY);",
        ],
        &["001:2 table-without-primary-key: table \"a\" has no primary key"],
    );
}

#[test]
fn which_keys_end_too_soon() {
    let ends = |table: &str, at: &str| {
        format!("001:1 integer-primary-key: the primary key \"id\" of \"{table}\" ends at {at}")
    };
    for (table, at) in [
        ("id serial PRIMARY KEY", "2,147,483,647"),
        ("id smallserial PRIMARY KEY", "32,767"),
        ("id int GENERATED ALWAYS AS IDENTITY, PRIMARY KEY (id)", "2,147,483,647"),
        ("id bigserial PRIMARY KEY", ""),
        ("id int PRIMARY KEY", ""),
        ("id serial, at timestamptz, PRIMARY KEY (id, at)", ""),
        ("id serial PRIMARY KEY REFERENCES a", ""),
    ] {
        let texts = [
            &format!("CREATE TABLE t ({table});").replace("CREATE", "CREATE TABLE a (id int PRIMARY KEY); CREATE")[..]
        ];
        let expected: Vec<String> = if at.is_empty() { Vec::new() } else { vec![ends("t", at)] };
        assert_eq!(said("backend = \"postgres\"", &texts), expected, "{table}");
    }
    let narrow = "CREATE TABLE t (id serial PRIMARY KEY);";
    postgres(&[narrow, "ALTER TABLE t ALTER COLUMN id TYPE bigint;"], &[]);
    assert_eq!(said("backend = \"postgres\"\nsmall-tables = [\"t\"]", &[narrow]), [""; 0]);
    for (column, at) in [
        ("int AUTO_INCREMENT", "2,147,483,647"),
        ("int unsigned AUTO_INCREMENT", "4,294,967,295"),
        ("tinyint unsigned AUTO_INCREMENT", "255"),
        ("mediumint AUTO_INCREMENT", "8,388,607"),
        ("bigint AUTO_INCREMENT", ""),
        ("int", ""),
    ] {
        let expected: Vec<String> = if at.is_empty() { Vec::new() } else { vec![ends("t", at)] };
        let texts = [&format!("CREATE TABLE t (id {column} PRIMARY KEY);")[..]];
        assert_eq!(said("backend = \"mariadb\"", &texts), expected, "{column}");
    }
    on(Backend::Sqlite, &["CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT);"], &[]);
}

#[test]
fn what_is_narrower_than_its_key() {
    let table = "CREATE TABLE a (id bigint PRIMARY KEY, i integer UNIQUE, v varchar(20) UNIQUE, t text UNIQUE);\n";
    for (column, narrow) in [
        ("integer REFERENCES a", true),
        ("smallint REFERENCES a (i)", true),
        ("bigint REFERENCES a", false),
        ("bigint REFERENCES a (i)", false),
        ("varchar(10) REFERENCES a (v)", true),
        ("varchar(20) REFERENCES a (v)", false),
        ("varchar(20) REFERENCES a (t)", true),
        ("varchar REFERENCES a (t)", false),
        ("text REFERENCES a (v)", false),
    ] {
        let file = format!("{table}CREATE TABLE b (id bigint PRIMARY KEY, x {column}); CREATE INDEX ON b (x);");
        let found = said("backend = \"postgres\"", &[&file]);
        assert_eq!(found.iter().any(|f| f.starts_with("001:2 fk-narrower-than-key")), narrow, "{column}: {found:?}");
        assert_eq!(found.len(), usize::from(narrow), "{found:?}");
    }
}

#[test]
fn what_was_never_validated() {
    let table = "CREATE TABLE a (id bigint PRIMARY KEY, x bigint, CONSTRAINT born CHECK (x > 0) NOT VALID);\n";
    let add = "ALTER TABLE a ADD CONSTRAINT late CHECK (x < 9) NOT VALID, ADD CONSTRAINT up FOREIGN KEY (x) REFERENCES a NOT VALID;\nCREATE INDEX ON a (x);";
    let both = |file: &str| {
        ["late", "up"].map(|c| format!("{file}:1 constraint-never-validated: constraint \"{c}\" of \"a\" is NOT VALID, and nothing validates it"))
    };
    assert_eq!(said("backend = \"postgres\"", &[table, add]), both("002"));
    postgres(&[table, add, "ALTER TABLE a VALIDATE CONSTRAINT late; ALTER TABLE a VALIDATE CONSTRAINT up;"], &[]);
    postgres(&[table, add, "ALTER TABLE a DROP CONSTRAINT late, DROP CONSTRAINT up;"], &[]);
}

/// What is off until it is asked for, asked for.
const ALL_TYPES: &str = "backend = \"postgres\"\n[lints]\nserial-not-identity = \"warn\"\njson-not-jsonb = \"warn\"\n\
                         timestamp-without-zone = \"warn\"\nchar-n = \"warn\"";

#[test]
fn types_that_are_asked_for() {
    let table = "CREATE TABLE t (\n id bigserial PRIMARY KEY,\n j json,\n b jsonb,\n at timestamp(3),\n z timestamptz,\n c char(3),\n v varchar(3),\n p bpchar\n);\n";
    postgres(&[table], &[]);
    // The group alone does not ask.
    assert!(said("backend = \"postgres\"\n[lints]\ndesign = \"deny\"", &[table]).is_empty());
    let asked = said(ALL_TYPES, &[table]);
    let rules: Vec<&str> = asked.iter().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(
        rules,
        ["001:2 serial-not-identity", "001:3 json-not-jsonb", "001:5 timestamp-without-zone", "001:7 char-n"]
    );
    // The column's own type, and not its parent's; where it was changed last.
    let later =
        ["CREATE TABLE t (id bigint PRIMARY KEY, at timestamptz);", "ALTER TABLE t ALTER COLUMN at TYPE timestamp;"];
    let asked = said("backend = \"postgres\"\n[lints]\ntimestamp-without-zone = \"warn\"", &later);
    assert_eq!(asked.len(), 1);
    assert!(asked[0].starts_with("002:1 timestamp-without-zone"), "{asked:?}");
    let child = [
        "CREATE TABLE t (id bigint PRIMARY KEY, at timestamp); CREATE TABLE k (CONSTRAINT k_pkey PRIMARY KEY (id)) INHERITS (t);",
    ];
    assert_eq!(said(ALL_TYPES, &child).len(), 1);
}

#[test]
fn directives_and_settings() {
    let allowed = TWO.replace(
        "CREATE TABLE b",
        "-- glowplug: allow(foreign-key-without-index, reason = \"rows of a are never deleted\")\nCREATE TABLE b",
    );
    postgres(&[&allowed], &[]);
    postgres(
        &[&allowed, "CREATE INDEX ON b (x);"],
        &["001:2 unused-allow: there is no `foreign-key-without-index` in the statement below"],
    );
    for toml in ["enforce-from = \"002\"", "small-tables = [\"b\"]", "[lints]\ndesign = \"allow\""] {
        assert_eq!(said(&format!("backend = \"postgres\"\n{toml}"), &[TWO, "SELECT 1;"]), [""; 0], "{toml}");
    }
    // An old key becomes wrong by what is new.
    let index = format!("{TWO}CREATE INDEX b_x ON b (x);");
    let lost = said("backend = \"postgres\"\nenforce-from = \"002\"", &[&index, "DROP INDEX b_x;"]);
    assert_eq!(lost, ["002:1 foreign-key-without-index: no index of \"b\" starts with its foreign key (x)"]);
}

#[test]
fn in_doubt_nothing_is_said() {
    for doubt in [
        "DO $$ BEGIN EXECUTE (SELECT string_agg(format('CREATE INDEX ON %I (x)', tablename), ';') FROM pg_tables); END $$;",
        "DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables LOOP EXECUTE format('CREATE INDEX %I ON b (x)', t); END LOOP; END $$;",
        "DO $$ BEGIN IF random() > 0.5 THEN CREATE INDEX b_x ON b (x); END IF; END $$;",
    ] {
        postgres(&[TWO, doubt], &[]);
    }
    // What an error left out is not missed, nor is what was allowed for it.
    let allowed = "-- glowplug: allow(table-without-primary-key, reason = \"a log\")\nCREATE TABLE log (x bigint);\n";
    let texts = [("001_a.sql", TWO), ("002_b.sql", allowed), ("003_c.sql", "CREATE INDEX ON b (z);")];
    let analysis = analyze(Sources::from_texts(texts), &Config::new(Backend::Postgres));
    assert_eq!(
        analysis.diagnostics.iter().map(|d| d.rule).filter(|r| *r != "create-without-guard").collect::<Vec<_>>(),
        ["undefined-column"]
    );
}

#[test]
fn what_a_call_makes_is_shown_at_the_call() {
    let function = "CREATE FUNCTION make(name text) RETURNS void LANGUAGE plpgsql AS $$\n\n\n\nBEGIN\n EXECUTE format('CREATE TABLE %I (x bigint)', name);\nEND $$;";
    postgres(
        &[function, "SELECT 1;\nSELECT make('made');"],
        &["002:2 table-without-primary-key: table \"made\" has no primary key"],
    );
}

#[test]
fn sqlite_has_its_own() {
    let two = "CREATE TABLE a (id INTEGER PRIMARY KEY);\nCREATE TABLE b (id INTEGER PRIMARY KEY, X INTEGER REFERENCES a (id));\n";
    on(
        Backend::Sqlite,
        &[two],
        &["001:2 foreign-key-without-index: no index of \"b\" starts with its foreign key (X)"],
    );
    on(Backend::Sqlite, &[two, "CREATE INDEX b_x ON B (x);"], &[]);
    on(
        Backend::Sqlite,
        &["CREATE TABLE u (id INTEGER PRIMARY KEY, email TEXT UNIQUE);\nCREATE INDEX u_email ON u (email);"],
        &["001:2 redundant-index: index \"u_email\" of \"u\" does what the unique key does: (email)"],
    );
    on(
        Backend::Sqlite,
        &[
            "CREATE TABLE u (id INTEGER PRIMARY KEY, email TEXT);\nCREATE INDEX u_email ON u (email);",
            "CREATE TABLE u_new (id INTEGER PRIMARY KEY, email TEXT UNIQUE);\nINSERT INTO u_new SELECT id, email FROM u;\n\
           DROP TABLE u;\nALTER TABLE u_new RENAME TO u;",
        ],
        &[],
    );
}
