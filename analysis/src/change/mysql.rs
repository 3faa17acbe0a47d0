//! What MySQL and MariaDB ask of tables, in their own words: keys belong to a table, a column is defined anew as a whole,
//! and one ALTER TABLE is done together or not at all.

use super::{Action, Block, Condition, Expr, Generated, Ident, Literal, Name, ObjectKind, Reads};
use crate::span::Span;

/// A statement of MySQL or MariaDB that no other engine has in this form.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "as for Change, which holds it in a box")]
pub(crate) enum MysqlChange {
    CreateTable(TableDefinition),
    AlterTable(TableAlteration),
    /// `CREATE … INDEX … ON table`.
    CreateIndex {
        table: Name,
        key: KeyDefinition,
        or_replace: bool,
    },
    DropIndex {
        table: Name,
        name: Ident,
        if_exists: bool,
    },
    Drop {
        kind: ObjectKind,
        names: Vec<Name>,
        if_exists: bool,
        /// DROP TEMPORARY TABLE.
        temporary: bool,
    },
    /// `RENAME TABLE a TO b, c TO d`: one after the other.
    RenameTables {
        pairs: Vec<(Name, Name)>,
        if_exists: bool,
    },
    CreateTrigger(TriggerDefinition),
    CreateRoutine(RoutineDefinition),
    /// An event, a sequence, a server …: known by kind and name alone.
    CreateNamed {
        kind: ObjectKind,
        name: Name,
        or_replace: bool,
        if_not_exists: bool,
    },
    /// ALTER of a routine, an event, a view, a sequence: it must be there.
    AlterNamed {
        kind: ObjectKind,
        name: Name,
        if_exists: bool,
        rename_to: Option<Name>,
    },
    CreateDatabase {
        name: Ident,
        or_replace: bool,
        if_not_exists: bool,
    },
    DropDatabase {
        name: Ident,
        if_exists: bool,
    },
    Use(Ident),
    Call {
        name: Name,
        /// Those that are literals, by their places.
        arguments: Vec<Option<Literal>>,
    },
    /// `SET foreign_key_checks = 0`: from here on keys may point at what is not there.
    ForeignKeyChecks(bool),
    /// `SET @a = …`.
    SetVariables(Vec<(String, Text)>),
    /// `PREPARE name FROM …`.
    Prepare {
        name: Ident,
        text: Text,
    },
    Execute {
        name: Ident,
    },
    /// `EXECUTE IMMEDIATE …`.
    ExecuteText {
        span: Span,
        text: Text,
    },
    Deallocate {
        name: Ident,
    },
}

impl MysqlChange {
    /// Whether it sets something for the session alone: such a statement commits nothing.
    pub(crate) fn is_of_the_session(&self) -> bool {
        matches!(
            self,
            Self::SetVariables(_)
                | Self::ForeignKeyChecks(_)
                | Self::Prepare { .. }
                | Self::Deallocate { .. }
                | Self::Use(_)
        )
    }
}

/// A text as far as it can be worked out: the statement that a PREPARE is given.
#[derive(Clone, Debug)]
pub(crate) enum Text {
    /// What the text does as a statement; `None` where it cannot be read as one.
    Known(Option<Box<super::Change>>),
    Variable(String),
    If(Box<Condition>, Box<Text>, Box<Text>),
    /// A count of a catalog's rows or a number, kept for a later IF: whether it is zero.
    Zero(Box<Condition>),
    Unknown,
}

/// CREATE TABLE.
#[derive(Clone, Debug)]
pub(crate) struct TableDefinition {
    pub(crate) name: Name,
    pub(crate) or_replace: bool,
    pub(crate) if_not_exists: bool,
    pub(crate) temporary: bool,
    pub(crate) columns: Vec<ColumnSpec>,
    pub(crate) keys: Vec<KeyDefinition>,
    pub(crate) foreign_keys: Vec<ForeignKeySpec>,
    pub(crate) checks: Vec<CheckSpec>,
    pub(crate) like: Option<Name>,
    pub(crate) query: Option<Reads>,
    pub(crate) options: TableOptions,
}

/// What stands behind the parenthesis, as far as it matters to keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct TableOptions {
    pub(crate) engine: Option<Ident>,
    pub(crate) charset: Charset,
    /// PARTITION BY: foreign keys are refused.
    pub(crate) partitioned: bool,
}

/// CHARACTER SET and COLLATE, in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Charset {
    pub(crate) charset: Option<String>,
    pub(crate) collation: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct ColumnSpec {
    pub(crate) name: Ident,
    pub(crate) data_type: TypeSpec,
    pub(crate) not_null: Option<bool>,
    pub(crate) default: Option<Expr>,
    pub(crate) on_update: bool,
    pub(crate) auto_increment: Option<Span>,
    pub(crate) generated: Option<Generated>,
    /// PRIMARY KEY, UNIQUE beside it.
    pub(crate) keys: Vec<KeyDefinition>,
    pub(crate) checks: Vec<CheckSpec>,
    /// REFERENCES beside it: MariaDB makes a key of it, MySQL before 9 forgets it.
    pub(crate) references: Option<ForeignKeySpec>,
    pub(crate) span: Span,
}

/// A type, as `information_schema.columns.column_type` has it but for what differs between servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TypeSpec {
    /// `bigint`, `varchar`, `enum`: one word for each type, whatever it was written as.
    pub(crate) base: String,
    /// The parts between the parentheses.
    pub(crate) modifiers: Vec<String>,
    pub(crate) unsigned: bool,
    pub(crate) zerofill: bool,
    pub(crate) charset: Charset,
    /// SERIAL: NOT NULL AUTO_INCREMENT UNIQUE, too.
    pub(crate) serial: bool,
    pub(crate) span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Primary,
    Unique,
    Plain,
    Fulltext,
    Spatial,
}

#[derive(Clone, Debug)]
pub(crate) struct KeyDefinition {
    pub(crate) kind: KeyKind,
    pub(crate) name: Option<Ident>,
    pub(crate) parts: Vec<KeyPart>,
    pub(crate) if_not_exists: bool,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) struct KeyPart {
    /// A column, or else an expression.
    pub(crate) column: Option<Ident>,
    /// `name(10)`.
    pub(crate) prefix: Option<String>,
    pub(crate) expr: Option<Expr>,
    pub(crate) descending: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct ForeignKeySpec {
    /// CONSTRAINT name.
    pub(crate) name: Option<Ident>,
    /// The name behind FOREIGN KEY: of the index.
    pub(crate) index: Option<Ident>,
    pub(crate) columns: Vec<Ident>,
    pub(crate) table: Name,
    pub(crate) referenced: Vec<Ident>,
    pub(crate) on_delete: Action,
    pub(crate) on_update: Action,
    pub(crate) if_not_exists: bool,
    /// Written beside a column.
    pub(crate) inline: bool,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) struct CheckSpec {
    pub(crate) name: Option<Ident>,
    pub(crate) expr: Expr,
    pub(crate) if_not_exists: bool,
    pub(crate) span: Span,
}

/// ALTER TABLE.
#[derive(Clone, Debug)]
pub(crate) struct TableAlteration {
    pub(crate) name: Name,
    pub(crate) if_exists: bool,
    pub(crate) actions: Vec<(Alteration, Span)>,
}

/// Where a column goes.
#[derive(Clone, Debug)]
pub(crate) enum Position {
    Last,
    First,
    After(Ident),
}

#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "as for Change")]
pub(crate) enum Alteration {
    AddColumn {
        column: ColumnSpec,
        position: Position,
        if_not_exists: bool,
    },
    /// CHANGE, and MODIFY, where both names are one.
    ChangeColumn {
        from: Ident,
        column: ColumnSpec,
        position: Position,
        if_exists: bool,
        renames: bool,
    },
    RenameColumn {
        from: Ident,
        to: Ident,
        if_exists: bool,
    },
    DropColumn {
        name: Ident,
        if_exists: bool,
    },
    SetDefault {
        column: Ident,
        default: Option<Expr>,
        if_exists: bool,
    },
    AddKey(KeyDefinition),
    DropKey {
        name: Ident,
        if_exists: bool,
    },
    DropPrimaryKey {
        if_exists: bool,
    },
    RenameKey {
        from: Ident,
        to: Ident,
        if_exists: bool,
    },
    /// INVISIBLE, IGNORED: the key must be there.
    AlterKey {
        name: Ident,
        if_exists: bool,
    },
    AddForeignKey(ForeignKeySpec),
    DropForeignKey {
        name: Ident,
        if_exists: bool,
    },
    AddCheck(CheckSpec),
    /// DROP CHECK, DROP CONSTRAINT and ALTER CHECK.
    DropConstraint {
        name: Ident,
        if_exists: bool,
        check: bool,
    },
    AlterConstraint {
        name: Ident,
    },
    RenameTo(Name),
    Options(TableOptions),
    /// CONVERT TO CHARACTER SET.
    Convert(Charset),
    /// ORDER BY, ALGORITHM, LOCK, FORCE, partitions …
    Other,
}

#[derive(Clone, Debug)]
pub(crate) struct TriggerDefinition {
    pub(crate) name: Name,
    pub(crate) table: Name,
    pub(crate) or_replace: bool,
    pub(crate) if_not_exists: bool,
    /// `NEW.x` and `OLD.x` in its body: looked up when it is made.
    pub(crate) row_columns: Vec<(RowName, Ident)>,
    /// FOLLOWS or PRECEDES another one.
    pub(crate) beside: Option<Ident>,
    pub(crate) event: &'static str,
    pub(crate) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowName {
    New,
    Old,
}

#[derive(Clone, Debug)]
pub(crate) struct RoutineDefinition {
    /// Function or Procedure.
    pub(crate) kind: ObjectKind,
    pub(crate) name: Name,
    pub(crate) or_replace: bool,
    pub(crate) if_not_exists: bool,
    /// What CALL runs, where that is a procedure's.
    pub(crate) body: Option<RoutineBody>,
    pub(crate) text: String,
}

/// The text of a procedure's body: it is read anew for each CALL, with the arguments in the place of the parameters.
#[derive(Clone)]
pub(crate) struct RoutineBody {
    pub(crate) parameters: Vec<String>,
    pub(crate) text: String,
    pub(crate) read: fn(&RoutineBody, &[Option<Literal>]) -> Option<Block>,
}

impl std::fmt::Debug for RoutineBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RoutineBody").field("parameters", &self.parameters).finish_non_exhaustive()
    }
}
