//! How fast a folder is analysed: generated ones of 100, 1,000 and 10,000 migrations, and those that
//! `GLOWPLUG_BENCH_FOLDERS` names (with `:` between them). Beside each, in the same run, what sqlparser alone needs for
//! the same statements. It parses them, no more, and does not know them all: those that it refuses (`DO` above all) are
//! left out of its text and of its count, and a line before the measurement says how many.
//!
//! ```text
//! cargo bench -p glowplug-analysis
//! cargo bench -p glowplug-analysis --profile dev     as an unoptimised build runs it: a macro, in a service's dev build
//! ```

use std::env;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, SamplingMode, Throughput};
use glowplug_analysis::{Analysis, Backend, Config, Level, Sources, analyze};
use sqlparser::dialect::{Dialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for migrations in [100, 1_000, 10_000] {
        let sources = generated(migrations);
        let config = Config { server_version: Some((14, 0)), ..Config::new(Backend::Postgres) };
        let analysis = analyze(sources.clone(), &config);
        // What is wrong is not folded: a folder with errors would be measured as faster than it is.
        let first = analysis.diagnostics.iter().find(|d| d.level == Level::Deny);
        assert!(first.is_none(), "the generated migrations are refused: {first:?}");
        assert_eq!(analysis.migrations.len(), migrations);
        measure(&mut criterion, &format!("{migrations} migrations"), &sources, &config, &analysis);
    }
    for folder in env::var("GLOWPLUG_BENCH_FOLDERS").unwrap_or_default().split(':').filter(|f| !f.is_empty()) {
        let at = Path::new(folder);
        let sources = Sources::read(at).unwrap_or_else(|error| panic!("{error}"));
        let config = Config::load_for(at, None)
            .unwrap_or_else(|error| panic!("{error}"))
            .unwrap_or_else(|| Config::new(Backend::Postgres));
        let analysis = analyze(sources.clone(), &config);
        measure(&mut criterion, folder, &sources, &config, &analysis);
    }
    criterion.final_summary();
}

/// One folder: the analysis, then sqlparser.
fn measure(criterion: &mut Criterion, name: &str, sources: &Sources, config: &Config, analysis: &Analysis) {
    let dialect: &dyn Dialect = match config.backend {
        Backend::Postgres => &PostgreSqlDialect {},
        Backend::Sqlite => &SQLiteDialect {},
        Backend::Mysql | Backend::Mariadb => &MySqlDialect {},
    };
    let statements: usize = analysis.migrations.iter().map(|migration| migration.statements.len()).sum();
    let (texts, parsed) = for_sqlparser(analysis, dialect);
    let bytes: usize = analysis.migrations.iter().filter_map(|m| sources.find(&m.file)).map(|f| f.text.len()).sum();
    let errors = analysis.diagnostics.iter().filter(|d| d.level == Level::Deny).count();
    eprintln!(
        "\n{name}: {} migrations, {statements} statements in {bytes} bytes, {errors} errors; sqlparser takes {parsed} \
         of the statements",
        analysis.migrations.len()
    );

    let mut group = criterion.benchmark_group("analysis");
    group.sampling_mode(SamplingMode::Flat).warm_up_time(Duration::from_secs(1));
    // The largest takes about a second each time, in a dev build several.
    group.measurement_time(Duration::from_secs(5)).sample_size(if statements > 10_000 { 10 } else { 30 });
    group.throughput(Throughput::Elements(statements as u64));
    group.bench_function(BenchmarkId::new("glowplug", name), |bencher| {
        bencher.iter_batched(|| sources.clone(), |sources| analyze(sources, config), BatchSize::PerIteration);
    });
    group.throughput(Throughput::Elements(parsed as u64));
    group.bench_function(BenchmarkId::new("sqlparser alone", name), |bencher| {
        bencher.iter_with_large_drop(|| {
            let parse = |text: &String| Parser::parse_sql(dialect, text).expect("it took every one of the statements");
            texts.iter().map(parse).collect::<Vec<_>>()
        });
    });
    group.finish();
}

/// Each migration's statements that sqlparser takes, as one text, and how many they are in all.
fn for_sqlparser(analysis: &Analysis, dialect: &dyn Dialect) -> (Vec<String>, usize) {
    let mut texts = Vec::with_capacity(analysis.migrations.len());
    let mut parsed = 0;
    for migration in &analysis.migrations {
        let Some(file) = analysis.sources.find(&migration.file) else { continue };
        let mut taken = String::new();
        for statement in &migration.statements {
            let text = &file.text[statement.span.start..statement.span.end];
            if Parser::parse_sql(dialect, text).is_ok_and(|found| found.len() == 1) {
                taken.push_str(text);
                taken.push_str(";\n");
                parsed += 1;
            }
        }
        texts.push(taken);
    }
    (texts, parsed)
}

/// A service that grows: every eight migrations bring one more area with tables, keys, indexes, an enum, a guarded
/// constraint, a view, a function with its trigger, and rows.
fn generated(migrations: usize) -> Sources {
    let files: Vec<_> = (0..migrations)
        .map(|number| {
            let (text, name) = AREA[number % AREA.len()];
            let mut sql = String::new();
            let area = number / AREA.len();
            let _ = writeln!(sql, "-- Area {area}: {name}.");
            sql.push_str(&text.replace("{n}", &area.to_string()));
            (format!("{:05}_{name}_{area}.sql", number + 1), sql)
        })
        .collect();
    Sources::from_texts(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
}

/// The migrations of one area, in order; `{n}` is its number.
const AREA: [(&str, &str); 8] = [
    (
        "\
CREATE TABLE IF NOT EXISTS account_{n} (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email text NOT NULL,
    display_name varchar(120) NOT NULL DEFAULT '',
    settings jsonb NOT NULL DEFAULT '{}'::jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT account_{n}_email_key UNIQUE (email),
    CONSTRAINT account_{n}_email_check CHECK (length(email) BETWEEN 3 AND 254 AND email LIKE '%@%')
);
CREATE INDEX IF NOT EXISTS account_{n}_created_at_idx ON account_{n} (created_at DESC);
CREATE UNIQUE INDEX IF NOT EXISTS account_{n}_lower_email_idx ON account_{n} (lower(email));
COMMENT ON TABLE account_{n} IS 'Who may sign in; it''s theirs alone';
",
        "accounts",
    ),
    (
        "\
DO $$ BEGIN
    CREATE TYPE order_state_{n} AS ENUM ('open', 'paid', 'shipped', 'cancelled');
EXCEPTION
    WHEN duplicate_object THEN NULL;
END $$;
CREATE TABLE IF NOT EXISTS customer_order_{n} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id uuid NOT NULL,
    state order_state_{n} NOT NULL DEFAULT 'open',
    total numeric(12, 2) NOT NULL DEFAULT 0,
    placed_at timestamptz,
    CONSTRAINT customer_order_{n}_account_id_fkey
        FOREIGN KEY (account_id) REFERENCES account_{n} (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS customer_order_{n}_open_idx ON customer_order_{n} (account_id) WHERE state = 'open';
",
        "orders",
    ),
    (
        "\
CREATE TABLE IF NOT EXISTS order_line_{n} (
    order_id bigint NOT NULL REFERENCES customer_order_{n} (id) ON DELETE CASCADE,
    position integer NOT NULL,
    article text NOT NULL,
    quantity integer NOT NULL DEFAULT 1,
    price numeric(12, 2) NOT NULL,
    PRIMARY KEY (order_id, position)
);
CREATE INDEX IF NOT EXISTS order_line_{n}_article_idx ON order_line_{n} (article, quantity DESC NULLS LAST);
",
        "lines",
    ),
    (
        "\
ALTER TABLE account_{n} ADD COLUMN IF NOT EXISTS locale text NOT NULL DEFAULT 'en';
ALTER TABLE account_{n} ADD COLUMN IF NOT EXISTS last_seen_at timestamptz, ADD COLUMN IF NOT EXISTS visits bigint;
ALTER TABLE customer_order_{n} ALTER COLUMN placed_at SET DEFAULT now();
CREATE INDEX IF NOT EXISTS account_{n}_last_seen_at_idx ON account_{n} (last_seen_at) WHERE last_seen_at IS NOT NULL;
",
        "more_columns",
    ),
    (
        "\
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'order_line_{n}_quantity_check') THEN
        ALTER TABLE order_line_{n} ADD CONSTRAINT order_line_{n}_quantity_check CHECK (quantity > 0) NOT VALID;
    END IF;
END
$$;
ALTER TABLE order_line_{n} VALIDATE CONSTRAINT order_line_{n}_quantity_check;
",
        "quantities",
    ),
    (
        "\
CREATE OR REPLACE VIEW account_totals_{n} AS
SELECT a.id, a.email, count(o.id) AS orders, coalesce(sum(l.quantity * l.price), 0) AS spent
FROM account_{n} a
LEFT JOIN customer_order_{n} o ON o.account_id = a.id AND o.state <> 'cancelled'
LEFT JOIN order_line_{n} l ON l.order_id = o.id
WHERE a.last_seen_at > now() - interval '1 year'
GROUP BY a.id, a.email;
COMMENT ON VIEW account_totals_{n} IS 'What each account has spent';
",
        "totals",
    ),
    (
        "\
CREATE TABLE IF NOT EXISTS tariff_{n} (code text PRIMARY KEY, title text NOT NULL, cents integer NOT NULL);
INSERT INTO tariff_{n} (code, title, cents) VALUES
    ('free', 'Free', 0),
    ('plus', 'Plus', 490),
    ('team', 'Team', 1990)
ON CONFLICT (code) DO NOTHING;
INSERT INTO tariff_{n} (code, title, cents) VALUES ('team', 'The whole team', 1990)
ON CONFLICT (code) DO UPDATE SET title = excluded.title, cents = excluded.cents;
UPDATE account_{n} SET locale = 'de' WHERE email LIKE '%.de' AND locale = 'en';
",
        "tariffs",
    ),
    (
        "\
ALTER TABLE account_{n} ADD COLUMN IF NOT EXISTS updated_at timestamptz;
CREATE OR REPLACE FUNCTION touch_account_{n}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END;
$$;
CREATE OR REPLACE TRIGGER touch_account_{n} BEFORE UPDATE ON account_{n}
    FOR EACH ROW EXECUTE FUNCTION touch_account_{n}();
DROP INDEX IF EXISTS account_{n}_created_at_idx;
",
        "touch",
    ),
];
