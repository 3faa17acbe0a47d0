//! `glowplug.toml`: what a folder of migrations says of itself.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostics::{Diagnostic, Group, Level, closest};
use crate::rules;
use crate::sources::{ReadProblem, SourceFile, Sources};
use crate::span::Span;

/// The name of the file in a folder of migrations.
pub const CONFIG_FILE: &str = "glowplug.toml";

/// The engine a folder is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Backend {
    /// PostgreSQL 13 and newer.
    Postgres,
    /// SQLite 3.
    Sqlite,
    /// MySQL 8 and newer.
    Mysql,
    /// MariaDB 10.5 and newer.
    Mariadb,
}

impl Backend {
    /// The name in `glowplug.toml`, on the command line and in the JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
            Self::Mysql => "mysql",
            Self::Mariadb => "mariadb",
        }
    }

    /// Whether it is MySQL or MariaDB, which share a grammar, a catalog and a protocol.
    #[must_use]
    pub fn is_mysql(self) -> bool {
        matches!(self, Self::Mysql | Self::Mariadb)
    }

    /// Whether the engine gives its errors five-character SQLSTATEs. SQLite has codes of its own, too coarse to tell
    /// one mistake in a statement from another ("Result and Error Codes").
    #[must_use]
    pub fn answers_sqlstate(self) -> bool {
        self != Self::Sqlite
    }

    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Postgres, Self::Sqlite, Self::Mysql, Self::Mariadb];

    /// The engine that a version is of: those of MySQL from 10 on are MariaDB's.
    ///
    /// ```
    /// use glowplug_analysis::Backend;
    /// assert_eq!(Backend::Mysql.of_version((10, 11)), Backend::Mariadb);
    /// assert_eq!(Backend::Mysql.of_version((8, 4)), Backend::Mysql);
    /// ```
    #[must_use]
    pub fn of_version(self, version: (u32, u32)) -> Self {
        if self == Self::Mysql && version.0 >= 10 { Self::Mariadb } else { self }
    }

    /// Reads a name; `postgresql` and `pg` are taken for `postgres`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "postgres" | "postgresql" | "pg" => Some(Self::Postgres),
            "sqlite" | "sqlite3" => Some(Self::Sqlite),
            "mysql" => Some(Self::Mysql),
            "mariadb" => Some(Self::Mariadb),
            _ => None,
        }
    }

    /// Why `name` is no engine, in words for the person who wrote it.
    ///
    /// ```
    /// use glowplug_analysis::Backend;
    /// assert_eq!(Backend::explain_unknown("oracle"), "`oracle` is no engine that is known");
    /// ```
    #[must_use]
    pub fn explain_unknown(name: &str) -> String {
        format!("`{name}` is no engine that is known")
    }

    /// The oldest version that `server-version` can state, `(major, minor)`.
    #[must_use]
    pub fn oldest_version(self) -> (u32, u32) {
        match self {
            Self::Postgres => (13, 0),
            Self::Sqlite => (3, 0),
            Self::Mysql => (8, 0),
            Self::Mariadb => (10, 5),
        }
    }
}

/// A range of numbers that were never used, both ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The first number.
    pub first: u64,
    /// The last number.
    pub last: u64,
    /// Where `glowplug.toml` says so, in bytes.
    pub span: Option<Span>,
}

/// The settings of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The engine.
    pub backend: Backend,
    /// The oldest server it must run on, `(major, minor)`. Where absent, nothing is refused for being too new; where
    /// what a statement does depends on the version, it counts as it does on the older ones.
    pub server_version: Option<(u32, u32)>,
    /// Migrations below this version are folded, but not linted.
    pub enforce_from: Option<String>,
    /// Numbers never used, said out loud.
    pub gaps: Vec<Gap>,
    /// Files (relative to the folder) that describe what exists before the first migration, with their text.
    pub preamble: Vec<SourceFile>,
    /// Functions that nothing in SQL makes: the service registers them on its connection (SQLite).
    pub functions: Vec<String>,
    /// The folder of another engine, whose migrations must end in the same schema.
    pub parity: Option<Parity>,
    /// Tables that never have many rows: locking, reading or writing one of them as a whole keeps nobody waiting.
    pub small_tables: Vec<SmallTable>,
    /// `[lints]`: a group's or a rule's level.
    pub lints: BTreeMap<String, Level>,
    /// `glowplug.toml` itself, where the settings come from one: diagnostics point into it.
    pub file: Option<SourceFile>,
}

/// A table that `small-tables` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmallTable {
    /// Its name, with a schema where it is not the usual one: `settings`, `app.settings`.
    pub name: String,
    /// Where `glowplug.toml` says so, in bytes.
    pub span: Span,
}

/// A folder for another engine, behind the same service: `parity = "../sqlite"`.
#[derive(Clone, PartialEq, Eq)]
pub struct Parity {
    /// Where it is, relative to the folder.
    pub path: String,
    /// Where `glowplug.toml` says so, in bytes.
    pub span: Span,
    /// Its settings.
    pub config: Box<Config>,
    /// Its files.
    pub sources: Sources,
}

/// Without all the texts.
impl fmt::Debug for Parity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, config, .. } = self;
        f.debug_struct("Parity").field("path", path).field("config", config).finish_non_exhaustive()
    }
}

/// `glowplug.toml` is there and cannot be used.
#[derive(Clone, Debug)]
pub struct ConfigError {
    /// The file, so that the diagnostics can be rendered.
    pub file: Box<SourceFile>,
    /// All that is wrong with it; never empty.
    pub diagnostics: Vec<Diagnostic>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.diagnostics.iter().enumerate() {
            let (line, column) = self.file.lines.line_column(&self.file.text, diagnostic.span.start);
            let newline = if i == 0 { "" } else { "\n" };
            write!(f, "{newline}{}:{line}:{column}: {}", self.file.path, diagnostic.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// The defaults for an engine.
    #[must_use]
    pub fn new(backend: Backend) -> Self {
        Self {
            backend,
            server_version: None,
            enforce_from: None,
            gaps: Vec::new(),
            preamble: Vec::new(),
            functions: Vec::new(),
            parity: None,
            small_tables: Vec::new(),
            lints: BTreeMap::new(),
            file: None,
        }
    }

    /// Reads `glowplug.toml` of a folder of migrations; `None` where there is none.
    ///
    /// # Errors
    /// Where it cannot be used, with all reasons.
    pub fn load(directory: &Path) -> Result<Option<Self>, ConfigError> {
        Self::load_for(directory, None)
    }

    /// As [`Config::load`], with the engine given from outside: it beats the file's, which then may name none.
    ///
    /// # Errors
    /// Where the file cannot be used, with all reasons.
    pub fn load_for(directory: &Path, backend: Option<Backend>) -> Result<Option<Self>, ConfigError> {
        Self::load_of(directory, backend, true)
    }

    /// `follows`: whether `parity` is looked at. Not in the other folder, which may name this one.
    fn load_of(directory: &Path, backend: Option<Backend>, follows: bool) -> Result<Option<Self>, ConfigError> {
        let at = directory.join(CONFIG_FILE);
        // Not `exists()`: a link that leads nowhere is a mistake to be told of.
        if at.symlink_metadata().is_err() {
            return Ok(None);
        }
        Self::read(directory, SourceFile::read(&at, CONFIG_FILE.to_owned()), backend, follows).map(Some)
    }

    /// Reads settings from a text; `directory` is where the preamble is looked for.
    ///
    /// # Errors
    /// Where the text cannot be used, with all reasons.
    ///
    /// ```
    /// use glowplug_analysis::Config;
    /// let error = Config::parse("migrations".as_ref(), "backend = \"postgres\"\nserver_version = \"15\"\n").unwrap_err();
    /// assert_eq!(error.to_string(), "glowplug.toml:2:1: unknown key `server_version`");
    /// assert_eq!(error.diagnostics[0].help.as_deref(), Some("did you mean `server-version`?"));
    /// ```
    pub fn parse(directory: &Path, text: &str) -> Result<Self, ConfigError> {
        Self::read(directory, SourceFile::new(CONFIG_FILE, text), None, true)
    }

    fn read(directory: &Path, file: SourceFile, backend: Option<Backend>, follows: bool) -> Result<Self, ConfigError> {
        let mut config = Self::new(backend.unwrap_or(Backend::Postgres));
        let mut reader = Reader { directory, file: &file, follows, diagnostics: Vec::new() };
        match &file.problem {
            None => reader.config(&mut config, backend),
            Some(ReadProblem::NotUtf8 { offset, .. }) => {
                let span = Span::new(*offset, offset + char::REPLACEMENT_CHARACTER.len_utf8());
                reader.say(span, format!("{CONFIG_FILE} is not UTF-8"), None);
            }
            Some(ReadProblem::TooLarge { .. }) => {
                reader.say(Span::default(), format!("{CONFIG_FILE} is too large"), None);
            }
            Some(ReadProblem::Io(words)) => {
                reader.say(Span::default(), format!("{CONFIG_FILE} cannot be read: {words}"), None);
            }
        }
        let diagnostics = reader.diagnostics;
        if !diagnostics.is_empty() {
            return Err(ConfigError { file: Box::new(file), diagnostics });
        }
        config.file = Some(file);
        Ok(config)
    }

    /// The level of a rule in this folder: what `[lints]` says of the rule, else of its group, else its default.
    /// A rule of the group `correctness` can be raised, never lowered. One that is off by default is asked for by its own
    /// name: whoever turns a group into warnings wants less, not more.
    ///
    /// ```
    /// use glowplug_analysis::{Backend, Config, Level};
    ///
    /// let mut config = Config::new(Backend::Postgres);
    /// config.lints.insert("convention".to_owned(), Level::Warn);
    /// assert_eq!(config.level_of("number-gap"), Level::Warn);
    /// assert_eq!(config.level_of("down-missing"), Level::Allow);
    /// config.lints.insert("down-missing".to_owned(), Level::Warn);
    /// assert_eq!(config.level_of("down-missing"), Level::Warn);
    /// ```
    #[must_use]
    pub fn level_of(&self, rule: &str) -> Level {
        let Some(rule) = rules::find(rule) else { return Level::Deny };
        let of_group = || self.lints.get(rule.group.as_str()).filter(|_| rule.default != Level::Allow);
        let said = self.lints.get(rule.id).or_else(of_group).copied();
        match rule.group {
            Group::Correctness => said.unwrap_or(rule.default).max(rule.default),
            _ => said.unwrap_or(rule.default),
        }
    }

    /// Whether a migration of this version is linted: not where it lies below `enforce-from`.
    #[must_use]
    pub fn enforces(&self, version: &str) -> bool {
        let from = self.enforce_from.as_deref();
        from.is_none_or(|from| crate::numbering::compare_versions(version, from).is_ge())
    }
}

/// The names of the engines, each between these, as a sentence lists them.
fn backends(open: &str, close: &str) -> String {
    let names = Backend::ALL.map(|b| format!("{open}{}{close}", b.as_str()));
    let (last, rest) = names.split_last().map_or((String::new(), &names[..0]), |(l, r)| (l.clone(), r));
    format!("{} or {last}", rest.join(", "))
}

/// The keys of the file, in the order of the documentation.
const KEYS: [&str; 9] =
    ["backend", "server-version", "enforce-from", "gaps", "preamble", "functions", "parity", "small-tables", "lints"];

/// Takes a file of settings apart; what does not parse is answered as diagnostics, the rest is still there.
pub(crate) fn parse_toml(file: &SourceFile) -> (Spanned<DeTable<'_>>, Vec<Diagnostic>) {
    let (table, errors) = DeTable::parse_recoverable(&file.text);
    let diagnostics = errors
        .iter()
        .map(|error| {
            let span = error.span().map_or_else(Span::default, |range| Span::new(range.start, range.end));
            let message = error.message().lines().collect::<Vec<_>>().join("; ");
            Diagnostic::new("config", &file.path, span, message)
        })
        .collect();
    (table, diagnostics)
}

/// `key` holds something else than it must.
pub(crate) fn wrong_type(file: &SourceFile, key: &str, value: &Spanned<DeValue<'_>>, must: &str) -> Diagnostic {
    let message = format!("`{key}` must be {must}, not {}", type_name(value.get_ref()));
    Diagnostic::new("config", &file.path, span_of(value), message)
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn span_of<T>(value: &Spanned<T>) -> Span {
    let range = value.span();
    Span::new(range.start, range.end)
}

struct Reader<'a> {
    directory: &'a Path,
    file: &'a SourceFile,
    follows: bool,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn say(&mut self, span: Span, message: String, help: Option<String>) {
        let mut diagnostic = Diagnostic::new("config", &self.file.path, span, message);
        diagnostic.help = help;
        self.diagnostics.push(diagnostic);
    }

    fn wrong(&mut self, key: &str, value: &Spanned<DeValue<'_>>, must: &str) {
        self.diagnostics.push(wrong_type(self.file, key, value, must));
    }

    fn config(&mut self, config: &mut Config, backend: Option<Backend>) {
        let file = self.file;
        let (table, errors) = parse_toml(file);
        if !errors.is_empty() {
            // What is broken reads as something else, and would be reported a second time.
            self.diagnostics.extend(errors);
            return;
        }
        let mut said_backend = backend.is_some();
        // Keys come sorted, but a version can be judged only once the engine is known.
        for (key, value) in table.get_ref() {
            if key.get_ref() == "backend" {
                said_backend = true;
                if let Some(found) = self.backend(value) {
                    config.backend = backend.unwrap_or(found);
                }
            }
        }
        for (key, value) in table.get_ref() {
            match key.get_ref().as_ref() {
                "backend" => {}
                "server-version" => {
                    config.server_version = self.server_version(config.backend, value);
                    config.backend = config.server_version.map_or(config.backend, |v| config.backend.of_version(v));
                }
                "enforce-from" => config.enforce_from = self.version(value),
                "gaps" => config.gaps = self.gaps(value),
                "preamble" => config.preamble = self.preamble(value),
                "functions" => config.functions = self.functions(value),
                "parity" => match value.get_ref().as_str() {
                    Some(path) if self.follows => config.parity = self.parity(path, span_of(value)),
                    Some(_) => {}
                    None => self.wrong("parity", value, "a folder, \"../sqlite\""),
                },
                "small-tables" => config.small_tables = self.small_tables(value),
                "lints" => config.lints = self.lints(value),
                other => {
                    let help = match closest(other, KEYS) {
                        Some(key) => format!("did you mean `{key}`?"),
                        None => format!("the keys are {}", KEYS.join(", ")),
                    };
                    self.say(span_of(key), format!("unknown key `{other}`"), Some(help));
                }
            }
        }
        if !said_backend {
            self.say(
                Span::default(),
                format!("{CONFIG_FILE} does not say which engine the migrations are for"),
                Some(format!("add one of {} as its first line", backends("`backend = \"", "\"`"))),
            );
        }
        self.diagnostics.sort_by_key(|d| d.span);
    }

    fn backend(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Backend> {
        let Some(name) = value.get_ref().as_str() else {
            self.wrong("backend", value, &backends("\"", "\""));
            return None;
        };
        let backend = Backend::from_name(name);
        if backend.is_none() {
            let help = format!("write {}", backends("\"", "\""));
            self.say(span_of(value), Backend::explain_unknown(name), Some(help));
        }
        backend
    }

    fn server_version(&mut self, backend: Backend, value: &Spanned<DeValue<'_>>) -> Option<(u32, u32)> {
        let example = match backend {
            Backend::Postgres => "\"15\" or \"15.4\"",
            Backend::Sqlite => "\"3.40\"",
            Backend::Mysql => "\"8.4\"",
            Backend::Mariadb => "\"10.11\"",
        };
        let text = match value.get_ref() {
            DeValue::String(text) => text.as_ref(),
            DeValue::Integer(number) => number.as_str(),
            // Its text is kept: `15.10` is not `15.1`.
            DeValue::Float(number) => number.as_str(),
            _ => {
                self.wrong("server-version", value, &format!("a version, {example}"));
                return None;
            }
        };
        let mut parts = text.split('.');
        let version = match (parts.next().map(str::parse), parts.next().map_or(Ok(0), str::parse)) {
            (Some(Ok(major)), Ok(minor)) if parts.all(|part| part.parse::<u32>().is_ok()) => (major, minor),
            _ => {
                self.say(
                    span_of(value),
                    format!("`{text}` is no version of a server"),
                    Some(format!("write the oldest server it must run on, such as {example}")),
                );
                return None;
            }
        };
        let backend = backend.of_version(version);
        let oldest = backend.oldest_version();
        if version < oldest || (backend == Backend::Sqlite && version.0 != 3) {
            let message = match backend {
                Backend::Postgres => format!("PostgreSQL {text} is not known here: {} is the oldest", oldest.0),
                Backend::Sqlite => format!("SQLite {text} is not known here: only 3 is"),
                Backend::Mysql => format!("MySQL {text} is not known here: 8.0 is the oldest"),
                Backend::Mariadb => format!("MariaDB {text} is not known here: 10.5 is the oldest"),
            };
            self.say(span_of(value), message, None);
            return None;
        }
        Some(version)
    }

    fn version(&mut self, value: &Spanned<DeValue<'_>>) -> Option<String> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.replace('-', ""),
            DeValue::Integer(number) => number.as_str().to_owned(),
            _ => {
                self.wrong("enforce-from", value, "a migration's number, \"0042\"");
                return None;
            }
        };
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            self.say(
                span_of(value),
                "`enforce-from` is no migration's number".to_owned(),
                Some("write the digits its name starts with: \"0042\"".to_owned()),
            );
            return None;
        }
        Some(text)
    }

    /// A list of texts, each with its place.
    fn texts(&mut self, key: &str, value: &Spanned<DeValue<'_>>, must: &str) -> Vec<(String, Span)> {
        let Some(list) = value.get_ref().as_array() else {
            self.wrong(key, value, must);
            return Vec::new();
        };
        let mut texts = Vec::new();
        for entry in list {
            match entry.get_ref().as_str() {
                Some(text) => texts.push((text.to_owned(), span_of(entry))),
                None => self.wrong(key, entry, must),
            }
        }
        texts
    }

    fn functions(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<String> {
        self.texts("functions", value, "a list of names, [\"slug\"]").into_iter().map(|(name, _)| name).collect()
    }

    fn gaps(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<Gap> {
        let must = "a list of numbers and ranges, [\"002..=010\", \"012\"]";
        let Some(list) = value.get_ref().as_array() else {
            self.wrong("gaps", value, must);
            return Vec::new();
        };
        let mut gaps = Vec::new();
        for entry in list {
            let text = match entry.get_ref() {
                DeValue::String(text) => text.as_ref(),
                DeValue::Integer(number) => number.as_str(),
                _ => {
                    self.wrong("gaps", entry, must);
                    continue;
                }
            };
            let (first, last) = text.split_once("..=").unwrap_or((text, text));
            let number = |text: &str| text.trim().parse::<u64>().ok().filter(|_| text.trim().len() < 8);
            let span = span_of(entry);
            match (number(first), number(last)) {
                (Some(first), Some(last)) if first <= last => gaps.push(Gap { first, last, span: Some(span) }),
                (Some(_), Some(_)) => {
                    let help = Some(format!("write \"{}..={}\"", last.trim(), first.trim()));
                    self.say(span, format!("`{text}` ends before it starts"), help);
                }
                _ => {
                    let help = if text.contains("..") && !text.contains("..=") {
                        format!("write \"{}\", with both ends included", text.replace("..", "..="))
                    } else {
                        "write a number, \"012\", or a range, \"002..=010\"; times have no gaps".to_owned()
                    };
                    self.say(span, format!("`{text}` is no number and no range of numbers"), Some(help));
                }
            }
        }
        gaps
    }

    fn preamble(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<SourceFile> {
        let must = "a list of files, [\"base.sql\"]";
        let Some(list) = value.get_ref().as_array() else {
            self.wrong("preamble", value, must);
            return Vec::new();
        };
        let mut files = Vec::new();
        for entry in list {
            let Some(path) = entry.get_ref().as_str() else {
                self.wrong("preamble", entry, must);
                continue;
            };
            let file = SourceFile::read(&self.directory.join(path), path.to_owned());
            match &file.problem {
                None => files.push(file),
                Some(problem) => {
                    let help = "the path is relative to the folder of the migrations".to_owned();
                    self.say(span_of(entry), format!("`{path}` {problem}"), Some(help));
                }
            }
        }
        files
    }

    fn small_tables(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<SmallTable> {
        let names = self.texts("small-tables", value, "a list of tables, [\"settings\"]");
        names.into_iter().map(|(name, span)| SmallTable { name, span }).collect()
    }

    fn parity(&mut self, path: &str, span: Span) -> Option<Parity> {
        let path = path.trim_end_matches('/');
        let directory = self.directory.join(path);
        let found = Sources::read(&directory).map_err(|error| error.to_string()).and_then(|sources| {
            let config = Config::load_of(&directory, None, false).map_err(|e| format!("`{path}/{e}`"))?;
            let config = config.ok_or_else(|| format!("`{path}` has no {CONFIG_FILE} that says its engine"))?;
            Ok(Parity { path: path.to_owned(), span, config: Box::new(config), sources })
        });
        found
            .map_err(|why| self.say(span, why, Some("the path is relative to the folder of the migrations".to_owned())))
            .ok()
    }

    fn lints(&mut self, value: &Spanned<DeValue<'_>>) -> BTreeMap<String, Level> {
        let mut lints = BTreeMap::new();
        let Some(table) = value.get_ref().as_table() else {
            self.wrong("lints", value, "a table, [lints]");
            return lints;
        };
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let group = Group::ALL.into_iter().find(|g| g.as_str() == name);
            let rule = rules::find(name);
            if group.is_none() && rule.is_none() {
                let names = rules::ALL.iter().map(|r| r.id).chain(Group::ALL.map(Group::as_str));
                let help = match closest(name, names) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => "`cargo glowplug explain` lists the rules".to_owned(),
                };
                self.say(span_of(key), format!("unknown rule `{name}`"), Some(help));
                continue;
            }
            let Some(level) = value.get_ref().as_str().and_then(Level::from_name) else {
                let message = match value.get_ref().as_str() {
                    Some(text) => format!("`{text}` is no level"),
                    None => format!("`{name}` must be a level, not {}", type_name(value.get_ref())),
                };
                self.say(span_of(value), message, Some("write \"deny\", \"warn\" or \"allow\"".to_owned()));
                continue;
            };
            // What the engine refuses is refused at the deploy, whatever is written here.
            let floor = match (group, rule) {
                (Some(Group::Correctness), _) => Some(Level::Deny),
                (None, Some(rule)) if rule.group == Group::Correctness => Some(rule.default),
                _ => None,
            };
            if floor.is_some_and(|floor| level < floor) {
                self.say(
                    span_of(value),
                    format!("`{name}` cannot be lowered: it finds what the engine would refuse"),
                    Some("correct the migration instead".to_owned()),
                );
                continue;
            }
            lints.insert(name.to_owned(), level);
        }
        lints
    }
}
