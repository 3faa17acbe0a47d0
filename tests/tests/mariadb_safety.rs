//! What the rules of the group `safety` say of MariaDB, held against a server: which change copies a table
//! (`ALGORITHM=INPLACE` is refused then), and what old rows silently get.

use std::fmt::Write as _;

use glowplug_analysis::{Backend, Config, Group, Sources, analyze, rules};

const BEFORE: &str = "
    CREATE TABLE t (
        id int PRIMARY KEY AUTO_INCREMENT, v20 varchar(20), v40 varchar(40), v63 varchar(63), v64 varchar(64),
        plain varchar(200) CHARACTER SET latin1, i int, ui int unsigned, d decimal(10, 2), e enum('a', 'b'), dt datetime,
        c char(5), b varbinary(100), big bigint, tx text
    ) CHARACTER SET utf8mb4;";

/// Changes of columns; nothing else of a column changes with its type.
const CHANGES: &[&str] = &[
    "MODIFY v20 varchar(40)",
    "MODIFY v20 varchar(64)",
    "MODIFY v20 varchar(10)",
    "MODIFY v20 text",
    "MODIFY v40 varchar(80)",
    "MODIFY v40 varchar(63)",
    "MODIFY v63 varchar(64)",
    "MODIFY v64 varchar(300)",
    "MODIFY plain varchar(255) CHARACTER SET latin1",
    "MODIFY i bigint",
    "MODIFY i int DEFAULT 5",
    "MODIFY big int",
    "CHANGE i i2 int",
    "CHANGE i i2 bigint",
    "MODIFY d int",
    "MODIFY e enum('a', 'b', 'c')",
    "MODIFY e enum('b', 'a')",
    "MODIFY e enum('c', 'a', 'b')",
    "MODIFY e enum('b')",
    "MODIFY e varchar(10)",
    "MODIFY dt date",
    "MODIFY c varchar(5)",
    "MODIFY tx mediumtext",
    "ADD COLUMN z int",
    "ADD COLUMN z int NOT NULL DEFAULT 3",
    "DROP COLUMN i",
    "RENAME COLUMN i TO j",
    "CONVERT TO CHARACTER SET latin1",
];

const COPIES: &[&str] = &["algorithm-copy", "enum-reordered", "varchar-crosses-255"];

fn said(statement: &str) -> Vec<&'static str> {
    let sources = Sources::from_texts([("1_before.sql", BEFORE), ("2_change.sql", statement)]);
    let all = analyze(sources, &Config::new(Backend::Mariadb)).diagnostics;
    let safety = |rule: &str| rules::find(rule).is_some_and(|rule| rule.group == Group::Safety);
    all.into_iter().filter(|d| d.file == "2_change.sql" && safety(d.rule)).map(|d| d.rule).collect()
}

#[test]
fn what_copies_a_table_is_said() {
    let database = glowplug_tests::mariadb();
    let mut amiss = String::new();
    let mut copies = 0;
    for change in CHANGES {
        let run = |algorithm: &str| {
            database.execute(&format!("DROP TABLE IF EXISTS t; {BEFORE}"));
            database.try_execute(&format!("ALTER TABLE t {change}{algorithm}"))
        };
        run("").unwrap_or_else(|_| panic!("{change}"));
        let copied = run(", ALGORITHM=INPLACE").is_err();
        copies += u32::from(copied);
        let rules = said(&format!("ALTER TABLE t {change};"));
        if rules.iter().any(|id| COPIES.contains(id)) != copied {
            writeln!(amiss, "{change}: said {rules:?}, copied {copied}").unwrap();
        }
    }
    assert!(amiss.is_empty(), "{amiss}");
    assert!(copies > 10, "{copies}");
}
