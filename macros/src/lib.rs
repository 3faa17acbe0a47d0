//! The `migrations!` macro of [glowplug](https://docs.rs/glowplug). Services take it from there: `glowplug::migrations!`.
//!
//! Reads its arguments (`input`), has the folder analysed by `glowplug-analysis`, and writes what was found as tokens
//! (`expand`, `quote`). It decides nothing about SQL.
#![deny(missing_docs)]

mod expand;
mod input;
mod kept;
mod quote;

/// Reads a folder of SQL migrations while the crate is built, refuses to build if one of them would fail, and compiles
/// them in.
///
/// ```ignore
/// mod migrations {
///     glowplug::migrations!("migrations");
/// }
///
/// let report = migrations::run_pending(&mut connection)?;
/// ```
///
/// # Arguments
///
/// - The folder, a string: relative to the `Cargo.toml` of the crate that calls the macro, with `/` between its parts.
/// - `backend = postgres` or `backend = sqlite`: the engine. Not needed where the folder's `glowplug.toml` says
///   `backend = "…"`; where both do, they must agree.
/// - `crate = path`: where the runtime is found, `::glowplug` unless said otherwise. For crates that re-export it.
///
/// # What it expands to
///
/// - `pub static MIGRATIONS: glowplug::Migrations`: every migration with its text and checksum and the schema they end in.
///   Also a `diesel::migration::MigrationSource`.
/// - `pub fn run_pending(connection: &mut C) -> Result<glowplug::Report, glowplug::Error>`: applies what is missing.
/// - `pub fn status(connection: &mut C) -> Result<glowplug::Status, glowplug::Error>`: which are applied, which are pending.
/// - `pub fn health(connection: &mut C) -> glowplug::Health`: whether the live database is what was compiled.
/// - `pub fn runner() -> glowplug::Runner`: `run_pending` with settings.
///
/// `C` is the Diesel connection of the folder's engine; another one does not compile.
///
/// # Errors
///
/// Everything that is wrong with the folder is reported in one build, a compile error each: the message, the file with
/// line and column, the SQL with a caret, and what to write instead. Warnings come as warnings (a deprecated constant
/// that the expansion uses: what stable Rust offers to a macro).
///
/// # When it runs again
///
/// An edited migration rebuilds the crate. A *new* one does only if the crate has a build script that says so; the macro
/// warns where there is none:
///
/// ```
/// // in the `main` of build.rs
/// println!("cargo::rerun-if-changed=migrations");
/// ```
#[proc_macro]
pub fn migrations(tokens: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand::expand(tokens.into()).into()
}
