//! Arguments → analysis → tokens. What can go wrong is collected on the way; writing the tokens cannot fail.

use std::path::{Component, Path, PathBuf};

use glowplug_analysis::diagnostics::render::{RenderOptions, render};
use glowplug_analysis::diagnostics::{closest, in_order};
use glowplug_analysis::{Analysis, Backend, Config, Level, Sources, analyze};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::input::{Input, default_crate};
use crate::kept::{Found, Kept};
use crate::quote::Quoter;

/// A message for the person who builds, and where in the Rust source rustc shows it.
struct Message {
    span: Span,
    text: String,
}

/// A warning. rustc prints the name before the text.
struct Warning {
    name: String,
    message: Message,
}

/// What is known once the folder was read.
struct Folder {
    /// The module's insides.
    tokens: TokenStream,
    warnings: Vec<Warning>,
}

/// Why there is nothing to compile in.
struct Refused {
    backend: Option<Backend>,
    errors: Vec<Message>,
    warnings: Vec<Warning>,
}

/// The macro.
pub(crate) fn expand(tokens: TokenStream) -> TokenStream {
    let input: Input = match syn::parse2(tokens) {
        Ok(input) => input,
        Err(error) => {
            let glowplug = default_crate();
            let fallback = Quoter { glowplug: &glowplug, directory: "" }.fallback(None);
            let error = error.to_compile_error();
            return quote!(#error #fallback);
        }
    };
    let quoter = Quoter { glowplug: &input.glowplug, directory: &input.directory };
    match read(&input, &quoter) {
        Ok(Folder { tokens, warnings }) => {
            let warnings = warnings.iter().map(warn);
            quote!(#tokens #(#warnings)*)
        }
        Err(Refused { backend, errors, warnings }) => {
            let errors =
                errors.iter().map(|Message { span, text }| quote_spanned!(*span=> ::core::compile_error!(#text);));
            let warnings = warnings.iter().map(warn);
            let fallback = quoter.fallback(backend);
            quote!(#(#errors)* #(#warnings)* #fallback)
        }
    }
}

/// The folder, analysed.
fn read(input: &Input, quoter: &Quoter<'_>) -> Result<Folder, Refused> {
    let said = input.backend.map(|(backend, _)| backend);
    let here = |text: String| Message { span: input.span, text };
    let refuse = |backend: Option<Backend>, errors| Err(Refused { backend, errors, warnings: Vec::new() });

    let Some(root) = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from) else {
        return refuse(
            said,
            vec![here("CARGO_MANIFEST_DIR is not set: `migrations!` has to be built by cargo".into())],
        );
    };
    if root.to_str().is_none() {
        // `env!` in the expansion would fail with a message about this macro's insides.
        return refuse(said, vec![here(format!("the path of this crate is not UTF-8: {}", root.display()))]);
    }
    let folder = root.join(&input.directory);
    if !folder.is_dir() {
        return refuse(said, vec![here(no_folder(&root, &folder, &input.directory))]);
    }
    // What a person can click on: relative to where rustc runs, as rustc's own paths are.
    let shown = shown(&folder, &input.directory);
    // rustc writes `error: ` itself.
    let options = RenderOptions { path_prefix: format!("{shown}/"), level_name: false, ..RenderOptions::default() };

    let config = match Config::load_for(&folder, said) {
        Ok(config) => config,
        Err(error) => {
            let mut sources = Sources::default();
            sources.attach(*error.file);
            let errors = error.diagnostics.iter().map(|diagnostic| here(render(diagnostic, &sources, &options)));
            return refuse(said, errors.collect());
        }
    };
    let config = match (config, input.backend) {
        (Some(config), said) => {
            // What the call says is what counts from here on; it may not be something else than the file says.
            if let (Some((backend, span)), Ok(Some(own))) = (said, Config::load(&folder))
                && own.backend != backend
            {
                let (backend, own) = (backend.as_str(), own.backend.as_str());
                let text = format!(
                    "this says {backend}, and {shown}/glowplug.toml says {own}\n  \
                     = help: leave `backend = {backend}` out here, or make them agree"
                );
                return refuse(None, vec![Message { span, text }]);
            }
            config
        }
        (None, Some((backend, _))) => Config::new(backend),
        (None, None) => {
            let text = format!(
                "it is not said which engine the migrations in {shown} are for\n  \
                 = help: write `migrations!({:?}, backend = postgres)`, or `backend = sqlite`\n  \
                 = help: or make a file {shown}/glowplug.toml with the line `backend = \"postgres\"`",
                input.directory
            );
            return refuse(None, vec![here(text)]);
        }
    };
    let backend = config.backend;

    let sources = match Sources::read(&folder) {
        Ok(sources) => sources,
        Err(error) => return refuse(Some(backend), vec![here(format!("{shown} cannot be read: {error}"))]),
    };
    let call = format!("{} {} {shown} {backend:?} {}", root.display(), input.directory, input.glowplug);
    let kept = Kept::of(&call, &config, &sources);
    if let Some((tokens, warnings)) = kept.as_ref().and_then(Kept::load) {
        let warnings = warnings.into_iter().map(|(name, text)| Warning { name, message: here(text) });
        return Ok(Folder { tokens, warnings: warnings.collect() });
    }
    let analysis = analyze(sources, &config);

    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    for diagnostic in in_order(&analysis) {
        let message = here(render(diagnostic, &analysis.sources, &options));
        match diagnostic.level {
            Level::Deny => errors.push(message),
            Level::Warn => warnings.push(Warning { name: diagnostic.rule.replace('-', "_"), message }),
            Level::Allow => {}
        }
    }
    if !errors.is_empty() {
        return Err(Refused { backend: Some(backend), errors, warnings });
    }

    // Advice about the crate is for a build that goes through.
    if analysis.migrations.is_empty() {
        let text = format!("{shown} has no migration yet: `cargo glowplug new \"create users\"` writes the first");
        warnings.push(Warning { name: "empty_folder".into(), message: here(text) });
    }
    // Cargo tells a macro where the build script may write exactly if there is one.
    if std::env::var_os("OUT_DIR").is_none() {
        let text = format!(
            "cargo does not notice a new file in {shown}: this crate has no build script\n  \
             = help: make a build.rs of one line: fn main() {{ println!(\"cargo::rerun-if-changed={}\"); }}",
            input.directory
        );
        warnings.push(Warning { name: "no_build_script".into(), message: here(text) });
    }
    let module = quoter.module(&analysis);
    let tracked = quoter.tracked(&tracked(&folder, &analysis, &config));
    let tokens = quote!(#module #tracked);
    if let Some(kept) = kept {
        let warnings = warnings.iter().map(|w| (w.name.clone(), w.message.text.clone())).collect();
        kept.save(&Found { tokens: tokens.to_string(), warnings });
    }
    Ok(Folder { tokens, warnings })
}

/// A warning on stable Rust: a deprecated constant that is used once. The name is what rustc prints before the text.
fn warn(warning: &Warning) -> TokenStream {
    let Warning { name, message: Message { span, text } } = warning;
    let name = Ident::new(name, *span);
    quote_spanned! {*span=>
        const _: () = {
            #[deprecated(note = #text)]
            #[allow(non_upper_case_globals)]
            const #name: () = ();
            #name
        };
    }
}

/// What the analysis read besides the migrations: an edit of it must rebuild as well.
fn tracked(folder: &Path, analysis: &Analysis, config: &Config) -> Vec<String> {
    let mut files: Vec<String> = config.file.iter().map(|file| file.path.clone()).collect();
    files.extend(config.preamble.iter().map(|file| file.path.clone()));
    files.extend(analysis.sources.lock.iter().map(|file| file.path.clone()));
    // Also its settings: whatever the comparison depends on.
    if let Some(parity) = &config.parity {
        let beside = parity.config.file.iter().chain(&parity.config.preamble).chain(&parity.sources.files);
        files.extend(beside.map(|file| format!("{}/{}", parity.path, file.path)));
    }
    for migration in &analysis.migrations {
        if let Some(own_folder) = migration.file.strip_suffix("/up.sql") {
            let metadata = format!("{own_folder}/metadata.toml");
            if folder.join(&metadata).is_file() {
                files.push(metadata);
            }
        }
    }
    files
}

fn no_folder(root: &Path, folder: &Path, directory: &str) -> String {
    if folder.exists() {
        return format!("`{directory}` is a file; `migrations!` takes the folder that the migrations are in");
    }
    let mut text = format!("there is no folder `{directory}` beside this crate's Cargo.toml");
    let (above, missing) = match directory.rsplit_once('/') {
        Some((above, missing)) => (format!("{above}/"), missing),
        None => (String::new(), directory),
    };
    let near = std::fs::read_dir(root.join(&above)).into_iter().flatten().flatten();
    let mut near: Vec<String> =
        near.filter(|e| e.path().is_dir()).filter_map(|entry| entry.file_name().into_string().ok()).collect();
    near.sort();
    let close = closest(missing, near.iter().map(String::as_str));
    match close.or_else(|| near.iter().map(String::as_str).find(|name| name.contains("migration"))) {
        Some(name) => text.push_str(&format!("; did you mean `{above}{name}`?")),
        None => text.push_str("; the path is relative to it"),
    }
    text
}

/// The folder as rustc would name it: relative to the folder that rustc runs in, `..` resolved.
fn shown(folder: &Path, directory: &str) -> String {
    let mut plain = PathBuf::new();
    for component in folder.components() {
        match component {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    std::env::current_dir()
        .ok()
        .and_then(|here| plain.strip_prefix(here).ok().and_then(Path::to_str).map(|path| path.replace('\\', "/")))
        .unwrap_or_else(|| directory.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_as_rustc_shows_its_own() {
        let here = std::env::current_dir().expect("a working folder");
        assert_eq!(shown(&here.join("migrations"), "migrations"), "migrations");
        assert_eq!(shown(&here.join("examples/service/../../migrations/./sqlite"), "x"), "migrations/sqlite");
        assert_eq!(shown(Path::new("/somewhere/else/migrations"), "migrations"), "migrations");
    }

    #[test]
    fn input_mistakes_leave_every_name_defined() {
        let tokens = expand(quote!(migrations)).to_string();
        assert!(tokens.contains("compile_error"), "{tokens}");
        for name in ["static MIGRATIONS", "fn run_pending", "fn status", "fn health", "fn runner"] {
            assert!(tokens.contains(name), "{name} in {tokens}");
        }
    }
}
