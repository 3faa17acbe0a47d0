use std::fmt::Write as _;

use super::forms::{POSTGRES_REFUSES, POSTGRES_TAKES, SQLITE_REFUSES, SQLITE_TAKES};
use crate::change::{
    Change, ConflictTarget, Expr, Ident, InsertSource, Literal, Name, Names, Output, Reads, Source, SourceKind,
};
use crate::config::Backend;
use crate::syntax::{Cursor, Syntax, lex, of, parse};

fn postgres() -> &'static Syntax {
    of(Backend::Postgres)
}

fn sqlite() -> &'static Syntax {
    of(Backend::Sqlite)
}

#[track_caller]
fn change(sql: &str, syntax: &'static Syntax) -> Change {
    let mut parsed = parse(sql, syntax);
    assert_eq!(parsed.errors, [], "in {sql}");
    assert_eq!(parsed.statements.len(), 1, "in {sql}");
    parsed.statements.remove(0).change.unwrap()
}

#[track_caller]
fn query(sql: &str) -> Reads {
    match change(sql, postgres()) {
        Change::Select(reads) => reads,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn expr(sql: &str, syntax: &'static Syntax) -> Expr {
    let lexed = lex(sql, syntax.backend);
    let mut c = Cursor::new(sql, &lexed.tokens, syntax);
    let e = c.expr().unwrap_or_else(|e| panic!("{e:?} in {sql}"));
    assert!(c.at_end(), "{sql}: stopped at {}", c.mark());
    e
}

#[track_caller]
fn check(takes: &[&str], refuses: &[(&str, usize, &str)], syntax: &'static Syntax) {
    for sql in takes {
        let parsed = parse(sql, syntax);
        assert_eq!(parsed.errors, [], "in {sql}");
    }
    for (sql, offset, message) in refuses {
        let parsed = parse(sql, syntax);
        let Some(e) = parsed.errors.first() else { panic!("taken: {sql}") };
        assert_eq!((e.span.start, e.message.as_str()), (*offset, *message), "in {sql}");
    }
}

#[test]
fn postgres_verdicts() {
    check(POSTGRES_TAKES, POSTGRES_REFUSES, postgres());
}

#[test]
fn sqlite_verdicts() {
    check(SQLITE_TAKES, SQLITE_REFUSES, sqlite());
}

// ---- what is collected, in a short notation

fn dotted(path: &[Ident]) -> String {
    path.iter().map(|i| i.value.as_str()).collect::<Vec<_>>().join(".")
}

fn show_names(n: &Names) -> String {
    let mut out = n.columns.iter().map(|c| dotted(c)).collect::<Vec<_>>();
    out.extend(n.functions.iter().map(|f| match f.arguments {
        Some(a) => format!("{}/{a}", f.name.text()),
        None => format!("{}/*", f.name.text()),
    }));
    out.extend(n.types.iter().map(|t| format!(":{}{}", t.name.text(), "[]".repeat(t.dimensions))));
    out.extend(n.queries.iter().map(|q| format!("({})", show(q))));
    if n.opaque {
        out.push("?".to_owned());
    }
    out.join(" ")
}

fn show_source(s: &Source) -> String {
    let mut out = match &s.kind {
        SourceKind::Table(name) => name.text(),
        SourceKind::Query(q) => format!("({})", show(q)),
        SourceKind::Cte(name) => format!("cte {name}"),
        SourceKind::Unknown => "?".to_owned(),
    };
    if let Some(a) = &s.alias {
        let _ = write!(out, " {}", a.value);
    }
    if !s.columns.is_empty() {
        let _ = write!(out, "({})", s.columns.iter().map(|c| c.value.as_str()).collect::<Vec<_>>().join(","));
    }
    out
}

fn show_output(o: &Output) -> String {
    match o {
        Output::Named(i) => i.value.clone(),
        Output::Star(None) => "*".to_owned(),
        Output::Star(Some(path)) => format!("{}.*", dotted(path)),
        Output::Unnamed => "-".to_owned(),
    }
}

/// `outputs < sources: names / loose names`, a part for each select, divided by `|`.
fn show(q: &Reads) -> String {
    let mut out = q.outputs.iter().map(show_output).collect::<Vec<_>>().join(" ");
    // Of a query that is read elsewhere only the columns count, and what a `*` stands for.
    let stars = q.outputs.iter().any(|o| matches!(o, Output::Star(_)));
    if q.elsewhere && !stars {
        return out;
    }
    for (i, s) in q.selects.iter().enumerate() {
        out.push_str(if i == 0 { " <" } else { " |" });
        for source in &s.sources {
            let _ = write!(out, " {}", show_source(source));
        }
        let names = show_names(&s.names);
        if !names.is_empty() {
            let _ = write!(out, ": {names}");
        }
        let loose = show_names(&s.loose);
        if !loose.is_empty() {
            let _ = write!(out, " / {loose}");
        }
    }
    for w in &q.writes {
        let _ = write!(out, " !{}", w.text());
    }
    if q.opaque {
        out.push_str(" ?");
    }
    out
}

#[test]
fn names_of_expressions() {
    for (sql, names) in [
        ("a + t.b * s.t.c", "a t.b s.t.c"),
        ("lower(a) || 'x'", "a lower/1"),
        ("count(*) > 0 AND f(VARIADIC b) AND now() < now()", "b count/* f/* now/0 now/0"),
        ("a::text[] || CAST(b AS s.mood)", "a b :text[] :s.mood"),
        ("current_user = \"user\" AND current_date < now AND localtimestamp > CURRENT_TIMESTAMP(3)", "user now"),
        ("date '2024-01-01' + interval '1 day' - s.t 'x'", ":date :interval :s.t"),
        ("(r).field.other[1] + (f(x)).y + $1.z", "r x f/1"),
        ("NEW.a IS DISTINCT FROM OLD.a", "NEW.a OLD.a"),
        ("extract(epoch FROM a) + substring(b FROM 1 FOR c) || trim(BOTH 'x' FROM d)", "a b c d"),
        ("coalesce(a, b, greatest(c, 1)) AND array[d, e] <> '{}'", "a b c d e"),
        ("CASE a WHEN b THEN c ELSE d END", "a b c d"),
        ("f(x => a, y := b)", "a b f/2"),
        ("row_to_json(t.*)", "t row_to_json/1"),
        ("sum(a) FILTER (WHERE b) OVER (PARTITION BY c ORDER BY d)", "a b c d sum/1"),
        ("a IN (SELECT b FROM u WHERE u.x = t.x)", "a (b < u: b u.x t.x)"),
        ("EXISTS (SELECT 1)", "(- <)"),
        ("xmlelement(name a, b)", "b"),
        ("a AT TIME ZONE 'UTC' COLLATE \"C\"", "a"),
        ("nextval('s'::regclass)", "nextval/1 :regclass"),
    ] {
        let syntax = postgres();
        let names_found = show_names(&expr(sql, syntax).names).replace("new.", "NEW.").replace("old.", "OLD.");
        assert_eq!(names_found, names, "in {sql}");
    }
}

#[test]
fn names_of_expressions_on_sqlite() {
    for (sql, names) in [
        ("a IS b AND c GLOB 'x*' AND d NOT NULL", "a b c d"),
        // A double-quoted name may be a string; between other marks, or after a table, it is a name.
        ("\"x\" = [y] OR `z` = t.\"w\"", "y z t.w"),
        ("a IN u", "a ( < u)"),
        ("CAST(a AS UNSIGNED BIG INT) = current_timestamp", "a"),
        ("a -> '$.x' ->> b", "a b"),
        ("left + \"right\"", "left"),
        ("RAISE(ABORT, 'no')", ""),
        (":a + ?1 + @b", ""),
    ] {
        assert_eq!(show_names(&expr(sql, sqlite()).names), names, "in {sql}");
    }
}

#[test]
fn literals() {
    for (sql, literal) in [
        ("- 1.5", Some(Literal::Number("-1.5".to_owned()))),
        ("('x')", Some(Literal::Text("x".to_owned()))),
        ("'a'\n  'b'", Some(Literal::Text("ab".to_owned()))),
        ("$$a'b$$", Some(Literal::Text("a'b".to_owned()))),
        ("NULL", Some(Literal::Null)),
        ("true", Some(Literal::Boolean(true))),
        ("'x'::text", None),
        ("'x'::regclass", None),
        ("1 + 1", None),
        ("now()", None),
    ] {
        assert_eq!(expr(sql, postgres()).literal, literal, "in {sql}");
    }
    let call = expr("setval('s'::regclass, 1, a)", postgres()).names.functions.remove(0);
    let s = Some(Literal::Text("s".to_owned()));
    assert_eq!(call.literals, [s, Some(Literal::Number("1".to_owned())), None]);
}

#[test]
fn scopes_of_queries() {
    for (sql, shown) in [
        ("SELECT a, t.b AS c, u.*, * FROM t, s.u", "a c u.* * < t s.u: a t.b"),
        (
            "SELECT a FROM t x WHERE b GROUP BY c, lower(d) HAVING e ORDER BY a, f + 1",
            "a < t x: a b d e f lower/1 / c a",
        ),
        ("SELECT 1 FROM t JOIN u USING (a, b) LEFT JOIN v ON v.c = t.c", "- < t u v: a b v.c t.c"),
        ("SELECT * FROM (SELECT a FROM t) x (b)", "* < (a < t: a) x(b)"),
        ("SELECT * FROM f(a) WITH ORDINALITY AS g (b, c)", "* < ? g(b,c): a f/1"),
        ("SELECT * FROM f() AS (a integer, b s.mood)", "* < ? f(a,b): f/0 :integer :s.mood"),
        ("SELECT * FROM t, LATERAL (SELECT t.a) x", "* < t (a) x: (a <: t.a)"),
        ("SELECT * FROM (t JOIN u ON t.a = u.a) AS j", "* < (* < t u: t.a u.a) j"),
        ("SELECT * FROM (t JOIN u ON t.a = u.a)", "* < t u: t.a u.a"),
        ("WITH x AS (SELECT a FROM t) SELECT b FROM x JOIN s.x ON true", "b < (a) x s.x: b |: (a < t: a)"),
        ("WITH x (p, q) AS (SELECT * FROM t) SELECT p FROM x", "p < (* < t) x(p,q): p |: (* < t)"),
        (
            "WITH RECURSIVE x (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT n FROM x",
            "n < (-) x(n): n |: (- < | cte x x(n): n)",
        ),
        ("WITH x AS (SELECT 1 FROM x) SELECT 1 FROM x", "- < (-) x |: (- < x)"),
        ("SELECT a FROM t UNION SELECT b FROM u ORDER BY a", "a < t: a | u: b | / a"),
        ("VALUES (a, 1), (f(b), 2)", "column1 column2 <: a b f/1"),
        ("TABLE s.t", "* < s.t"),
        ("SELECT (r).* FROM t r", "- < t r: r ?"),
        ("SELECT a INTO n FROM t", "a < t: a"),
        (
            "WITH d AS (DELETE FROM t USING u WHERE t.a = u.a RETURNING t.b) SELECT b FROM d",
            "b < (b) d: b |: (b < t u: t.a u.a t.b !t) !t",
        ),
        (
            "WITH i AS (INSERT INTO t (a) SELECT b FROM u RETURNING id) SELECT id FROM i",
            "id < (id) i: id |: (id < t: id t.a |: (b < u: b) !t) !t",
        ),
        (
            "MERGE INTO t x USING u ON x.a = u.a WHEN MATCHED THEN UPDATE SET b = u.b WHEN NOT MATCHED THEN INSERT (a) VALUES (u.a)",
            " < t x u: x.a u.a u.b x.b u.a x.a !t",
        ),
    ] {
        assert_eq!(show(&query(sql)), shown, "in {sql}");
    }
}

/// An output's name is what PostgreSQL gives it.
#[test]
fn names_of_outputs() {
    for (sql, name) in [
        ("lower(a)", "lower"),
        ("a::text", "a"),
        ("'x'::varchar(3)", "varchar"),
        ("1::bigint::integer", "int4"),
        ("CASE WHEN a THEN b END", "case"),
        ("CASE WHEN a THEN b ELSE c END", "c"),
        ("CASE WHEN a THEN b END::text", "text"),
        ("(SELECT z FROM t)", "z"),
        ("ARRAY[1]", "array"),
        ("(a, b)", "row"),
        ("coalesce(a, 1)", "coalesce"),
        ("trim(a)", "btrim"),
        ("extract(year FROM a)", "extract"),
        ("current_user", "current_user"),
        ("true", "bool"),
        ("(a).b", "b"),
        ("a[1]", "a"),
        ("a COLLATE \"C\"", "a"),
        ("EXISTS (SELECT 1)", "exists"),
        ("timestamp with time zone 'now'", "timestamptz"),
        ("a + 1", "-"),
        ("- a", "-"),
        ("NULL", "-"),
        ("'x'", "-"),
    ] {
        let q = query(&format!("SELECT {sql}"));
        assert_eq!(show_output(&q.outputs[0]), name, "of {sql}");
    }
}

#[test]
fn inserts() {
    let Change::Insert(i) = change(
        "INSERT INTO s.t AS x (a, b) VALUES (1, DEFAULT), (f(2), 3) ON CONFLICT (a) WHERE b > 0 DO UPDATE SET b = excluded.b \
         WHERE x.a > 1 RETURNING id",
        postgres(),
    ) else {
        panic!("not an INSERT")
    };
    assert_eq!((i.table.text(), i.columns.len()), ("s.t".to_owned(), 2));
    assert_eq!(show_names(&i.names), "b excluded.b x.a id");
    let conflict = i.on_conflict.unwrap();
    let ConflictTarget::Columns { columns, has_predicate: true } = conflict.target else { panic!("no columns") };
    assert_eq!((dotted(&columns), conflict.update[0].0.value.clone()), ("a".to_owned(), "b".to_owned()));
    let InsertSource::Query(q) = i.source else { panic!("no rows") };
    assert_eq!(q.values.unwrap().iter().map(|(n, _)| *n).collect::<Vec<_>>(), [2, 2]);

    for (sql, ignore) in [
        ("INSERT INTO t VALUES (1)", false),
        ("INSERT OR IGNORE INTO t VALUES (1)", true),
        ("INSERT OR REPLACE INTO t VALUES (1)", true),
        ("REPLACE INTO t VALUES (1)", true),
        ("INSERT OR ABORT INTO t VALUES (1)", false),
    ] {
        let Change::Insert(i) = change(sql, sqlite()) else { panic!("not an INSERT") };
        assert_eq!(i.ignore, ignore, "in {sql}");
    }
}

#[test]
fn updates_that_accumulate() {
    for (set, accumulates) in [
        ("n = n + 1", true),
        ("n = t.n || 'x'", true),
        ("n = m + 1", false),
        ("n = 1", false),
        ("n = DEFAULT", false),
        ("n = u.n", false),
        ("n = lower(n)", false),
        ("n = coalesce(n, 0)", false),
        ("n = coalesce(n, 0) + 1", true),
        ("n = replace(n, 'a', 'aa')", true),
        ("n = (SELECT count(*) FROM u WHERE u.n = 1)", false),
        ("n = (SELECT t.n + 1)", true),
        ("n = (SELECT t.n FROM t)", false),
        ("(n, m) = (n + 1, 2)", true),
        ("(m, n) = (n, 2)", false),
    ] {
        let Change::Update(u) = change(&format!("UPDATE t SET {set} WHERE id = 1"), postgres()) else {
            panic!("not an UPDATE")
        };
        let n = u.set.iter().find(|(c, ..)| c.value == "n").unwrap();
        assert_eq!(n.1, accumulates, "of {set}");
        assert!(u.has_where);
    }
}

/// The scope of an UPDATE starts with its table.
#[test]
fn scopes_of_writes() {
    let Change::Update(u) =
        change("WITH w AS (SELECT 1 k) UPDATE t x SET a = w.k FROM w WHERE x.b RETURNING c", postgres())
    else {
        panic!("not an UPDATE")
    };
    assert_eq!(show(&u.reads), " < t x (k) w: w.k x.b c |: (k <)");
    let Change::Delete { table, alias, reads, .. } = change("DELETE FROM t AS x USING u WHERE x.a = u.a", postgres())
    else {
        panic!("not a DELETE")
    };
    assert_eq!((table.text(), alias.unwrap().value), ("t".to_owned(), "x".to_owned()));
    assert_eq!(show(&reads), " < t x u: x.a u.a");
}

/// To SQLite an alias counts in WHERE, too.
#[test]
fn aliases_on_sqlite() {
    let Change::Select(q) = change("SELECT a AS b FROM t WHERE b GROUP BY c HAVING d ORDER BY lower(b)", sqlite())
    else {
        panic!("not a SELECT")
    };
    assert_eq!(show(&q), "b < t: a / b c d b lower/1");
}

/// A word's place is its own, in bytes, whatever stands before it.
#[test]
fn places() {
    let sql = "SELECT 'ä€𝄞', naïve.spalte /* ü */ FROM tabelle AS naïve";
    let q = query(sql);
    let path = &q.selects[0].names.columns[0];
    assert_eq!(path.iter().map(|i| &sql[i.span.range()]).collect::<Vec<_>>(), ["naïve", "spalte"]);
    let SourceKind::Table(Name { name, .. }) = &q.selects[0].sources[0].kind else { panic!("no table") };
    assert_eq!(&sql[name.span.range()], "tabelle");
    assert_eq!(&sql[q.span.range()], sql);
}

/// What nests too deep is an error, and what is long is read.
#[test]
fn deep_and_long() {
    let nest = |open: &str, inner: &str, close: &str, n: usize| format!("{}{inner}{}", open.repeat(n), close.repeat(n));
    let deep = [
        nest("(", "SELECT 1", ")", 190),
        format!("SELECT {}a", "NOT ".repeat(5000)),
        format!("SELECT {}1", "- ".repeat(5000)),
        format!("SELECT {}", nest("(SELECT ", "1", ")", 190)),
        format!("SELECT {}", nest("a OR b AND c = d + e ^ (", "1", ")", 190)),
        format!("SELECT * FROM {}", nest("(SELECT * FROM ", "t", ") x", 190)),
        format!("SELECT * FROM {}", nest("(", "a JOIN b ON true", ")", 190)),
        format!("SELECT * FROM a {}{}", "JOIN b ".repeat(1000), "ON true ".repeat(1000)),
        format!("WITH {}", nest("x AS (WITH ", "x AS (SELECT 1) SELECT 1", ") SELECT 1", 190)),
        format!("SELECT {}", "(".repeat(10_000)),
    ];
    for sql in &deep {
        let rules: Vec<_> = parse(sql, postgres()).errors.iter().map(|e| e.rule).collect();
        assert_eq!(rules, ["nesting-too-deep"], "of {}", &sql[..40]);
    }
    let fine = [
        format!("SELECT {}", nest("replace(", "a", ", 'x', 'y')", 100)),
        format!("SELECT {}", nest("(", "1", ")", 100)),
        format!("SELECT {}", nest("CASE WHEN a THEN b ELSE ", "c", " END", 100)),
        format!("SELECT {}", nest("(SELECT ", "1", ")", 30)),
        format!("SELECT 1{}", " + 1".repeat(5000)),
        format!("SELECT a{}", "::integer".repeat(500)),
        format!("SELECT 1{}", " UNION SELECT 1".repeat(1000)),
    ];
    for sql in &fine {
        assert_eq!(parse(sql, postgres()).errors, [], "of {}", &sql[..40]);
    }
}

/// A CTE that is used twice by the next, forty times over: its columns are traced only so far.
#[test]
fn chained_ctes() {
    let mut sql = "WITH a0 AS (SELECT * FROM t)".to_owned();
    for i in 1..40 {
        let _ = write!(sql, ", a{i} AS (SELECT * FROM a{0} x, a{0} y)", i - 1);
    }
    let q = query(&format!("{sql} SELECT * FROM a39"));
    assert!(show(&q).len() < 50_000, "{}", show(&q).len());
    assert_eq!(q.selects[1].names.queries.len(), 40);
}
