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
    def everywhere(query):
        return {version: rows(connection, query) for version, connection in connections.items()}

    write(
        folder / "types.txt",
        ["name", "as format_type() writes it", "category (! preferred)", "kind (b base, d domain, p pseudo, r range, m multirange)"],
        everywhere(TYPES),
        servers,
        asked,
    )


if __name__ == "__main__":
    main()
