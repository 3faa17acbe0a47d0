//! Whatever the bytes: an answer, soon, on a small stack.

mod broken;

use std::fmt::Write;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use glowplug_analysis::Backend;

/// How many broken folders are tried. Unset: as many as take a few seconds.
const CASES_VARIABLE: &str = "GLOWPLUG_FUZZ_CASES";

/// The bytes of the smaller text of each shape. Unset: as many as a build without optimization reads soon.
const SIZE_VARIABLE: &str = "GLOWPLUG_FUZZ_SIZE";

fn setting(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable).map_or(otherwise, |n| n.parse().expect(variable))
}

/// Runs something on the stack that a program's other threads have.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) -> thread::Result<()> {
    thread::Builder::new().stack_size(2 << 20).spawn(run).expect("a thread can be started").join()
}

/// Numbers that are the same in every run (xorshift64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self) -> Vec<u8> {
        let count = 16 + self.next() % 240;
        (0..count).map(|_| (self.next() >> 24) as u8).collect()
    }
}

#[test]
fn broken_migrations_get_an_answer() {
    let cases = setting(CASES_VARIABLE, 300);
    let seeds = broken::Seeds::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    for case in 0..cases {
        let (backend, files) = broken::mutated(&seeds, &numbers.bytes());
        let texts = files.clone();
        let answered = on_a_small_stack(move || {
            let began = Instant::now();
            broken::hold(backend, &files);
            let bytes: usize = files.iter().map(|(_, text)| text.len()).sum();
            let limit = Duration::from_secs(20) * (1 + bytes as u32 / 100_000);
            assert!(began.elapsed() < limit, "{bytes} bytes took {:?}", began.elapsed());
        });
        assert!(answered.is_ok(), "case {case}, {backend:?}: {texts:#?}");
    }
}

/// One text a shape, about `size` bytes long.
fn shapes(size: usize) -> Vec<(String, String)> {
    let mut shapes: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, text: String| shapes.push((name.to_owned(), text));

    for unit in [
        "(",
        "[",
        "CASE ",
        "SELECT ",
        "SELECT (",
        "SELECT * FROM (",
        "a.",
        "a,",
        "a::",
        "NOT ",
        "- ",
        "EXISTS (",
        "WITH a AS (",
        "/*",
        "--\n",
        "'a' ",
        "$$",
        "$a$ ",
        "\"",
        "E'\\'",
        "BEGIN;",
        "BEGIN ",
        "END;",
        "IF ",
        ";",
        "\n",
        "\\i x\n",
        "*",
        "@",
        ".",
        "é",
        "1.",
        "x'",
        "?",
        "DO $$ ",
        "-- glowplug: allow(create-without-guard, reason = \"r\")\n",
    ] {
        let many = unit.repeat(size / unit.len());
        add(&format!("{unit:?} again and again"), many.clone());
        add(&format!("{unit:?} in a SELECT"), format!("SELECT {many}"));
        add(&format!("{unit:?} in a block"), format!("DO $x$ BEGIN {many} END $x$;"));
    }
    for (before, open, inner, close, after) in [
        ("SELECT ", "(", "1", ")", ";"),
        ("SELECT ", "(SELECT ", "1", ")", ";"),
        ("SELECT * FROM ", "(SELECT * FROM ", "t", ") x", ";"),
        ("SELECT a, b FROM ", "(SELECT a, b FROM ", "t", ") x", ";"),
        ("SELECT ", "CASE WHEN a THEN 1 ELSE ", "2", " END", ";"),
        ("SELECT ", "lower(", "'a'", ")", ";"),
        ("SELECT ", "ARRAY[", "1", "]", ";"),
        ("SELECT ", "CAST(", "1", " AS int)", ";"),
        ("CREATE TABLE t (a int CHECK (", "(NOT ", "true", ")", "));"),
        ("", "WITH a AS (", "SELECT 1", ") SELECT 1", ";"),
        ("", "(", "SELECT 1", " UNION SELECT 1)", ";"),
        ("SELECT * FROM ", "(a JOIN ", "b", " ON true)", ";"),
        ("DO $$ BEGIN ", "IF true THEN ", "NULL; ", "END IF; ", "END $$;"),
        ("DO $$ BEGIN ", "BEGIN ", "NULL; ", "END; ", "END $$;"),
        ("DO $$ BEGIN ", "FOR i IN 1..9 LOOP ", "CREATE TABLE t (a int); ", "END LOOP; ", "END $$;"),
        ("", "/*", "", "*/", "SELECT 1;"),
    ] {
        // What may nest is bounded; just below the bound it is read, above it is refused.
        for depth in [60, 190, size / (open.len() + close.len())] {
            let text = format!("{before}{}{inner}{}{after}", open.repeat(depth), close.repeat(depth));
            add(&format!("{depth} nested {open:?}"), text);
        }
    }
    for (before, unit, after) in [
        ("SELECT 1", " UNION SELECT 1", ";"),
        ("SELECT 1 WHERE a = 1", " OR a = 1", ";"),
        ("CREATE TABLE t (a int CHECK (a > 1", " AND a > 1", "));"),
        ("SELECT 'a'", " || 'a'", ";"),
        ("SELECT 'a'", "::text", ";"),
        ("SELECT a", "[1]", " FROM b;"),
        ("SELECT a", " -> 'b'", " FROM c;"),
        ("SELECT a", " IS NULL", ";"),
        ("SELECT now()", " AT TIME ZONE 'utc'", ";"),
        ("SELECT 1 WHERE 1 IN (1", ", 1", ");"),
        ("SELECT 1", " BETWEEN 1 AND 2", ";"),
        ("SELECT * FROM a", " JOIN b ON true", ";"),
        ("SELECT * FROM a", ", b", ";"),
        ("SELECT CASE", " WHEN a THEN 1", " END;"),
        ("DO $$ BEGIN IF a THEN NULL; ", "ELSIF b THEN NULL; ", "END IF; END $$;"),
        ("CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, 'a')", ", (1, 'a')", ";"),
        ("CREATE TABLE t (a int, b text);", "INSERT INTO t VALUES (1, 'a');\n", ""),
        ("CREATE TABLE t (a int);", "UPDATE t SET a = 1 WHERE a = 2;\n", ""),
        ("CREATE TABLE t (a int);", "GRANT SELECT ON t TO PUBLIC;\n", ""),
        ("CREATE TABLE t (a int", "[]", ");"),
        ("CREATE TABLE t (a int", ", a int", ");"),
        ("CREATE TABLE ", "a", " (b int);"),
        ("", "BEGIN; COMMIT;", ""),
        ("", "CRAETE TABLE t (a int);\n", ""),
        ("", "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;\n", ""),
        ("DO $$ BEGIN ", "EXECUTE 'CREATE TABLE IF NOT EXISTS t (a int)'; ", "END $$;"),
        ("DO $$ DECLARE t text := 'aaaaaaaa'; BEGIN ", "t := t || t; ", "EXECUTE 'DROP TABLE ' || t; END $$;"),
        ("DO $$ BEGIN EXECUTE format('", "%1$s ", "', 'aaaaaaaaaaaaaaaa'); END $$;"),
    ] {
        add(&format!("{unit:?} after {before:?}"), format!("{before}{}{after}", unit.repeat(size / unit.len())));
    }
    let mut numbered = |name: &str, before: &str, width: usize, unit: &dyn Fn(&mut String, usize), after: &str| {
        let mut text = before.to_owned();
        (0..size / width).for_each(|i| unit(&mut text, i));
        shapes.push((name.to_owned(), text + after));
    };
    numbered("tables", "", 28, &|t, i| _ = writeln!(t, "CREATE TABLE t{i} (a int);"), "");
    numbered("guarded tables", "", 42, &|t, i| _ = writeln!(t, "CREATE TABLE IF NOT EXISTS t{i} (a int);"), "");
    numbered("dropped tables", "", 50, &|t, i| _ = writeln!(t, "CREATE TABLE t{i} (a int); DROP TABLE t{i};"), "");
    numbered("columns", "CREATE TABLE t (a int", 11, &|t, i| _ = write!(t, ", c{i} int"), ");");
    numbered("enum labels", "CREATE TYPE e AS ENUM ('a'", 9, &|t, i| _ = write!(t, ", 'c{i}'"), ");");
    numbered("typos", "CREATE TABLE users (id int);", 26, &|t, i| _ = writeln!(t, "SELECT * FROM usres{i};"), "");
    numbered(
        "views of views",
        "CREATE VIEW v0 AS SELECT 1 AS a;",
        36,
        &|t, i| _ = writeln!(t, "CREATE VIEW v{} AS SELECT a FROM v{i};", i + 1),
        "DROP VIEW v0 CASCADE;",
    );
    numbered(
        "tables of tables",
        "CREATE TABLE t0 (a int PRIMARY KEY);",
        56,
        &|t, i| _ = writeln!(t, "CREATE TABLE t{} (a int PRIMARY KEY REFERENCES t{i});", i + 1),
        "DROP TABLE t0 CASCADE;",
    );
    numbered(
        "views twice as wide as the one before",
        "CREATE VIEW v0 AS SELECT 1 AS a;",
        56,
        &|t, i| _ = writeln!(t, "CREATE VIEW v{} AS SELECT x.*, y.* FROM v{i} x, v{i} y;", i + 1),
        "",
    );
    numbered(
        "queries twice as wide as the one before",
        "WITH c0 AS (SELECT 1 AS a)",
        44,
        &|t, i| _ = write!(t, ", c{} AS (SELECT * FROM c{i} x, c{i} y)", i + 1),
        " SELECT * FROM c1;",
    );
    numbered(
        "statements of their own",
        "-- glowplug: no-transaction\n",
        42,
        &|t, i| _ = writeln!(t, "CREATE TABLE IF NOT EXISTS t{i} (a int);"),
        "",
    );
    numbered(
        "renames",
        "CREATE TABLE t0 (a int);",
        32,
        &|t, i| _ = writeln!(t, "ALTER TABLE t{i} RENAME TO t{};", i + 1),
        "",
    );
    numbered(
        "blocks",
        "",
        100,
        &|t, i| {
            _ = writeln!(
                t,
                "DO $$ BEGIN CREATE TYPE t{i} AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
            )
        },
        "",
    );
    numbered(
        "functions that call the one before twice",
        "CREATE FUNCTION f0() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE x (a int); END $$;",
        104,
        &|t, i| {
            _ = writeln!(
                t,
                "CREATE FUNCTION f{}() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM f{i}(); PERFORM f{i}(); END $$;",
                i + 1
            )
        },
        "SELECT f9();",
    );
    shapes
}

/// Time grows with size, not with its square: four times the text may take eight times as long, no more. Short
/// times say nothing.
#[test]
fn time_grows_with_size() {
    let size = setting(SIZE_VARIABLE, 2_500);
    let mut slow = String::new();
    for ((name, small), (_, large)) in shapes(size).into_iter().zip(shapes(4 * size)) {
        for backend in [Backend::Postgres, Backend::Sqlite] {
            let (small, large, about) = (small.clone(), large.clone(), format!("{name}, {backend:?}"));
            let (send, receive) = std::sync::mpsc::channel();
            let answered = on_a_small_stack(move || {
                let time = |text: &str| {
                    let file = ("001_m.sql".to_owned(), text.to_owned());
                    let began = Instant::now();
                    broken::hold(backend, &[file]);
                    began.elapsed()
                };
                let mut took = time(&large);
                // Somebody else may have been busy at the same time: what is quadratic stays so however often it is asked.
                for _ in 0..8 {
                    if took < Duration::from_millis(500) || took < time(&small) * 8 {
                        return;
                    }
                    took = took.min(time(&large));
                }
                _ = send.send((time(&small), took));
            });
            assert!(answered.is_ok(), "{about}");
            if let Ok((small, large)) = receive.try_recv() {
                println!("{about}: {small:?} and {large:?}");
                _ = writeln!(slow, "{about}: {small:?} and {large:?}");
            }
        }
    }
    assert!(slow.is_empty(), "{slow}");
}
