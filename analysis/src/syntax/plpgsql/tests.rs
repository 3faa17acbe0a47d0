//! Blocks as they are written, and what is read of them.

use super::*;
use crate::change::Update;
use crate::config::Backend;

/// Reads a file that is one DO.
fn read(file: &str) -> R<Block> {
    let parsed = crate::syntax::parse(file, crate::syntax::of(Backend::Postgres));
    if let Some(e) = parsed.errors.into_iter().next() {
        return Err(e);
    }
    match parsed.statements.into_iter().next().and_then(|s| s.change) {
        Some(Change::Do(block)) => Ok(block),
        other => panic!("not a DO: {other:?}"),
    }
}

fn shown(file: &str, block: &Block) -> String {
    let mut out = statements(file, &block.body);
    for h in &block.handlers {
        let catches = if h.catches.is_empty() { "others".to_owned() } else { h.catches.join(" ") };
        out.push_str(&format!(" when {catches} {{ {} }}", statements(file, &h.body)));
    }
    out
}

fn statements(file: &str, all: &[BlockStatement]) -> String {
    let one = |s: &BlockStatement| match s {
        BlockStatement::Sql(s) => format!("`{}`", &file[s.span.range()]),
        BlockStatement::If { branches, otherwise } => {
            let branches: Vec<String> =
                branches.iter().map(|(c, b)| format!("if {} {{ {} }}", condition(c), statements(file, b))).collect();
            let otherwise = if otherwise.is_empty() {
                String::new()
            } else {
                format!(" else {{ {} }}", statements(file, otherwise))
            };
            branches.join(" else ") + &otherwise
        }
        BlockStatement::Block(b) => format!("begin {} end", shown(file, b)),
        BlockStatement::Loop(b) => format!("loop {{ {} }}", statements(file, b)),
        BlockStatement::Raise { .. } => "raise".to_owned(),
        BlockStatement::Inert | BlockStatement::Evaluated(_) => String::new(),
        BlockStatement::Opaque { span, .. } => format!("opaque `{}`", &file[span.range()]),
    };
    all.iter().map(one).filter(|s| !s.is_empty()).collect::<Vec<_>>().join("; ")
}

fn condition(c: &Condition) -> String {
    let list =
        |all: &[Condition], word: &str| format!("({})", all.iter().map(condition).collect::<Vec<_>>().join(word));
    match c {
        Condition::Exists(q) => {
            let filters: Vec<String> = q.filters.iter().map(|(c, v)| format!("{c}={}", v.join("|"))).collect();
            format!("[{} {}{}]", q.relations[0], filters.join(" "), if q.partial { " …" } else { "" })
        }
        Condition::Resolves { kind, name } => format!("{}({name})", kind.text()),
        Condition::Not(c) => format!("not {}", condition(c)),
        Condition::And(all) => list(all, " and "),
        Condition::Or(all) => list(all, " or "),
        Condition::Constant(b) => b.to_string(),
        Condition::Unknown => "?".to_owned(),
        Condition::ZeroVariable(name) => format!("@{name} = 0"),
    }
}

#[track_caller]
fn check(body: &str, expected: &str) {
    let file = format!("DO $$\n{body}\n$$;");
    match read(&file) {
        Ok(block) => assert_eq!(shown(&file, &block), expected, "\n{body}"),
        Err(e) => panic!("{e:?}\nat {:?}\n{body}", &file[e.span.range()]),
    }
}

/// The condition of an IF.
#[track_caller]
fn check_condition(sql: &str, expected: &str) {
    check(&format!("BEGIN IF {sql} THEN DROP TABLE t; END IF; END"), &format!("if {expected} {{ `DROP TABLE t` }}"));
}

#[track_caller]
fn check_error(body: &str, message: &str, at: &str) {
    let file = format!("DO $$ {body} $$");
    let e = read(&file).expect_err(body);
    assert_eq!((e.message.as_str(), &file[e.span.range()]), (message, at), "\n{body}");
}

#[test]
fn guards_of_types_and_constraints() {
    check(
        "BEGIN
           IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood') THEN
             CREATE TYPE mood AS ENUM ('sad', 'ok');
           END IF;
         END",
        "if not [pg_type typname=mood] { `CREATE TYPE mood AS ENUM ('sad', 'ok')` }",
    );
    check(
        "BEGIN
           CREATE TYPE mood AS ENUM ('sad');
         EXCEPTION
           WHEN duplicate_object THEN NULL;
         END",
        "`CREATE TYPE mood AS ENUM ('sad')` when 42710 {  }",
    );
    check(
        "BEGIN ALTER TABLE t ADD CONSTRAINT u UNIQUE (a);
         EXCEPTION WHEN duplicate_table OR duplicate_object THEN RAISE NOTICE 'there'; WHEN others THEN RAISE; END",
        "`ALTER TABLE t ADD CONSTRAINT u UNIQUE (a)` when 42P07 42710 {  } when others { raise }",
    );
    check(
        "BEGIN BEGIN ALTER TABLE t ADD COLUMN a int; EXCEPTION WHEN SQLSTATE '42701' THEN END; ANALYZE t; END;",
        "begin `ALTER TABLE t ADD COLUMN a int` when 42701 {  } end; `ANALYZE t`",
    );
}

#[test]
fn looks_into_each_catalog() {
    for (sql, expected) in [
        ("EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.typname IN ('a', 'b'))", "[pg_type typname=a|b]"),
        (
            "NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'c' AND conrelid = 'public.t'::regclass AND contype = 'f')",
            "not [pg_constraint conname=c conrelid=public.t contype=f]",
        ),
        (
            "NOT EXISTS (SELECT 1 FROM pg_constraint c JOIN pg_class t ON c.conrelid = t.oid JOIN pg_namespace n ON n.oid = t.relnamespace \
             WHERE conname = 'c' AND t.relname = 't' AND nspname = 'public')",
            "not [pg_constraint conname=c conrelid.relname=t conrelid.relnamespace.nspname=public]",
        ),
        (
            "EXISTS (SELECT 1 FROM pg_class c, pg_namespace n WHERE c.relnamespace = n.oid AND c.relname = 'i' AND c.relkind = 'i')",
            "[pg_class relname=i relkind=i]",
        ),
        (
            "EXISTS (SELECT 1 FROM pg_enum e JOIN pg_type t ON e.enumtypid = t.oid WHERE t.typname = 'mood' AND e.enumlabel = 'x')",
            "[pg_enum enumtypid.typname=mood enumlabel=x]",
        ),
        (
            "EXISTS (SELECT 1 FROM pg_enum WHERE enumlabel = 'x' AND enumtypid = (SELECT oid FROM pg_type WHERE typname = 'mood'))",
            "[pg_enum enumlabel=x enumtypid.typname=mood]",
        ),
        (
            "'x' = ANY (SELECT enumlabel FROM pg_enum WHERE enumtypid = 'mood'::regtype)",
            "[pg_enum enumlabel=x enumtypid=mood]",
        ),
        ("'x' NOT IN (SELECT unnest(enum_range(NULL::mood))::text)", "?"),
        (
            "EXISTS (SELECT 1 FROM pg_indexes WHERE schemaname = 'public' AND indexname = 'i')",
            "[pg_indexes schemaname=public indexname=i]",
        ),
        (
            "EXISTS (SELECT 1 FROM pg_policies WHERE tablename = 't' AND policyname = 'p' AND schemaname = current_schema())",
            "[pg_policies tablename=t policyname=p schemaname=current_schema()]",
        ),
        (
            "EXISTS (SELECT 1 FROM pg_policy WHERE polname = 'p' AND polrelid = to_regclass('t'))",
            "[pg_policy polname=p polrelid=t]",
        ),
        (
            "EXISTS (SELECT 1 FROM pg_trigger WHERE NOT tgisinternal AND tgname = 'x' AND tgrelid = 't'::regclass)",
            "[pg_trigger tgisinternal=false tgname=x tgrelid=t]",
        ),
        ("EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'app')", "[pg_roles rolname=app]"),
        ("EXISTS (SELECT * FROM pg_extension WHERE extname = 'citext')", "[pg_extension extname=citext]"),
        ("EXISTS (SELECT 1 FROM pg_proc WHERE proname = 'f' LIMIT 1)", "[pg_proc proname=f]"),
        (
            "EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'a' AND NOT attisdropped AND attnum > 0)",
            "[pg_attribute attrelid=t attname=a attisdropped=false]",
        ),
        ("EXISTS (SELECT 1 FROM pg_publication WHERE pubname = 'p')", "[pg_publication pubname=p]"),
        (
            "EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = 'public' AND table_name='t' AND column_name='c')",
            "[information_schema.columns table_schema=public table_name=t column_name=c]",
        ),
        (
            "EXISTS (SELECT 1 FROM information_schema.table_constraints tc JOIN information_schema.key_column_usage kcu \
             ON tc.constraint_name = kcu.constraint_name AND tc.table_schema = kcu.table_schema \
             WHERE tc.table_name = 't' AND kcu.column_name = 'c' AND tc.constraint_type = 'FOREIGN KEY')",
            "[information_schema.key_column_usage table_constraints.table_name=t column_name=c table_constraints.constraint_type=FOREIGN KEY]",
        ),
        (
            "EXISTS (SELECT 1 FROM information_schema.key_column_usage k JOIN information_schema.table_constraints c \
             USING (constraint_schema, constraint_name) WHERE c.constraint_type = 'PRIMARY KEY')",
            "[information_schema.key_column_usage table_constraints.constraint_type=PRIMARY KEY]",
        ),
        (
            "EXISTS (SELECT 1 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname = 'x' AND NOT indisvalid)",
            "[pg_index indexrelid.relname=x indisvalid=false]",
        ),
        (
            "EXISTS (SELECT 1 FROM pg_index ix JOIN pg_class i ON i.oid = ix.indexrelid JOIN pg_class t ON t.oid = ix.indrelid \
             WHERE t.relname = 't' AND i.relname = 'i')",
            "[pg_index indrelid.relname=t indexrelid.relname=i]",
        ),
        (
            "EXISTS (SELECT 1 FROM pg_class WHERE relname = 't' AND pg_table_is_visible(oid))",
            "[pg_class relname=t relnamespace.nspname=current_schemas()]",
        ),
        (
            "EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE (n.nspname, c.relname) = ('app', 't'))",
            "[pg_class relnamespace.nspname=app relname=t]",
        ),
        (
            "EXISTS (SELECT 1 FROM pg_tables WHERE tablename = 't' AND schemaname NOT IN ('pg_catalog', 'information_schema'))",
            "[pg_tables tablename=t]",
        ),
        (
            "EXISTS (SELECT 1 FROM pg_class WHERE relname = ANY (ARRAY['a', 'b']) AND relkind = ANY ('{r,p}'::\"char\"[]))",
            "[pg_class relname=a|b relkind=r|p]",
        ),
        ("EXISTS (SELECT 1 FROM pg_class WHERE relname = 'a' OR relname = 'b')", "[pg_class relname=a|b]"),
        (
            "EXISTS (SELECT 1 FROM pg_class WHERE relkind = 'r' AND (relname = 'a' OR relname = 'b' AND relispartition))",
            "([pg_class relkind=r relname=a] or [pg_class relkind=r relname=b relispartition=true])",
        ),
    ] {
        check_condition(sql, expected);
    }
}

#[test]
fn what_a_filter_leaves_out_is_said() {
    for (sql, expected) in [
        ("EXISTS (SELECT 1 FROM pg_type WHERE typname LIKE 'm%')", "[pg_type  …]"),
        (
            "EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'c' AND pg_get_constraintdef(oid) LIKE '%x%')",
            "[pg_constraint conname=c …]",
        ),
        ("EXISTS (SELECT 1 FROM pg_class WHERE relname <> 'a')", "[pg_class  …]"),
        ("EXISTS (SELECT 1 FROM pg_class c JOIN users u ON u.name = c.relname)", "[pg_class  …]"),
        (
            "EXISTS (SELECT 1 FROM pg_indexes i JOIN pg_class c ON c.relname = i.indexname WHERE i.indexname = 'x')",
            "[pg_indexes indexname=x …]",
        ),
        (
            "EXISTS (SELECT 1 FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) \
             WHERE c.conname = 'x' AND a.attname = 'y')",
            "[pg_constraint conname=x …]",
        ),
        (
            "EXISTS (SELECT 1 FROM pg_class LEFT JOIN pg_type ON typname = relname WHERE relname = 'a')",
            "[pg_class relname=a …]",
        ),
        ("EXISTS (SELECT 1 FROM users)", "?"),
        ("EXISTS (SELECT 1 FROM pg_type GROUP BY typname HAVING count(*) > 1)", "?"),
        ("EXISTS (SELECT 1 FROM pg_type OFFSET 1)", "?"),
        ("EXISTS (WITH x AS (SELECT 1) SELECT * FROM x)", "?"),
        ("current_setting('server_version_num')::int >= 150000", "?"),
    ] {
        check_condition(sql, expected);
    }
}

#[test]
fn other_forms_of_conditions() {
    for (sql, expected) in [
        ("to_regclass('public.t') IS NULL", "not table(public.t)"),
        ("to_regclass('t') IS NOT NULL AND to_regtype('m') IS NULL", "(table(t) and not type(m))"),
        ("(SELECT to_regclass('public.' || 't')) IS NOT NULL", "table(public.t)"),
        ("to_regnamespace('app') IS NULL OR to_regrole('r') IS NULL", "(not schema(app) or not role(r))"),
        ("(SELECT count(*) FROM pg_type WHERE typname = 'm') = 0", "not [pg_type typname=m]"),
        ("(SELECT count(*) FROM pg_type WHERE typname = 'm') > 0", "[pg_type typname=m]"),
        ("0 < (SELECT count(oid) FROM pg_type WHERE typname = 'm')", "[pg_type typname=m]"),
        ("(SELECT count(*) > 0 FROM pg_type WHERE typname = 'm')", "[pg_type typname=m]"),
        ("(SELECT count(*) FROM pg_type WHERE typname = 'm') = 1", "([pg_type typname=m] and ?)"),
        ("EXISTS (SELECT count(*) FROM pg_type WHERE typname = 'm')", "true"),
        ("(SELECT oid FROM pg_type WHERE typname = 'm') IS NULL", "not [pg_type typname=m]"),
        ("(SELECT typdefault FROM pg_type WHERE typname = 'm') IS NULL", "(not [pg_type typname=m] or ?)"),
        ("NOT (EXISTS (SELECT 1 FROM pg_type WHERE typname = 'm') OR false)", "(not [pg_type typname=m] and true)"),
        ("EXISTS (SELECT 1 FROM pg_type WHERE typname = 'm') = false", "not [pg_type typname=m]"),
        ("EXISTS (SELECT 1 FROM pg_type WHERE typname = 'm') IS NOT TRUE", "not [pg_type typname=m]"),
        (
            "(SELECT data_type FROM information_schema.columns WHERE table_name = 't' AND column_name = 'c') = 'integer'",
            "[information_schema.columns data_type=integer table_name=t column_name=c]",
        ),
        (
            "(SELECT data_type FROM information_schema.columns WHERE table_name = 't') <> 'integer'",
            "([information_schema.columns table_name=t] and not [information_schema.columns data_type=integer table_name=t])",
        ),
        ("(SELECT attnotnull FROM pg_attribute WHERE attname = 'a')", "[pg_attribute attname=a attnotnull=true]"),
        ("NOT (SELECT attnotnull FROM pg_attribute WHERE attname = 'a')", "[pg_attribute attnotnull=false attname=a]"),
        ("'m' IN (SELECT typname FROM pg_type)", "[pg_type typname=m]"),
        ("COALESCE((SELECT true FROM pg_type WHERE typname = 'm'), false)", "[pg_type typname=m]"),
        ("NOT COALESCE((SELECT true FROM pg_type WHERE typname = 'm'), false)", "not [pg_type typname=m]"),
        (
            "EXISTS (SELECT 1 FROM pg_type WHERE typname = 'a' UNION ALL SELECT 1 FROM pg_class WHERE relname = 'b')",
            "([pg_type typname=a] or [pg_class relname=b])",
        ),
        ("'a' = 'a' AND 1 <> 1", "(true and false)"),
        ("NULL", "false"),
        ("count(*) > 0 FROM pg_type WHERE typname = 'm'", "[pg_type typname=m]"),
    ] {
        check_condition(sql, expected);
    }
}

#[test]
fn variables_are_followed() {
    let made = "`CREATE TYPE m AS ENUM ()`";
    for body in [
        "DECLARE v boolean := EXISTS (SELECT 1 FROM pg_type WHERE typname = 'm'); BEGIN IF NOT v THEN CREATE TYPE m AS ENUM (); END IF; END",
        "DECLARE v boolean; BEGIN v := (SELECT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'm')); IF v IS FALSE THEN CREATE TYPE m AS ENUM (); END IF; END",
        "DECLARE v boolean; w boolean; BEGIN v = EXISTS (SELECT 1 FROM pg_type WHERE typname = 'm'); w := NOT v; IF w THEN CREATE TYPE m AS ENUM (); END IF; END",
        "DECLARE n text := 'm'; BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = n) THEN EXECUTE 'CREATE TYPE m AS ENUM ()'; END IF; END",
        "DECLARE n int; BEGIN SELECT count(*) INTO n FROM pg_type WHERE typname = 'm'; IF n = 0 THEN CREATE TYPE m AS ENUM (); END IF; END",
        "DECLARE o oid; BEGIN SELECT t.oid INTO o FROM pg_type t WHERE t.typname = 'm'; IF o IS NULL THEN CREATE TYPE m AS ENUM (); END IF; END",
        "BEGIN PERFORM 1 FROM pg_type WHERE typname = 'm'; IF NOT FOUND THEN CREATE TYPE m AS ENUM (); END IF; END",
        "DECLARE o oid; BEGIN SELECT oid FROM pg_type INTO STRICT o WHERE typname = 'm'; IF NOT found THEN CREATE TYPE m AS ENUM (); END IF; END",
    ] {
        let file = format!("DO $$ {body} $$");
        let got = shown(&file, &read(&file).unwrap());
        let guarded = format!("if not [pg_type typname=m] {{ {made} }}");
        assert!(got.ends_with(&guarded), "{body}\n{got}");
    }
    for body in [
        // Set again, set by what is not followed, or asked before the schema changed.
        "DECLARE v boolean := true; BEGIN v := random() > 0.5; IF v THEN DROP TABLE t; END IF; END",
        "DECLARE v boolean; BEGIN v := EXISTS (SELECT 1 FROM pg_type); DROP TYPE m; IF v THEN DROP TABLE t; END IF; END",
        "DECLARE v boolean; BEGIN IF random() > 0.5 THEN v := true; ELSE v := false; END IF; IF v THEN DROP TABLE t; END IF; END",
        "DECLARE v boolean := true; BEGIN LOOP v := false; EXIT; END LOOP; IF v THEN DROP TABLE t; END IF; END",
        "DECLARE v boolean := true; BEGIN GET DIAGNOSTICS v = ROW_COUNT; IF v THEN DROP TABLE t; END IF; END",
        "DECLARE v boolean := true; BEGIN EXECUTE 'SELECT false' INTO v; IF v THEN DROP TABLE t; END IF; END",
        "BEGIN PERFORM 1 FROM pg_type; UPDATE t SET a = 1; IF FOUND THEN DROP TABLE t; END IF; END",
    ] {
        let file = format!("DO $$ {body} $$");
        let got = shown(&file, &read(&file).unwrap());
        assert!(got.ends_with("if ? { `DROP TABLE t` }"), "{body}\n{got}");
    }
    check(
        "DECLARE v boolean := EXISTS (SELECT 1 FROM pg_type); BEGIN IF v THEN NULL; ELSE RETURN; END IF; IF v THEN ANALYZE a; END IF; END",
        "if [pg_type ] { if [pg_type ] { `ANALYZE a` } } else {  }",
    );
}

#[test]
fn leaving_early_guards_the_rest() {
    check(
        "BEGIN IF EXISTS (SELECT 1 FROM pg_type WHERE typname = 'm') THEN RAISE NOTICE 'there'; RETURN; END IF; CREATE TYPE m AS ENUM (); END",
        "if [pg_type typname=m] {  } else { `CREATE TYPE m AS ENUM ()` }",
    );
    check("BEGIN ANALYZE a; RETURN; ANALYZE b; END", "`ANALYZE a`");
    check(
        "BEGIN BEGIN IF random() > 0 THEN RETURN; END IF; ANALYZE a; END; ANALYZE b; END",
        "begin if ? {  } else { `ANALYZE a` } end; loop { `ANALYZE b` }",
    );
    check(
        "BEGIN LOOP EXIT WHEN to_regclass('t') IS NULL; DROP TABLE t; END LOOP; ANALYZE b; END",
        "loop { if not table(t) {  } else { `DROP TABLE t` } }; `ANALYZE b`",
    );
    check(
        "BEGIN IF a() THEN ANALYZE a; ELSIF b() THEN RETURN; ELSE ANALYZE c; END IF; ANALYZE d; END",
        "if ? { `ANALYZE a` } else if ? {  } else { `ANALYZE c` }; loop { `ANALYZE d` }",
    );
    check("BEGIN WHILE true LOOP RETURN; END LOOP; ANALYZE b; END", "loop {  }; loop { `ANALYZE b` }");
    let exits = "IF a() THEN RETURN; END IF; ".repeat(1000);
    let file = format!("DO $$ BEGIN {exits} ANALYZE b; END $$");
    let block = read(&file).unwrap();
    let [BlockStatement::Loop(all)] = block.body.as_slice() else { panic!("{}", block.body.len()) };
    assert_eq!(all.iter().filter(|s| !matches!(s, BlockStatement::Evaluated(_))).count(), 1001);
}

#[test]
fn loops_over_constants_are_written_out() {
    check(
        "DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY['a', 'b'] LOOP
           IF to_regclass(t) IS NULL THEN CONTINUE; END IF;
           EXECUTE format('ALTER TABLE %I ADD COLUMN IF NOT EXISTS x int', t);
         END LOOP; END",
        "if not table(a) {  } else { `ALTER TABLE %I ADD COLUMN IF NOT EXISTS x int` }; \
         if not table(b) {  } else { `ALTER TABLE %I ADD COLUMN IF NOT EXISTS x int` }",
    );
    check(
        "BEGIN FOR i IN 1..2 LOOP EXECUTE 'DROP TABLE t' || i; END LOOP; END",
        "`DROP TABLE t' || i`; `DROP TABLE t' || i`",
    );
    check(
        "DECLARE r record; BEGIN FOR r IN SELECT relname FROM pg_class LOOP EXECUTE 'DROP TABLE ' || quote_ident(r.relname); END LOOP; END",
        "`SELECT relname FROM pg_class`; loop { opaque `EXECUTE 'DROP TABLE ' || quote_ident(r.relname)` }",
    );
    check(
        "DECLARE s record; BEGIN FOR s IN SELECT * FROM (VALUES ('a', 'x'), ('b', 'y')) AS t(tbl, col) LOOP
           IF to_regclass('public.' || s.tbl) IS NULL THEN CONTINUE; END IF;
           EXECUTE format('ALTER TABLE %I DROP %s', s.tbl, s.col);
         END LOOP; END",
        "`SELECT * FROM (VALUES ('a', 'x'), ('b', 'y')) AS t(tbl, col)`; \
         if not table(public.a) {  } else { `ALTER TABLE %I DROP %s` }; if not table(public.b) {  } else { `ALTER TABLE %I DROP %s` }",
    );
    check(
        "DECLARE t text; all_of text[] := ARRAY['a', 'b']; p record;
         BEGIN
           FOREACH t IN ARRAY all_of LOOP
             FOR p IN SELECT policyname FROM pg_policies WHERE tablename = t LOOP
               EXECUTE format('DROP POLICY IF EXISTS %I ON %I', p.policyname, t);
             END LOOP;
             IF to_regclass(t) IS NOT NULL THEN EXECUTE 'ANALYZE ' || t; END IF;
           END LOOP;
         END",
        "`SELECT policyname FROM pg_policies WHERE tablename = t`; \
         loop { opaque `EXECUTE format('DROP POLICY IF EXISTS %I ON %I', p.policyname, t)` }; if table(a) { `ANALYZE ' || t` }; \
         `SELECT policyname FROM pg_policies WHERE tablename = t`; \
         loop { opaque `EXECUTE format('DROP POLICY IF EXISTS %I ON %I', p.policyname, t)` }; if table(b) { `ANALYZE ' || t` }",
    );
    check(
        "DECLARE t text; BEGIN FOR t IN SELECT unnest(ARRAY['a']) LOOP EXECUTE 'DROP TABLE ' || t; END LOOP; END",
        "`SELECT unnest(ARRAY['a'])`; `DROP TABLE ' || t`",
    );
    check(
        "BEGIN FOR i IN 1..400 LOOP FOR j IN 1..400 LOOP DROP TABLE x; END LOOP; END LOOP; END",
        &["loop { `DROP TABLE x` }"; 400].join("; "),
    );
    check("DECLARE t text; BEGIN FOREACH t IN ARRAY f() LOOP DROP TABLE x; END LOOP; END", "loop { `DROP TABLE x` }");
    check("BEGIN FOR i IN REVERSE 3..1 LOOP DROP TABLE x; END LOOP; END", "loop { `DROP TABLE x` }");
}

#[test]
fn executed_texts() {
    for (text, expected) in [
        ("'DROP TABLE t'", "`DROP TABLE t`"),
        ("$q$ DROP TABLE t; DROP VIEW v $q$", "`DROP TABLE t`; `DROP VIEW v`"),
        ("E'DROP TABLE\\nt'", "`DROP TABLE\\nt`"),
        ("'DROP ' || 'TABLE ' || 't'", "`DROP ' || 'TABLE ' || 't`"),
        ("format('DROP %s %I', 'TABLE', 'a b')", "`DROP %s %I`"),
        ("format('ALTER TABLE t ALTER c SET DEFAULT %L', 'it''s')", "`ALTER TABLE t ALTER c SET DEFAULT %L`"),
        ("'DROP TABLE ' || f()", "opaque `EXECUTE 'DROP TABLE ' || f()`"),
        ("format('GRANT CONNECT ON DATABASE %I TO app', current_database())", ""),
        ("'COMMENT ON TABLE t IS ' || quote_literal(now())", ""),
        ("'SELECT $1' USING 1", "`SELECT $1`"),
        ("format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', f())", ""),
        (
            "format('ALTER TABLE %1$I OWNER TO %L', f(), g())",
            "opaque `EXECUTE format('ALTER TABLE %1$I OWNER TO %L', f(), g())`",
        ),
        ("format('ALTER TABLE %1$I OWNER TO %I', f(), g())", ""),
        ("format('ALTER TABLE %I DROP COLUMN x', f())", "opaque `EXECUTE format('ALTER TABLE %I DROP COLUMN x', f())`"),
        (
            "format('GRANT SELECT ON %I TO app; DROP TABLE %I', f(), f())",
            "opaque `EXECUTE format('GRANT SELECT ON %I TO app; DROP TABLE %I', f(), f())`",
        ),
    ] {
        check(&format!("BEGIN EXECUTE {text}; END"), expected);
    }
    let file = "DO 'BEGIN EXECUTE ''DROP TABLE t''; ALTER TABLE \"é\" ADD a text DEFAULT ''x''; END'";
    assert_eq!(shown(file, &read(file).unwrap()), "`''DROP TABLE t''`; `ALTER TABLE \"é\" ADD a text DEFAULT ''x''`");
    // What fails when it runs may be caught; what is wrong in the block itself may not.
    check("BEGIN EXECUTE 'DORP'; EXCEPTION WHEN OTHERS THEN NULL; END", " when others {  }");
    check_error("BEGIN EXECUTE 'DROP TABEL t'; END", "syntax error at or near \"TABEL\"", "TABEL");
}

#[test]
fn the_other_statements() {
    check(
        "#variable_conflict use_column
         <<outer>>
         DECLARE
           a CONSTANT integer NOT NULL DEFAULT 1; b t.c%TYPE; r t%ROWTYPE; n ALIAS FOR a;
           k CURSOR (x int) FOR SELECT * FROM t WHERE i = x; arr int[] := ARRAY[1, 2];
         BEGIN
           NULL; a := a + 1; arr[1] := 2; r.c = 3; ASSERT a > 0, 'no';
           OPEN k(1); FETCH k INTO r; MOVE NEXT FROM k; CLOSE k; GET STACKED DIAGNOSTICS b = MESSAGE_TEXT;
           RAISE NOTICE 'x %% % %', a, format('%s', b) USING HINT = 'h', DETAIL = 'd';
           RAISE WARNING USING MESSAGE = 'm'; CALL p(1);
           CASE a WHEN 1, 2 THEN ANALYZE a; ELSE ANALYZE b; END CASE;
           CASE WHEN to_regclass('x') IS NULL THEN ANALYZE c; END CASE;
           WHILE a < 3 LOOP a := a + 1; CONTINUE outer WHEN a = 2; END LOOP;
           INSERT INTO t (a) VALUES (a) RETURNING i INTO b;
           EXIT outer;
         END outer",
        "`CALL p(1)`; if ? { `ANALYZE a` } else { `ANALYZE b` }; if not table(x) { `ANALYZE c` } else { raise }; \
         loop { if ? {  } }; loop { `INSERT INTO t (a) VALUES (a) RETURNING i INTO b` }",
    );
    check("BEGIN ALTER TABLE t ADD a int; COMMIT; END", "`ALTER TABLE t ADD a int`; `COMMIT`");
    check(
        "BEGIN CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END; ANALYZE t; END",
        "`CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END`; `ANALYZE t`",
    );
}

#[test]
fn variables_are_no_columns() {
    let file = "DO $$ DECLARE v int; r record; BEGIN UPDATE t SET a = v, b = r.x WHERE id = v AND c = 1; PERFORM 1 FROM t WHERE x = v; END $$";
    let block = read(file).unwrap();
    let mut seen = Vec::new();
    for s in &block.body {
        let BlockStatement::Sql(s) = s else { panic!("{s:?}") };
        let (Some(Change::Update(Update { reads, .. })) | Some(Change::Select(reads))) = &s.change else {
            panic!("{s:?}")
        };
        seen.extend(reads.selects.iter().flat_map(|s| &s.names.columns).flatten().map(|i| i.value.clone()));
    }
    seen.sort();
    assert_eq!(seen, ["c", "id", "x"]);
}

#[test]
fn errors_as_the_server_says_them() {
    for (body, message, at) in [
        ("BEGIN IF true SELECT 1; END IF; END", "missing \"THEN\" at end of SQL expression", ";"),
        ("BEGIN IF NOT EXISTS (SELECT 1 THEN NULL; END IF; END", "mismatched parentheses", ";"),
        ("BEGIN IF true THEN PERFORM 1; END", "syntax error at end of input", ""),
        ("BEGIN NULL;", "syntax error at end of input", ""),
        ("BEGIN x := 1; END", "\"x\" is not a known variable", "x"),
        ("BEGIN SELECT 1 INTO x; END", "\"x\" is not a known variable", "x"),
        ("BEGIN SELECT 1; END", "query has no destination for result data", "SELECT"),
        ("DECLARE v int BEGIN NULL; END", "syntax error at or near \"BEGIN\"", "BEGIN"),
        ("DECLARE a int; a text; BEGIN NULL; END", "duplicate declaration at or near \"a\"", "a"),
        ("BEGIN NULL; END; SELECT 1;", "syntax error at or near \"SELECT\"", "SELECT"),
        ("IF true THEN NULL; END IF;", "syntax error at or near \"IF\"", "IF"),
        ("BEGIN BEGIN; NULL; END; END", "syntax error at or near \";\"", ";"),
        ("BEGIN LOOP EXIT; END; END", "syntax error at or near \";\"", ";"),
        ("BEGIN IF true THEN NULL; END IF END", "syntax error at or near \"END\"", "END"),
        ("BEGIN ALTER TABLE x ADD y int END IF; END", "syntax error at or near \"END\"", "END"),
        ("BEGIN CREATE TABEL x(); END", "syntax error at or near \"TABEL\"", "TABEL"),
        (
            "BEGIN NULL; EXCEPTION WHEN duplicat_object THEN NULL; END",
            "unrecognized exception condition \"duplicat_object\"",
            "duplicat_object",
        ),
        ("BEGIN RAISE EXCEPTION 'a % %', 1; END", "too few parameters specified for RAISE", "'a % %'"),
        ("BEGIN RAISE NOTICE 'a', 1; END", "too many parameters specified for RAISE", "'a'"),
        (
            "BEGIN FOR r IN SELECT 1 LOOP NULL; END LOOP; END",
            "loop variable of loop over rows must be a record variable or list of scalar variables",
            "r",
        ),
        ("BEGIN EXIT; END", "EXIT cannot be used outside a loop, unless it has a label", "EXIT"),
        ("BEGIN CONTINUE; END", "CONTINUE cannot be used outside a loop", "CONTINUE"),
        ("BEGIN NULL 'x; END", "unterminated quoted string", "'"),
    ] {
        check_error(body, message, at);
    }
    let deep = format!("DO $$ {} NULL; {} $$", "BEGIN ".repeat(5000), "END; ".repeat(5000));
    assert_eq!(read(&deep).unwrap_err().rule, "nesting-too-deep");
    let long = format!("DO $$ BEGIN IF {} THEN NULL; END IF; END $$", vec!["a()"; 5_000].join(" OR "));
    assert_eq!(shown(&long, &read(&long).unwrap()), "if ? {  }");
}

#[test]
fn names_of_errors() {
    assert_eq!(sqlstates("unique_violation"), ["23505"]);
    assert_eq!(sqlstates("integrity_constraint_violation"), ["23000"]);
    let mut two = sqlstates("null_value_not_allowed");
    two.sort();
    assert_eq!(two, ["22004", "39004"]);
    assert!(sqlstates("others").is_empty());
}

#[test]
fn bodies_that_change_the_schema() {
    for (body, expected) in [
        ("BEGIN RETURN NEW; END", Reach::Rows),
        ("BEGIN NEW.updated_at = now(); RETURN NEW; END", Reach::Rows),
        ("BEGIN INSERT INTO log VALUES ('DROP TABLE x; -- not'); END", Reach::Rows),
        (
            "BEGIN CREATE TEMP TABLE x AS SELECT 1; EXECUTE 'SELECT 1'; EXECUTE format('INSERT INTO %I VALUES (1)', t); END",
            Reach::Rows,
        ),
        ("BEGIN IF a THEN DROP TABLE x; END IF; END", Reach::Everything),
        ("BEGIN EXECUTE sql; END", Reach::Everything),
        ("SELECT 1; ALTER TABLE x ADD y int", Reach::Everything),
        ("BEGIN x := 'unterminated; END", Reach::Everything),
        ("BEGIN EXECUTE format('CREATE TRIGGER t BEFORE UPDATE ON %s …', _tbl); END", Reach::TriggersOnce),
        ("BEGIN EXECUTE format('CREATE OR REPLACE TRIGGER t …', _tbl); END", Reach::Triggers),
        (
            "BEGIN EXECUTE format('DROP TRIGGER IF EXISTS t ON %s', x); EXECUTE format('CREATE TRIGGER t ON %s', x); END",
            Reach::Triggers,
        ),
    ] {
        assert_eq!(reach(body), expected, "{body}");
    }
}
