//! `glowplug.lock`: what each migration was when it was sealed, so that a later edit of it fails the build.
//!
//! A line a migration, in their order. Its last word but the name folds in the line before it, so that no line can be
//! taken out, put in or moved unnoticed; and two branches that each add a migration write different lines to one place,
//! which is a conflict when they are merged. The newest may be open: it is being written, and its text is not held
//! against anything.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::Migration;
use crate::diagnostics::{Diagnostic, Label};
use crate::fold::hex;
use crate::numbering::compare_versions;
use crate::sources::{LOCK_FILE, SourceFile};
use crate::span::Span;

/// How the file starts: for whoever meets it in a merge.
const HEADER: &str = "\
# What each migration was when it was sealed; `cargo glowplug lock` keeps it. Commit it with the migrations.
# A conflict here: two branches added a migration. Keep both lines, see to the numbers, then run `cargo glowplug lock`.
";

/// What stands in place of a checksum while a migration is being written.
const OPEN: &str = "open";

/// Characters of a checksum, and of what ties a line to the one before it.
const CHECKSUM: usize = 64;
const CHAIN: usize = 16;

/// A line that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line<'a> {
    span: Span,
    version: &'a str,
    name: &'a str,
    /// `None` while it is open.
    seal: Option<Seal<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seal<'a> {
    checksum: &'a str,
    chain: &'a str,
}

/// Something that [`seal`] did to a line, or would not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// `017`.
    pub version: String,
    /// `add_rewards_table`.
    pub name: String,
    /// What it is.
    pub kind: StepKind,
}

/// What was done to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// It had none, or an open one, and is sealed now.
    Sealed,
    /// It was added, open: its migration is about to be written.
    Opened,
    /// It was sealed as something else; that was accepted.
    Accepted,
    /// Its migration is gone; that was accepted.
    Dropped,
    /// Its migration is what it was, and the line before it another one.
    Followed,
}

/// A lock written anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The whole file.
    pub text: String,
    /// What differs from the file that was there.
    pub steps: Vec<Step>,
    /// What was sealed as something else, and was not accepted.
    pub refused: Vec<Diagnostic>,
}

/// Writes the lock of a folder anew: seals what is not sealed yet, and what is in `accept` as it is now. What was edited
/// and is not accepted is answered in [`Sealed::refused`].
///
/// Its text is then not to be written. `open` are migrations that are about to be written, `(version, name)` each: they
/// come last, and are not sealed.
///
/// # Errors
/// Where the file that is there cannot be understood: all reasons.
///
/// ```
/// use glowplug_analysis::{Backend, Config, Sources, analyze, lock};
/// let sources = Sources::from_texts([("001_a.sql", "CREATE TABLE IF NOT EXISTS a (id int)")]);
/// let analysis = analyze(sources, &Config::new(Backend::Sqlite));
/// let sealed = lock::seal(None, &analysis.migrations, &[], &[("002", "b")]).unwrap();
/// let last = sealed.text.lines().rev().take(2).collect::<Vec<_>>();
/// assert_eq!(last[0], "002 open b");
/// assert!(last[1].starts_with("001 ") && last[1].ends_with(" a"));
/// ```
pub fn seal(
    file: Option<&SourceFile>,
    migrations: &[Migration],
    accept: &[&str],
    open: &[(&str, &str)],
) -> Result<Sealed, Vec<Diagnostic>> {
    let lines = file.map_or_else(|| Ok(Vec::new()), read)?;
    let held = Held::of(&lines, migrations);
    let accepted = |version: &str| accept.iter().any(|a| compare_versions(&a.replace('-', ""), version).is_eq());
    let mut sealed = Sealed { text: HEADER.to_owned(), steps: Vec::new(), refused: Vec::new() };
    let mut before = String::new();
    for (migration, line) in migrations.iter().zip(&held.lines) {
        let Migration { version, name, checksum, .. } = migration;
        if checksum.is_empty() {
            continue;
        }
        // Nothing is written yet: sealed as it is, the first word in it would be an edit.
        if migration.statements.is_empty() && line.is_none_or(|line| line.seal.is_none()) {
            sealed.steps.extend(line.is_none().then(|| Step::new(version, name, StepKind::Opened)));
            let _ = writeln!(sealed.text, "{version} {OPEN} {name}");
            continue;
        }
        let own = chain(&before, version, checksum, name);
        let kind = match line {
            Some(Line { seal: Some(seal), name: was, .. }) if (seal.checksum, *was) == (checksum, name) => {
                (seal.chain != own).then_some(StepKind::Followed)
            }
            Some(line) if line.seal.is_some() && !accepted(version) => {
                sealed.refused.push(edited(migration, line));
                None
            }
            Some(Line { seal: Some(_), .. }) => Some(StepKind::Accepted),
            _ => Some(StepKind::Sealed),
        };
        sealed.steps.extend(kind.map(|kind| Step::new(version, name, kind)));
        let _ = writeln!(sealed.text, "{version} {checksum} {own} {name}");
        before = own;
    }
    for line in held.gone {
        if line.seal.is_none() || accepted(line.version) {
            sealed.steps.push(Step::new(line.version, line.name, StepKind::Dropped));
        } else {
            sealed.refused.push(removed(line));
        }
    }
    for (version, name) in open {
        sealed.steps.push(Step::new(version, name, StepKind::Opened));
        let _ = writeln!(sealed.text, "{version} {OPEN} {name}");
    }
    Ok(sealed)
}

impl Step {
    fn new(version: &str, name: &str, kind: StepKind) -> Self {
        Self { version: version.to_owned(), name: name.to_owned(), kind }
    }
}

/// What is wrong between a lock and the migrations of its folder.
pub(crate) fn verify(file: &SourceFile, migrations: &[Migration]) -> Vec<Diagnostic> {
    let lines = match read(file) {
        Ok(lines) => lines,
        Err(diagnostics) => return diagnostics,
    };
    let held = Held::of(&lines, migrations);
    let mut diagnostics = Vec::new();
    let mut missing = Vec::new();
    for (migration, line) in migrations.iter().zip(&held.lines) {
        match line {
            // What cannot be read is said already.
            _ if migration.checksum.is_empty() => {}
            None => missing.push(migration),
            Some(line) => {
                let same = |seal: &Seal<'_>| (seal.checksum, line.name) == (&migration.checksum, &migration.name);
                if !line.seal.as_ref().is_none_or(same) {
                    diagnostics.push(edited(migration, line));
                }
            }
        }
    }
    if let Some(first) = missing.first() {
        let path = &first.file;
        let message = match missing.len() {
            1 => format!("`{path}` has no line in {LOCK_FILE}"),
            n => format!("`{path}` and {} more have no line in {LOCK_FILE}", n - 1),
        };
        diagnostics.push(
            Diagnostic::new("lock-file", path, Span::default(), message)
                .help("run `cargo glowplug lock` once it is written: it seals what it says now"),
        );
    }
    diagnostics.extend(held.gone.iter().filter(|line| line.seal.is_some()).map(|line| removed(line)));
    // One mistake, one message: a line that is missing or too many breaks the chain as well.
    if diagnostics.is_empty() {
        diagnostics.extend(broken_chain(&lines));
    }
    diagnostics
}

/// The lines of a lock beside the migrations they are of.
struct Held<'a> {
    /// Of each migration its line.
    lines: Vec<Option<&'a Line<'a>>>,
    /// Lines of no migration.
    gone: Vec<&'a Line<'a>>,
}

impl<'a> Held<'a> {
    fn of(lines: &'a [Line<'a>], migrations: &[Migration]) -> Self {
        let mut of: BTreeMap<&str, Vec<&Line<'_>>> = BTreeMap::new();
        for line in lines {
            of.entry(line.version).or_default().push(line);
        }
        // Where two have one number (an error of its own), each has the line of its name.
        let lines = migrations.iter().map(|m| {
            let own = of.get_mut(m.version.as_str())?;
            let at = own.iter().position(|line| line.name == m.name).or((!own.is_empty()).then_some(0))?;
            Some(own.remove(at))
        });
        let lines = lines.collect();
        let mut gone: Vec<_> = of.into_values().flatten().collect();
        gone.sort_by_key(|line| line.span);
        Self { lines, gone }
    }
}

/// The first line that does not follow from the one before it.
fn broken_chain(lines: &[Line<'_>]) -> Option<Diagnostic> {
    let mut before = "";
    for line in lines {
        let Some(seal) = line.seal else { continue };
        if seal.chain != chain(before, line.version, seal.checksum, line.name) {
            let message = format!("the line of {} does not follow from the one before it", line.version);
            return Some(
                Diagnostic::new("lock-file", LOCK_FILE, line.span, message)
                    .label("a line was put in, taken out, moved or altered here")
                    .help(
                        "`cargo glowplug lock` ties it to the line before; look at what differs before you commit it",
                    ),
            );
        }
        before = seal.chain;
    }
    None
}

fn edited(migration: &Migration, line: &Line<'_>) -> Diagnostic {
    let Migration { file, version, name, .. } = migration;
    let message = if line.name == name.as_str() {
        format!("`{file}` is not what it was when it was sealed")
    } else {
        format!("`{file}` was `{version} {}` when it was sealed", line.name)
    };
    let mut diagnostic = Diagnostic::new("edited-after-lock", file, Span::default(), message).help(format!(
        "where it is applied already: bring it back as it was (`git log -p` shows it), and write what is to change into a \
         new migration; where it is applied nowhere yet: `cargo glowplug lock --accept {version}`"
    ));
    diagnostic.labels.push(Label { file: Some(LOCK_FILE.to_owned()), span: line.span, text: "sealed here".to_owned() });
    diagnostic
}

fn removed(line: &Line<'_>) -> Diagnostic {
    let Line { version, name, span, .. } = line;
    Diagnostic::new("edited-after-lock", LOCK_FILE, *span, format!("the migration `{version} {name}` is gone"))
        .label("sealed here")
        .help(format!(
            "where it is applied already: bring it back, and take back what it did in a new migration; where it is applied \
             nowhere yet: `cargo glowplug lock --accept {version}`"
        ))
}

/// Ties a line to the one before it.
fn chain(before: &str, version: &str, checksum: &str, name: &str) -> String {
    hex(&Sha256::digest(format!("{before}\n{version} {checksum} {name}")))[..CHAIN].to_owned()
}

/// The lines of a file; or, where one cannot be read, why.
fn read(file: &SourceFile) -> Result<Vec<Line<'_>>, Vec<Diagnostic>> {
    let wrong = |span, message: String| Diagnostic::new("lock-file", LOCK_FILE, span, message);
    if let Some(problem) = &file.problem {
        return Err(vec![wrong(Span::default(), format!("{LOCK_FILE} {problem}"))]);
    }
    let (mut lines, mut diagnostics) = (Vec::new(), Vec::new());
    let mut start = 0;
    for whole in file.text.split_inclusive('\n') {
        let text = whole.trim_start_matches('\u{feff}').trim_end_matches(['\n', '\r']);
        let span = Span::new(start, start + whole.trim_end_matches(['\n', '\r']).len());
        start += whole.len();
        if text.starts_with("<<<<<<<") {
            let conflict = wrong(span, format!("{LOCK_FILE} holds a conflict that was not resolved"))
                .label("two branches added a migration")
                .help(
                    "keep the lines of both, give the migration that is applied nowhere yet the next number, and run \
                     `cargo glowplug lock`",
                );
            return Err(vec![conflict]);
        }
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        match line(text, span) {
            Some(line) => lines.push(line),
            None => diagnostics.push(
                wrong(span, "this is no line of a lock".to_owned())
                    .label("not `version checksum chain name`")
                    .help("`git log -p` shows what it was; or take it out, and `cargo glowplug lock` seals the migration anew"),
            ),
        }
    }
    if diagnostics.is_empty() { Ok(lines) } else { Err(diagnostics) }
}

/// `001 <checksum> <chain> create_users`, `002 open add_rewards`.
fn line(text: &str, span: Span) -> Option<Line<'_>> {
    let (version, rest) = text.split_once(' ')?;
    if version.is_empty() || !version.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (word, rest) = rest.split_once(' ')?;
    if word == OPEN {
        return Some(Line { span, version, name: rest, seal: None });
    }
    let (chain, name) = rest.split_once(' ')?;
    let is_hex = |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_hexdigit());
    let sound = is_hex(word, CHECKSUM) && is_hex(chain, CHAIN) && !name.is_empty();
    sound.then_some(Line { span, version, name, seal: Some(Seal { checksum: word, chain }) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Backend, Config, Sources, analyze};

    fn migrations(files: &[(&str, &str)]) -> Vec<Migration> {
        analyze(Sources::from_texts(files.iter().copied()), &Config::new(Backend::Sqlite)).migrations
    }

    fn lock(text: &str) -> SourceFile {
        SourceFile::new(LOCK_FILE, text)
    }

    /// `rule: message` each.
    fn said(diagnostics: &[Diagnostic]) -> Vec<String> {
        diagnostics.iter().map(|d| format!("{}: {}", d.rule, d.message)).collect()
    }

    fn verified(text: &str, files: &[(&str, &str)]) -> Vec<String> {
        said(&verify(&lock(text), &migrations(files)))
    }

    fn steps(sealed: &Sealed) -> Vec<(&str, StepKind)> {
        sealed.steps.iter().map(|s| (s.version.as_str(), s.kind)).collect()
    }

    const A: (&str, &str) = ("001_a.sql", "CREATE TABLE a (id int);");
    const B: (&str, &str) = ("002_b.sql", "CREATE TABLE b (id int);");
    const C: (&str, &str) = ("003_c d.sql", "CREATE TABLE c (id int);");

    fn sealed(files: &[(&str, &str)]) -> String {
        seal(None, &migrations(files), &[], &[]).unwrap().text
    }

    #[test]
    fn what_was_sealed_is_accepted_and_an_edit_is_not() {
        let text = sealed(&[A, B, C]);
        assert_eq!(verified(&text, &[A, B, C]), [""; 0]);
        assert_eq!(verified(&text.replace('\n', "\r\n"), &[A, B, C]), [""; 0]);
        // A comment is no edit.
        assert_eq!(verified(&text, &[A, (B.0, "-- b\nCREATE TABLE b (id int);"), C]), [""; 0]);
        let edited = (B.0, "CREATE TABLE b (id bigint);");
        assert_eq!(
            verified(&text, &[A, edited, C]),
            ["edited-after-lock: `002_b.sql` is not what it was when it was sealed"]
        );
        let renamed = ("002_bee.sql", B.1);
        assert_eq!(
            verified(&text, &[A, renamed, C]),
            ["edited-after-lock: `002_bee.sql` was `002 b` when it was sealed"]
        );
        assert_eq!(verified(&text, &[A, C]), ["edited-after-lock: the migration `002 b` is gone"]);
        assert_eq!(verified(&sealed(&[A]), &[A, B]), ["lock-file: `002_b.sql` has no line in glowplug.lock"]);
        assert_eq!(verified("", &[A, B, C]), ["lock-file: `001_a.sql` and 2 more have no line in glowplug.lock"]);
    }

    #[test]
    fn no_line_moves_unnoticed() {
        let text = sealed(&[A, B, C]);
        let lines: Vec<&str> = text.lines().filter(|l| !l.starts_with('#')).collect();
        let moved = [lines[1], lines[0], lines[2]].join("\n");
        let broken = ["lock-file: the line of 002 does not follow from the one before it"];
        assert_eq!(verified(&moved, &[A, B, C]), broken);
        // A line that another branch sealed behind another one.
        let merged = [lines[0], sealed(&[A, C]).lines().last().unwrap()].join("\n");
        assert_eq!(verified(&merged, &[A, C]), [""; 0]);
        let merged = [lines[0], lines[1], sealed(&[A, C]).lines().last().unwrap()].join("\n");
        assert_eq!(
            verified(&merged, &[A, B, C]),
            ["lock-file: the line of 003 does not follow from the one before it"]
        );
        let again = seal(Some(&lock(&merged)), &migrations(&[A, B, C]), &[], &[]).unwrap();
        assert_eq!((again.text, again.refused), (text.clone(), vec![]));
        assert_eq!(again.steps, [Step::new("003", "c d", StepKind::Followed)]);
    }

    #[test]
    fn an_open_line_holds_nothing() {
        let opened = seal(None, &migrations(&[A]), &[], &[("002", "b")]).unwrap();
        assert_eq!(steps(&opened), [("001", StepKind::Sealed), ("002", StepKind::Opened)]);
        assert_eq!(verified(&opened.text, &[A, B]), [""; 0]);
        assert_eq!(verified(&opened.text, &[A, (B.0, "SELECT 1")]), [""; 0]);
        // Not even that it is there.
        assert_eq!(verified(&opened.text, &[A]), [""; 0]);
        let empty = seal(Some(&lock(&opened.text)), &migrations(&[A, (B.0, "-- later\n")]), &[], &[]).unwrap();
        assert_eq!((empty.steps, &empty.text), (vec![], &opened.text), "what holds nothing stays open");
        let then = seal(Some(&lock(&opened.text)), &migrations(&[A, B]), &[], &[]).unwrap();
        assert_eq!((steps(&then), &then.text), (vec![("002", StepKind::Sealed)], &sealed(&[A, B])));
        let nothing = seal(Some(&lock(&then.text)), &migrations(&[A, B]), &[], &[]).unwrap();
        assert_eq!((nothing.steps, nothing.text), (vec![], then.text));
    }

    #[test]
    fn an_edit_is_sealed_only_where_it_is_named() {
        let text = sealed(&[A, B, C]);
        let files = migrations(&[(A.0, "SELECT 1"), B]);
        let refused = seal(Some(&lock(&text)), &files, &[], &[]).unwrap().refused;
        assert_eq!(
            said(&refused),
            [
                "edited-after-lock: `001_a.sql` is not what it was when it was sealed",
                "edited-after-lock: the migration `003 c d` is gone",
            ]
        );
        let accepted = seal(Some(&lock(&text)), &files, &["1", "003"], &[]).unwrap();
        assert_eq!(accepted.refused, []);
        assert_eq!(
            steps(&accepted),
            [("001", StepKind::Accepted), ("002", StepKind::Followed), ("003", StepKind::Dropped)]
        );
        assert_eq!(verify(&lock(&accepted.text), &files), []);
    }

    #[test]
    fn what_is_no_lock_is_said_line_by_line() {
        let text = format!("{}oops\n002 abc def b\n\n  \n", sealed(&[A]));
        let why = "lock-file: this is no line of a lock";
        assert_eq!(verified(&text, &[A, B]), [why, why]);
        assert!(seal(Some(&lock(&text)), &migrations(&[A]), &[], &[]).is_err());
        let conflict = format!("<<<<<<< HEAD\n{}=======\n002 open b\n>>>>>>> b\n", sealed(&[A]));
        assert_eq!(verified(&conflict, &[A]), ["lock-file: glowplug.lock holds a conflict that was not resolved"]);
    }

    #[test]
    fn any_text_is_answered() {
        let text = sealed(&[A, B]);
        for cut in 0..text.len() {
            let _ = verified(&text[..cut], &[A, B]);
            let _ = verified(&format!("{}\u{fffd}{}", &text[..cut], &text[cut..]), &[A, B]);
        }
    }
}
