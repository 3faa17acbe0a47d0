//! The schema as the engine itself would hold it, and the fold of changes into it.
//!
//! [`Catalog::apply`] takes one change. It answers what the engine would refuse, in the engine's words, and goes on
//! as if the refused part had not been written: so one mistake is one diagnostic. A name that was reported once is
//! remembered and not reported again.

mod alter;
mod bodies;
mod builtins;
mod calls;
pub(crate) mod certainty;
mod constraint;
pub(crate) mod depend;
mod drop;
mod functions;
mod grouping;
mod infer;
mod inherit;
pub(crate) mod introspect;
pub(crate) mod late;
mod links;
mod literals;
mod mysql;
pub(crate) mod object;
mod operators;
pub(crate) mod problem;
pub(crate) mod relations;
mod resolve;
mod roles;
pub(crate) mod rows;
mod statements;
mod store;
mod system;
mod table;
pub(crate) mod types;
mod whereabouts;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(crate) use object::{Edge, Key, Object, Part, Place, Table};
pub(crate) use problem::{Problem, Refusal};
pub(crate) use store::Mark as StoreMark;

use crate::change::{Block, Ident, Name};
use crate::config::Backend;
use crate::design::{self, Judge};
use crate::safety::{self, Finding, Journal, Watcher};
use crate::span::Span;
use crate::syntax::cut;
use certainty::Certainty;
use links::Links;
use store::Store;
use whereabouts::Whereabouts;

/// What differs between engines in keeping a schema.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) backend: Backend,
    /// Where a name without a schema goes.
    pub(crate) default_schema: &'static str,
    /// Where temporary tables go; `None` where they go with the others.
    pub(crate) temporary_schema: Option<&'static str>,
    /// Schemas whose contents are the engine's own: never reported as missing.
    pub(crate) system_schemas: &'static [&'static str],
    /// Whether names that differ in case alone are one.
    pub(crate) ignores_case: bool,
    /// Whether that is so of columns, keys and what else lives in a table.
    pub(crate) parts_ignore_case: bool,
    /// Whether a foreign key's table, columns and types are looked up when it is made.
    pub(crate) checks_foreign_keys: bool,
    /// Whether a view's query is looked up when it is made.
    pub(crate) checks_views: bool,
    /// Whether constraints without a name get one.
    pub(crate) names_constraints: bool,
    /// Whether DEFAULT NULL is kept as no default at all.
    pub(crate) forgets_null_defaults: bool,
    /// Whether types must exist.
    pub(crate) checks_types: bool,
    /// Whether the functions that it brings are known, and one that is called must be there.
    pub(crate) checks_functions: bool,
    /// Whether a default's functions are looked up when it is made, and not when a row needs it.
    pub(crate) checks_functions_of_defaults: bool,
    /// Whether `NULL` beside what makes a column NOT NULL is a contradiction.
    pub(crate) refuses_null_in_key: bool,
    /// Whether a table and a type cannot share a name.
    pub(crate) tables_are_types: bool,
    /// Whether a name is cut at `LONGEST_NAME`, without a word.
    pub(crate) cuts_names: bool,
    /// Columns every table has.
    pub(crate) system_columns: &'static [&'static str],
    /// The prefix of relations that the engine keeps for itself.
    pub(crate) system_prefix: &'static str,
    /// Whether views, functions and triggers have OR REPLACE.
    pub(crate) replaces: bool,
    /// Whether ALTER TABLE has no IF [NOT] EXISTS: then the record in the history is the guard.
    pub(crate) alters_without_guard: bool,
    /// Whether what changes the schema ends the transaction that it is in.
    pub(crate) commits_each_change: bool,
    /// Whether an INSERT without columns needs as many values as there are columns, generated ones among them.
    pub(crate) inserts_all_columns: bool,
    /// Whether a database may be there that no migration made.
    pub(crate) has_other_schemas: bool,
    /// Whether statements lock tables as a whole, each in a mode of its own.
    pub(crate) locks_tables: bool,
    /// Whether a COMMIT outside a transaction does nothing, and is no error.
    pub(crate) commits_nothing: bool,
    /// How to insert rows once.
    pub(crate) insert_guard: &'static str,
    /// What looks for what hurts those who use the database meanwhile.
    pub(crate) watchers: &'static [Watcher],
    /// What looks at the tables of the last schema.
    pub(crate) judges: &'static [Judge],
}

/// PostgreSQL: names as in the manual, 4.1.1 and 5.10.
static POSTGRES: Engine = Engine {
    backend: Backend::Postgres,
    default_schema: "public",
    temporary_schema: Some("pg_temp"),
    system_schemas: &["pg_catalog", "information_schema", "pg_toast"],
    ignores_case: false,
    parts_ignore_case: false,
    checks_foreign_keys: true,
    checks_views: true,
    names_constraints: true,
    forgets_null_defaults: true,
    checks_types: true,
    checks_functions: true,
    checks_functions_of_defaults: true,
    refuses_null_in_key: true,
    tables_are_types: true,
    cuts_names: true,
    system_columns: &["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"],
    system_prefix: "pg_",
    replaces: true,
    alters_without_guard: false,
    commits_each_change: false,
    inserts_all_columns: false,
    has_other_schemas: false,
    locks_tables: true,
    commits_nothing: true,
    insert_guard: "INSERT … ON CONFLICT DO NOTHING (with a unique key to conflict with), or INSERT … SELECT … WHERE NOT EXISTS (…)",
    watchers: safety::OF_POSTGRES,
    judges: design::OF_POSTGRES,
};

/// SQLite: a foreign key or view may name what comes later ("SQLite Foreign Key Support", section 3).
static SQLITE: Engine = Engine {
    backend: Backend::Sqlite,
    default_schema: "main",
    temporary_schema: None,
    system_schemas: &[],
    ignores_case: true,
    parts_ignore_case: true,
    checks_foreign_keys: false,
    checks_views: false,
    names_constraints: false,
    forgets_null_defaults: false,
    checks_types: false,
    checks_functions: true,
    checks_functions_of_defaults: false,
    refuses_null_in_key: false,
    tables_are_types: false,
    cuts_names: false,
    system_columns: &["rowid", "oid", "_rowid_"],
    system_prefix: "sqlite_",
    replaces: false,
    alters_without_guard: true,
    commits_each_change: false,
    inserts_all_columns: false,
    has_other_schemas: false,
    locks_tables: false,
    commits_nothing: false,
    insert_guard: "INSERT OR IGNORE (with a unique key to conflict with), or INSERT … SELECT … WHERE NOT EXISTS (…)",
    watchers: safety::OF_SQLITE,
    judges: design::OF_SQLITE,
};

/// MySQL: a database is a schema, and keys belong to their table. Tables are told apart by case, as they are wherever
/// file names are.
static MYSQL: Engine = Engine {
    backend: Backend::Mysql,
    default_schema: "database",
    temporary_schema: Some("#temporary"),
    system_schemas: &["information_schema", "mysql", "performance_schema", "sys"],
    ignores_case: false,
    parts_ignore_case: true,
    checks_foreign_keys: true,
    checks_views: true,
    names_constraints: true,
    forgets_null_defaults: true,
    checks_types: false,
    checks_functions: false,
    checks_functions_of_defaults: true,
    refuses_null_in_key: false,
    tables_are_types: false,
    cuts_names: false,
    system_columns: &[],
    system_prefix: "#",
    replaces: true,
    alters_without_guard: true,
    commits_each_change: true,
    inserts_all_columns: true,
    has_other_schemas: true,
    locks_tables: false,
    commits_nothing: true,
    insert_guard: "INSERT IGNORE (with a unique key to conflict with), ON DUPLICATE KEY UPDATE, or INSERT … SELECT … WHERE NOT EXISTS (…)",
    watchers: safety::OF_MYSQL,
    judges: design::OF_MYSQL,
};

/// MariaDB: the same, with guards nearly everywhere.
static MARIADB: Engine = Engine { backend: Backend::Mariadb, alters_without_guard: false, ..MYSQL };

/// What the runner itself keeps: there before the first migration.
const RUNNER_TABLES: [&str; 2] = ["__diesel_schema_migrations", "__glowplug_history"];

/// What a second run would do to rows, seen while folding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    /// Rows go into a table with nothing that keeps them from going in twice.
    Inserts { table: Key, span: Span },
    /// A function is called that makes a trigger, and would make it again.
    MakesTriggers { function: String, span: Span },
    /// `SET n = n + 1`.
    Accumulates { column: String, span: Span },
    /// A table that held rows before is dropped and made anew.
    DropsTable { table: Key, span: Span },
    /// `TYPE … USING` that reads the column's old type.
    ConvertsAgain { column: String, span: Span },
}

/// What folding a change had to say.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) refusals: Vec<Refusal>,
    /// What the engine accepts and a person would want to know.
    pub(crate) remarks: Vec<Refusal>,
    pub(crate) data: Vec<Data>,
    /// Where what a refusal is about was written first, by the refusal's span.
    pub(crate) earlier: Vec<(Span, Place)>,
    /// What hurts those who use the database meanwhile; looked for where `watched`.
    pub(crate) findings: Vec<Finding>,
    watched: bool,
    /// Nobody will be shown a suggestion, so none is looked for: that costs more than folding.
    unadvised: bool,
}

impl Data {
    /// Shown at another place.
    fn move_to(&mut self, to: Span) {
        let (Self::Inserts { span, .. }
        | Self::MakesTriggers { span, .. }
        | Self::Accumulates { span, .. }
        | Self::DropsTable { span, .. }
        | Self::ConvertsAgain { span, .. }) = self;
        *span = to;
    }
}

impl Outcome {
    /// For a proof, which asks only whether something is refused, and what.
    pub(crate) fn of_a_proof() -> Self {
        Self { unadvised: true, ..Self::default() }
    }

    /// For a migration's first run, in which others use the database meanwhile.
    pub(crate) fn of_a_run() -> Self {
        Self { watched: true, ..Self::default() }
    }

    /// For a part of the change, whose outcome may yet be dropped.
    fn inner(&self) -> Self {
        Self { unadvised: self.unadvised, watched: self.watched, ..Self::default() }
    }

    /// The nearest of some names, as a question.
    fn suggestion<'a>(&self, wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
        if self.unadvised {
            return None;
        }
        nearest(wrong, names).map(|n| format!("did you mean \"{n}\"?"))
    }
}

/// A place to go back to.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub(crate) objects: StoreMark,
    links: links::Mark,
    search_path: Vec<String>,
    checks_bodies: bool,
    certainty: certainty::Mark,
    brought: usize,
    poisoned: StoreMark,
    young_labels: Vec<YoungLabel>,
    journal: Arc<Journal>,
}

/// An enum's label that the transaction added.
#[derive(Clone, Debug)]
struct YoungLabel {
    of: Key,
    label: String,
    /// The transaction made the type, too.
    with_type: bool,
}

/// What a mark does not hold.
#[derive(Debug)]
pub(crate) struct Aside {
    open_triggers: bool,
    blurred: BTreeSet<String>,
    bodies: mysql::Bodies,
}

/// What looking a name up came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It is there.
    Yes(Key),
    /// It is not there.
    No,
    /// It may be there: the catalog is open, or the name belongs to the engine.
    Perhaps,
}

/// A table that stays as it was when it was asked for.
#[derive(Clone, Debug)]
pub(crate) struct HeldTable(Arc<Object>);

impl std::ops::Deref for HeldTable {
    type Target = Table;

    fn deref(&self) -> &Table {
        match &*self.0 {
            Object::Table(table) => table,
            _ => unreachable!("`Catalog::held` holds tables alone"),
        }
    }
}

/// The schema.
#[derive(Debug)]
pub(crate) struct Catalog {
    pub(crate) engine: &'static Engine,
    objects: Store<Key, Arc<Object>>,
    links: Links,
    search_path: Vec<String>,
    certainty: Certainty,
    /// Which operator was taken for which operands, for as long as nothing brings others.
    chosen: RefCell<BTreeMap<String, (Vec<operators::Ty>, operators::Choice)>>,
    whereabouts: RefCell<Whereabouts>,
    /// The extensions that are there, for as long as none comes or goes.
    installed: RefCell<Option<functions::Installed>>,
    /// Counts what brought others.
    brought: usize,
    /// There may be triggers that no statement wrote out.
    open_triggers: bool,
    /// Names that were reported as unknown already.
    poisoned: Store<String, ()>,
    /// Names in statements that could not be read: what they are now is not known.
    blurred: BTreeSet<String>,
    /// Functions whose bodies name what is gone, and that was said of.
    broken: BTreeMap<Key, BTreeSet<late::Break>>,
    /// The functions whose bodies name a relation, or once did.
    named_late: BTreeMap<Key, BTreeSet<Key>>,
    /// Whether bodies are looked into when a function is made.
    checks_bodies: bool,
    /// What `$1` and those after it stand for, while the body of a function is read.
    parameters: Option<Vec<object::Type>>,
    /// The file that is being folded.
    file: Option<Arc<str>>,
    /// The statement that is being folded.
    pub(crate) statement: Span,
    /// What runs the text that is being folded, where that stands somewhere else.
    run_from: Option<Span>,
    /// What cannot be used before the transaction is over, and the enums it made.
    young_labels: Vec<YoungLabel>,
    young_types: Vec<Key>,
    in_transaction: bool,
    /// The oldest server that it must run on.
    pub(crate) server_version: Option<(u32, u32)>,
    /// How many calls and prepared statements, one in the other, what is folded is in.
    depth: usize,
    /// The blocks that calls in this file run, by their text.
    blocks_read: RefCell<BTreeMap<String, Option<Arc<Block>>>>,
    /// Off while what is read calls nothing before it is used.
    looks_up_functions: bool,
    /// The functions that nothing in SQL makes: a program registers them.
    pub(crate) registered: BTreeSet<String>,
    /// Every name that ever was: `DROP … IF EXISTS` of another one is a typo behind a guard.
    ever: BTreeSet<String>,
    /// What a connection to MySQL keeps.
    session: mysql::Session,
    /// What the migration did so far to those who use the database meanwhile.
    pub(crate) journal: Arc<Journal>,
    /// Tables of which nobody minds a lock, as `glowplug.toml` names them.
    pub(crate) small_tables: Vec<String>,
}

impl Catalog {
    /// An empty database.
    pub(crate) fn new(backend: Backend) -> Self {
        let engine = match backend {
            Backend::Postgres => &POSTGRES,
            Backend::Sqlite => &SQLITE,
            Backend::Mysql => &MYSQL,
            Backend::Mariadb => &MARIADB,
        };
        let mut catalog = Self {
            engine,
            objects: Store::default(),
            links: Links::default(),
            search_path: vec![engine.default_schema.to_owned()],
            certainty: Certainty::default(),
            chosen: RefCell::default(),
            whereabouts: RefCell::default(),
            installed: RefCell::default(),
            brought: 0,
            open_triggers: false,
            poisoned: Store::default(),
            blurred: BTreeSet::new(),
            ever: BTreeSet::new(),
            broken: BTreeMap::new(),
            named_late: BTreeMap::new(),
            checks_bodies: true,
            parameters: None,
            file: None,
            statement: Span::default(),
            run_from: None,
            young_labels: Vec::new(),
            young_types: Vec::new(),
            in_transaction: true,
            server_version: None,
            depth: 0,
            blocks_read: RefCell::default(),
            looks_up_functions: true,
            registered: BTreeSet::new(),
            session: mysql::Session::default(),
            journal: Arc::default(),
            small_tables: Vec::new(),
        };
        catalog.objects.set(Key::Schema(engine.default_schema.to_owned()), Arc::new(Object::Schema));
        catalog.settle();
        catalog
    }

    // ---- going back and comparing

    pub(crate) fn mark(&self) -> Mark {
        Mark {
            objects: self.objects.mark(),
            links: self.links.mark(),
            search_path: self.search_path.clone(),
            checks_bodies: self.checks_bodies,
            certainty: self.certainty.mark(),
            brought: self.brought,
            poisoned: self.poisoned.mark(),
            young_labels: self.young_labels.clone(),
            journal: Arc::clone(&self.journal),
        }
    }

    pub(crate) fn roll_back(&mut self, mark: &Mark) {
        for key in self.objects.roll_back(mark.objects) {
            self.whereabouts.get_mut().changed(&key);
        }
        self.links.roll_back(mark.links);
        self.search_path.clone_from(&mark.search_path);
        self.checks_bodies = mark.checks_bodies;
        self.certainty.roll_back(&mark.certainty);
        if self.brought != mark.brought {
            self.forget_choices();
        }
        self.poisoned.roll_back(mark.poisoned);
        self.young_labels.clone_from(&mark.young_labels);
        self.journal = Arc::clone(&mark.journal);
    }

    /// A migration is over: nothing of it will be taken back, and its search_path goes with its connection's transaction.
    pub(crate) fn settle(&mut self) {
        self.objects.settle();
        self.links.settle();
        self.poisoned.settle();
        self.certainty.settle();
        self.start_over();
    }

    /// The objects that differ from the mark's.
    pub(crate) fn changed(&self, mark: &Mark) -> Vec<Key> {
        self.objects.changed(mark.objects)
    }

    /// What the objects touched since the mark are now.
    pub(crate) fn touched(&self, mark: &Mark) -> Vec<(Key, Option<Arc<Object>>)> {
        self.objects.before(mark.objects).into_keys().map(|k| (k.clone(), self.objects.get(&k).cloned())).collect()
    }

    /// What each object touched since the mark was then.
    pub(crate) fn before(&self, mark: &Mark) -> BTreeMap<Key, Option<Arc<Object>>> {
        self.objects.before(mark.objects)
    }

    /// Whether an object was there at the mark.
    pub(crate) fn was_there(&self, mark: &Mark, key: &Key) -> bool {
        self.objects.at(mark.objects, key).is_some()
    }

    /// What [`roll_back`](Self::roll_back) does not take back, for something that is folded to be forgotten.
    pub(crate) fn aside(&self) -> Aside {
        Aside { open_triggers: self.open_triggers, blurred: self.blurred.clone(), bodies: self.session.bodies() }
    }

    /// Puts that back.
    pub(crate) fn put_back(&mut self, aside: Aside) {
        self.open_triggers = aside.open_triggers;
        self.blurred = aside.blurred;
        self.session.set_bodies(aside.bodies);
    }

    /// What a new connection would start with.
    pub(crate) fn start_over(&mut self) {
        self.search_path = vec![self.engine.default_schema.to_owned()];
        self.checks_bodies = true;
        self.young_labels.clear();
        self.young_types.clear();
        self.session.reset();
    }

    /// A migration begins, in a transaction or without one.
    pub(crate) fn begin(&mut self, file: &str, transaction: bool) {
        self.file = Some(Arc::from(file));
        self.blocks_read.get_mut().clear();
        self.in_transaction = transaction;
        self.journal = Arc::new(Journal::new(transaction && !self.engine.commits_each_change));
    }

    /// A place in the file that is being folded: of what was written somewhere else, where it is run.
    pub(crate) fn place(&self, span: Span) -> Place {
        Place(self.file.clone().map(|file| (file, self.run_from.unwrap_or(span))))
    }

    /// The place of the statement that is being folded.
    pub(crate) fn here(&self) -> Place {
        self.place(self.statement)
    }

    // ---- names

    /// A name as a key has it.
    pub(crate) fn folded(&self, name: &str) -> String {
        if self.engine.ignores_case {
            return name.to_ascii_lowercase();
        }
        if self.engine.cuts_names { cut(name).to_owned() } else { name.to_owned() }
    }

    /// Whether two names are one name.
    pub(crate) fn same(&self, a: &str, b: &str) -> bool {
        if self.engine.parts_ignore_case { a.eq_ignore_ascii_case(b) } else { a == b }
    }

    /// The schema a new object goes to, or the refusal of one that is not there.
    pub(crate) fn target_schema(&mut self, name: &Name, out: &mut Outcome) -> Option<String> {
        let Some(schema) = &name.schema else {
            return Some(self.search_path.first().map_or_else(|| self.engine.default_schema.to_owned(), Clone::clone));
        };
        let folded = self.folded(&schema.value);
        if self.schema_known(&folded) {
            return Some(folded);
        }
        self.report_schema(schema, out);
        None
    }

    pub(crate) fn schema_known(&self, folded: &str) -> bool {
        self.objects.contains(&Key::Schema(folded.to_owned()))
            || self.engine.system_schemas.contains(&folded)
            || self.engine.temporary_schema.is_some_and(|t| folded.starts_with(t))
            || (self.engine.ignores_case && folded == "temp")
            || self.engine.has_other_schemas
            || self.may_be_there(&Key::Schema(folded.to_owned()))
            || self.is_blurred(folded)
    }

    pub(crate) fn report_schema(&mut self, schema: &Ident, out: &mut Outcome) {
        let names = self.objects.iter().filter_map(|(k, _)| match k {
            Key::Schema(n) => Some(n.as_str()),
            _ => None,
        });
        let help = out.suggestion(&schema.value, names);
        self.report(Problem::UndefinedSchema(schema.value.clone()), schema.span, help, out);
    }

    fn is_system(&self, schema: &str) -> bool {
        self.engine.system_schemas.contains(&schema) || schema.starts_with("pg_toast")
    }

    /// Looks a name up in its schema or along the search path; `key` says in which namespace.
    pub(crate) fn find(&self, name: &Name, key: impl Fn(String, String) -> Key) -> Found {
        let folded = self.folded(&name.name.value);
        if let Some(schema) = &name.schema {
            let schema = self.folded(&schema.value);
            if self.engine.ignores_case && schema == "temp" {
                return self.in_schema("main", &folded, &key);
            }
            if self.is_system(&schema) {
                return Found::Perhaps;
            }
            // What another database holds is known as far as migrations made it.
            if self.engine.has_other_schemas && !self.objects.contains(&Key::Schema(schema.clone())) {
                let candidate = key(schema, folded);
                return if self.objects.contains(&candidate) { Found::Yes(candidate) } else { Found::Perhaps };
            }
            return self.in_schema(&schema, &folded, &key);
        }
        // The temporary schema is searched first, named or not (manual, search_path).
        let temporary = self.engine.temporary_schema.map(str::to_owned);
        for schema in temporary.iter().chain(&self.search_path) {
            let candidate = key(schema.clone(), folded.clone());
            if self.objects.contains(&candidate) {
                return Found::Yes(candidate);
            }
        }
        if folded.starts_with(self.engine.system_prefix) || RUNNER_TABLES.contains(&folded.as_str()) {
            return Found::Perhaps;
        }
        if self.engine.has_other_schemas
            && self.search_path.iter().any(|s| !self.objects.contains(&Key::Schema(s.clone())))
        {
            return Found::Perhaps;
        }
        self.absent(&key(String::new(), folded))
    }

    fn absent(&self, key: &Key) -> Found {
        if self.may_be_there(key) || self.is_blurred(key.name()) { Found::Perhaps } else { Found::No }
    }

    /// Whether a name stands in a statement that could not be read.
    pub(crate) fn is_blurred(&self, name: &str) -> bool {
        !self.blurred.is_empty() && self.blurred.contains(&self.folded(name).to_lowercase())
    }

    /// Remembers the names of a statement that could not be read: what it did to them is not known, so they are not
    /// reported as missing.
    pub(crate) fn blur<'a>(&mut self, words: impl IntoIterator<Item = &'a str>) {
        for word in words {
            let folded = self.folded(word).to_lowercase();
            self.blurred.insert(folded);
        }
    }

    fn in_schema(&self, schema: &str, name: &str, key: &impl Fn(String, String) -> Key) -> Found {
        let candidate = key(schema.to_owned(), name.to_owned());
        if self.objects.contains(&candidate) { Found::Yes(candidate) } else { self.absent(&candidate) }
    }

    pub(crate) fn find_relation(&self, name: &Name) -> Found {
        self.find(name, Key::Relation)
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&Object> {
        self.objects.get(key).map(AsRef::as_ref)
    }

    pub(crate) fn has(&self, key: &Key) -> bool {
        self.objects.contains(key)
    }

    /// Whether `small-tables` names a relation.
    pub(crate) fn is_small(&self, key: &Key) -> bool {
        self.small_tables.iter().any(|small| {
            let (schema, name) = small.rsplit_once('.').unwrap_or((self.engine.default_schema, small));
            self.folded(name) == key.name() && self.folded(schema) == key.schema()
        })
    }

    /// A relation's name as SQL writes it.
    pub(crate) fn sql(&self, key: &Key) -> String {
        let name = types::quoted(key.name());
        if key.schema() == self.engine.default_schema {
            name
        } else {
            format!("{}.{name}", types::quoted(key.schema()))
        }
    }

    pub(crate) fn table(&self, key: &Key) -> Option<&Table> {
        match self.get(key) {
            Some(Object::Table(t)) => Some(t),
            _ => None,
        }
    }

    /// A table as it is now, to look at while the catalog changes.
    pub(crate) fn held(&self, key: &Key) -> Option<HeldTable> {
        let object = self.objects.get(key)?;
        matches!(**object, Object::Table(_)).then(|| HeldTable(Arc::clone(object)))
    }

    /// All objects, in the order of their keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Key, &Object)> {
        self.objects.iter().map(|(k, o)| (k, o.as_ref()))
    }

    // ---- writing

    pub(crate) fn put(&mut self, key: Key, object: Object) {
        self.ever.insert(key.name().to_owned());
        self.know(&key);
        if matches!(key, Key::Extension(_) | Key::Other(..)) {
            self.forget_choices();
        }
        self.whereabouts.get_mut().changed(&key);
        if let Object::Function(all) = &object {
            self.remember_late(&key, all);
        }
        self.objects.set(key, Arc::new(object));
    }

    /// What extensions, casts and operators there are has changed: another operator may fit better.
    pub(super) fn forget_choices(&mut self) {
        self.brought += 1;
        self.chosen.get_mut().clear();
        *self.installed.get_mut() = None;
    }

    /// Changes a table where it stands.
    pub(crate) fn change_table<T>(&mut self, key: &Key, change: impl FnOnce(&mut Table) -> T) -> Option<T> {
        self.whereabouts.get_mut().changed(key);
        if self.is_all_certain()
            && let Some(object) = self.objects.get_mut(key)
        {
            let Object::Table(table) = Arc::make_mut(object) else { return None };
            return Some(change(table));
        }
        let Some(Object::Table(t)) = self.get(key) else { return None };
        let mut table = t.clone();
        let answer = change(&mut table);
        if let Some(Object::Table(before)) = self.objects.get(key).cloned().as_deref() {
            self.know_parts(key, before, &table);
        }
        self.objects.set(key.clone(), Arc::new(Object::Table(table)));
        Some(answer)
    }

    pub(crate) fn link(&mut self, target: Key, from: Key, part: Part) {
        if target != from {
            self.links.add(Edge { target, from, part });
        }
    }

    pub(crate) fn unlink(&mut self, edge: &Edge) {
        self.links.remove(edge);
    }

    /// What an object needs.
    pub(crate) fn needs_of(&self, from: &Key) -> Vec<Edge> {
        self.links.needs_of(from)
    }

    /// A part of an object is gone or made anew: it needs nothing any more.
    pub(crate) fn unlink_part(&mut self, from: &Key, part: &Part) {
        for edge in self.needs_of(from).into_iter().filter(|e| e.part == *part) {
            self.unlink(&edge);
        }
    }

    /// A part of an object has another name.
    pub(crate) fn rename_part(&mut self, from: &Key, old: &Part, new: &Part) {
        for edge in self.needs_of(from).into_iter().filter(|e| e.part == *old) {
            self.unlink(&edge);
            self.link(edge.target, edge.from, new.clone());
        }
    }

    /// An object has another key: what needs it, and what it needs, know it under that.
    pub(crate) fn relink(&mut self, old: &Key, new: &Key) {
        for edge in self.dependents(old) {
            self.unlink(&edge);
            self.link(new.clone(), edge.from, edge.part);
        }
        for edge in self.needs_of(old) {
            self.unlink(&edge);
            self.link(edge.target, new.clone(), edge.part);
        }
    }

    /// What needs an object.
    pub(crate) fn dependents(&self, target: &Key) -> Vec<Edge> {
        self.links.dependents(target)
    }

    // ---- reporting

    /// Reports a problem, once a name.
    pub(crate) fn report(&mut self, problem: Problem, span: Span, help: Option<String>, out: &mut Outcome) {
        if let Some(name) = unknown_name(&problem)
            && !self.poisoned.insert(name)
        {
            return;
        }
        out.refusals.push(Refusal { problem, span, help });
    }

    /// Reports a relation that is not there, with what it may have meant.
    pub(crate) fn report_relation(&mut self, name: &Name, out: &mut Outcome) {
        if let Some(schema) = &name.schema {
            let folded = self.folded(&schema.value);
            if !self.schema_known(&folded) {
                // PostgreSQL says "relation … does not exist" for DML and DDL alike; the schema is what is wrong.
                self.report_schema(schema, out);
                return;
            }
        }
        if self.is_poisoned(&format!("relation {}", name.text())) {
            return;
        }
        let help = out.suggestion(&name.name.value, self.relation_names());
        self.report(Problem::UndefinedRelation(name.text()), name.span(), help, out);
    }

    pub(crate) fn relation_names(&self) -> impl Iterator<Item = &str> {
        self.objects.iter().filter_map(|(k, o)| match (k, o.as_ref()) {
            (Key::Relation(..), Object::Table(t)) => Some(t.name.as_str()),
            _ => None,
        })
    }

    pub(crate) fn is_poisoned(&self, name: &str) -> bool {
        self.poisoned.contains(name)
    }

    /// Remembers a name whose making failed, so that its use is not reported too.
    pub(crate) fn poison(&mut self, name: &str) {
        self.poisoned.insert(format!("relation {name}"));
    }

    pub(crate) fn ever_was(&self, name: &str) -> bool {
        self.is_open() || self.ever.contains(&self.folded(name))
    }

    pub(crate) fn remember(&mut self, name: &str) {
        let folded = self.folded(name);
        self.ever.insert(folded);
    }
}

/// The unknown name that a problem is about: reported once.
fn unknown_name(problem: &Problem) -> Option<String> {
    Some(match problem {
        Problem::UndefinedRelation(n) => format!("relation {n}"),
        Problem::UndefinedType(n) => format!("type {n}"),
        Problem::UndefinedSchema(n) => format!("schema {n}"),
        Problem::UndefinedFunction(n) => format!("function {n}"),
        Problem::UndefinedColumn { column, relation: Some(r) } => format!("column {r}.{column}"),
        _ => return None,
    })
}

/// The nearest of some names, where one is near enough.
pub(crate) fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wrong.chars().count() / 3).clamp(1, 4);
    names
        .filter(|n| n.len().abs_diff(wrong.len()) <= 2 * limit)
        .map(|n| (strsim::osa_distance(wrong, n), n))
        .filter(|(d, _)| *d <= limit)
        .min()
        .map(|(_, n)| n)
}
