//! The macro's arguments: `"migrations", backend = sqlite, crate = path`.

use glowplug_analysis::Backend;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, LitStr, Token};

/// The arguments, read.
#[derive(Debug)]
pub(crate) struct Input {
    /// The folder as written, without a slash at its end.
    pub(crate) directory: String,
    /// Where it is written: the place rustc shows with every message about the folder.
    pub(crate) span: Span,
    /// `backend = …`, and where the engine's name stands.
    pub(crate) backend: Option<(Backend, Span)>,
    /// The path of the runtime crate.
    pub(crate) glowplug: TokenStream,
}

/// The runtime's path where the call says nothing.
pub(crate) fn default_crate() -> TokenStream {
    quote!(::glowplug)
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        const USAGE: &str = "expected the folder of migrations as a plain string: `migrations!(\"migrations\")`";
        if input.is_empty() {
            return Err(Error::new(Span::call_site(), USAGE));
        }
        let literal: LitStr = input.parse().map_err(|e| Error::new(e.span(), USAGE))?;
        let mut arguments =
            Self { directory: directory(&literal)?, span: literal.span(), backend: None, glowplug: default_crate() };
        let mut renamed = false;
        while !input.is_empty() {
            input.parse::<Token![,]>().map_err(|e| {
                Error::new(e.span(), "expected a comma, then `backend = postgres` or `backend = sqlite`")
            })?;
            if input.is_empty() {
                break;
            }
            let unknown = |span| {
                Error::new(span, "unknown argument; after the folder there may be `backend = …` and `crate = …`")
            };
            let key = Ident::parse_any(input).map_err(|e| unknown(e.span()))?;
            let twice = || Error::new(key.span(), format!("`{key}` is given twice"));
            let equals = |input: ParseStream<'_>, example| {
                input.parse::<Token![=]>().map_err(|e| Error::new(e.span(), format!("expected `{key} = {example}`")))
            };
            match key.to_string().as_str() {
                "backend" if arguments.backend.is_some() => return Err(twice()),
                "backend" => {
                    equals(input, "postgres")?;
                    arguments.backend = Some(backend(input)?);
                }
                "crate" if renamed => return Err(twice()),
                "crate" => {
                    equals(input, "some::path")?;
                    arguments.glowplug = path(input)?;
                    renamed = true;
                }
                _ => return Err(unknown(key.span())),
            }
        }
        Ok(arguments)
    }
}

fn directory(literal: &LitStr) -> syn::Result<String> {
    let error = |message: &str| Err(Error::new(literal.span(), message));
    let written = literal.value();
    let trimmed = written.trim_end_matches('/');
    if written.is_empty() {
        return error("the folder's name is empty; it is usually `migrations`");
    }
    if written.contains('\\') {
        return error("write `/` between the parts of the folder's path: it works on every system");
    }
    if written.contains('\0') {
        return error("a path cannot hold a NUL character");
    }
    if written.starts_with('/') || std::path::Path::new(&written).is_absolute() {
        return error(
            "an absolute path is true on one machine only; write the folder relative to this crate's Cargo.toml",
        );
    }
    Ok(trimmed.to_owned())
}

/// `postgres` or `"postgres"`.
fn backend(input: ParseStream<'_>) -> syn::Result<(Backend, Span)> {
    let (name, span) = if input.peek(LitStr) {
        let literal: LitStr = input.parse()?;
        (literal.value(), literal.span())
    } else {
        let ident = Ident::parse_any(input).map_err(|e| {
            Error::new(e.span(), "expected the engine's name: `postgres`, `sqlite`, `mysql` or `mariadb`")
        })?;
        (ident.to_string(), ident.span())
    };
    match Backend::from_name(&name) {
        Some(backend) => Ok((backend, span)),
        None => {
            let all = Backend::ALL.map(|b| format!("`{}`", b.as_str())).join(", ");
            Err(Error::new(span, format!("{}; there are {all}", Backend::explain_unknown(&name))))
        }
    }
}

/// A path of plain names. (`syn::Path` would need one of syn's large features.)
fn path(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut tokens = TokenStream::new();
    if let Ok(colons) = input.parse::<Token![::]>() {
        colons.to_tokens(&mut tokens);
    }
    loop {
        Ident::parse_any(input)
            .map_err(|e| Error::new(e.span(), "expected a path to the `glowplug` crate"))?
            .to_tokens(&mut tokens);
        match input.parse::<Token![::]>() {
            Ok(colons) => colons.to_tokens(&mut tokens),
            Err(_) => return Ok(tokens),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tokens: TokenStream) -> Result<Input, String> {
        syn::parse2(tokens).map_err(|e| e.to_string())
    }

    fn refused(tokens: TokenStream) -> String {
        read(tokens).expect_err("refused")
    }

    #[test]
    fn all_arguments() {
        let input = read(quote!("db/migrations/", backend = sqlite, crate = crate::db::glowplug,)).expect("read");
        assert_eq!(input.directory, "db/migrations");
        assert_eq!(input.backend.map(|(b, _)| b), Some(Backend::Sqlite));
        assert_eq!(input.glowplug.to_string(), quote!(crate::db::glowplug).to_string());
    }

    #[test]
    fn the_folder_alone() {
        let input = read(quote!("migrations")).expect("read");
        assert_eq!(input.directory, "migrations");
        assert!(input.backend.is_none());
        assert_eq!(input.glowplug.to_string(), quote!(::glowplug).to_string());
    }

    #[test]
    fn mistakes_are_named() {
        assert!(refused(quote!()).contains("expected the folder of migrations as a plain string"));
        assert!(refused(quote!(migrations)).contains("expected the folder of migrations as a plain string"));
        assert!(refused(quote!(concat!("a", "b"))).contains("plain string"));
        assert!(refused(quote!("")).contains("empty"));
        assert!(refused(quote!("/srv/migrations")).contains("absolute"));
        assert!(refused(quote!("db\\migrations")).contains("`/` between"));
        assert!(refused(quote!("m" backend = sqlite)).contains("expected a comma"));
        assert!(refused(quote!("m", backed = sqlite)).contains("unknown argument"));
        assert!(refused(quote!("m", "n")).contains("unknown argument"));
        assert!(refused(quote!("m", backend)).contains("expected `backend = postgres`"));
        assert!(refused(quote!("m", backend = oracle)).contains("`oracle` is no engine"));
        assert!(refused(quote!("m", backend = sqlite, backend = sqlite)).contains("given twice"));
        assert!(refused(quote!("m", crate = 5)).contains("path to the `glowplug` crate"));
    }
}
