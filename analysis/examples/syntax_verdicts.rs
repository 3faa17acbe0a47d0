//! Holds what glowplug says of SQL statements against the verdict of a PostgreSQL server's own parser.
//!
//! ```text
//! cargo run --release -p glowplug-analysis --example syntax_verdicts -- \
//!     --server postgres@127.0.0.1:5432/scratch [--mutants 2 [--seed 1]] [--show 40] FOLDER|FILE…
//! ```
//!
//! In a transaction that has failed, a server answers 25P02 to what its parser took, and anything else to what it did
//! not: each statement is sent there, so nothing is run and nothing has to exist. What glowplug refuses and the parser
//! takes is then run in a transaction that is rolled back, since a server finds some errors of syntax later: use a
//! server of which nothing is to be kept. It has to let the user in without a password.
//!
//! glowplug is told the server's version. Files may be written for psql: its commands, the rows of COPY and statements
//! with variables in them are left out. With `--mutants` each statement that the server takes is broken in so many small
//! ways as well.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use glowplug_analysis::{Backend, Config, Diagnostic, Sources, analyze};

/// The rules that say that a text is not SQL of the server.
const RULES: &[&str] = &["syntax-error", "wrong-engine", "nesting-too-deep", "newer-than-server"];

fn main() {
    let arguments = Arguments::read().unwrap_or_else(|why| {
        eprintln!("{why}\nusage: syntax_verdicts --server user@host:port/database [--mutants N] [--seed N] [--show N] FOLDER|FILE…");
        std::process::exit(2)
    });
    if let Err(why) = run(&arguments) {
        eprintln!("{why}");
        std::process::exit(2)
    }
}

struct Arguments {
    server: String,
    paths: Vec<PathBuf>,
    mutants: u32,
    seed: u64,
    show: usize,
}

impl Arguments {
    fn read() -> Result<Self, String> {
        let mut out = Self { server: String::new(), paths: Vec::new(), mutants: 0, seed: 1, show: 20 };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} wants a value"));
            match word.as_str() {
                "--server" => out.server = value()?,
                "--mutants" => out.mutants = value()?.parse().map_err(|_| "--mutants wants a number")?,
                "--seed" => out.seed = value()?.parse().map_err(|_| "--seed wants a number")?,
                "--show" => out.show = value()?.parse().map_err(|_| "--show wants a number")?,
                _ if word.starts_with('-') => return Err(format!("{word} is not known")),
                _ => out.paths.push(PathBuf::from(word)),
            }
        }
        if out.server.is_empty() || out.paths.is_empty() {
            return Err("a server and a folder are wanted".to_owned());
        }
        Ok(out)
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let mut server = Server::connect(&arguments.server).map_err(|e| format!("{}: {e}", arguments.server))?;
    let mut config = Config::new(Backend::Postgres);
    config.server_version = Some((server.major, 0));
    println!("PostgreSQL {}", server.major);

    let mut seen = BTreeSet::new();
    let mut statements = Vec::new();
    let mut skipped = 0;
    for file in sql_files(&arguments.paths).map_err(|e| e.to_string())? {
        let text = std::fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        let cut = Cutter::cut(&String::from_utf8_lossy(&text));
        skipped += cut.with_variables;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        statements
            .extend(cut.statements.into_iter().map(|sql| (name.clone(), sql)).filter(|(_, s)| seen.insert(s.clone())));
    }
    println!("{} different statements, {skipped} with psql's variables left out", statements.len());
    let taken = compare(&mut server, &config, &statements, arguments.show)?;

    if arguments.mutants > 0 {
        let mut random = Random(arguments.seed);
        let pool: Vec<String> = taken.iter().flat_map(|(_, s)| pieces(s)).filter(|p| is_word(p)).collect();
        let mut broken = Vec::new();
        for (file, sql) in &taken {
            for _ in 0..arguments.mutants {
                let Some(mutant) = mutant(sql, &pool, &mut random) else { continue };
                if seen.insert(mutant.clone()) {
                    broken.push((file.clone(), mutant));
                }
            }
        }
        println!(
            "\n{} mutants of the {} that the server takes, from seed {}",
            broken.len(),
            taken.len(),
            arguments.seed
        );
        compare(&mut server, &config, &broken, arguments.show)?;
    }
    Ok(())
}

/// Asks both of each statement, and prints where they differ. Answers what the server took.
fn compare(
    server: &mut Server,
    config: &Config,
    statements: &[(String, String)],
    show: usize,
) -> Result<Vec<(String, String)>, String> {
    let mut taken = Vec::new();
    let (mut both_take, mut both_refuse, mut same_place, mut later) = (0, 0, 0, 0);
    let (mut we_refuse, mut we_take, mut elsewhere) = (Vec::new(), Vec::new(), Vec::new());
    for (file, sql) in statements {
        let theirs = server.parse(sql).map_err(|e| format!("the server is gone: {e}, after {sql}"))?;
        let ours = refusal(sql, config);
        let what = |said: &str| format!("{file}: {} | {said}", one_line(sql, 400));
        if theirs.is_none() {
            taken.push((file.clone(), sql.clone()));
        }
        match (ours, theirs) {
            (None, None) => both_take += 1,
            (Some(ours), Some(theirs)) => {
                both_refuse += 1;
                let here = sql.get(..ours.span.start).map_or(0, |before| before.chars().count());
                if theirs.position.is_none_or(|p| p == here + 1) {
                    same_place += 1;
                } else {
                    let said = sql.get(ours.span.start..).unwrap_or_default();
                    elsewhere.push(what(&format!("{} | at {}", theirs.message, one_line(said, 30))));
                }
            }
            (None, Some(theirs)) => we_take.push(what(&theirs.message)),
            (Some(ours), None) => match server.run(sql).map_err(|e| format!("the server is gone: {e}, after {sql}"))? {
                Some(theirs) if theirs.is_syntax() => later += 1,
                _ => {
                    let at = one_line(sql.get(ours.span.start..).unwrap_or_default(), 30);
                    we_refuse.push(what(&format!("{}: {} | at {at}", ours.rule, ours.message)));
                }
            },
        }
    }
    println!(
        "both take {both_take}, both refuse {both_refuse} ({same_place} at the same place), {later} that the server refuses when it runs them"
    );
    for (title, list) in [
        ("valid, refused by glowplug", we_refuse),
        ("invalid, taken by glowplug", we_take),
        ("refused elsewhere", elsewhere),
    ] {
        println!("{title}: {}", list.len());
        list.iter().take(show).for_each(|line| println!("    {line}"));
    }
    Ok(taken)
}

/// The first error of syntax in a statement.
fn refusal(sql: &str, config: &Config) -> Option<Diagnostic> {
    let analysis = analyze(Sources::from_texts([("001_statement.sql", sql)]), config);
    analysis.diagnostics.into_iter().find(|d| RULES.contains(&d.rule))
}

fn one_line(sql: &str, most: usize) -> String {
    let mut out = String::new();
    for word in sql.split_whitespace() {
        let _ = write!(out, "{}{word}", if out.is_empty() { "" } else { " " });
        if out.len() > most {
            return out.chars().take(most).chain(['…']).collect();
        }
    }
    out
}

fn sql_files(paths: &[PathBuf]) -> io::Result<Vec<PathBuf>> {
    fn walk(path: &Path, out: &mut Vec<PathBuf>) -> io::Result<()> {
        if path.is_dir() {
            for entry in std::fs::read_dir(path)? {
                walk(&entry?.path(), out)?;
            }
        } else if path.extension().is_some_and(|e| e == "sql") {
            out.push(path.to_owned());
        }
        Ok(())
    }
    let mut out = Vec::new();
    for path in paths {
        walk(path, &mut out)?;
    }
    out.sort();
    Ok(out)
}

// ---- cutting, as psql does

/// The length of the lexical unit that `text` starts with: white space, a comment, a quoted text, a number, a word, a
/// run of operator characters, or one character.
fn unit(text: &str) -> usize {
    let bytes = text.as_bytes();
    let first = text.chars().next().unwrap_or_default();
    let end_of = |close: &str, from: usize| text[from..].find(close).map_or(text.len(), |n| from + n + close.len());
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || !c.is_ascii();
    if first.is_whitespace() {
        return text.find(|c: char| !c.is_whitespace()).unwrap_or(text.len());
    }
    if text.starts_with("--") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        let (mut depth, mut at) = (1, 2);
        while depth > 0 && at < text.len() {
            match &bytes[at..(at + 2).min(text.len())] {
                b"/*" => (depth, at) = (depth + 1, at + 2),
                b"*/" => (depth, at) = (depth - 1, at + 2),
                _ => at += 1,
            }
        }
        return at;
    }
    let quoted = |from: usize, escapes: bool| {
        let quote = bytes[from];
        let mut at = from + 1;
        while at < text.len() {
            if escapes && bytes[at] == b'\\' {
                at += 2;
            } else if bytes[at] == quote {
                at += 1;
                if bytes.get(at) != Some(&quote) {
                    return at;
                }
                at += 1;
            } else {
                at += 1;
            }
        }
        text.len()
    };
    match first {
        '\'' | '"' => return quoted(0, false),
        'e' | 'E' if bytes.get(1) == Some(&b'\'') => return quoted(1, true),
        'b' | 'B' | 'x' | 'X' | 'n' | 'N' if bytes.get(1) == Some(&b'\'') => return quoted(1, false),
        'u' | 'U' if matches!(bytes.get(1..3), Some(b"&'" | b"&\"")) => return quoted(2, false),
        '$' => {
            let tag = text[1..].find(|c: char| !is_part(c) || c == '$').map_or(text.len(), |n| n + 1);
            if bytes.get(tag) == Some(&b'$') && !bytes[1].is_ascii_digit() {
                return end_of(&text[..=tag], tag + 1);
            }
        }
        _ => {}
    }
    if is_part(first) {
        let mut end = text.find(|c| !is_part(c)).unwrap_or(text.len());
        if first.is_ascii_digit() && bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit)
        {
            end += 1 + text[end + 1..].find(|c| !is_part(c)).unwrap_or(text.len() - end - 1);
        }
        return end;
    }
    for operator in ["::", ":=", "=>", ".."] {
        if text.starts_with(operator) {
            return operator.len();
        }
    }
    let run = text.find(|c: char| !"+-*/<>=~!@#%^&|`?".contains(c)).unwrap_or(text.len());
    if run > 0 {
        let comment = ["--", "/*"].iter().filter_map(|c| text[..run].find(c)).min().unwrap_or(run);
        return comment.max(1);
    }
    first.len_utf8()
}

/// What a file holds.
#[derive(Default)]
struct Cutter {
    statements: Vec<String>,
    with_variables: usize,
}

impl Cutter {
    fn cut(text: &str) -> Self {
        let mut out = Self::default();
        let (mut start, mut at, mut parens, mut body) = (0, 0, 0usize, 0usize);
        let mut words: Vec<String> = Vec::new();
        let mut variable = false;
        while at < text.len() {
            let rest = &text[at..];
            let line_end = at + rest.find('\n').unwrap_or(rest.len());
            let piece = &rest[..unit(rest)];
            let routine = words.first().is_some_and(|w| w == "create")
                && words.iter().take(4).any(|w| w == "function" || w == "procedure");
            let mut next = at + piece.len();
            let mut ends = false;
            match piece {
                "\\" => {
                    ends = true;
                    next = line_end;
                }
                ";" => ends = parens == 0 && body == 0,
                "(" => parens += 1,
                ")" => parens = parens.saturating_sub(1),
                // `:name`, `:'name'`; in `a[1:n]` it may be a bound.
                ":" => {
                    let after = rest[1..].chars().next().unwrap_or_default();
                    let slice = text[start..at].rfind('[') > text[start..at].rfind(']');
                    variable |= !slice && (after.is_alphabetic() || "_'\"{".contains(after));
                }
                _ if is_word(piece) => {
                    let word = piece.to_ascii_lowercase();
                    match word.as_str() {
                        "begin" if routine => body += 1,
                        "case" if body > 0 => body += 1,
                        "end" => body = body.saturating_sub(1),
                        _ => {}
                    }
                    words.push(word);
                }
                _ => {}
            }
            if ends {
                let sql = without_comments(&text[start..at]);
                let copied = words.first().is_some_and(|w| w == "copy") && words.iter().any(|w| w == "stdin");
                if variable {
                    out.with_variables += 1;
                } else if !words.is_empty() || pieces(sql).next().is_some() {
                    out.statements.push(sql.to_owned());
                }
                if copied && piece == ";" {
                    let rows = &text[line_end..];
                    next = line_end + rows.find("\n\\.").map_or(rows.len(), |n| n + 3);
                }
                start = next;
                (parens, body, variable) = (0, 0, false);
                words.clear();
            }
            at = next;
        }
        let sql = without_comments(&text[start.min(text.len())..]);
        if pieces(sql).next().is_some() && !variable {
            out.statements.push(sql.to_owned());
        }
        out
    }
}

/// A statement without the white space and comments before it.
fn without_comments(sql: &str) -> &str {
    let mut at = 0;
    while at < sql.len() && is_blank(&sql[at..]) {
        at += unit(&sql[at..]);
    }
    sql[at..].trim_end()
}

fn is_blank(text: &str) -> bool {
    text.starts_with(char::is_whitespace) || text.starts_with("--") || text.starts_with("/*")
}

/// The units of a statement but for white space and comments.
fn pieces(sql: &str) -> impl Iterator<Item = String> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < sql.len() {
            let piece = &sql[at..at + unit(&sql[at..])];
            at += piece.len();
            if !is_blank(piece) {
                return Some(piece.to_owned());
            }
        }
        None
    })
    .collect::<Vec<_>>()
    .into_iter()
}

fn is_word(piece: &str) -> bool {
    piece.starts_with(|c: char| c.is_alphabetic() || c == '_') && !piece.ends_with(['\'', '"'])
}

// ---- breaking

/// A small generator of numbers: the same ones for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % most as u64).unwrap_or_default()
    }
}

/// The statement with one unit taken away, doubled, put in, replaced or swapped, or cut short.
fn mutant(sql: &str, pool: &[String], random: &mut Random) -> Option<String> {
    const MARKS: &[&str] = &["(", ")", ",", ".", "=", "*", "'x'", "1", "-1", "[", "]", "::", "$1"];
    let mut units: Vec<String> = pieces(sql).collect();
    if units.len() < 2 || units.len() > 80 {
        return None;
    }
    let at = 1 + random.below(units.len() - 1);
    let other = |random: &mut Random| {
        if random.below(10) < 6 {
            pool[random.below(pool.len())].clone()
        } else {
            MARKS[random.below(MARKS.len())].to_owned()
        }
    };
    match random.below(6) {
        0 => drop(units.remove(at)),
        1 => units.insert(at, units[at].clone()),
        2 => units.insert(at, other(random)),
        3 => units[at] = other(random),
        4 if at + 1 < units.len() => units.swap(at, at + 1),
        _ => units.truncate(at),
    }
    // Two statements are none that could be compared.
    (!units.iter().any(|u| u == ";" || u == "\\")).then(|| units.join(" "))
}

// ---- the server

/// A connection that speaks as much of PostgreSQL's protocol as is wanted here.
struct Server {
    stream: io::BufReader<TcpStream>,
    major: u32,
    /// What the last answer said of the transaction: `I`dle, open (`T`), failed (`E`).
    state: u8,
}

struct Refused {
    sqlstate: String,
    message: String,
    /// In characters, from 1.
    position: Option<usize>,
}

impl Refused {
    fn is_syntax(&self) -> bool {
        self.sqlstate == "42601"
    }
}

impl Server {
    /// `user@host:port/database`.
    fn connect(url: &str) -> io::Result<Self> {
        let wrong = || io::Error::new(io::ErrorKind::InvalidInput, "write user@host:port/database");
        let url = url.strip_prefix("postgres://").unwrap_or(url);
        let (user, rest) = url.split_once('@').ok_or_else(wrong)?;
        let (host, database) = rest.split_once('/').ok_or_else(wrong)?;
        let stream = TcpStream::connect(host)?;
        stream.set_nodelay(true)?;
        let mut server = Self { stream: io::BufReader::new(stream), major: 0, state: b'I' };
        let mut body = 196_608u32.to_be_bytes().to_vec();
        for (name, value) in [
            ("user", user),
            ("database", database),
            ("client_encoding", "UTF8"),
            ("options", "-c statement_timeout=5s -c lock_timeout=1s -c client_min_messages=error"),
        ] {
            body.extend_from_slice(name.as_bytes());
            body.push(0);
            body.extend_from_slice(value.as_bytes());
            body.push(0);
        }
        body.push(0);
        server.send(None, &body)?;
        match server.answer()? {
            Some(e) => Err(io::Error::other(e.message)),
            None => Ok(server),
        }
    }

    fn send(&mut self, kind: Option<u8>, body: &[u8]) -> io::Result<()> {
        let mut message: Vec<u8> = kind.into_iter().collect();
        message.extend_from_slice(&u32::try_from(body.len() + 4).map_err(io::Error::other)?.to_be_bytes());
        message.extend_from_slice(body);
        self.stream.get_mut().write_all(&message)
    }

    fn query(&mut self, sql: &str) -> io::Result<Option<Refused>> {
        let mut body = sql.replace('\0', "").into_bytes();
        body.push(0);
        self.send(Some(b'Q'), &body)?;
        self.answer()
    }

    /// Reads up to the server's being ready again; the first error.
    fn answer(&mut self) -> io::Result<Option<Refused>> {
        let mut refused = None;
        loop {
            let mut head = [0; 5];
            self.stream.read_exact(&mut head)?;
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize - 4;
            let mut body = vec![0; length];
            self.stream.read_exact(&mut body)?;
            match head[0] {
                b'E' => {
                    let field = |name: u8| {
                        let found = body.split(|b| *b == 0).find(|f| f.first() == Some(&name))?;
                        Some(String::from_utf8_lossy(&found[1..]).into_owned())
                    };
                    refused.get_or_insert(Refused {
                        sqlstate: field(b'C').unwrap_or_default(),
                        message: field(b'M').unwrap_or_default(),
                        position: field(b'P').and_then(|p| p.parse().ok()),
                    });
                    if head[0] == b'E' && field(b'S').is_some_and(|s| s == "FATAL") {
                        return Ok(refused);
                    }
                }
                b'R' if body[..4] != [0; 4] => return Err(io::Error::other("the server asks for a password")),
                b'S' if body.starts_with(b"server_version\0") => {
                    let digits = String::from_utf8_lossy(&body[15..]).into_owned();
                    self.major = digits.split(|c: char| !c.is_ascii_digit()).next().unwrap_or("").parse().unwrap_or(0);
                }
                // COPY FROM STDIN: there is nothing to send.
                b'G' => self.send(Some(b'f'), b"no rows\0")?,
                b'Z' => {
                    self.state = body[0];
                    return Ok(refused);
                }
                _ => {}
            }
        }
    }

    /// What the parser says.
    fn parse(&mut self, sql: &str) -> io::Result<Option<Refused>> {
        if self.state != b'E' {
            self.query("ROLLBACK")?;
            self.query("BEGIN; SELECT 1 / 0")?;
        }
        // A savepoint is looked for even there.
        Ok(self.query(sql)?.filter(|e| e.sqlstate != "25P02" && e.sqlstate != "3B001"))
    }

    /// What the server says when it runs a statement, of which nothing stays.
    fn run(&mut self, sql: &str) -> io::Result<Option<Refused>> {
        self.query("ROLLBACK")?;
        self.query("BEGIN")?;
        let refused = self.query(sql)?;
        self.query("ROLLBACK")?;
        Ok(refused)
    }
}
