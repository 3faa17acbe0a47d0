//! What the analysis found, as tokens. Every struct is taken apart field by field: a new field of the analysis fails to
//! compile here until somebody has said what becomes of it.

use glowplug_analysis::{Analysis, Backend, Migration, StatementSpan, TableLock, schema};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

/// Writes tokens for one call of the macro.
pub(crate) struct Quoter<'a> {
    /// The path of the runtime crate.
    pub(crate) glowplug: &'a TokenStream,
    /// The folder, as the call names it.
    pub(crate) directory: &'a str,
}

impl Quoter<'_> {
    /// All that the macro generates for a folder in order.
    pub(crate) fn module(&self, analysis: &Analysis) -> TokenStream {
        let Analysis { backend, migrations, schema, diagnostics: _, sources: _, .. } = analysis;
        let list = migrations.iter().map(|migration| self.migration(migration));
        let tables = schema.tables.iter().filter(|t| t.kind.is_table()).map(table);
        let folder = self.absolute("");
        let folder = quote! {
            if ::core::cfg!(debug_assertions) { ::core::option::Option::Some(#folder) } else { ::core::option::Option::None }
        };
        let statics = self.statics(*backend, &folder, &quote!(#(#list),*), &quote!(#(#tables),*));
        let functions = self.functions(Some(*backend));
        quote!(#statics #functions)
    }

    /// The same names with nothing behind them, beside errors: whatever uses them still type-checks, so that nobody
    /// reads about a missing `run_pending` when a comma is missing in a migration. Where even the engine is unknown, the
    /// functions take a connection to any.
    pub(crate) fn fallback(&self, backend: Option<Backend>) -> TokenStream {
        let none = quote!(::core::option::Option::None);
        let nothing = TokenStream::new();
        let statics = self.statics(backend.unwrap_or(Backend::Sqlite), &none, &nothing, &nothing);
        let functions = self.functions(backend);
        quote!(#statics #functions)
    }

    /// Makes the compiler look at files that no static embeds, so that an edit of them rebuilds too.
    pub(crate) fn tracked(&self, files: &[String]) -> TokenStream {
        let paths = files.iter().map(|file| self.absolute(file));
        quote!(#(const _: &str = ::core::include_str!(#paths);)*)
    }

    fn statics(&self, backend: Backend, folder: &TokenStream, list: &TokenStream, tables: &TokenStream) -> TokenStream {
        let Self { glowplug, directory } = self;
        let engine = engine(backend);
        let doc = format!("The migrations of `{directory}`, compiled in, and the schema they end in.");
        quote! {
            #[doc = #doc]
            #[allow(dead_code, unreachable_pub)]
            pub static MIGRATIONS: #glowplug::Migrations = {
                // One word a path: the compiler resolves each, and there are thousands.
                #[allow(unused_imports)]
                use #glowplug::{Column as C, ForeignKey as F, LockMode as L, Migration as M, Statement as S, Table as T, TableLock as K};
                #glowplug::Migrations {
                    engine: #glowplug::Engine::#engine,
                    directory: #directory,
                    folder: #folder,
                    list: &[#list],
                    tables: &[#tables],
                }
            };
        }
    }

    fn functions(&self, backend: Option<Backend>) -> TokenStream {
        let Self { glowplug, directory } = self;
        let connection = match backend.map(engine) {
            Some(engine) => quote!(#glowplug::Connection<Engine = #glowplug::engine::#engine>),
            None => quote!(#glowplug::Connection),
        };
        let run = format!("Applies what is missing of `{directory}`: in order, once, whoever else is starting.");
        let status = format!("Which migrations of `{directory}` are applied and which are pending. Changes nothing.");
        let health = format!(
            "Whether the database behind `connection` is what `{directory}` says. Changes nothing; never fails."
        );
        let runner = format!("What [`run_pending`] does for `{directory}`, with settings.");
        quote! {
            #[doc = #run]
            ///
            /// # Errors
            /// Where a migration failed, or the database is in no state to run them: the error says which, where and what
            /// to do.
            #[allow(dead_code, unreachable_pub)]
            pub fn run_pending<C: #connection>(
                connection: &mut C,
            ) -> ::core::result::Result<#glowplug::Report, #glowplug::Error> {
                runner().run_pending(connection)
            }

            #[doc = #status]
            ///
            /// # Errors
            /// Where the database cannot be read.
            #[allow(dead_code, unreachable_pub)]
            pub fn status<C: #connection>(
                connection: &mut C,
            ) -> ::core::result::Result<#glowplug::Status, #glowplug::Error> {
                runner().status(connection)
            }

            #[doc = #health]
            #[allow(dead_code, unreachable_pub)]
            pub fn health<C: #connection>(connection: &mut C) -> #glowplug::Health {
                runner().health(connection)
            }

            #[doc = #runner]
            #[allow(dead_code, unreachable_pub)]
            #[must_use]
            pub fn runner() -> #glowplug::Runner {
                #glowplug::Runner::new(&MIGRATIONS)
            }
        }
    }

    fn migration(&self, migration: &Migration) -> TokenStream {
        let Migration {
            version,
            name,
            file,
            down,
            down_statements,
            checksum,
            raw_checksum,
            statements,
            transaction,
            foreign_keys_off,
            idempotent,
            resumable,
        } = migration;
        let sql = self.absolute(file);
        let down = match down {
            Some(down) => {
                let path = self.absolute(down);
                quote!(::core::option::Option::Some(::core::include_str!(#path)))
            }
            None => quote!(::core::option::Option::None),
        };
        let statements = statements.iter().map(statement);
        let down_statements = down_statements.iter().map(statement);
        quote! {
            M {
                version: #version,
                name: #name,
                file: #file,
                sql: ::core::include_str!(#sql),
                down: #down,
                down_statements: &[#(#down_statements),*],
                checksum: #checksum,
                raw_checksum: #raw_checksum,
                statements: &[#(#statements),*],
                transactional: #transaction,
                foreign_keys_off: #foreign_keys_off,
                idempotent: #idempotent,
                resumable: #resumable,
            }
        }
    }

    /// A file of the folder (or, for `""`, the folder) as an absolute path that the compiler puts together: the tokens
    /// are the same on every machine.
    fn absolute(&self, file: &str) -> TokenStream {
        let slash = if file.is_empty() { "" } else { "/" };
        let tail = format!("/{}{slash}{file}", self.directory);
        quote!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), #tail))
    }
}

fn statement(statement: &StatementSpan) -> TokenStream {
    let StatementSpan { span, line, column, transaction, index, locks } = statement;
    let [start, end, line, column] = [span.start, span.end, *line, *column].map(number);
    let index = match index {
        Some(name) => quote!(::core::option::Option::Some(#name)),
        None => quote!(::core::option::Option::None),
    };
    let locks = match locks {
        Some(locks) => {
            let locks = locks.iter().map(table_lock);
            quote!(::core::option::Option::Some(&[#(#locks),*]))
        }
        None => quote!(::core::option::Option::None),
    };
    quote! {
        S {
            start: #start, end: #end, line: #line, column: #column, transactional: #transaction, index: #index,
            locks: #locks
        }
    }
}

fn table_lock(lock: &TableLock) -> TokenStream {
    let TableLock { table, mode } = lock;
    // A variant of the same name.
    let mode = Ident::new(&format!("{mode:?}"), Span::call_site());
    quote!(K { table: #table, mode: L::#mode })
}

fn table(table: &schema::Table) -> TokenStream {
    let schema::Table { schema, name, columns, constraints, .. } = table;
    let columns = columns.iter().map(column);
    let primary_key = table.primary_key();
    let foreign_keys = constraints.iter().filter_map(foreign_key);
    quote! {
        T {
            schema: #schema,
            name: #name,
            columns: &[#(#columns),*],
            primary_key: &[#(#primary_key),*],
            foreign_keys: &[#(#foreign_keys),*],
        }
    }
}

fn foreign_key(constraint: &schema::Constraint) -> Option<TokenStream> {
    let schema::Constraint { columns, kind, .. } = constraint;
    let schema::ConstraintKind::ForeignKey { schema, table, columns: references, .. } = kind else { return None };
    Some(quote! {
        F { columns: &[#(#columns),*], schema: #schema, table: #table, references: &[#(#references),*] }
    })
}

fn column(column: &schema::Column) -> TokenStream {
    let schema::Column { name, sql_type, nullable, .. } = column;
    quote!(C { name: #name, sql_type: #sql_type, nullable: #nullable })
}

/// A name that the runtime uses twice: a variant of `Engine`, a type in `engine`.
fn engine(backend: Backend) -> Ident {
    let name = match backend {
        Backend::Postgres => "Postgres",
        Backend::Sqlite => "Sqlite",
        Backend::Mysql | Backend::Mariadb => "Mysql",
    };
    Ident::new(name, Span::call_site())
}

/// Files are far smaller than four gigabytes; the analysis refuses those that are not.
fn number(n: usize) -> Literal {
    Literal::u32_unsuffixed(u32::try_from(n).unwrap_or(u32::MAX))
}
