#!/usr/bin/env python3
"""Writes analysis/data/postgres/ from real PostgreSQL servers: what is there before the first migration,
and what each extension brings.

Needs Python 3.9+ and psycopg 3 (`pip install "psycopg[binary]"`). The servers are named by one environment
variable, connection strings separated by spaces, one per major version, oldest first:

    GLOWPLUG_DATA_POSTGRES_URLS="postgres://postgres@127.0.0.1:5413/postgres postgres://…" analysis/data/generate.py

The role must be a superuser: a database is made on each server and dropped again, because every extension is
created there to see what it brings.

Every file is a list of lines, sorted, fields separated by one tab, `#` starts the header. The last field is the
range of major versions a line holds for: empty for all that were asked, `16-` from 16 on, `-14` up to 14,
`14-15` both ends included. A fact that differs between versions is one line for each form.
"""

import os
import pathlib
import re
import sys

import psycopg
from psycopg import sql

HERE = pathlib.Path(__file__).resolve().parent
SCRATCH = "glowplug_data_generate"

# Extensions with releases of their own: what one of them brings does not go with the server's version, so one server that
# has it is enough (Debian: postgresql-15-pgvector, postgresql-15-postgis-3).
RELEASED_ALONE = {"vector", "postgis"}

# Row types of catalogs are left out of the types: relations.txt has their names. TOAST is nobody's business.
TYPES = """
    SELECT CASE n.nspname WHEN 'pg_catalog' THEN '' ELSE n.nspname || '.' END || t.typname,
           format_type(t.oid, NULL),
           t.typcategory::text || CASE WHEN t.typispreferred THEN '!' ELSE '' END,
           t.typtype::text
      FROM pg_type t
      JOIN pg_namespace n ON n.oid = t.typnamespace
      LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
     WHERE n.nspname IN ('pg_catalog', 'information_schema')
       AND NOT EXISTS (SELECT FROM pg_class c
                        WHERE c.oid IN (t.typrelid, COALESCE(e.typrelid, 0)) AND c.relkind <> 'c')
"""

# What is called through SQL: functions that take or give `internal` values are the server's own.
# The columns of a function: those that an extension's files have, too.
FUNCTION = """
           p.proname,
           (SELECT coalesce(string_agg(CASE WHEN p.provariadic <> 0 AND a.nr = p.pronargs THEN 'VARIADIC ' ELSE '' END
                                       || format_type(a.type, NULL), ',' ORDER BY a.nr), '')
              FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY a(type, nr)),
           CASE WHEN p.pronargdefaults > 0 THEN p.pronargdefaults::text ELSE '' END,
           CASE WHEN p.prokind = 'p' THEN '' ELSE
               CASE WHEN p.proretset THEN 'SETOF ' ELSE '' END || format_type(p.prorettype, NULL) END,
           p.prokind::text,
           p.provolatile::text
"""
CALLABLE = "p.prorettype <> 'internal'::regtype AND NOT 'internal'::regtype = ANY (p.proargtypes::oid[])"
FUNCTION_COLUMNS = [
    "name",
    "types of the arguments",
    "how many of the last ones have a default",
    "returns",
    "kind (f function, p procedure, a aggregate, w window)",
    "volatility (i immutable, s stable, v volatile)",
]

FUNCTIONS = f"SELECT {FUNCTION} FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace AND {CALLABLE}"

OPERATOR = """
           o.oprname,
           CASE WHEN o.oprleft = 0 THEN '' ELSE format_type(o.oprleft, NULL) END,
           CASE WHEN o.oprright = 0 THEN '' ELSE format_type(o.oprright, NULL) END,
           format_type(o.oprresult, NULL)
"""
OPERATORS = f"SELECT {OPERATOR} FROM pg_operator o WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oprresult <> 0"

CAST = "format_type(c.castsource, NULL), format_type(c.casttarget, NULL), c.castcontext::text"
# Whether an extension made it is in pg_depend; a database without extensions has only the built-in ones.
CASTS = f"SELECT {CAST} FROM pg_cast c"

OPCLASS = """
           m.amname, c.opcname, format_type(c.opcintype, NULL), CASE WHEN c.opcdefault THEN 'default' ELSE '' END
"""
OPCLASSES = f"SELECT {OPCLASS} FROM pg_opclass c JOIN pg_am m ON m.oid = c.opcmethod WHERE c.opcnamespace = 'pg_catalog'::regnamespace"

RELATION = """
           c.relname, c.relkind::text,
           (SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod), ',' ORDER BY a.attnum)
              FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
"""
# Commas inside a type's modifier, as in numeric(10,2), do not occur in the catalogs; `rows` would not see them.
RELATIONS = f"""
    SELECT n.nspname, {RELATION}
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v')
"""

KEYWORDS = "SELECT word, catcode::text FROM pg_get_keywords()"

# What SET and SHOW take. The view leaves out some that no list shows, and former names of others; those that a server
# knows of these are added, and those that only builds with other options have.
UNLISTED = """
    default_with_oids force_parallel_mode is_superuser role seed session_authorization sort_mem ssl_renegotiation_limit
    vacuum_mem
""".split()
OTHER_BUILDS = set("""
    debug_deadlocks log_btree_build_stats optimize_bounded_sort trace_lock_oidmin trace_lock_table trace_locks trace_lwlocks
    trace_syncscan trace_userlocks wal_debug
""".split())


def parameters(connection):
    """The names of a server's settings, without those of extensions, which have a dot."""
    answer = {name for (name,) in rows(connection, "SELECT lower(name) FROM pg_settings WHERE name NOT LIKE '%.%'")}
    for name in UNLISTED:
        if connection.execute("SELECT current_setting(%s, true) IS NOT NULL", (name,)).fetchone()[0]:
            answer.add(name)
    return [(name,) for name in answer | OTHER_BUILDS]

# What one extension brought. Array types are left out: every type has one.
MEMBERS = f"""
    WITH member AS (
        SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
         WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = %(name)s
    )
    SELECT 'type', t.typname, format_type(t.oid, NULL), t.typcategory::text || CASE WHEN t.typispreferred THEN '!' ELSE '' END,
           t.typtype::text, '', ''
      FROM member x JOIN pg_type t ON x.classid = 'pg_type'::regclass AND t.oid = x.objid AND t.typcategory <> 'A'
    UNION ALL
    SELECT 'function', {FUNCTION}
      FROM member x JOIN pg_proc p ON x.classid = 'pg_proc'::regclass AND p.oid = x.objid WHERE {CALLABLE}
    UNION ALL
    SELECT 'operator', {OPERATOR}, '', ''
      FROM member x JOIN pg_operator o ON x.classid = 'pg_operator'::regclass AND o.oid = x.objid WHERE o.oprresult <> 0
    UNION ALL
    SELECT 'cast', {CAST}, '', '', ''
      FROM member x JOIN pg_cast c ON x.classid = 'pg_cast'::regclass AND c.oid = x.objid
    UNION ALL
    SELECT 'opclass', {OPCLASS}, '', ''
      FROM member x JOIN pg_opclass c ON x.classid = 'pg_opclass'::regclass AND c.oid = x.objid
      JOIN pg_am m ON m.oid = c.opcmethod
    UNION ALL
    SELECT 'method', m.amname, m.amtype::text, '', '', '', ''
      FROM member x JOIN pg_am m ON x.classid = 'pg_am'::regclass AND m.oid = x.objid
    UNION ALL
    SELECT 'wrapper', f.fdwname, '', '', '', '', ''
      FROM member x JOIN pg_foreign_data_wrapper f ON x.classid = 'pg_foreign_data_wrapper'::regclass AND f.oid = x.objid
    UNION ALL
    SELECT 'dictionary', t.dictname, '', '', '', '', ''
      FROM member x JOIN pg_ts_dict t ON x.classid = 'pg_ts_dict'::regclass AND t.oid = x.objid
    UNION ALL
    SELECT 'relation', {RELATION}, '', '', ''
      FROM member x JOIN pg_class c ON x.classid = 'pg_class'::regclass AND c.oid = x.objid WHERE c.relkind IN ('r', 'v', 'm', 'S')
"""

# Languages and what goes between them need the language's own libraries, which not every server has.
LANGUAGE = re.compile("plpgsql|plperl|plpython|pltcl")


# The server's own list of error codes: `code  severity  macro  condition name`, in the folder of its shared files.
ERROR_CODES = """
    SELECT pg_read_file(setting || '/errcodes.txt') FROM pg_config WHERE name = 'SHAREDIR'
"""


def error_conditions(connection):
    """The names that PL/pgSQL's `EXCEPTION WHEN` takes, each with its code: errors alone, as the server says by compiling each."""
    answer = []
    for line in connection.execute(ERROR_CODES).fetchone()[0].splitlines():
        fields = line.split()
        if line.startswith(("#", "Section:")) or len(fields) != 4 or fields[1] != "E":
            continue
        code, name = fields[0], fields[3]
        connection.execute(f"DO $$ BEGIN NULL; EXCEPTION WHEN {name} OR SQLSTATE '{code}' THEN NULL; END $$")
        answer.append((name, code))
    return answer


def rows(connection, query, parameters=None):
    """The rows of a query as tuples of text, no field with a tab or a line end."""
    answer = []
    for row in connection.execute(query, parameters).fetchall():
        fields = tuple("" if field is None else str(field) for field in row)
        if any(re.search(r"[\t\r\n]", field) for field in fields):
            sys.exit(f"a field holds a separator: {fields!r}")
        answer.append(fields)
    return answer


def versions_field(present, asked):
    """`16-` for a line that only 16 and newer have."""
    lines = []
    run = []
    for version in asked + [None]:
        if version is not None and version in present:
            run.append(version)
            continue
        if run:
            first = "" if run[0] == asked[0] else str(run[0])
            last = "" if run[-1] == asked[-1] else str(run[-1])
            lines.append("" if not first and not last else first if first == last else f"{first}-{last}")
        run = []
    return lines


def write(path, columns, per_version, servers, asked):
    """Merges what each version said into one file."""
    present = {}
    for version, found in per_version.items():
        for row in found:
            present.setdefault(row, set()).add(version)
    lines = []
    for row, found in present.items():
        for field in versions_field(found, asked):
            lines.append("\t".join(row + (field,)))
    lines.sort()
    path.parent.mkdir(parents=True, exist_ok=True)
    header = [
        f"# Written by analysis/data/generate.py from PostgreSQL {', '.join(servers[v] for v in asked)}; not to be edited.",
        f"# {' | '.join(columns)} | versions",
    ]
    path.write_text("\n".join(header + lines) + "\n", encoding="utf-8")
    print(f"{path.relative_to(HERE)}: {len(lines)} lines")


def extensions(connection):
    """What each extension of a server brings, made and dropped one after the other."""
    found = {}
    available = connection.execute(
        """
        SELECT v.name, v.requires, v.schema FROM pg_available_extension_versions v
          JOIN pg_available_extensions e ON e.name = v.name AND e.default_version = v.version
         ORDER BY v.name
        """
    ).fetchall()
    for name, requires, schema in available:
        if LANGUAGE.search(name) or name.startswith(("postgis_", "address_standardizer")):
            continue
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
        for other in connection.execute("SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'").fetchall():
            connection.execute(sql.SQL("DROP EXTENSION IF EXISTS {} CASCADE").format(sql.Identifier(other[0])))
        try:
            connection.execute(sql.SQL("CREATE EXTENSION {} CASCADE").format(sql.Identifier(name)))
        except psycopg.Error as refusal:
            print(f"{connection.info.server_version}: {name}: {refusal}", file=sys.stderr)
            continue
        lines = rows(connection, MEMBERS, {"name": name})
        lines += [("requires", other, "", "", "", "", "") for other in requires or []]
        if schema:
            lines.append(("schema", schema, "", "", "", "", ""))
        found[name] = lines
    return found


def main():
    urls = os.environ.get("GLOWPLUG_DATA_POSTGRES_URLS", "").split()
    if not urls:
        sys.exit("set GLOWPLUG_DATA_POSTGRES_URLS to the connection strings of the servers, oldest first")
    servers = {}
    connections = {}
    for url in urls:
        admin = psycopg.connect(url, autocommit=True)
        version = admin.info.server_version // 10000
        servers[version] = re.match(r"[\d.]+", admin.execute("SHOW server_version").fetchone()[0])[0]
        name = sql.Identifier(SCRATCH)
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(name))
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(name))
        connections[version] = (admin, psycopg.connect(url, dbname=SCRATCH, autocommit=True))
    asked = sorted(servers)
    try:
        generate(HERE / "postgres", {v: c for v, (_, c) in connections.items()}, servers, asked)
    finally:
        for admin, connection in connections.values():
            connection.close()
            admin.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(SCRATCH)))
            admin.close()


def generate(folder, connections, servers, asked):
    def everywhere(name, columns, query):
        found = {version: rows(connection, query) for version, connection in connections.items()}
        write(folder / f"{name}.txt", columns, found, servers, asked)

    everywhere(
        "keywords",
        ["word", "category (U unreserved, C not a function or type name, T function or type name alone, R reserved)"],
        KEYWORDS,
    )
    everywhere(
        "types",
        [
            "name",
            "as format_type() writes it",
            "category (! preferred)",
            "kind (b base, d domain, p pseudo, r range, m multirange)",
        ],
        TYPES,
    )
    everywhere("functions", FUNCTION_COLUMNS, FUNCTIONS)
    everywhere("operators", ["name", "left", "right", "result"], OPERATORS)
    everywhere("casts", ["from", "to", "context (i implicit, a assignment, e explicit)"], CASTS)
    everywhere("opclasses", ["access method", "name", "type", "whether the type's default"], OPCLASSES)
    everywhere("relations", ["schema", "name", "kind (r table, v view)", "columns: name and type"], RELATIONS)

    names = {version: parameters(connection) for version, connection in connections.items()}
    write(folder / "parameters.txt", ["name, in lower case"], names, servers, asked)

    conditions = {version: error_conditions(connection) for version, connection in connections.items()}
    write(folder / "errcodes.txt", ["condition name (a few have two codes)", "SQLSTATE"], conditions, servers, asked)

    brought = {version: extensions(connection) for version, connection in connections.items()}
    for old in (folder / "extensions").glob("*.txt"):
        old.unlink()
    for name in sorted(set().union(*brought.values())):
        having = {version: found[name] for version, found in brought.items() if name in found}
        write(
            folder / "extensions" / f"{name}.txt",
            ["what (type, function, operator, …)", "its fields, as in the files one folder up, empty ones at the end"],
            having,
            servers,
            sorted(having) if name in RELEASED_ALONE else asked,
        )
    # The program's list of them, sorted; their paths are relative to it.
    lines = [f'    ("{name}", include_str!("extensions/{name}.txt")),' for name in sorted(set().union(*brought.values()))]
    listed = "\n".join(["// Written by analysis/data/generate.py; not to be edited.", "&[", *lines, "]"])
    (folder / "extensions.in").write_text(listed + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
