//! The schema as a drawing: a box for each table, a line for each foreign key. What is pointed at stands on the left of
//! what points at it, and near it.

use super::page::Escaped;
use crate::health::{SchemaHealth, qualified};
use crate::migration::Table;
use std::collections::HashMap;
use std::fmt::{self, Write as _};

const WIDTH: i32 = 236;
const HEAD: i32 = 32;
const ROW: i32 = 22;
/// Between two boxes of a column, and between two columns.
const BELOW: i32 = 26;
const BESIDE: i32 = 68;
/// Around everything.
const MARGIN: i32 = 8;
/// More columns than this are counted, and not shown.
const ROWS: usize = 24;
/// More tables than this nobody can find anything in.
const TABLES: usize = 120;
/// How many characters fit into a row.
const FITTING: usize = 29;

/// A schema, and what of it a live database does not have.
pub(super) struct Schema<'a> {
    tables: &'static [Table],
    live: &'a SchemaHealth,
    indices: HashMap<(&'static str, &'static str), usize>,
}

impl<'a> Schema<'a> {
    pub(super) fn new(tables: &'static [Table], live: &'a SchemaHealth) -> Schema<'a> {
        let indices = tables.iter().enumerate().map(|(index, table)| ((table.schema, table.name), index)).collect();
        Schema { tables, live, indices }
    }

    pub(super) fn relations(&self) -> usize {
        self.tables.iter().map(|table| table.foreign_keys.len()).sum()
    }

    pub(super) fn is_drawn(&self) -> bool {
        self.tables.len() <= TABLES
    }

    fn lacks_table(&self, index: usize) -> bool {
        self.live.tables.get(index).is_some_and(|table| !table.exists)
    }

    fn lacks_column(&self, table: &Table, column: &str) -> bool {
        let name = format!("{}.{column}", qualified(table.schema, table.name));
        self.live.missing_columns.contains(&name)
    }

    /// What a table points at, and from which of its columns to which.
    fn targets(&self, index: usize) -> impl Iterator<Item = (usize, &'static str, &'static str)> + '_ {
        self.tables[index].foreign_keys.iter().filter_map(|key| {
            let target = *self.indices.get(&(key.schema, key.table))?;
            Some((target, *key.columns.first()?, key.references.first().copied().unwrap_or_default()))
        })
    }

    /// How many steps away from a table that points at nothing. What points in a circle counts once.
    fn ranks(&self) -> Vec<usize> {
        let mut ranks = vec![None; self.tables.len()];
        let mut open = vec![false; self.tables.len()];
        // As deep as keys are chained, which may be deeper than a thread's stack.
        for start in 0..self.tables.len() {
            let mut stack = vec![(start, false)];
            while let Some((index, done)) = stack.pop() {
                if done {
                    let behind = self.targets(index).filter(|(target, ..)| *target != index);
                    let rank = behind.filter_map(|(target, ..)| ranks[target]).max().map_or(0, |rank: usize| rank + 1);
                    ranks[index] = Some(rank);
                    continue;
                }
                if ranks[index].is_some() || open[index] {
                    continue;
                }
                open[index] = true;
                stack.push((index, true));
                stack.extend(self.targets(index).map(|(target, ..)| (target, false)));
            }
        }
        ranks.into_iter().map(Option::unwrap_or_default).collect()
    }

    fn place(&self) -> Placed {
        let ranks = self.ranks();
        let mut pointed_at = vec![false; self.tables.len()];
        for index in 0..self.tables.len() {
            self.targets(index)
                .filter(|(target, ..)| *target != index)
                .for_each(|(target, ..)| pointed_at[target] = true);
        }
        let alone = |index: usize| !pointed_at[index] && self.targets(index).all(|(target, ..)| target == index);

        let mut placed = Placed { places: vec![(0, 0); self.tables.len()], width: 0, height: 0 };
        let deepest = ranks.iter().copied().max().unwrap_or(0);
        for rank in 0..=deepest {
            // Beside the middle of what it points at.
            let wanted = |index: usize| {
                let (mut sum, mut count) = (0, 0);
                for (target, ..) in self.targets(index).filter(|(target, ..)| ranks[*target] < rank) {
                    sum += placed.places[target].1 + height(&self.tables[target]) / 2;
                    count += 1;
                }
                if count == 0 { 0 } else { sum / count - height(&self.tables[index]) / 2 }
            };
            let mut column: Vec<(i32, usize)> = (0..self.tables.len())
                .filter(|index| ranks[*index] == rank && !alone(*index))
                .map(|index| (wanted(index), index))
                .collect();
            column.sort_unstable();
            let x = MARGIN + i32::try_from(rank).unwrap_or(i32::MAX) * (WIDTH + BESIDE);
            let mut y = MARGIN;
            for (wanted, index) in column {
                y = y.max(wanted);
                placed.put(index, x, y, &self.tables[index]);
                y += height(&self.tables[index]) + BELOW;
            }
        }
        // Those that nothing is connected with fill rows below.
        let across = (placed.width / (WIDTH + BESIDE)).max(3);
        let mut bottom = placed.height + if placed.height == 0 { MARGIN } else { BELOW };
        let (mut at, mut lowest) = (0, bottom);
        for index in (0..self.tables.len()).filter(|index| alone(*index)) {
            if at == across {
                (at, bottom) = (0, lowest + BELOW);
            }
            placed.put(index, MARGIN + at * (WIDTH + BESIDE), bottom, &self.tables[index]);
            lowest = lowest.max(bottom + height(&self.tables[index]));
            at += 1;
        }
        placed
    }

    /// The drawing.
    pub(super) fn draw(&self, out: &mut String) -> fmt::Result {
        let placed = self.place();
        let (width, height) = (placed.width + MARGIN, placed.height + MARGIN);
        // Small enough for a window, and never so small that nobody can read it.
        let least = width * 7 / 10;
        write!(
            out,
            "<svg viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" style=\"min-width:{least}px\" role=\"img\" \
             aria-label=\"{} tables and how they point at each other\">\
             <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
             <path d=\"M0 .8 7.2 4 0 7.2z\"/></marker></defs>",
            self.tables.len()
        )?;
        for index in 0..self.tables.len() {
            for (target, column, references) in self.targets(index) {
                self.line(out, &placed, (index, column), (target, references))?;
            }
        }
        for (index, table) in self.tables.iter().enumerate() {
            self.table(out, placed.places[index], index, table)?;
        }
        out.write_str("</svg>")
    }

    fn line(&self, out: &mut String, placed: &Placed, from: (usize, &str), to: (usize, &str)) -> fmt::Result {
        let end = |(index, column): (usize, &str)| {
            let (x, y) = placed.places[index];
            (x, y + middle(&self.tables[index], column))
        };
        let ((x1, y1), (x2, y2)) = (end(from), end(to));
        let (tx1, ty1, tx2, ty2, bend1, bend2) = if x1 > x2 {
            (x1, y1, x2 + WIDTH, y2, -BESIDE * 2 / 3, BESIDE * 2 / 3)
        } else if x1 < x2 {
            (x1 + WIDTH, y1, x2, y2, BESIDE * 2 / 3, -BESIDE * 2 / 3)
        } else {
            // Itself, or around the corner in one column.
            (x1 + WIDTH, y1, x2 + WIDTH, y2, BESIDE * 2 / 3, BESIDE * 2 / 3)
        };
        let (child, parent) = (&self.tables[from.0], &self.tables[to.0]);
        write!(
            out,
            "<path class=\"line\" marker-end=\"url(#tip)\" d=\"M{tx1} {ty1}C{} {ty1} {} {ty2} {tx2} {ty2}\"><title>{}.{} → {}.{}</title></path>",
            tx1 + bend1,
            tx2 + bend2,
            Escaped(child.name),
            Escaped(from.1),
            Escaped(parent.name),
            Escaped(to.1),
        )
    }

    fn table(&self, out: &mut String, (x, y): (i32, i32), index: usize, table: &Table) -> fmt::Result {
        let (missing, height) = (self.lacks_table(index), height(table));
        let name = qualified(table.schema, table.name);
        write!(
            out,
            "<g class=\"table{}\" transform=\"translate({x} {y})\"><title>{}{}</title>\
             <rect class=\"box\" width=\"{WIDTH}\" height=\"{height}\" rx=\"8\"/>\
             <path class=\"head\" d=\"M0 {HEAD}V8a8 8 0 0 1 8-8h{}a8 8 0 0 1 8 8v{}z\"/>\
             <text class=\"name\" x=\"12\" y=\"21\">{}</text>",
            if missing { " missing" } else { "" },
            Escaped(&name),
            if missing { ": not there" } else { "" },
            WIDTH - 16,
            HEAD - 8,
            Escaped(&cut(&name, 30)),
        )?;
        for (row, column) in table.columns.iter().take(ROWS).enumerate() {
            let y = HEAD + i32::try_from(row).unwrap_or(0) * ROW + 16;
            let shown = cut(column.name, 22);
            let sql_type = cut(column.sql_type, FITTING.saturating_sub(shown.chars().count()).max(6));
            let class = match (missing || self.lacks_column(table, column.name), key_of(table, column.name)) {
                (true, _) => " gone",
                (_, Key::Primary) => " key",
                (_, Key::Foreign) => " ref",
                (_, Key::No) => "",
            };
            write!(
                out,
                "<g><title>{} {}{}</title><text class=\"column{class}\" x=\"12\" y=\"{y}\">{}</text>\
                 <text class=\"type\" x=\"{}\" y=\"{y}\">{}</text></g>",
                Escaped(column.name),
                Escaped(column.sql_type),
                if column.nullable { "" } else { " not null" },
                Escaped(&shown),
                WIDTH - 12,
                Escaped(&sql_type),
            )?;
        }
        if table.columns.len() > ROWS {
            let y = HEAD + i32::try_from(ROWS).unwrap_or(0) * ROW + 16;
            write!(out, "<text class=\"type rest\" x=\"12\" y=\"{y}\">and {} more</text>", table.columns.len() - ROWS)?;
        }
        out.write_str("</g>")
    }

    /// The same as a list, for a narrow screen.
    pub(super) fn list(&self, out: &mut String) -> fmt::Result {
        out.write_str("<div class=\"cards\">")?;
        for (index, table) in self.tables.iter().enumerate() {
            let missing = self.lacks_table(index);
            let name = qualified(table.schema, table.name);
            write!(
                out,
                "<details{}><summary><span class=\"name\">{}</span> <span class=\"quiet\">{}</span></summary><ul>",
                match table.columns.iter().any(|column| self.lacks_column(table, column.name)) {
                    _ if missing => " class=\"missing\" open",
                    true => " open",
                    false => "",
                },
                Escaped(&name),
                if missing { "not there".to_owned() } else { crate::error::counted(table.columns.len(), "column") },
            )?;
            for column in table.columns {
                let gone = missing || self.lacks_column(table, column.name);
                write!(
                    out,
                    "<li{}><span>{}{}</span> <span class=\"quiet\">{}</span>",
                    if gone { " class=\"gone\"" } else { "" },
                    Escaped(column.name),
                    if matches!(key_of(table, column.name), Key::Primary) { " <b>key</b>" } else { "" },
                    Escaped(column.sql_type),
                )?;
                for key in table.foreign_keys.iter().filter(|key| key.columns.contains(&column.name)) {
                    write!(out, " <span class=\"to\">→ {}</span>", Escaped(&qualified(key.schema, key.table)))?;
                }
                out.write_str("</li>")?;
            }
            out.write_str("</ul></details>")?;
        }
        out.write_str("</div>")
    }
}

struct Placed {
    places: Vec<(i32, i32)>,
    width: i32,
    height: i32,
}

impl Placed {
    fn put(&mut self, index: usize, x: i32, y: i32, table: &Table) {
        self.places[index] = (x, y);
        self.width = self.width.max(x + WIDTH);
        self.height = self.height.max(y + height(table));
    }
}

enum Key {
    Primary,
    Foreign,
    No,
}

fn key_of(table: &Table, column: &str) -> Key {
    if table.primary_key.contains(&column) {
        Key::Primary
    } else if table.foreign_keys.iter().any(|key| key.columns.contains(&column)) {
        Key::Foreign
    } else {
        Key::No
    }
}

fn height(table: &Table) -> i32 {
    let rows = table.columns.len().min(ROWS) + usize::from(table.columns.len() > ROWS);
    HEAD + i32::try_from(rows).unwrap_or(0) * ROW + 6
}

/// Where a line meets a column; the head, for one that is not shown.
fn middle(table: &Table, column: &str) -> i32 {
    match table.columns.iter().take(ROWS).position(|there| there.name == column) {
        Some(row) => HEAD + i32::try_from(row).unwrap_or(0) * ROW + 11,
        None => HEAD / 2,
    }
}

/// A text that is at most so long.
fn cut(text: &str, fitting: usize) -> String {
    if text.chars().count() <= fitting {
        return text.to_owned();
    }
    text.chars().take(fitting.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migration::{Column, ForeignKey};

    fn table(name: &'static str, targets: &[&'static str]) -> Table {
        let columns: Vec<Column> =
            ["id", "other"].map(|name| Column { name, sql_type: "INTEGER", nullable: false }).into();
        let keys: Vec<ForeignKey> = targets
            .iter()
            .map(|table| ForeignKey { columns: &["other"], schema: "main", table, references: &["id"] })
            .collect();
        Table { schema: "main", name, columns: columns.leak(), primary_key: &["id"], foreign_keys: keys.leak() }
    }

    fn places(tables: Vec<Table>) -> Vec<(i32, i32)> {
        let live = SchemaHealth::default();
        let schema = Schema::new(tables.leak(), &live);
        let placed = schema.place();
        let mut drawn = String::new();
        schema.draw(&mut drawn).expect("a text takes everything");
        assert_eq!(drawn.matches("class=\"box\"").count(), placed.places.len());
        placed.places
    }

    #[test]
    fn what_is_pointed_at_stands_on_the_left() {
        let placed = places(vec![
            table("tasks", &["users", "homes"]),
            table("users", &[]),
            table("homes", &["users"]),
            table("notes", &[]),
        ]);
        let [tasks, users, homes, notes] = placed.as_slice() else { panic!("four tables") };
        assert!(users.0 < homes.0 && homes.0 < tasks.0, "{placed:?}");
        assert!(notes.1 > users.1, "what nothing points at is below: {placed:?}");
    }

    #[test]
    fn circles_end() {
        let placed = places(vec![table("a", &["b"]), table("b", &["a"]), table("c", &["c"])]);
        assert_ne!(placed[0].0, placed[1].0);
    }

    #[test]
    fn no_box_lies_on_another() {
        let names: Vec<&'static str> = (0..60).map(|n| &*format!("t{n}").leak()).collect();
        let tables = (0..60_usize).map(|n| {
            let targets: Vec<&'static str> = [n / 2, n / 3].iter().filter(|t| **t < n).map(|t| names[*t]).collect();
            table(names[n], &targets)
        });
        let placed = places(tables.collect());
        let height = height(&table("x", &[]));
        for (index, (x, y)) in placed.iter().enumerate() {
            for (x2, y2) in &placed[index + 1..] {
                assert!(x != x2 || (y - y2).abs() >= height, "{placed:?}");
            }
        }
    }

    #[test]
    fn a_chain_as_long_as_one_likes() {
        let names: Vec<&'static str> = (0..20_000).map(|n| &*format!("t{n}").leak()).collect();
        let tables: Vec<Table> = (0..20_000_usize)
            .map(|n| table(names[n], if n == 0 { &[] } else { std::slice::from_ref(&names[n - 1]) }))
            .rev()
            .collect();
        let live = SchemaHealth::default();
        assert_eq!(Schema::new(tables.leak(), &live).ranks().first(), Some(&19_999));
    }

    #[test]
    fn long_names_are_cut_and_none_is_html() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("äbcd", 3), "äb…");
        let live = SchemaHealth::default();
        let schema = Schema::new(vec![table("<script>", &[])].leak(), &live);
        let mut drawn = String::new();
        schema.draw(&mut drawn).and_then(|()| schema.list(&mut drawn)).expect("a text takes everything");
        assert!(!drawn.contains("<script"), "{drawn}");
    }
}
