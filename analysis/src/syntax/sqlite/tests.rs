use super::SYNTAX;
use crate::change::{
    Action, Change, ConstraintKind, CreateTable, Identity, Literal, ObjectKind, TableActionKind, Transaction,
};
use crate::syntax::{SyntaxError, parse};

#[track_caller]
fn read(sql: &str) -> Change {
    let mut parsed = parse(sql, &SYNTAX);
    assert_eq!(parsed.errors, [], "in {sql}");
    assert_eq!(parsed.statements.len(), 1, "in {sql}");
    parsed.statements.remove(0).change.unwrap()
}

#[track_caller]
fn table(sql: &str) -> CreateTable {
    match read(sql) {
        Change::CreateTable(t) => t,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused(sql: &str) -> SyntaxError {
    parse(sql, &SYNTAX).errors.into_iter().next().unwrap_or_else(|| panic!("taken: {sql}"))
}

#[test]
fn a_table_with_everything() {
    let t = table(
        "CREATE TEMP TABLE IF NOT EXISTS main.Tasks (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            \"Title\" VARCHAR(200) NOT NULL DEFAULT 'x' COLLATE NOCASE,
            amount DECIMAL(10, -2) DEFAULT -1.5 CHECK (amount > 0),
            owner REFERENCES users ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE INITIALLY DEFERRED,
            doubled AS (amount * 2) STORED,
            CONSTRAINT one UNIQUE (owner, \"Title\" COLLATE NOCASE DESC) ON CONFLICT IGNORE
            FOREIGN KEY (owner, id) REFERENCES [the users](a, b)
        )",
    );
    assert_eq!(t.name.text(), "main.Tasks");
    assert!(t.if_not_exists && t.temporary && !t.without_rowid && !t.strict);
    let names: Vec<_> = t.columns.iter().map(|c| c.name.value.as_str()).collect();
    assert_eq!(names, ["id", "Title", "amount", "owner", "doubled"]);
    let [id, title, amount, owner, doubled] = t.columns.as_slice() else { panic!("five columns") };
    assert!(
        matches!(&id.constraints[0].kind, ConstraintKind::PrimaryKey { autoincrement: true, columns, .. } if columns.len() == 1)
    );
    let data_type = title.data_type.as_ref().unwrap();
    assert_eq!((data_type.name.text().as_str(), data_type.modifiers.join(",")), ("VARCHAR", "200".to_owned()));
    assert_eq!(title.not_null, Some(true));
    assert_eq!(title.default.as_ref().unwrap().literal, Some(Literal::Text("x".to_owned())));
    assert_eq!(title.collation.as_ref().unwrap().text(), "NOCASE");
    assert_eq!(amount.data_type.as_ref().unwrap().modifiers, ["10", "-2"]);
    assert_eq!(amount.default.as_ref().unwrap().literal, Some(Literal::Number("-1.5".to_owned())));
    assert!(matches!(&amount.constraints[0].kind, ConstraintKind::Check(e) if e.names.columns.len() == 1));
    assert!(owner.data_type.is_none() && owner.constraints[0].deferrable);
    let ConstraintKind::ForeignKey(key) = &owner.constraints[0].kind else { panic!("no key") };
    assert_eq!((key.table.text().as_str(), key.on_delete, key.on_update), ("users", Action::Cascade, Action::SetNull));
    assert!(doubled.generated.as_ref().unwrap().stored);
    let [one, key] = t.constraints.as_slice() else { panic!("two constraints") };
    assert_eq!(one.name.as_ref().unwrap().value, "one");
    assert!(matches!(&one.kind, ConstraintKind::Unique { columns, .. } if columns.len() == 2));
    assert!(
        matches!(&key.kind, ConstraintKind::ForeignKey(k) if k.table.text() == "the users" && k.referenced.len() == 2)
    );
}

#[test]
fn defaults() {
    for (sql, literal) in [
        ("1", Some(Literal::Number("1".to_owned()))),
        ("+ 2", Some(Literal::Number("2".to_owned()))),
        ("\"y\"", Some(Literal::Text("y".to_owned()))),
        ("word", Some(Literal::Text("word".to_owned()))),
        ("NULL", Some(Literal::Null)),
        ("FALSE NOT NULL", Some(Literal::Boolean(false))),
        ("CURRENT_TIMESTAMP", None),
        ("x'00'", None),
        ("(datetime('now'))", None),
        ("(1)", Some(Literal::Number("1".to_owned()))),
    ] {
        let t = table(&format!("CREATE TABLE t (a DEFAULT {sql})"));
        assert_eq!(t.columns[0].default.as_ref().unwrap().literal, literal, "of {sql}");
    }
}

#[test]
fn types_are_any_words() {
    for (sql, name) in [
        ("a", None),
        ("a UNSIGNED BIG INT", Some("UNSIGNED BIG INT")),
        ("a 'long' \"text\" (3)", Some("long text")),
        ("a TIMESTAMP NOT NULL", Some("TIMESTAMP")),
        ("a PRIMARY KEY", None),
        ("a int GENERATED ALWAYS AS (1), b", Some("int")),
    ] {
        let t = table(&format!("CREATE TABLE t ({sql})"));
        let found = t.columns[0].data_type.as_ref().map(|t| t.name.text());
        assert_eq!(found.as_deref(), name, "in {sql}");
        assert_eq!(t.columns[0].identity, None::<Identity>);
    }
}

#[test]
fn indexes() {
    let Change::CreateIndex(i) = read(
        "CREATE UNIQUE INDEX IF NOT EXISTS main.i ON t (a, \"b\" COLLATE NOCASE DESC, lower(c) ASC) WHERE d IS NOT NULL",
    ) else {
        panic!("no index")
    };
    assert!(i.unique && i.if_not_exists && i.predicate.is_some());
    assert_eq!((i.name.unwrap().text().as_str(), i.table.text().as_str()), ("main.i", "t"));
    let [a, b, c] = i.columns.as_slice() else { panic!("three columns") };
    assert_eq!(a.column.as_ref().unwrap().value, "a");
    assert_eq!((b.column.as_ref().unwrap().value.as_str(), b.order.as_str()), ("b", "desc"));
    assert_eq!(b.collation.as_ref().unwrap().text(), "NOCASE");
    assert!(c.column.is_none() && c.expr.as_ref().unwrap().names.functions.len() == 1);
}

#[test]
fn triggers_hold_statements() {
    let Change::CreateTrigger(t) = read(
        "CREATE TRIGGER IF NOT EXISTS tr INSTEAD OF UPDATE OF a, b ON v FOR EACH ROW WHEN NEW.a > CASE WHEN OLD.b THEN 1 END BEGIN
            INSERT INTO t (a) VALUES (CASE WHEN NEW.a THEN 1 ELSE 2 END);
            SELECT RAISE(ABORT, 'a; b') WHERE NEW.b IS NULL;
            DELETE FROM u;
        END",
    ) else {
        panic!("no trigger")
    };
    assert!(t.if_not_exists && t.instead_of && t.columns.len() == 2 && t.function.is_none());
    // The condition is the first.
    let [Change::Select(when), Change::Insert(_), Change::Select(_), Change::Delete { .. }] = t.body.as_slice() else {
        panic!("{:?}", t.body)
    };
    assert_eq!(when.selects[0].names.columns.len(), 2);
}

/// A trigger's semicolons do not end the statement, and those of the next one do.
#[test]
fn statements_are_cut_around_triggers() {
    let sql = "CREATE TRIGGER a AFTER INSERT ON t BEGIN SELECT 1; END; CREATE TEMP TRIGGER b AFTER INSERT ON t BEGIN \
               SELECT CASE WHEN 1 THEN 2 END; SELECT 3; END; BEGIN; SELECT 1; END;";
    let parsed = parse(sql, &SYNTAX);
    assert_eq!(parsed.errors, []);
    assert_eq!(parsed.statements.len(), 5);
}

#[test]
fn alterations() {
    let Change::Rename { kind: ObjectKind::Table, to, .. } = read("ALTER TABLE main.t RENAME TO 'n'") else {
        panic!("no rename")
    };
    assert_eq!(to.value, "n");
    for (sql, name) in [
        ("ALTER TABLE t RENAME COLUMN a TO b", "a"),
        ("ALTER TABLE t RENAME a TO b", "a"),
        ("ALTER TABLE t ADD COLUMN a TEXT NOT NULL DEFAULT ''", "a"),
        ("ALTER TABLE t ADD a", "a"),
        ("ALTER TABLE t DROP COLUMN a", "a"),
        ("ALTER TABLE t DROP a", "a"),
    ] {
        let Change::AlterTable(mut a) = read(sql) else { panic!("no ALTER TABLE") };
        assert_eq!((a.name.text().as_str(), a.actions.len()), ("t", 1));
        let found = match a.actions.remove(0).kind {
            TableActionKind::RenameColumn { from, .. } => from.value,
            TableActionKind::AddColumn { column, .. } => column.name.value,
            TableActionKind::DropColumn { name, .. } => name.value,
            other => panic!("{other:?}"),
        };
        assert_eq!(found, name, "in {sql}");
    }
}

#[test]
fn transactions() {
    for (sql, kind) in [
        ("BEGIN EXCLUSIVE TRANSACTION", Transaction::Begin),
        ("END TRANSACTION", Transaction::Commit),
        ("COMMIT", Transaction::Commit),
        ("ROLLBACK TRANSACTION", Transaction::Rollback),
        ("ROLLBACK TO s", Transaction::Savepoint),
        ("RELEASE SAVEPOINT s", Transaction::Savepoint),
    ] {
        assert!(matches!(read(sql), Change::Transaction(found) if found == kind), "{sql}");
    }
}

/// What SQLite answers with an error inside a transaction; what it only ignores there is left to the rules.
#[test]
fn outside_transactions() {
    for (sql, outside) in [
        ("VACUUM", true),
        ("VACUUM INTO 'x'", true),
        ("PRAGMA synchronous = OFF", true),
        ("PRAGMA main.synchronous(1)", true),
        ("PRAGMA wal_checkpoint", true),
        ("PRAGMA synchronous", false),
        ("PRAGMA foreign_keys = OFF", false),
        ("PRAGMA user_version = 3", false),
        ("CREATE TABLE t (synchronous)", false),
        ("SELECT 1", false),
    ] {
        let parsed = parse(sql, &SYNTAX);
        assert_eq!(parsed.errors, [], "in {sql}");
        assert_eq!(parsed.statements[0].outside_transaction, outside, "of {sql}");
    }
}

/// Other engines' SQL is refused in SQLite's words, with SQLite's own form as the help.
#[test]
fn other_engines() {
    for (sql, message, help) in [
        ("ALTER TABLE t ALTER COLUMN a TYPE TEXT", "near \"ALTER\": syntax error", "INSERT INTO … SELECT"),
        ("ALTER TABLE t ADD CONSTRAINT c UNIQUE (a)", "near \"CONSTRAINT\": syntax error", "make a new table"),
        ("ALTER TABLE t ADD COLUMN IF NOT EXISTS a", "near \"EXISTS\": syntax error", "no IF NOT EXISTS"),
        ("ALTER TABLE t ADD a, ADD b", "near \",\": syntax error", "a statement for each"),
        ("CREATE TABLE t (a INT, INDEX i (a))", "near \"INDEX\": syntax error", "CREATE INDEX"),
        ("CREATE TABLE t (a INT, KEY i (a))", "near \"a\": syntax error", "CREATE INDEX"),
        ("CREATE TABLE t (a DEFAULT now())", "near \"(\": syntax error", "parentheses"),
        ("CREATE TABLE t (id INTEGER PRIMARY KEY AUTO_INCREMENT)", "near \"AUTO_INCREMENT\": syntax error", "counts"),
        ("CREATE TABLE t (a ENUM('x', 'y'))", "near \"'x'\": syntax error", "CHECK (a IN"),
        ("CREATE TABLE t (a INT) ENGINE=InnoDB", "near \"ENGINE\": syntax error", "WITHOUT ROWID"),
        ("CREATE TYPE mood AS ENUM ('sad')", "near \"TYPE\": syntax error", "CHECK"),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", "near \"OR\": syntax error", "DROP … IF EXISTS"),
        ("CREATE INDEX CONCURRENTLY i ON t (a)", "near \"CONCURRENTLY\": syntax error", "leave CONCURRENTLY out"),
        ("DROP TABLE t CASCADE", "near \"CASCADE\": syntax error", "leave it out"),
        ("TRUNCATE t", "near \"TRUNCATE\": syntax error", "DELETE FROM"),
        ("COMMENT ON TABLE t IS 'x'", "near \"COMMENT\": syntax error", "no comments"),
        ("GRANT ALL ON t TO x", "near \"GRANT\": syntax error", "no users"),
        ("SELECT a::text FROM t", "unrecognized token: \":\"", "CAST"),
        ("INSERT IGNORE INTO t VALUES (1)", "near \"IGNORE\": syntax error", "INSERT OR IGNORE"),
        (
            "CREATE TABLE t (id SERIAL PRIMARY KEY)",
            "SQLite takes SERIAL for the name of a type: the column does not count",
            "INTEGER PRIMARY KEY",
        ),
        (
            "CREATE TABLE t (id BIGINT AUTO_INCREMENT PRIMARY KEY)",
            "SQLite takes AUTO_INCREMENT for the name of a type: the column does not count",
            "INTEGER PRIMARY KEY",
        ),
    ] {
        let e = refused(sql);
        assert_eq!((e.rule, e.message.as_str()), ("wrong-engine", message), "in {sql}");
        assert!(e.help.as_ref().is_some_and(|h| h.contains(help)), "{:?} in {sql}", e.help);
    }
    // SERIAL that is no key is a type like any other.
    table("CREATE TABLE t (a SERIAL)");
}

/// An ON after FROM is a join's.
#[test]
fn upsert_after_select_needs_where() {
    read("INSERT INTO t SELECT * FROM u WHERE true ON CONFLICT DO NOTHING");
    read("INSERT INTO t SELECT 1 ON CONFLICT DO NOTHING");
    let e = refused("INSERT INTO t SELECT * FROM u ON CONFLICT DO NOTHING");
    assert!(e.help.unwrap().contains("WHERE true"));
}
