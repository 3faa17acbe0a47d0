//! What a statement asks the schema to do, in the engine-neutral words that the catalog folds.
//!
//! The grammars in `syntax/` make these; `catalog/` folds them; rules read them. Nothing after this file
//! sees sqlparser's AST.
#![expect(
    dead_code,
    reason = "a change keeps all that its statement says; which part of it a rule reads is the rule's affair"
)]

mod mysql;

use std::borrow::Cow;

pub(crate) use mysql::*;

use crate::span::Span;
use crate::syntax::SyntaxError;

/// A name part as the engine keeps it (folded where it was not quoted), and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ident {
    pub(crate) value: String,
    pub(crate) span: Span,
}

impl Ident {
    pub(crate) fn new(value: String, span: Span) -> Self {
        Self { value, span }
    }
}

/// A name, with or without a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) schema: Option<Ident>,
    pub(crate) name: Ident,
}

impl Name {
    pub(crate) fn span(&self) -> Span {
        self.schema.as_ref().map_or(self.name.span, |s| s.span.to(self.name.span))
    }

    /// As it is written in messages: `users`, `app.users`.
    pub(crate) fn text(&self) -> String {
        match &self.schema {
            Some(s) => format!("{}.{}", s.value, self.name.value),
            None => self.name.value.clone(),
        }
    }
}

/// A statement with what it asks for. One statement is mostly one change.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    /// Without the semicolon and the white space around it.
    pub(crate) span: Span,
    /// `None` where it could not be read: a diagnostic has been made of that.
    pub(crate) change: Option<Change>,
    /// Whether the engine refuses it inside a transaction block.
    pub(crate) outside_transaction: bool,
}

/// The inert statement that switches foreign keys off (SQLite): without effect inside a transaction.
pub(crate) const FOREIGN_KEYS_OFF: &str = "PRAGMA foreign_keys = OFF";

/// The inert statements that set the session's time zone (PostgreSQL).
pub(crate) const TIME_ZONE: &str = "SET TIME ZONE";
/// Of them, those that set one without an offset.
pub(crate) const TIME_ZONE_IS_UTC: &str = "SET TIME ZONE UTC";

/// What a statement asks for.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "a few hundred live at a time, and boxing each would hide the shape")]
pub(crate) enum Change {
    CreateSchema {
        name: Option<Ident>,
        if_not_exists: bool,
        elements: Vec<Change>,
    },
    CreateTable(CreateTable),
    AlterTable(AlterTable),
    CreateIndex(CreateIndex),
    CreateView(CreateView),
    CreateSequence {
        name: Name,
        if_not_exists: bool,
        temporary: bool,
        owned_by: Option<(Name, Ident)>,
    },
    AlterSequence {
        name: Name,
        if_exists: bool,
        /// OWNED BY, where it is said: of a column, or NONE.
        owned_by: Option<Option<(Name, Ident)>>,
    },
    CreateType {
        name: Name,
        kind: TypeDefinition,
    },
    AlterType {
        name: Name,
        actions: Vec<TypeAction>,
    },
    CreateExtension {
        name: Ident,
        if_not_exists: bool,
        schema: Option<Ident>,
        cascade: bool,
    },
    CreateFunction(CreateFunction),
    CreateTrigger(CreateTrigger),
    CreatePolicy {
        name: Ident,
        table: Name,
        roles: Vec<Ident>,
        exprs: Vec<Expr>,
    },
    AlterPolicy {
        name: Ident,
        table: Name,
        rename_to: Option<Ident>,
        roles: Vec<Ident>,
        exprs: Vec<Expr>,
    },
    CreateRule {
        name: Ident,
        table: Name,
        or_replace: bool,
    },
    /// Objects that are only known by kind and name: publications, statistics, collations, casts, roles …
    CreateOther {
        kind: ObjectKind,
        name: Name,
        if_not_exists: bool,
        or_replace: bool,
        uses: Vec<Name>,
        /// What it is about in them: columns and expressions of statistics.
        on: Vec<IndexColumn>,
    },
    Drop(Drop),
    /// `ALTER <kind> <name> RENAME TO …` of a whole object.
    Rename {
        kind: ObjectKind,
        target: Target,
        if_exists: bool,
        to: Ident,
    },
    /// `ALTER <kind> <name> SET SCHEMA …`.
    SetSchema {
        kind: ObjectKind,
        target: Target,
        if_exists: bool,
        to: Ident,
    },
    /// Names an object that must exist and changes nothing the catalog keeps: COMMENT, OWNER TO, REINDEX, REFRESH, CLUSTER …
    Touch {
        what: &'static str,
        targets: Vec<(ObjectKind, Target)>,
        if_exists: bool,
    },
    Insert(Insert),
    Update(Update),
    Delete {
        table: Name,
        alias: Option<Ident>,
        reads: Reads,
        has_where: bool,
    },
    Truncate {
        tables: Vec<Name>,
        restart_identity: bool,
        cascade: bool,
    },
    /// A SELECT (or VALUES, WITH, CALL) run for what it reads or for the functions it calls.
    Select(Reads),
    /// `BEGIN`, `COMMIT`, …
    Transaction(Transaction),
    SetSearchPath(Vec<Ident>),
    /// `SET check_function_bodies`: whether bodies are looked into when a function is made.
    CheckBodies(bool),
    /// `SET`, `RESET` or `SHOW` of a setting that no server has.
    UnknownSetting(Ident),
    /// A block of procedural statements, read as far as it can be.
    Do(Block),
    /// No effect on the schema and nothing to look up: SET, ANALYZE, NOTIFY, PRAGMA …
    Inert {
        what: &'static str,
    },
    /// May do anything: the catalog opens.
    Opaque {
        why: String,
    },
    /// A statement of MySQL or MariaDB that no other engine has in this form.
    Mysql(Box<MysqlChange>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transaction {
    Begin,
    Commit,
    Rollback,
    /// SAVEPOINT, RELEASE, ROLLBACK TO: left to the engine.
    Savepoint,
}

/// The kinds of objects that names refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ObjectKind {
    Table,
    View,
    MaterializedView,
    ForeignTable,
    Index,
    Sequence,
    Type,
    Domain,
    Schema,
    Extension,
    Function,
    Procedure,
    Routine,
    Aggregate,
    /// These four live on a table: the target's `on` names it.
    Trigger,
    Policy,
    Rule,
    Constraint,
    /// A column: the target's `on` names its table.
    Column,
    Statistics,
    Collation,
    Conversion,
    Operator,
    OperatorClass,
    OperatorFamily,
    Cast,
    Publication,
    Subscription,
    EventTrigger,
    ForeignServer,
    ForeignDataWrapper,
    UserMapping,
    TextSearch,
    Language,
    AccessMethod,
    Role,
    Database,
    Tablespace,
    LargeObject,
    Transform,
}

impl ObjectKind {
    /// Whether it shares the namespace of tables.
    pub(crate) fn is_relation(self) -> bool {
        matches!(
            self,
            Self::Table | Self::View | Self::MaterializedView | Self::ForeignTable | Self::Index | Self::Sequence
        )
    }

    /// Whether it is called: a function, by whatever word.
    pub(crate) fn is_routine(self) -> bool {
        matches!(self, Self::Function | Self::Procedure | Self::Routine | Self::Aggregate)
    }

    /// As the engine's messages call it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::ForeignTable => "foreign table",
            Self::Index => "index",
            Self::Sequence => "sequence",
            Self::Type => "type",
            Self::Domain => "domain",
            Self::Schema => "schema",
            Self::Extension => "extension",
            Self::Function => "function",
            Self::Procedure => "procedure",
            Self::Routine => "routine",
            Self::Aggregate => "aggregate",
            Self::Trigger => "trigger",
            Self::Policy => "policy",
            Self::Rule => "rule",
            Self::Constraint => "constraint",
            Self::Column => "column",
            Self::Statistics => "statistics object",
            Self::Collation => "collation",
            Self::Conversion => "conversion",
            Self::Operator => "operator",
            Self::OperatorClass => "operator class",
            Self::OperatorFamily => "operator family",
            Self::Cast => "cast",
            Self::Publication => "publication",
            Self::Subscription => "subscription",
            Self::EventTrigger => "event trigger",
            Self::ForeignServer => "server",
            Self::ForeignDataWrapper => "foreign-data wrapper",
            Self::UserMapping => "user mapping",
            Self::TextSearch => "text search object",
            Self::Language => "language",
            Self::AccessMethod => "access method",
            Self::Role => "role",
            Self::Database => "database",
            Self::Tablespace => "tablespace",
            Self::LargeObject => "large object",
            Self::Transform => "transform",
        }
    }
}

/// What a DROP, COMMENT, ALTER … names.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) name: Name,
    /// The table of a trigger, policy, rule, constraint or column.
    pub(crate) on: Option<Name>,
    /// The argument types of a function, where they were written.
    pub(crate) arguments: Option<Vec<TypeName>>,
}

impl Target {
    pub(crate) fn plain(name: Name) -> Self {
        Self { name, on: None, arguments: None }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Drop {
    pub(crate) kind: ObjectKind,
    pub(crate) targets: Vec<Target>,
    pub(crate) if_exists: bool,
    pub(crate) cascade: bool,
    pub(crate) concurrently: bool,
}

/// A type as written. `name` is the engine's own name for a built-in (`integer`, `timestamp with time zone`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TypeName {
    pub(crate) name: Name,
    /// `(255)`, `(10,2)`: the text between the parentheses, part by part.
    pub(crate) modifiers: Vec<String>,
    /// `[]` or `ARRAY`: how many.
    pub(crate) dimensions: usize,
    pub(crate) set_of: bool,
    /// `table.column%TYPE`.
    pub(crate) of_column: bool,
    /// Whether the words were the engine's keywords for a built-in type (`int`, `double precision`): never looked up in a schema.
    pub(crate) keyword: bool,
    pub(crate) span: Span,
}

/// An expression: what it names, and its text. The names are enough to resolve it.
#[derive(Clone, Debug)]
pub(crate) struct Expr {
    pub(crate) span: Span,
    /// The tokens joined by one space, keywords and unquoted names folded: two equal texts are one definition.
    pub(crate) text: String,
    pub(crate) names: Names,
    pub(crate) literal: Option<Literal>,
    /// The whole of it in the tree of its names.
    pub(crate) root: NodeId,
    /// What the engine calls an output column that shows it, or an index's column made of it.
    pub(crate) label: Option<String>,
}

/// An expression that is a bare literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Literal {
    Null,
    Number(String),
    Text(String),
    Boolean(bool),
}

/// The names inside an expression.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// Columns, as dotted paths.
    pub(crate) columns: Vec<Vec<Ident>>,
    pub(crate) functions: Vec<Call>,
    pub(crate) types: Vec<TypeName>,
    /// `COLLATE s."C"`: those with a schema. Which collations a server has hangs on its machine.
    pub(crate) collations: Vec<Name>,
    /// Subqueries, with their own scopes.
    pub(crate) queries: Vec<Reads>,
    /// Part of it is of a form whose names are not read: then nothing in it is reported as missing.
    pub(crate) opaque: bool,
    /// The forms of the expressions, every part before what it is a part of. They refer to the lists above by position.
    pub(crate) tree: Vec<Node>,
    /// The parts of each node, one after the other.
    pub(crate) parts: Vec<NodeId>,
    /// `$1`: which, and where.
    pub(crate) parameters: Vec<(u32, Span)>,
    /// What must be true or false, with the clause that asks for it.
    pub(crate) conditions: Vec<(NodeId, &'static str)>,
}

/// A node of [`Names::tree`], counted from one; zero stands for what is not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NodeId(u32);

impl NodeId {
    /// Not kept.
    pub(crate) const NONE: Self = Self(0);

    /// Its position in the tree.
    pub(crate) fn position(self) -> Option<usize> {
        (self.0 as usize).checked_sub(1)
    }
}

/// One form of an expression.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) form: Form,
    pub(crate) span: Span,
    first: u32,
    count: u32,
}

/// What a node is; numbers are positions in the lists of its [`Names`].
#[derive(Clone, Debug)]
pub(crate) enum Form {
    Literal(Literal),
    /// `b'1'`, `x'1f'`.
    Bits,
    Column(u32),
    /// `$1`, counted from one.
    Parameter(u32),
    /// Its parts are the arguments. `aggregate`: what only an aggregate takes (DISTINCT, ORDER BY, FILTER, WITHIN GROUP)
    /// is there; `window`: OVER. `named`: an argument has a name or is VARIADIC.
    Call {
        call: u32,
        aggregate: bool,
        window: bool,
        named: bool,
    },
    /// A function that the grammar calls by words of its own: `EXTRACT`, `AT TIME ZONE`.
    Function(&'static str),
    Cast(u32),
    /// Of one part or two.
    Operator(Cow<'static, str>),
    /// `operator ANY (array)`.
    Quantified(Cow<'static, str>),
    /// AND, OR, NOT, IS TRUE and the like: the parts are true or false.
    Logic(&'static str),
    /// True or false, whatever the parts are: IS NULL.
    Test,
    /// IS DISTINCT FROM: compared for equality.
    Distinct,
    Between,
    /// The first part is looked for among the others.
    In,
    /// `CASE [operand] WHEN … THEN … [ELSE …] END`: its parts in the order they are written.
    Case {
        operand: bool,
        otherwise: bool,
    },
    /// COALESCE, GREATEST, LEAST: of one type together.
    Common(&'static str),
    Nullif,
    Array,
    Row,
    Query(u32, QueryForm),
    Field(String),
    Subscript {
        slice: bool,
    },
    Collate,
    /// `current_date` and the like: a value of this type.
    Value(&'static str),
}

/// How a query stands in an expression.
#[derive(Clone, Debug)]
pub(crate) enum QueryForm {
    Scalar,
    Exists,
    Array,
    /// `x IN (query)`, `x = ANY (query)`: its part is the left side.
    Compared(Cow<'static, str>),
}

impl Names {
    /// Adds a node to the tree.
    pub(crate) fn node(&mut self, form: Form, span: Span, parts: &[NodeId]) -> NodeId {
        let first = position(self.parts.len());
        self.parts.extend_from_slice(parts);
        self.tree.push(Node { form, span, first, count: position(parts.len()) });
        NodeId(position(self.tree.len()))
    }

    /// A node of the tree.
    pub(crate) fn at(&self, id: NodeId) -> Option<&Node> {
        self.tree.get(id.position()?)
    }

    /// The parts of a node.
    pub(crate) fn parts_of(&self, node: &Node) -> &[NodeId] {
        let first = node.first as usize;
        self.parts.get(first..first + node.count as usize).unwrap_or_default()
    }

    /// The literal that a node is.
    pub(crate) fn literal_at(&self, id: NodeId) -> Option<&Literal> {
        match self.at(id) {
            Some(Node { form: Form::Literal(l), .. }) => Some(l),
            _ => None,
        }
    }

    /// Takes in the names of another expression. Answers what its nodes are called here.
    pub(crate) fn absorb(&mut self, other: Self) -> Shift {
        let shift = Shift(position(self.tree.len()));
        let (columns, functions) = (position(self.columns.len()), position(self.functions.len()));
        let (types, queries) = (position(self.types.len()), position(self.queries.len()));
        let parts = position(self.parts.len());
        self.tree.extend(other.tree.into_iter().map(|mut node| {
            node.first += parts;
            match &mut node.form {
                Form::Column(i) => *i += columns,
                Form::Call { call, .. } => *call += functions,
                Form::Cast(i) => *i += types,
                Form::Query(i, _) => *i += queries,
                _ => {}
            }
            node
        }));
        self.parts.extend(other.parts.into_iter().map(|id| shift.of(id)));
        self.conditions.extend(other.conditions.into_iter().map(|(id, clause)| (shift.of(id), clause)));
        self.columns.extend(other.columns);
        self.functions.extend(other.functions);
        self.types.extend(other.types);
        self.queries.extend(other.queries);
        self.parameters.extend(other.parameters);
        self.opaque |= other.opaque;
        shift
    }
}

/// By how much nodes have moved that were absorbed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shift(u32);

impl Shift {
    /// What a node is called now.
    pub(crate) fn of(self, id: NodeId) -> NodeId {
        if id == NodeId::NONE { id } else { NodeId(id.0 + self.0) }
    }
}

/// A position in a list of one statement: none has four thousand million of anything.
fn position(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) name: Name,
    /// How many arguments; `None` where a `*` or VARIADIC stands.
    pub(crate) arguments: Option<usize>,
    /// The arguments that are bare literals, by position: `nextval('seq')`.
    pub(crate) literals: Vec<Option<Literal>>,
}

/// What a query reads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reads {
    pub(crate) span: Span,
    pub(crate) text: String,
    /// The relations of its scope and what names can be resolved in it.
    pub(crate) selects: Vec<Select>,
    /// The names of its output columns, in order; `None` where a part of them is not known from the text alone.
    pub(crate) outputs: Vec<Output>,
    /// Tables written by a data-modifying WITH, `SELECT … INTO`.
    pub(crate) writes: Vec<Name>,
    pub(crate) into: Option<Name>,
    /// INTO TEMPORARY.
    pub(crate) into_temporary: bool,
    /// Rows of a VALUES list: the number of expressions in each, with the span of the row.
    pub(crate) values: Option<Vec<(usize, Span)>>,
    pub(crate) opaque: bool,
    /// It refers to a query of a WITH, which is read where it stands: nothing in it is reported here.
    pub(crate) elsewhere: bool,
}

/// One SELECT of a query: its FROM and the names in its clauses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Select {
    pub(crate) sources: Vec<Source>,
    pub(crate) names: Names,
    /// Names that may also be output columns (ORDER BY, GROUP BY).
    pub(crate) loose: Names,
    /// Which of the names' columns stand in FROM or where not all sources are seen: by their positions.
    pub(crate) in_from: std::ops::Range<usize>,
    /// GROUP BY.
    pub(crate) groups: Groups,
    /// Output names, for `loose`.
    pub(crate) aliases: Vec<String>,
    /// The expressions of its output columns, in their order; none for a `*`. Of VALUES: those of all rows.
    pub(crate) targets: Vec<NodeId>,
    /// The outputs of a later part of a set operation, with its word; the first part's are those of the query.
    pub(crate) arm: Option<(&'static str, Vec<Output>)>,
}

/// What rows are put together by.
#[derive(Clone, Debug, Default)]
pub(crate) enum Groups {
    /// There is no GROUP BY and no HAVING.
    #[default]
    None,
    /// Columns, or names of outputs.
    Columns(Vec<Vec<Ident>>),
    /// Expressions, or sets of groups.
    Other,
}

/// One item of a FROM clause.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) alias: Option<Ident>,
    /// Columns renamed by `AS t(a, b)`.
    pub(crate) columns: Vec<Ident>,
    pub(crate) kind: SourceKind,
    pub(crate) join: Join,
}

/// How a source is joined with those before it.
#[derive(Clone, Debug, Default)]
pub(crate) enum Join {
    /// The first one after FROM or a comma.
    #[default]
    Start,
    /// ON, CROSS: the columns of both sides stay.
    Beside,
    /// USING: these columns become one.
    Using(Vec<Ident>),
    /// The columns of the same name become one.
    Natural,
}

#[derive(Clone, Debug)]
pub(crate) enum SourceKind {
    Table(Name),
    /// A subquery or a CTE: its own reads.
    Query(Box<Reads>),
    /// A name bound by WITH whose columns are known only as far as `Reads` says, by name.
    Cte(String),
    /// A function, UNNEST, JSON_TABLE …: columns unknown.
    Unknown,
}

/// One output column of a query.
#[derive(Clone, Debug)]
pub(crate) enum Output {
    /// Named, by an alias or by the column it shows.
    Named(Ident),
    /// `*` or `t.*`.
    Star(Option<Vec<Ident>>),
    /// An expression that the engine names itself.
    Unnamed,
}

#[derive(Clone, Debug)]
pub(crate) struct CreateTable {
    pub(crate) name: Name,
    pub(crate) if_not_exists: bool,
    pub(crate) temporary: bool,
    pub(crate) columns: Vec<ColumnDefinition>,
    pub(crate) constraints: Vec<ConstraintDefinition>,
    pub(crate) like: Vec<Like>,
    pub(crate) inherits: Vec<Name>,
    pub(crate) partition_of: Option<Name>,
    /// FOR VALUES … or DEFAULT of a partition.
    pub(crate) bound: Option<Bound>,
    pub(crate) partition_by: Option<PartitionBy>,
    /// AS SELECT …, with the column names written before it.
    pub(crate) query: Option<(Vec<Ident>, Reads)>,
    /// OF type_name.
    pub(crate) of_type: Option<Name>,
    pub(crate) foreign: bool,
    /// SQLite: WITHOUT ROWID, STRICT; a virtual table's columns are its module's affair.
    pub(crate) columns_unknown: bool,
    pub(crate) without_rowid: bool,
    pub(crate) strict: bool,
}

/// PARTITION BY.
#[derive(Clone, Debug)]
pub(crate) struct PartitionBy {
    /// `list`, `range` or `hash`.
    pub(crate) strategy: Ident,
    pub(crate) columns: Vec<IndexColumn>,
}

/// Which rows a partition takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    Default,
    /// FOR VALUES IN.
    List,
    /// FOR VALUES FROM … TO.
    Range,
    /// FOR VALUES WITH.
    Hash,
}

#[derive(Clone, Debug)]
pub(crate) struct Like {
    pub(crate) table: Name,
    /// How many columns stand before it.
    pub(crate) at: usize,
    pub(crate) defaults: bool,
    pub(crate) constraints: bool,
    pub(crate) indexes: bool,
    pub(crate) generated: bool,
    pub(crate) identity: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct ColumnDefinition {
    pub(crate) name: Ident,
    /// SQLite: a column may have none.
    pub(crate) data_type: Option<TypeName>,
    pub(crate) collation: Option<Name>,
    pub(crate) not_null: Option<bool>,
    /// A named NOT NULL (an object of its own from PostgreSQL 18).
    pub(crate) not_null_name: Option<Ident>,
    pub(crate) default: Option<Expr>,
    pub(crate) generated: Option<Generated>,
    pub(crate) identity: Option<Identity>,
    /// The name of the identity's sequence, where it is said.
    pub(crate) sequence: Option<Name>,
    /// PRIMARY KEY, UNIQUE, CHECK, REFERENCES written with the column: the same as a table's, of one column.
    pub(crate) constraints: Vec<ConstraintDefinition>,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) struct Generated {
    pub(crate) expr: Expr,
    pub(crate) stored: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    Always,
    ByDefault,
}

#[derive(Clone, Debug)]
pub(crate) struct ConstraintDefinition {
    pub(crate) name: Option<Ident>,
    pub(crate) kind: ConstraintKind,
    pub(crate) span: Span,
    pub(crate) not_valid: bool,
    /// DEFERRABLE; in SQLite also a key with ON CONFLICT IGNORE or REPLACE, which is not refused at once either.
    pub(crate) deferrable: bool,
    pub(crate) no_inherit: bool,
    /// The columns of INCLUDE.
    pub(crate) include: Vec<Ident>,
}

#[derive(Clone, Debug)]
pub(crate) enum ConstraintKind {
    PrimaryKey { columns: Vec<Ident>, using_index: Option<Ident>, autoincrement: bool },
    Unique { columns: Vec<Ident>, using_index: Option<Ident>, nulls_not_distinct: bool },
    ForeignKey(ForeignKey),
    Check(Expr),
    NotNull(Ident),
    Exclude { method: Option<Ident>, elements: Vec<IndexColumn>, predicate: Option<Expr> },
}

#[derive(Clone, Debug)]
pub(crate) struct ForeignKey {
    pub(crate) columns: Vec<Ident>,
    pub(crate) table: Name,
    /// Empty: the primary key.
    pub(crate) referenced: Vec<Ident>,
    pub(crate) on_delete: Action,
    pub(crate) on_update: Action,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::enum_variant_names, reason = "NO ACTION is what SQL calls it")]
pub(crate) enum Action {
    #[default]
    NoAction,
    Restrict,
    Cascade,
    SetNull,
    SetDefault,
}

#[derive(Clone, Debug)]
pub(crate) struct AlterTable {
    /// As the statement calls it: ALTER TABLE, VIEW, INDEX, FOREIGN TABLE …
    pub(crate) kind: ObjectKind,
    pub(crate) name: Name,
    pub(crate) if_exists: bool,
    /// ONLY: without its children.
    pub(crate) only: bool,
    pub(crate) actions: Vec<TableAction>,
}

#[derive(Clone, Debug)]
pub(crate) struct TableAction {
    pub(crate) kind: TableActionKind,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "as for Change")]
pub(crate) enum TableActionKind {
    AddColumn {
        column: ColumnDefinition,
        if_not_exists: bool,
    },
    DropColumn {
        name: Ident,
        if_exists: bool,
        cascade: bool,
    },
    RenameColumn {
        from: Ident,
        to: Ident,
    },
    RenameConstraint {
        from: Ident,
        to: Ident,
    },
    AddConstraint(ConstraintDefinition),
    DropConstraint {
        name: Ident,
        if_exists: bool,
        cascade: bool,
    },
    ValidateConstraint(Ident),
    AlterConstraint(Ident),
    SetType {
        column: Ident,
        data_type: TypeName,
        using: Option<Expr>,
    },
    SetDefault {
        column: Ident,
        default: Expr,
    },
    DropDefault(Ident),
    SetNotNull(Ident),
    DropNotNull(Ident),
    AddIdentity {
        column: Ident,
        identity: Identity,
        /// The name of its sequence, where it is said.
        sequence: Option<Name>,
    },
    /// `SET GENERATED ALWAYS | BY DEFAULT`.
    SetIdentity {
        column: Ident,
        identity: Identity,
    },
    DropIdentity {
        column: Ident,
        if_exists: bool,
    },
    SetExpression {
        column: Ident,
        expr: Expr,
    },
    DropExpression {
        column: Ident,
        if_exists: bool,
    },
    /// SET STATISTICS, SET STORAGE, SET (…): the column must exist.
    TouchColumn(Ident),
    AttachPartition {
        name: Name,
        bound: Option<Bound>,
    },
    DetachPartition {
        name: Name,
        concurrently: bool,
    },
    Inherit(Name),
    NoInherit(Name),
    EnableTrigger {
        name: Option<Ident>,
    },
    EnableRule(Ident),
    ReplicaIdentityIndex(Ident),
    ClusterOn(Ident),
    /// OWNER TO, SET TABLESPACE, ROW LEVEL SECURITY, SET (…), SET LOGGED …: nothing the catalog keeps.
    Other(&'static str),
}

#[derive(Clone, Debug)]
pub(crate) struct CreateIndex {
    pub(crate) name: Option<Name>,
    pub(crate) table: Name,
    /// ONLY: not on the partitions.
    pub(crate) only: bool,
    pub(crate) unique: bool,
    pub(crate) if_not_exists: bool,
    pub(crate) concurrently: bool,
    pub(crate) method: Option<Ident>,
    pub(crate) columns: Vec<IndexColumn>,
    pub(crate) include: Vec<Ident>,
    pub(crate) predicate: Option<Expr>,
    pub(crate) nulls_not_distinct: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct IndexColumn {
    /// A plain column, or else an expression.
    pub(crate) column: Option<Ident>,
    pub(crate) expr: Option<Expr>,
    pub(crate) operator_class: Option<Name>,
    pub(crate) collation: Option<Name>,
    /// `ASC`, `DESC NULLS LAST` …: as written, folded.
    pub(crate) order: String,
}

#[derive(Clone, Debug)]
pub(crate) struct CreateView {
    pub(crate) name: Name,
    pub(crate) or_replace: bool,
    pub(crate) if_not_exists: bool,
    pub(crate) temporary: bool,
    pub(crate) materialized: bool,
    pub(crate) recursive: bool,
    pub(crate) columns: Vec<Ident>,
    pub(crate) query: Reads,
}

#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "as for Change")]
pub(crate) enum TypeDefinition {
    Enum(Vec<(String, Span)>),
    Composite(Vec<(Ident, TypeName)>),
    Domain {
        base: TypeName,
        not_null: bool,
        default: Option<Expr>,
        constraints: Vec<(Option<Ident>, Expr)>,
    },
    Range {
        subtype: Option<TypeName>,
        /// `multirange_type_name`.
        multirange: Option<Ident>,
    },
    /// A shell, or a base type made of C functions.
    Base,
}

#[derive(Clone, Debug)]
pub(crate) enum TypeAction {
    AddValue {
        value: String,
        span: Span,
        if_not_exists: bool,
        neighbour: Option<(String, Span, bool)>,
    },
    RenameValue {
        from: String,
        span: Span,
        to: String,
    },
    AddAttribute {
        name: Ident,
        data_type: TypeName,
    },
    DropAttribute {
        name: Ident,
        if_exists: bool,
    },
    AlterAttribute {
        name: Ident,
        data_type: TypeName,
    },
    RenameAttribute {
        from: Ident,
        to: Ident,
    },
    /// ALTER DOMAIN.
    AddConstraint {
        name: Option<Ident>,
        expr: Option<Expr>,
    },
    DropConstraint {
        name: Ident,
        if_exists: bool,
    },
    RenameConstraint {
        from: Ident,
        to: Ident,
    },
    ValidateConstraint(Ident),
    SetDefault(Option<Expr>),
    SetNotNull(bool),
    /// OWNER TO, SET (…).
    Other,
}

#[derive(Clone, Debug)]
pub(crate) struct CreateFunction {
    /// Function, Procedure or Aggregate.
    pub(crate) kind: ObjectKind,
    pub(crate) name: Name,
    pub(crate) or_replace: bool,
    pub(crate) arguments: Vec<Argument>,
    /// `None` for a procedure, or where OUT arguments say it.
    pub(crate) returns: Option<TypeName>,
    /// RETURNS TABLE (…).
    pub(crate) returns_table: Vec<(Ident, TypeName)>,
    pub(crate) language: Option<String>,
    /// `i` immutable, `s` stable, `v` volatile.
    pub(crate) volatility: char,
    /// The body's text, and where it stands.
    pub(crate) body: Option<(String, Span)>,
    /// The body as it was read.
    pub(crate) code: Code,
    /// `SET x = …`, where no server has such a setting.
    pub(crate) unknown_setting: Option<Ident>,
    /// `SET search_path = …`: where the body's names are looked up.
    pub(crate) search_path: Option<Vec<Ident>>,
    pub(crate) aggregate: Option<Aggregate>,
    /// All that follows the argument list, folded: what OR REPLACE would change.
    pub(crate) text: String,
}

/// What a function's body does.
#[derive(Clone, Debug, Default)]
pub(crate) enum Code {
    /// In a language that is not read, or none.
    #[default]
    Unread,
    Sql(SqlBody),
    Block(Block),
    /// It does not follow its language's grammar.
    Broken(SyntaxError),
}

/// The body of a function in SQL.
#[derive(Clone, Debug, Default)]
pub(crate) struct SqlBody {
    pub(crate) statements: Vec<Statement>,
    /// `BEGIN ATOMIC` or `RETURN`: names are bound when the function is made.
    pub(crate) bound: bool,
    /// The last statement has RETURNING.
    pub(crate) returning: bool,
}

/// What an aggregate is made of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aggregate {
    /// SFUNC, FINALFUNC and the like, as they are called and by name.
    pub(crate) functions: Vec<(String, Name)>,
    pub(crate) state: Option<TypeName>,
}

#[derive(Clone, Debug)]
pub(crate) struct Argument {
    pub(crate) name: Option<Ident>,
    pub(crate) mode: ArgumentMode,
    pub(crate) data_type: TypeName,
    pub(crate) default: Option<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArgumentMode {
    In,
    Out,
    InOut,
    Variadic,
}

#[derive(Clone, Debug)]
pub(crate) struct CreateTrigger {
    pub(crate) name: Ident,
    pub(crate) schema: Option<Ident>,
    pub(crate) table: Name,
    pub(crate) or_replace: bool,
    pub(crate) if_not_exists: bool,
    pub(crate) temporary: bool,
    pub(crate) instead_of: bool,
    /// UPDATE OF …
    pub(crate) columns: Vec<Ident>,
    /// WHEN: of the rows `old` and `new`.
    pub(crate) when: Option<Expr>,
    /// PostgreSQL: the function it calls.
    pub(crate) function: Option<Name>,
    /// SQLite: the statements of its body.
    pub(crate) body: Vec<Change>,
    pub(crate) text: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Insert {
    pub(crate) table: Name,
    pub(crate) alias: Option<Ident>,
    pub(crate) columns: Vec<Ident>,
    pub(crate) source: InsertSource,
    pub(crate) on_conflict: Option<OnConflict>,
    /// RETURNING, and the assignments of DO UPDATE: resolved on the target (and `excluded`).
    pub(crate) names: Names,
    /// INSERT OR IGNORE / OR REPLACE, REPLACE INTO.
    pub(crate) ignore: bool,
    /// Some column is written in part: `point.x`, `tags[1]`.
    pub(crate) in_part: bool,
}

#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "as for Change")]
pub(crate) enum InsertSource {
    Default,
    Query(Reads),
}

#[derive(Clone, Debug)]
pub(crate) struct OnConflict {
    pub(crate) target: ConflictTarget,
    pub(crate) span: Span,
    /// DO UPDATE SET: the columns set, and to what.
    pub(crate) update: Vec<(Ident, NodeId)>,
}

#[derive(Clone, Debug)]
pub(crate) enum ConflictTarget {
    Any,
    Columns {
        columns: Vec<Ident>,
        has_predicate: bool,
    },
    Constraint(Ident),
    /// An expression, or more than is read here.
    Opaque,
}

#[derive(Clone, Debug)]
pub(crate) struct Update {
    pub(crate) table: Name,
    pub(crate) alias: Option<Ident>,
    /// The columns set, each with whether it reads the column it sets (`n = n + 1`), and to what.
    pub(crate) set: Vec<(Ident, bool, NodeId)>,
    /// FROM, WHERE, RETURNING and the expressions set: a scope whose first source is the table.
    pub(crate) reads: Reads,
    pub(crate) has_where: bool,
}

/// Stands in a name for what is known only when it runs: a letter that names do not have.
pub(crate) const UNKNOWN_PART: char = 'ǂ';

/// A block of PL/pgSQL.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    pub(crate) body: Vec<BlockStatement>,
    pub(crate) handlers: Vec<Handler>,
    /// The types of the variables of the outermost block and of those in it: all must be there before anything runs.
    pub(crate) declared: Vec<Declared>,
}

/// The type of a variable.
#[derive(Clone, Debug)]
pub(crate) enum Declared {
    Type(TypeName),
    /// `relation%ROWTYPE`.
    Row(Name),
    /// `relation.column%TYPE`.
    Column(Name, Ident),
}

impl Block {
    /// Whether a statement somewhere in it, run or not, is one that the engine refuses inside a transaction block.
    pub(crate) fn ends_transaction(&self) -> bool {
        ends_transaction(&self.body) || self.handlers.iter().any(|h| ends_transaction(&h.body))
    }
}

fn ends_transaction(statements: &[BlockStatement]) -> bool {
    statements.iter().any(|s| match s {
        BlockStatement::Sql(s) => s.outside_transaction,
        BlockStatement::If { branches, otherwise } => {
            branches.iter().any(|(_, b)| ends_transaction(b)) || ends_transaction(otherwise)
        }
        BlockStatement::Block(b) => b.ends_transaction(),
        BlockStatement::Loop(b) => ends_transaction(b),
        BlockStatement::Evaluated(_)
        | BlockStatement::Raise { .. }
        | BlockStatement::Inert
        | BlockStatement::Opaque { .. } => false,
    })
}

/// WHEN condition [OR …] THEN.
#[derive(Clone, Debug)]
pub(crate) struct Handler {
    /// SQLSTATEs that it catches: one that ends in `000` stands for its class. `OTHERS` is an empty list.
    pub(crate) catches: Vec<String>,
    pub(crate) body: Vec<BlockStatement>,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum BlockStatement {
    Sql(Box<Statement>),
    /// An expression that is evaluated before the statement that follows, as the query it is to the server.
    Evaluated(Box<Statement>),
    If {
        branches: Vec<(Condition, Vec<BlockStatement>)>,
        otherwise: Vec<BlockStatement>,
    },
    Block(Block),
    /// A loop over what is known only when it runs: its body happens never, once or often.
    Loop(Vec<BlockStatement>),
    /// RAISE EXCEPTION, with its SQLSTATE where it is written.
    Raise {
        span: Span,
    },
    /// Assignments, NULL, RAISE NOTICE, RETURN.
    Inert,
    /// EXECUTE of what is not a literal, and the like.
    Opaque {
        why: String,
        span: Span,
        /// What it does, with [`UNKNOWN_PART`] for each part of a name that is not known; `None` where it may be anything.
        template: Option<Vec<Change>>,
    },
}

/// The condition of an IF.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    /// EXISTS (SELECT … FROM a system catalog WHERE …).
    Exists(CatalogQuery),
    /// `to_regclass('x') IS NOT NULL` and its like: whether a relation (or type) of that name is there.
    Resolves {
        kind: ObjectKind,
        name: String,
    },
    Not(Box<Condition>),
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Constant(bool),
    /// Whether a variable of the session is zero or nothing (MySQL's `@name`).
    ZeroVariable(String),
    /// Known only when it runs.
    Unknown,
}

/// A look into a system catalog: `FROM pg_type WHERE typname = 'mood'`.
///
/// Joins and subqueries are paths from the first relation: of `pg_enum e JOIN pg_type t ON t.oid = e.enumtypid` the name
/// of the type is `enumtypid.typname`. Relations of the information schema that are joined by their names are paths too:
/// `key_column_usage` has `table_constraints.constraint_type`. All filters hold for one row together.
#[derive(Clone, Debug)]
pub(crate) struct CatalogQuery {
    /// `pg_type`, `information_schema.columns`, … The filters start from the first; the others are joined.
    pub(crate) relations: Vec<String>,
    /// `column = 'literal'` or `column IN (…)`, the column in lower case. `column = 'x'::regclass` keeps the literal, a flag
    /// is `true` or `false`; `current_schema()` and `current_schemas()` (the whole search path) stand for themselves.
    pub(crate) filters: Vec<(String, Vec<String>)>,
    /// There is more in the WHERE than `filters` says: a row that passes them may not be meant.
    pub(crate) partial: bool,
}
