//! Names become versions: order, gaps, duplicates, and which file takes which back.
//!
//! Everything is read off the paths, so that sources from memory and sources from a folder are judged alike.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::config::{CONFIG_FILE, Config, Gap};
use crate::diagnostics::{Diagnostic, Label};
use crate::sources::{MAX_FILE_BYTES, ReadProblem, SourceFile, Sources};
use crate::span::Span;

/// What diesel's `__diesel_schema_migrations.version` holds, in characters.
const MAX_VERSION: usize = 50;

/// A number of so many digits and more is a time.
const TIMESTAMP_DIGITS: usize = 8;

/// A migration found, and its place in the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its file: an index into [`Sources::files`]. Its text may be missing, see [`SourceFile::problem`].
    pub(crate) file: usize,
    /// The file that takes it back.
    pub(crate) down: Option<usize>,
    /// The digits of its name, dashes dropped.
    pub(crate) version: String,
    /// The words of its name.
    pub(crate) name: String,
    /// Whether its `metadata.toml` says `run_in_transaction = false`.
    pub(crate) no_transaction: bool,
}

/// All migrations of a folder in the order they run, and what is wrong with their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbered {
    pub(crate) entries: Vec<Entry>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// How a folder's migrations are named; `cargo glowplug new` goes on in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// `001_name.sql`, `001-name.sql`.
    Flat,
    /// `001_name.up.sql`.
    UpSuffix,
    /// `001_name/up.sql`.
    Folder,
    /// `001_name/migration.sql`.
    Prisma,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scheme {
    Sequence,
    Time,
    FlywaySequence,
    FlywayTime,
}

impl Scheme {
    fn of(stem: &Stem<'_>) -> Self {
        match (stem.flyway, stem.version.len() >= TIMESTAMP_DIGITS) {
            (false, false) => Self::Sequence,
            (false, true) => Self::Time,
            (true, false) => Self::FlywaySequence,
            (true, true) => Self::FlywayTime,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Sequence => "in sequence",
            Self::Time => "by time",
            Self::FlywaySequence => "in sequence behind a `V`",
            Self::FlywayTime => "by time behind a `V`",
        }
    }
}

/// A name taken apart: `017_add_rewards` → `017`, `add_rewards`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stem<'a> {
    version: String,
    /// The version as it is written, dashes included.
    written: &'a str,
    name: &'a str,
    separator: &'a str,
    flyway: bool,
    undo: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BadStem<'a> {
    NoNumber,
    NoWords { version: &'a str },
    NoSeparator { version: &'a str, rest: &'a str },
    Dotted,
    Repeatable,
    TooLong,
    Unreadable,
}

struct Found<'a> {
    file: usize,
    stem: Stem<'a>,
    layout: Layout,
}

/// Puts the migrations of a folder in order.
pub(crate) fn number(sources: &Sources, config: &Config) -> Numbered {
    let mut ups: Vec<Found<'_>> = Vec::new();
    let mut downs: Vec<Found<'_>> = Vec::new();
    let mut metadata: BTreeMap<&str, usize> = BTreeMap::new();
    let mut diagnostics = Vec::new();
    let mut misnamed: Vec<(usize, BadStem<'_>)> = Vec::new();
    // A number that stands in a bad name is used all the same: one mistake, one message.
    let mut also_used: Vec<u64> = Vec::new();
    // Of each numbered folder the first file that is read, or else the first that is not.
    let mut folders: BTreeMap<&str, (bool, usize)> = BTreeMap::new();

    for (index, file) in sources.files.iter().enumerate() {
        if config.preamble.iter().any(|p| p.path == file.path) {
            continue;
        }
        let (stem, role, layout) = match place(sources, index) {
            Some(found) => found,
            None => {
                match file.path.split_once('/') {
                    Some((folder, "metadata.toml")) => drop(metadata.insert(folder, index)),
                    Some((folder, _)) => drop(folders.entry(folder).or_insert((false, index))),
                    None => {}
                }
                continue;
            }
        };
        if let Some((folder, _)) = file.path.split_once('/') {
            folders.insert(folder, (true, index));
        }
        match parse(stem) {
            Ok(stem) => {
                let down = role == Role::Down || stem.undo;
                if let Some(problem) = &file.problem {
                    diagnostics.push(unreadable(file, problem));
                }
                if down { &mut downs } else { &mut ups }.push(Found { file: index, stem, layout });
            }
            Err(bad) => {
                if let BadStem::NoWords { version } | BadStem::NoSeparator { version, .. } = bad {
                    also_used.extend(version.replace('-', "").parse::<u64>());
                }
                misnamed.push((index, bad));
            }
        }
    }

    ups.sort_by(|a, b| order(&a.stem, &b.stem).then_with(|| path(sources, a).cmp(path(sources, b))));
    downs.sort_by(|a, b| order(&a.stem, &b.stem).then_with(|| path(sources, a).cmp(path(sources, b))));
    also_used.extend(downs.iter().filter_map(|d| sequence_number(&d.stem)));

    let next = next_number(ups.iter());
    for (folder, (read, index)) in folders {
        if !read && folder.starts_with(|c: char| c.is_ascii_digit()) {
            also_used.extend(parse(folder).ok().and_then(|stem| sequence_number(&stem)));
            let path = &sources.files[index].path;
            diagnostics.push(
                Diagnostic::new("file-name", path, Span::default(), format!("`{path}` would never run"))
                    .help(format!("in a folder, what runs is `{folder}/up.sql`; `{folder}/down.sql` takes it back")),
            );
        }
    }
    for (index, bad) in misnamed {
        diagnostics.push(bad_name(&sources.files[index].path, bad, next.as_deref()));
    }
    duplicates(sources, &ups, next.as_deref(), &mut diagnostics);
    mixed_schemes(sources, &ups, &mut diagnostics);
    gaps(sources, config, &ups, also_used, &mut diagnostics);
    let taken_back = pair(sources, &ups, &downs, &mut diagnostics);

    let entries = ups
        .iter()
        .zip(taken_back)
        .map(|(found, down)| {
            let folder = path(sources, found).split_once('/').map(|(folder, _)| folder);
            let no_transaction = folder
                .and_then(|f| metadata.get(f))
                .is_some_and(|index| outside_transaction(&sources.files[*index], &mut diagnostics));
            let Stem { version, name, .. } = &found.stem;
            Entry { file: found.file, down, version: version.clone(), name: (*name).to_owned(), no_transaction }
        })
        .collect();
    Numbered { entries, diagnostics }
}

/// The order of two versions, as [`number`] sorts them; for `enforce-from`. `7` and `007` are equal.
pub(crate) fn compare_versions(a: &str, b: &str) -> Ordering {
    let counted = |v: &str| v.len() < TIMESTAMP_DIGITS || is_start(v);
    match (counted(a), counted(b)) {
        (true, true) => numeric(a).cmp(&numeric(b)),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        // As diesel orders them: `2018-01-14` before `2018-01-14-171611`.
        (false, false) => a.cmp(b),
    }
}

/// All zeros comes before numbers and times alike: diesel's `00000000000000_diesel_initial_setup`.
fn is_start(version: &str) -> bool {
    version.len() >= TIMESTAMP_DIGITS && version.bytes().all(|b| b == b'0')
}

/// A file that holds no statement.
pub(crate) fn empty_migration(file: &str) -> Diagnostic {
    Diagnostic::new("empty-migration", file, Span::default(), format!("`{file}` holds no statement")).help(
        "write the migration, or delete the file: an empty one is recorded as applied, and what is added later never \
             runs; where it must be there, say why: `-- glowplug: allow(empty-migration, reason = \"…\")`",
    )
}

fn path<'a>(sources: &'a Sources, found: &Found<'_>) -> &'a str {
    &sources.files[found.file].path
}

fn numeric(version: &str) -> u64 {
    version.parse().unwrap_or(u64::MAX)
}

fn order(a: &Stem<'_>, b: &Stem<'_>) -> Ordering {
    compare_versions(&a.version, &b.version)
}

/// The number of a migration that is counted, not dated.
fn sequence_number(stem: &Stem<'_>) -> Option<u64> {
    (stem.version.len() < TIMESTAMP_DIGITS).then(|| numeric(&stem.version))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Up,
    Down,
}

/// What a path would be, by its place alone; `None` where no layout keeps migrations there.
fn place(sources: &Sources, index: usize) -> Option<(&str, Role, Layout)> {
    let path = sources.files[index].path.as_str();
    if let Some((folder, file)) = path.split_once('/') {
        let numbered = folder.starts_with(|c: char| c.is_ascii_digit());
        return match file {
            "up.sql" => Some((folder, Role::Up, Layout::Folder)),
            "migration.sql" => Some((folder, Role::Up, Layout::Prisma)),
            // What takes back nothing, in a folder that is no migration, concerns nobody.
            "down.sql" if numbered => Some((folder, Role::Down, Layout::Folder)),
            _ => None,
        };
    }
    let stem = strip_suffix(path, ".sql")?;
    Some(if let Some(stem) = strip_suffix(stem, ".up") {
        (stem, Role::Up, Layout::UpSuffix)
    } else if let Some(stem) = strip_suffix(stem, ".down") {
        (stem, Role::Down, Layout::UpSuffix)
    } else {
        (stem, Role::Up, Layout::Flat)
    })
}

/// `suffix` is ASCII, and compared without regard to case.
fn strip_suffix<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    let at = text.len().checked_sub(suffix.len())?;
    text.get(at..)?.eq_ignore_ascii_case(suffix).then(|| &text[..at])
}

fn parse(stem: &str) -> Result<Stem<'_>, BadStem<'_>> {
    if stem.contains(|c: char| c == char::REPLACEMENT_CHARACTER || c.is_control()) {
        return Err(BadStem::Unreadable);
    }
    let flyway_letter = stem.chars().next().filter(|c| matches!(c, 'V' | 'v' | 'U' | 'u' | 'R' | 'r'));
    if let Some(letter) = flyway_letter {
        let rest = &stem[1..];
        if matches!(letter, 'R' | 'r') && rest.starts_with("__") {
            return Err(BadStem::Repeatable);
        }
        let digits = leading_digits(rest);
        if !digits.is_empty() {
            let behind = &rest[digits.len()..];
            let Some(name) = behind.strip_prefix("__") else {
                let dotted = behind.starts_with(['.', '_']) && !leading_digits(&behind[1..]).is_empty();
                return Err(match behind {
                    "" => BadStem::NoWords { version: digits },
                    _ if dotted => BadStem::Dotted,
                    _ => BadStem::NoSeparator { version: digits, rest: behind },
                });
            };
            let undo = matches!(letter, 'U' | 'u');
            return finish(Stem {
                version: digits.to_owned(),
                written: digits,
                name,
                separator: "__",
                flyway: true,
                undo,
            });
        }
    }

    let first = leading_digits(stem);
    if first.is_empty() {
        return Err(BadStem::NoNumber);
    }
    // Diesel takes all before the first `_` for the version and drops the dashes: `2019-02-26-002946_create_user`.
    let dashed = &stem[..stem.find('_').unwrap_or(stem.len())];
    let all_digits = dashed.split('-').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let written = if all_digits && dashed.len() < stem.len() {
        dashed
    } else if first.len() >= 4 {
        // `2019-02-26-create-user`: as many groups of digits as there are.
        let mut end = first.len();
        while let Some(rest) = stem[end..].strip_prefix('-') {
            let digits = leading_digits(rest);
            let behind = &rest[digits.len()..];
            if digits.is_empty() || !(behind.is_empty() || behind.starts_with(['-', '_'])) {
                break;
            }
            end += 1 + digits.len();
        }
        &stem[..end]
    } else {
        first
    };
    let rest = &stem[written.len()..];
    let Some(separator) = rest.get(..1).filter(|s| matches!(*s, "_" | "-")) else {
        return Err(if rest.is_empty() {
            BadStem::NoWords { version: written }
        } else if rest.starts_with('.') && !leading_digits(&rest[1..]).is_empty() {
            BadStem::Dotted
        } else {
            BadStem::NoSeparator { version: written, rest }
        });
    };
    let name = rest[1..].trim_start_matches(['_', '-']);
    finish(Stem { version: written.replace('-', ""), written, name, separator, flyway: false, undo: false })
}

fn finish(mut stem: Stem<'_>) -> Result<Stem<'_>, BadStem<'_>> {
    stem.name = strip_suffix(stem.name, ".sql").unwrap_or(stem.name);
    if !stem.name.contains(char::is_alphanumeric) {
        return Err(BadStem::NoWords { version: stem.written });
    }
    if stem.version.len() > MAX_VERSION {
        return Err(BadStem::TooLong);
    }
    Ok(stem)
}

fn leading_digits(text: &str) -> &str {
    &text[..text.bytes().take_while(u8::is_ascii_digit).count()]
}

fn bad_name(path: &str, bad: BadStem<'_>, next: Option<&str>) -> Diagnostic {
    // The name that is wrong is the folder's where there is one.
    let (shown, ending) = match path.split_once('/') {
        Some((folder, _)) => (folder, ""),
        None => (path, &path[path.len() - 4..]),
    };
    let next = next.unwrap_or("001");
    let about = |message: String| Diagnostic::new("file-name", path, Span::default(), message);
    match bad {
        BadStem::NoNumber => {
            let diagnostic = about(format!("`{path}` has no number, so it would never run"));
            let words = if let Some((folder, _)) = path.split_once('/') {
                format!("rename the folder to `{next}_{folder}`, or move it out of the migrations")
            } else {
                format!(
                    "rename it to `{next}_{path}`, or move it out of the migrations; if it is what exists before the first one, \
                     write `preamble = [\"{path}\"]` in {CONFIG_FILE}"
                )
            };
            diagnostic.help(words)
        }
        BadStem::NoWords { version } => about(format!("`{shown}` says nothing: a number and no words"))
            .help(format!("name it by what it does, as in `{version}_add_rewards_table{ending}`")),
        BadStem::NoSeparator { version, rest } => {
            let words = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
            let words = if words.is_empty() { "add_rewards_table" } else { words };
            let prefix = &shown[..shown.find(version).unwrap_or(0)];
            let separator = if prefix.is_empty() { "_" } else { "__" };
            about(format!("`{shown}` has no `{separator}` between its number and its words"))
                .help(format!("rename it to `{prefix}{version}{separator}{words}{ending}`"))
        }
        BadStem::Dotted => about(format!("`{shown}` has a number of several parts"))
            .help("versions are whole numbers: `V1__`, `V2__`, or a time, `V20240501120000__`"),
        BadStem::Repeatable => {
            about(format!("`{shown}` is repeatable, and would never run: only numbered migrations do"))
                .help(format!("put the new definition (CREATE OR REPLACE …) into a numbered migration, `V{next}__…`"))
        }
        BadStem::TooLong => about(format!("the number of `{shown}` has more than {MAX_VERSION} digits"))
            .help("use a sequential number or a time such as 20240501120000"),
        BadStem::Unreadable => about(format!("the name of `{}` is not readable text", shown.escape_debug()))
            .help("rename it with letters, digits, `_` and `-`"),
    }
}

fn unreadable(file: &SourceFile, problem: &ReadProblem) -> Diagnostic {
    let path = &file.path;
    match problem {
        ReadProblem::NotUtf8 { offset, line, encoding } => {
            // The text holds U+FFFD there: three bytes.
            let span = Span::new(*offset, offset + char::REPLACEMENT_CHARACTER.len_utf8());
            Diagnostic::new("not-utf8", path, span, format!("`{path}` is not UTF-8: line {line}, byte {offset}"))
                .label("not UTF-8 from here")
                .help(format!("save it as UTF-8: `iconv -f {encoding} -t UTF-8 {} > new.sql`", quoted(path)))
        }
        ReadProblem::TooLarge { bytes } => {
            let (bytes, limit) = (bytes >> 20, MAX_FILE_BYTES >> 20);
            Diagnostic::new(
                "unreadable-file",
                path,
                Span::default(),
                format!("`{path}` is too large: {bytes} MiB, and {limit} MiB is the limit"),
            )
            .help("a migration is compiled into the binary: keep the schema here, and load the data in another way")
        }
        ReadProblem::Io(words) => {
            Diagnostic::new("unreadable-file", path, Span::default(), format!("`{path}` cannot be read: {words}"))
        }
    }
}

/// For a shell.
fn quoted(path: &str) -> String {
    let plain = path.chars().all(|c| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-'));
    if plain { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

fn duplicates(sources: &Sources, ups: &[Found<'_>], next: Option<&str>, diagnostics: &mut Vec<Diagnostic>) {
    let same = |a: &Found<'_>, b: &Found<'_>| match (sequence_number(&a.stem), sequence_number(&b.stem)) {
        (Some(a), Some(b)) => a == b,
        (None, None) => a.stem.version == b.stem.version,
        _ => false,
    };
    for twins in ups.chunk_by(same).filter(|twins| twins.len() > 1) {
        let Some((last, earlier)) = twins.split_last() else { continue };
        let others = list(earlier.iter().map(|f| path(sources, f)));
        let mut message =
            format!("number {} is used twice: by {others} and by `{}`", last.stem.version, path(sources, last));
        if twins.len() > 2 {
            message = message.replace("used twice", &format!("used {} times", twins.len()));
        }
        if let Some(other) = earlier.iter().find(|f| f.stem.version != last.stem.version) {
            message.push_str(&format!(" (`{}` and `{}` are one number)", other.stem.version, last.stem.version));
        }
        let lower = last.stem.name.to_ascii_lowercase();
        let help = if lower.ends_with("down") || lower.ends_with("rollback") {
            format!("a file that takes a migration back ends in `.down.sql`: `{}_….down.sql`", last.stem.written)
        } else {
            match next {
                Some(next) => format!("give the one that is applied nowhere yet the next free number, {next}"),
                None => "give the one that is applied nowhere yet a number of its own".to_owned(),
            }
        };
        let mut diagnostic =
            Diagnostic::new("number-duplicate", path(sources, last), Span::default(), message).help(help);
        diagnostic.labels = earlier.iter().take(3).map(|f| other_file(path(sources, f), "the other one")).collect();
        diagnostics.push(diagnostic);
    }
}

fn other_file(path: &str, text: &str) -> Label {
    Label { file: Some(path.to_owned()), span: Span::default(), text: text.to_owned() }
}

fn mixed_schemes(sources: &Sources, ups: &[Found<'_>], diagnostics: &mut Vec<Diagnostic>) {
    let mut schemes: BTreeMap<Scheme, Vec<&Found<'_>>> = BTreeMap::new();
    for found in ups {
        if is_start(&found.stem.version) {
            continue;
        }
        schemes.entry(Scheme::of(&found.stem)).or_default().push(found);
    }
    // The most frequent is the folder's; of two as frequent, the first of the list.
    let Some((&usual, model)) = schemes.iter().max_by(|(a, x), (b, y)| x.len().cmp(&y.len()).then_with(|| b.cmp(a)))
    else {
        return;
    };
    for (scheme, odd) in schemes.iter().filter(|(s, _)| **s != usual) {
        let first = path(sources, odd[0]);
        let more = match odd.len() {
            1 => String::new(),
            n => format!(" (and {} more like it)", n - 1),
        };
        let mut diagnostic = Diagnostic::new(
            "number-scheme-mixed",
            first,
            Span::default(),
            format!(
                "`{first}`{more} is numbered {}, the other {} {}: `{}`",
                scheme.words(),
                match model.len() {
                    1 => "one".to_owned(),
                    n => n.to_string(),
                },
                usual.words(),
                path(sources, model[0]),
            ),
        );
        diagnostic.help = Some(match next_number(model.iter().copied()) {
            Some(next) => format!("number all of them in one way; the next one here is {next}"),
            None => "number all of them in one way".to_owned(),
        });
        diagnostics.push(diagnostic);
    }
}

fn gaps(sources: &Sources, config: &Config, ups: &[Found<'_>], also_used: Vec<u64>, diagnostics: &mut Vec<Diagnostic>) {
    let counted: Vec<(u64, &Found<'_>)> = ups.iter().filter_map(|f| Some((sequence_number(&f.stem)?, f))).collect();
    let mut said: Vec<(u64, u64)> = config.gaps.iter().map(|g| (g.first, g.last)).collect();
    said.extend(also_used.into_iter().map(|n| (n, n)));
    said.sort_unstable();

    for pair in counted.windows(2) {
        let [(before, left), (after, right)] = pair else { continue };
        let missing = subtract(before + 1, after.saturating_sub(1), &said);
        if missing.is_empty() {
            continue;
        }
        let width = right.stem.version.len().min(left.stem.version.len());
        let written = list_of_ranges(&missing, width);
        let (left, right) = (path(sources, left), path(sources, right));
        let one = matches!(missing[..], [(a, b)] if a == b);
        let verb = if one { "is" } else { "are" };
        let entries: Vec<String> = missing.iter().map(|range| format!("\"{}\"", gap_text(*range, width))).collect();
        let mut diagnostic = Diagnostic::new(
            "number-gap",
            right,
            Span::default(),
            format!("{written} {verb} missing between `{left}` and `{right}`"),
        )
        .help(format!(
            "bring the missing file{} back, or renumber what follows; if {} never used, say so in {CONFIG_FILE}: \
             `gaps = [{}]`",
            if one { "" } else { "s" },
            if one { "the number was" } else { "the numbers were" },
            entries.join(", "),
        ));
        diagnostic.labels.push(other_file(left, "the one before"));
        diagnostics.push(diagnostic);
    }

    for Gap { first, last, span } in &config.gaps {
        let from = counted.partition_point(|(n, _)| n < first);
        if let Some((_, found)) = counted.get(from).filter(|(n, _)| n <= last) {
            let (version, name) = (&found.stem.version, path(sources, found));
            let (file, place) = match span {
                Some(span) => (CONFIG_FILE, *span),
                None => (name, Span::default()),
            };
            diagnostics.push(
                Diagnostic::new(
                    "number-gap",
                    file,
                    place,
                    format!("`gaps` says that {version} was never used, but `{name}` has it"),
                )
                .label("not a gap")
                .help(format!("take {version} out of `gaps`")),
            );
        }
    }
}

/// What is left of `from..=to` without the ranges of `said`, which are sorted.
fn subtract(mut from: u64, to: u64, said: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut left = Vec::new();
    for &(first, last) in said {
        if from > to || first > to {
            break;
        }
        if last < from {
            continue;
        }
        if first > from {
            left.push((from, first - 1));
        }
        from = last.saturating_add(1);
    }
    if from <= to {
        left.push((from, to));
    }
    left
}

fn gap_text((first, last): (u64, u64), width: usize) -> String {
    if first == last { format!("{first:0width$}") } else { format!("{first:0width$}..={last:0width$}") }
}

fn list_of_ranges(ranges: &[(u64, u64)], width: usize) -> String {
    let words: Vec<String> = ranges
        .iter()
        .map(|&(a, b)| if a == b { format!("{a:0width$}") } else { format!("{a:0width$} to {b:0width$}") })
        .collect();
    match &words[..] {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}

/// For each of `ups` the file that takes it back; a down that is left over is an orphan.
fn pair(
    sources: &Sources,
    ups: &[Found<'_>],
    downs: &[Found<'_>],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Option<usize>> {
    let mut answer = vec![None; ups.len()];
    for down in downs {
        let candidates = ups.partition_point(|u| order(&u.stem, &down.stem).is_lt())
            ..ups.partition_point(|u| order(&u.stem, &down.stem).is_le());
        let file = path(sources, down);
        // Of two with one number (an error of its own), the one with the same words.
        let own =
            candidates.clone().find(|i| ups[*i].stem.name == down.stem.name).or_else(|| candidates.clone().next());
        match own {
            None => {
                let up = match down.layout {
                    Layout::Folder | Layout::Prisma => file.replace("down.sql", "up.sql"),
                    Layout::UpSuffix => file.replace(".down.", ".up."),
                    Layout::Flat => format!("V{}", &file[1..]),
                };
                diagnostics.push(
                    Diagnostic::new(
                        "orphan-down",
                        file,
                        Span::default(),
                        format!("`{file}` takes back a migration that is not there"),
                    )
                    .help(format!("add `{up}`, or delete this file")),
                );
            }
            Some(up) => match answer[up] {
                None => answer[up] = Some(down.file),
                Some(other) => diagnostics.push(
                    Diagnostic::new(
                        "number-duplicate",
                        file,
                        Span::default(),
                        format!(
                            "two files take back {}: `{}` and `{file}`",
                            down.stem.version, sources.files[other].path
                        ),
                    )
                    .help("keep one of them"),
                ),
            },
        }
    }
    answer
}

/// What diesel's `metadata.toml` says.
fn outside_transaction(file: &SourceFile, diagnostics: &mut Vec<Diagnostic>) -> bool {
    if let Some(problem) = &file.problem {
        diagnostics.push(unreadable(file, problem));
        return false;
    }
    let (table, mut errors) = crate::config::parse_toml(file);
    let mut answer = false;
    for (key, value) in table.get_ref() {
        if key.get_ref() == "run_in_transaction" {
            match value.get_ref().as_bool() {
                Some(inside) => answer = !inside,
                None => errors.push(crate::config::wrong_type(file, "run_in_transaction", value, "true or false")),
            }
        }
    }
    diagnostics.append(&mut errors);
    answer
}

/// The number after the last one, where they are counted.
fn next_number<'a>(ups: impl DoubleEndedIterator<Item = &'a Found<'a>>) -> Option<String> {
    let (number, last) = ups.rev().find_map(|f| Some((sequence_number(&f.stem)?, f)))?;
    Some(format!("{:0width$}", number + 1, width = last.stem.version.len()))
}

/// Where the next migration of a folder goes: named as the last one is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextPath {
    /// Its file, relative to the folder, with `/` between parts.
    pub up: String,
    /// The file that takes it back, where the last migration has one.
    pub down: Option<String>,
    /// The version that it will be read as: its digits, dashes dropped.
    pub version: String,
    /// The words of its name, as in its file's.
    pub name: String,
}

/// What the settings of a folder say for the migrations that are there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adoption {
    /// How many there are.
    pub migrations: usize,
    /// For `enforce-from`: the first version after the newest one.
    pub enforce_from: String,
    /// For `gaps`: the numbers between them that none has.
    pub gaps: Vec<String>,
}

/// How a folder with migrations is taken over as it is; `None` for one without.
///
/// ```
/// use glowplug_analysis::{Backend, Config, Sources, adoption};
/// let folder = Sources::from_texts([("000_a.sql", ""), ("001_b.sql", ""), ("011_c.sql", "")]);
/// let adoption = adoption(&folder, &Config::new(Backend::Postgres)).unwrap();
/// assert_eq!((adoption.migrations, adoption.enforce_from.as_str()), (3, "012"));
/// assert_eq!(adoption.gaps, ["002..=010"]);
/// ```
#[must_use]
pub fn adoption(sources: &Sources, config: &Config) -> Option<Adoption> {
    let entries = number(sources, config).entries;
    let enforce_from = increment(&entries.last()?.version);
    let counted = |entry: &Entry| (entry.version.len() < TIMESTAMP_DIGITS).then(|| numeric(&entry.version));
    let gaps = entries.windows(2).flat_map(|pair| {
        let (before, after) = (counted(&pair[0]), counted(&pair[1]));
        let width = pair[0].version.len().min(pair[1].version.len());
        let between = before.zip(after).map_or_else(Vec::new, |(b, a)| subtract(b + 1, a.saturating_sub(1), &[]));
        between.into_iter().map(move |range| gap_text(range, width))
    });
    Some(Adoption { migrations: entries.len(), enforce_from, gaps: gaps.collect() })
}

/// What the file systems in use take for one name, in bytes.
const MAX_FILE_NAME: usize = 255;

/// Names the next migration of a folder in the folder's own manner: layout, separator, width of numbers.
///
/// `words` is what it does (`add rewards table`); `now` is the time in UTC, `20260501120000`, for folders that are
/// numbered by time. A folder without migrations starts with `0001_…`. Numbers that a misnamed file has, or that `gaps`
/// of the settings excludes, are passed over.
///
/// # Errors
/// Where `words` holds no letter or digit, is a path or too long for a file's name, where the folder is numbered in
/// several ways, or its numbers are used up.
///
/// ```
/// use glowplug_analysis::{Backend, Config, Sources, next_path};
/// let folder = Sources::from_texts([("001-create-users.up.sql", ""), ("001-create-users.down.sql", "")]);
/// let next = next_path(&folder, &Config::new(Backend::Postgres), "Add rewards table", "20260501120000").unwrap();
/// assert_eq!(next.up, "002-add-rewards-table.up.sql");
/// assert_eq!(next.down.as_deref(), Some("002-add-rewards-table.down.sql"));
/// ```
pub fn next_path(sources: &Sources, config: &Config, words: &str, now: &str) -> Result<NextPath, String> {
    const EXAMPLE: &str = "a migration's name says what it does, in words: \"add rewards table\"";
    if words.contains(['/', '\\']) {
        return Err(format!("{EXAMPLE}; `{words}` is a path"));
    }
    let (mut ups, mut downs) = (Vec::new(), Vec::new());
    // Numbers that stand in names nothing reads: the next file must not get one of them.
    let mut also_used: Vec<u64> = Vec::new();
    for index in 0..sources.files.len() {
        let Some((stem, role, layout)) = place(sources, index) else { continue };
        if config.preamble.iter().any(|p| p.path == sources.files[index].path) {
            continue;
        }
        match parse(stem) {
            Ok(stem) => {
                let down = role == Role::Down || stem.undo;
                if down { &mut downs } else { &mut ups }.push(Found { file: index, stem, layout });
            }
            Err(BadStem::NoWords { version } | BadStem::NoSeparator { version, .. }) => {
                also_used.extend(version.parse::<u64>().ok().filter(|_| version.len() < TIMESTAMP_DIGITS));
            }
            Err(_) => {}
        }
    }
    ups.sort_by(|a, b| order(&a.stem, &b.stem));
    also_used.extend(downs.iter().filter_map(|d| sequence_number(&d.stem)));
    let mut mixed = Vec::new();
    mixed_schemes(sources, &ups, &mut mixed);
    if let Some(Diagnostic { message, .. }) = mixed.first() {
        return Err(format!("{message}: in which way is the next one to be numbered?"));
    }
    let last = ups.last();
    let separator = last.map_or("_", |f| f.stem.separator);
    let between = if separator == "-" { "-" } else { "_" };
    let words: Vec<String> =
        words.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase).collect();
    if words.is_empty() {
        return Err(EXAMPLE.to_owned());
    }
    let name = words.join(between);
    let number = match last.map(|f| (f, sequence_number(&f.stem))) {
        Some((found, None)) => next_time(&found.stem, now),
        counted => {
            let (last, width) = counted.map_or((0, 4), |(f, n)| (n.unwrap_or(0), f.stem.version.len()));
            let mut next = also_used.into_iter().fold(last, u64::max) + 1;
            // As they may overlap, and come in any order: until none of them moves it.
            while let Some(gap) = config.gaps.iter().find(|gap| (gap.first..=gap.last).contains(&next)) {
                next = gap.last + 1;
            }
            let written = format!("{next:0width$}");
            if written.len() >= TIMESTAMP_DIGITS {
                return Err(format!("`{last:0width$}` was the last number: {written} would be read as a time"));
            }
            written
        }
    };
    let stem = format!("{}{number}{separator}{name}", if last.is_some_and(|f| f.stem.flyway) { "V" } else { "" });
    let has_down = last.is_some_and(|f| downs.iter().any(|d| d.stem.version == f.stem.version));
    let (up, down) = match last.map_or(Layout::Flat, |f| f.layout) {
        Layout::Flat if last.is_some_and(|f| f.stem.flyway) => (format!("{stem}.sql"), format!("U{}.sql", &stem[1..])),
        Layout::Flat => (format!("{stem}.sql"), format!("{stem}.down.sql")),
        Layout::UpSuffix => (format!("{stem}.up.sql"), format!("{stem}.down.sql")),
        Layout::Folder => (format!("{stem}/up.sql"), format!("{stem}/down.sql")),
        Layout::Prisma => (format!("{stem}/migration.sql"), format!("{stem}/down.sql")),
    };
    let down = has_down.then_some(down);
    let longest = [Some(&up), down.as_ref()].into_iter().flatten().flat_map(|path| path.split('/')).map(str::len).max();
    if let Some(length) = longest.filter(|length| *length > MAX_FILE_NAME) {
        return Err(format!(
            "the name is too long: its file's would be {length} bytes, and {MAX_FILE_NAME} is what file systems take"
        ));
    }
    Ok(NextPath { up, down, version: number.replace('-', ""), name })
}

/// The time in the manner of the last one, and later than it: also where that one lies in the future, or counts seconds.
fn next_time(last: &Stem<'_>, now: &str) -> String {
    let width = last.version.len().min(now.len());
    let now = &now[..width];
    let plain = if now > last.version.as_str() && last.version.starts_with("20") {
        now.to_owned()
    } else {
        increment(&last.version)
    };
    if !last.written.contains('-') || !plain.is_ascii() {
        return plain;
    }
    // diesel's `2019-02-26-002946`, or a date alone.
    let parts = [plain.get(..4), plain.get(4..6), plain.get(6..8), plain.get(8..)];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// One more, in decimal, of any length.
fn increment(digits: &str) -> String {
    let mut bytes: Vec<u8> = digits.bytes().collect();
    for byte in bytes.iter_mut().rev() {
        if *byte == b'9' {
            *byte = b'0';
        } else {
            *byte += 1;
            return String::from_utf8(bytes).unwrap_or_default();
        }
    }
    format!("1{}", "0".repeat(digits.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Backend;

    fn config(toml: &str) -> Config {
        Config::parse("".as_ref(), &format!("backend = \"postgres\"\n{toml}")).unwrap()
    }

    /// `version name` of each migration in order, and `rule: message` of each finding.
    #[track_caller]
    fn check(paths: &[&str], toml: &str, order: &[&str], findings: &[&str]) {
        let sources = Sources::from_texts(paths.iter().map(|p| (*p, "")));
        let numbered = number(&sources, &config(toml));
        let got: Vec<String> = numbered.entries.iter().map(|e| format!("{} {}", e.version, e.name)).collect();
        assert_eq!(got, order);
        let said: Vec<String> = numbered.diagnostics.iter().map(|d| format!("{}: {}", d.rule, d.message)).collect();
        assert_eq!(said, findings);
        for diagnostic in &numbered.diagnostics {
            assert!(diagnostic.help.is_some(), "{}", diagnostic.message);
            assert!(crate::rules::find(diagnostic.rule).is_some(), "{}", diagnostic.rule);
        }
    }

    #[test]
    fn every_layout_is_read() {
        check(
            &[
                "001_create_users.sql",
                "002-add-email.sql",
                "3_x.up.sql",
                "3_x.down.sql",
                "0004_y/up.sql",
                "0004_y/down.sql",
            ],
            "",
            &["001 create_users", "002 add-email", "3 x", "0004 y"],
            &[],
        );
        check(
            &["V1__init.sql", "V10__more.sql", "V2__x.sql", "U2__x.sql"],
            "gaps = [\"3..=9\"]",
            &["1 init", "2 x", "10 more"],
            &[],
        );
        check(
            &[
                "00000000000000_diesel_initial_setup/up.sql",
                "2019-02-26-002946-0000_create_user/up.sql",
                "2019-02-26_x/up.sql",
            ],
            "",
            &["00000000000000 diesel_initial_setup", "20190226 x", "201902260029460000 create_user"],
            &[],
        );
        check(
            &["20240501120000_init/migration.sql", "20240502-add-x.sql"],
            "",
            &["20240501120000 init", "20240502 add-x"],
            &[],
        );
        check(&["001-2fa.sql", "002_add users.sql"], "", &["001 2fa", "002 add users"], &[]);
    }

    #[test]
    fn each_is_paired_with_what_takes_it_back() {
        let sources = Sources::from_texts([
            ("001_a.down.sql", ""),
            ("001_a.up.sql", ""),
            ("002_b/down.sql", ""),
            ("002_b/metadata.toml", "run_in_transaction = false\n"),
            ("002_b/up.sql", ""),
            ("003_c.sql", ""),
        ]);
        let numbered = number(&sources, &config(""));
        let got: Vec<_> = numbered.entries.iter().map(|e| (e.file, e.down, e.no_transaction)).collect();
        assert_eq!(got, [(1, Some(0), false), (4, Some(2), true), (5, None, false)]);
        assert_eq!(numbered.diagnostics, []);
    }

    #[test]
    fn gaps_name_both_neighbours() {
        check(
            &["001_a.sql", "002_b.sql", "004_d.sql"],
            "",
            &["001 a", "002 b", "004 d"],
            &["number-gap: 003 is missing between `002_b.sql` and `004_d.sql`"],
        );
        check(
            &["001_a.sql", "011_b.sql"],
            "gaps = [\"002..=005\", \"8\"]",
            &["001 a", "011 b"],
            &["number-gap: 006 to 007 and 009 to 010 are missing between `001_a.sql` and `011_b.sql`"],
        );
        check(&["001_a.sql", "011_b.sql"], "gaps = [\"002..=010\"]", &["001 a", "011 b"], &[]);
        check(&["5_a.sql", "6_b.sql"], "", &["5 a", "6 b"], &[]);
        check(
            &["001_a.sql", "002_b.sql"],
            "gaps = [\"002..=010\"]",
            &["001 a", "002 b"],
            &["number-gap: `gaps` says that 002 was never used, but `002_b.sql` has it"],
        );
    }

    #[test]
    fn the_help_of_a_gap_can_be_pasted() {
        let sources = Sources::from_texts([("001_a.sql", ""), ("011_b.sql", "")]);
        let numbered = number(&sources, &Config::new(Backend::Postgres));
        let help = numbered.diagnostics[0].help.clone().unwrap();
        let (_, line) = help.split_once("glowplug.toml: `").unwrap();
        assert_eq!(number(&sources, &config(line.trim_end_matches('`'))).diagnostics, []);
    }

    #[test]
    fn a_number_is_used_once() {
        check(
            &["007_a.sql", "007_b.sql"],
            "",
            &["007 a", "007 b"],
            &["number-duplicate: number 007 is used twice: by `007_a.sql` and by `007_b.sql`"],
        );
        check(
            &["007_a.sql", "7_b.sql"],
            "",
            &["007 a", "7 b"],
            &[
                "number-duplicate: number 7 is used twice: by `007_a.sql` and by `7_b.sql` (`007` and `7` are one number)",
            ],
        );
        check(
            &["2024-05-01-120000_a/up.sql", "20240501120000_b/up.sql", "20240501120000_c.sql"],
            "",
            &["20240501120000 a", "20240501120000 b", "20240501120000 c"],
            &["number-duplicate: number 20240501120000 is used 3 times: by `2024-05-01-120000_a/up.sql`, \
               `20240501120000_b/up.sql` and by `20240501120000_c.sql`"],
        );
        check(
            &["1_a.sql", "1_a.down.sql", "01_b.down.sql"],
            "",
            &["1 a"],
            &["number-duplicate: two files take back 1: `01_b.down.sql` and `1_a.down.sql`"],
        );
    }

    #[test]
    fn schemes_do_not_mix() {
        check(
            &["001_a.sql", "002_b.sql", "20240501120000_c.sql"],
            "",
            &["001 a", "002 b", "20240501120000 c"],
            &["number-scheme-mixed: `20240501120000_c.sql` is numbered by time, the other 2 in sequence: `001_a.sql`"],
        );
        check(
            &["V1__a.sql", "002_b.sql"],
            "",
            &["1 a", "002 b"],
            &[
                "number-scheme-mixed: `V1__a.sql` is numbered in sequence behind a `V`, the other one in sequence: `002_b.sql`",
            ],
        );
        check(&["00000000000000_setup/up.sql", "001_a.sql"], "", &["00000000000000 setup", "001 a"], &[]);
    }

    #[test]
    fn names_that_say_nothing_are_refused() {
        check(
            &[
                "001_a.sql",
                "002.sql",
                "003_.sql",
                "004b.sql",
                "005 b c.sql",
                "create.sql",
                "V6_b.sql",
                "V1.7__b.sql",
                "R__views.sql",
            ],
            "",
            &["001 a"],
            &[
                "file-name: `002.sql` says nothing: a number and no words",
                "file-name: `003_.sql` says nothing: a number and no words",
                "file-name: `004b.sql` has no `_` between its number and its words",
                "file-name: `005 b c.sql` has no `_` between its number and its words",
                "file-name: `R__views.sql` is repeatable, and would never run: only numbered migrations do",
                "file-name: `V1.7__b.sql` has a number of several parts",
                "file-name: `V6_b.sql` has no `__` between its number and its words",
                "file-name: `create.sql` has no number, so it would never run",
            ],
        );
        check(
            &["001_a/up.sql", "001_a/data.sql", "002_b/upp.sql", "notes/up.sql", "notes/x.sql", "seeds/a.sql"],
            "",
            &["001 a"],
            &[
                "file-name: `002_b/upp.sql` would never run",
                "file-name: `notes/up.sql` has no number, so it would never run",
            ],
        );
        check(&["1_a\u{fffd}.sql"], "", &[], &["file-name: the name of `1_a\u{fffd}.sql` is not readable text"]);
        check(&["1_a.sql", ".sql"], "", &["1 a"], &["file-name: `.sql` has no number, so it would never run"]);
        let long = format!("{}_x.sql", "1".repeat(51));
        check(&[&long], "", &[], &[&format!("file-name: the number of `{long}` has more than 50 digits")]);
    }

    #[test]
    fn a_misnamed_file_is_no_gap() {
        check(
            &["001_a.sql", "002.sql", "003_c.down.sql", "004_d.sql"],
            "",
            &["001 a", "004 d"],
            &[
                "file-name: `002.sql` says nothing: a number and no words",
                "orphan-down: `003_c.down.sql` takes back a migration that is not there",
            ],
        );
    }

    #[test]
    fn what_comes_before_the_first_needs_no_number() {
        let mut settings = config("");
        settings.preamble.push(SourceFile::new("base.sql", ""));
        let sources = Sources::from_texts([("001_a.sql", ""), ("base.sql", "")]);
        assert_eq!(number(&sources, &settings).diagnostics, []);
        assert_eq!(number(&sources, &config("")).diagnostics.len(), 1);
    }

    #[test]
    fn ten_thousand_files() {
        let paths: Vec<String> =
            (1..=10_000).flat_map(|n| [format!("{n:05}_x.down.sql"), format!("{n:05}_x.up.sql")]).collect();
        let sources = Sources::from_texts(paths.iter().map(|p| (p.as_str(), "")));
        let numbered = number(&sources, &config(""));
        assert_eq!((numbered.entries.len(), numbered.diagnostics.len()), (10_000, 0));
    }

    #[test]
    fn the_next_one_is_named_as_the_last_one() {
        let next_with = |paths: &[&str], toml| {
            let sources = Sources::from_texts(paths.iter().map(|p| (*p, "")));
            next_path(&sources, &config(toml), "Add rewards-table", "20260501120000").map(|n| (n.up, n.down))
        };
        let next = |paths: &[&str]| next_with(paths, "");
        let one = |path: &str| Ok((path.to_owned(), None));
        assert_eq!(next(&[]), one("0001_add_rewards_table.sql"));
        assert_eq!(next(&["009_a.sql", "010_b.sql"]), one("011_add_rewards_table.sql"));
        assert_eq!(next(&["V9__a.sql"]), one("V10__add_rewards_table.sql"));
        assert_eq!(next(&["2019-02-26-002946_a/up.sql"]), one("2026-05-01-120000_add_rewards_table/up.sql"));
        assert_eq!(next(&["20990101000000_a/migration.sql"]), one("20990101000001_add_rewards_table/migration.sql"));
        assert_eq!(next(&["2019-02-26-a.sql"]), one("2026-05-01-add-rewards-table.sql"));
        assert_eq!(
            next(&["1_a/up.sql", "1_a/down.sql"]),
            Ok(("2_add_rewards_table/up.sql".to_owned(), Some("2_add_rewards_table/down.sql".to_owned())))
        );
        assert!(next(&["9999999_a.sql"]).unwrap_err().contains("read as a time"));
        assert!(next(&["V1__a.sql", "002_b.sql"]).unwrap_err().contains("numbered in sequence behind a `V`"));
        let named = |words: &str| next_path(&Sources::default(), &config(""), words, "20260501120000");
        assert!(named("!?").unwrap_err().contains("in words"));
        assert!(named("../x").unwrap_err().contains("is a path"));
        assert!(named(&"x".repeat(300)).unwrap_err().contains("309 bytes"));
        assert_eq!(named(&"x".repeat(246)).unwrap().up.len(), 255);
    }

    #[test]
    fn the_next_number_is_one_that_nothing_has() {
        let next = |paths: &[&str], toml| {
            let sources = Sources::from_texts(paths.iter().map(|p| (*p, "")));
            next_path(&sources, &config(toml), "x", "20260501120000").map(|n| n.up)
        };
        let one = |path: &str| Ok(path.to_owned());
        assert_eq!(next(&["016_a.sql", "017.sql"], ""), one("018_x.sql"));
        assert_eq!(next(&["016_a.sql", "018_b.down.sql"], ""), one("019_x.sql"));
        assert_eq!(next(&["001_a.sql"], "gaps = [\"004..=010\", \"002..=005\"]"), one("011_x.sql"));
        let sources = Sources::from_texts([("001_a.sql", ""), ("099_base.sql", "")]);
        let mut settings = config("");
        settings.preamble.push(SourceFile::new("099_base.sql", ""));
        assert_eq!(next_path(&sources, &settings, "x", "20260501120000").map(|n| n.up), one("002_x.sql"));
    }
}
