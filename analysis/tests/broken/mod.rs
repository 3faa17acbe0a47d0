//! Broken migrations: how they are made, and what holds whatever they are.

use std::fs;
use std::path::{Path, PathBuf};

use glowplug_analysis::diagnostics::{self, render};
use glowplug_analysis::{Analysis, Backend, Config, Sources, analyze, schema};

/// SQL of this project's own, the material of [`mutated`].
pub(crate) struct Seeds {
    postgres: Vec<String>,
    sqlite: Vec<String>,
}

/// What no migration of a sane person has, or only on a bad day.
#[rustfmt::skip]
const ODDITIES: &[&str] = &[
    "(", ")", "((((", ",", ";", ";;", ".", "..", "'", "\"", "\"\"", "$$", "$a$", "E'\\'", "U&\"\\", "/*", "*/", "--",
    "--\n", "[", "]", "::", ":", "?1", "@", "\\", "\\i x\n", "\u{feff}", "\u{a0}", "é", "𝄞", "\r", "\0", "0x", "1e",
    "1.", "-9223372036854775808", "99999999999999999999", "NULL", "DEFAULT", "CASE", "END", "BEGIN", "COMMIT;",
    "ROLLBACK;", "SELECT", "FROM", "WHERE", "EXISTS", "IF NOT EXISTS", "CASCADE", "ONLY", "*", "a.*", "VALUES",
    "WITH a AS (", "RECURSIVE", "UNION ALL", "AS", "ON", "USING", "LATERAL", "ARRAY[", "ROW(", "CAST(", "int[][3]",
    "numeric(", "varchar(0)", "pg_catalog.", "public.", "temp.", "DO $$ BEGIN", "END $$;", "EXECUTE",
    "format('%I %s %%', ", "LOOP", "EXCEPTION WHEN OTHERS THEN", "ELSIF", "PERFORM", "RETURN", "FOREACH",
    "IN 1..1000000000", "-- glowplug: allow(", "-- glowplug: no-transaction\n", "PRAGMA foreign_keys = OFF;",
    "CONCURRENTLY", "DROP TABLE", "ALTER TABLE", "RENAME TO", "PARTITION OF", "INHERITS (", "GENERATED ALWAYS AS (",
    "REFERENCES", "CHECK (", "CREATE OR REPLACE", "TEMPORARY",
];

impl Seeds {
    /// From the repository at `root`: the sample migrations, the examples of the rule pages and the differential
    /// tests' migrations.
    pub(crate) fn of(root: &Path) -> Self {
        let read = |folders: [&str; 2]| {
            let all = folders.iter().flat_map(|folder| files(&root.join(folder)));
            all.map(|at| fs::read_to_string(at).expect("a migration is UTF-8")).collect()
        };
        let mut seeds = Self {
            postgres: read(["migrations/postgres", "tests/differential/postgres"]),
            sqlite: read(["migrations/sqlite", "tests/differential/sqlite"]),
        };
        for page in
            files(&root.join("analysis/src/rules")).iter().filter(|at| at.extension().is_some_and(|e| e == "md"))
        {
            let page = fs::read_to_string(page).expect("a page is UTF-8");
            for block in page.split("```sql ").skip(1) {
                let (about, sql) = block.split_once('\n').expect("a block has a first line");
                let sql = sql.split("```").next().expect("a split has a first part").to_owned();
                if about.contains("sqlite") { seeds.sqlite.push(sql) } else { seeds.postgres.push(sql) }
            }
        }
        assert!(seeds.postgres.len() > 20 && seeds.sqlite.len() > 10, "the project's own SQL is not where it was");
        seeds
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("a folder can be read").path()).collect();
    files.sort();
    files.retain(|at| at.is_file());
    files
}

/// Bytes as a series of decisions; what comes after the last of them is zero.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn one(&mut self) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first)
    }

    fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.one() << 8 | self.one()) % end }
    }
}

/// A folder of one to four migrations: the project's own, broken as `bytes` say.
pub(crate) fn mutated(seeds: &Seeds, bytes: &[u8]) -> (Backend, Vec<(String, String)>) {
    let mut choices = Choices(bytes);
    let (backend, pool) = match choices.one() % 3 {
        0 => (Backend::Sqlite, &seeds.sqlite),
        _ => (Backend::Postgres, &seeds.postgres),
    };
    let count = 1 + choices.one() % 4;
    let mut texts: Vec<Vec<&str>> = (0..count).map(|_| tokens(&pool[choices.below(pool.len())])).collect();
    while !choices.0.is_empty() {
        let donor = tokens(&pool[choices.below(pool.len())]);
        let text = &mut texts[choices.one() % count];
        let (at, length) = (choices.below(text.len()), choices.one() % 24);
        let end = text.len().min(at + length);
        match choices.one() % 8 {
            0 => drop(text.drain(at..end)),
            1 => {
                let again = text[at..end].repeat(1 + choices.one() % 4);
                text.splice(at..at, again);
            }
            2 if !text.is_empty() => {
                let other = choices.below(text.len());
                text.swap(at, other);
            }
            3 => text.insert(at, ODDITIES[choices.below(ODDITIES.len())]),
            4 if at < text.len() => text[at] = ODDITIES[choices.below(ODDITIES.len())],
            5 if at < text.len() && !donor.is_empty() => text[at] = donor[choices.below(donor.len())],
            6 => {
                let from = choices.below(donor.len());
                let until = donor.len().min(from + choices.one());
                text.splice(at..end, donor[from..until].iter().copied());
            }
            7 => text.truncate(at),
            _ => {}
        }
    }
    let named = texts.iter().enumerate().map(|(i, text)| (format!("{:03}_m.sql", i + 1), text.concat()));
    (backend, named.collect())
}

/// Words, white space, and every other character by itself.
fn tokens(text: &str) -> Vec<&str> {
    let class = |c: char| {
        if c.is_alphanumeric() || c == '_' {
            0
        } else if c.is_whitespace() {
            1
        } else {
            2
        }
    };
    let mut tokens = Vec::new();
    let mut start = 0;
    let mut previous = None;
    for (at, c) in text.char_indices() {
        if previous.is_some_and(|p| p != class(c) || p == 2) {
            tokens.push(&text[start..at]);
            start = at;
        }
        previous = Some(class(c));
    }
    if start < text.len() {
        tokens.push(&text[start..]);
    }
    tokens
}

/// Analyses a folder as the macro and the command line do, and holds the answer against what it promises.
pub(crate) fn hold(backend: Backend, files: &[(String, String)]) -> Analysis {
    let sources = Sources::from_texts(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let analysis = analyze(sources, &Config::new(backend));
    let text_of = |file: &str| analysis.sources.find(file).map(|f| f.text.as_str());
    for migration in &analysis.migrations {
        let text = text_of(&migration.file).expect("a migration's file is among the sources");
        let mut end = 0;
        for statement in &migration.statements {
            let span = statement.span;
            assert!(end <= span.start && span.start < span.end, "{}: {span:?} after {end}", migration.file);
            assert!(text.get(span.range()).is_some_and(|s| s.trim_ascii() == s), "{}: {span:?}", migration.file);
            end = span.end;
        }
    }
    for d in &analysis.diagnostics {
        let text = text_of(&d.file).expect("a diagnostic's file is among the sources");
        assert!(text.get(d.span.range()).is_some(), "{}: {}: {:?}: {}", d.file, d.rule, d.span, d.message);
        assert!(!d.message.is_empty(), "{}: {}", d.file, d.rule);
        let shown = render::render(d, &analysis.sources, &render::RenderOptions::default());
        assert!(!shown.is_empty());
    }
    assert_eq!(diagnostics::in_order(&analysis).len(), analysis.diagnostics.len());
    _ = schema::mermaid(&analysis.schema);
    analysis
}
