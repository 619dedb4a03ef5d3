//! Errors are collected, so that the user sees all of them at once.

use std::cell::RefCell;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// Everything wrong with one input. Each error is one `compile_error!` on the token to change.
#[derive(Debug, Default)]
pub(crate) struct Ctxt(RefCell<Vec<syn::Error>>);

impl Ctxt {
    /// What is wrong with `tokens`, and what to write instead.
    pub(crate) fn error(&self, tokens: impl ToTokens, message: impl AsRef<str>, help: impl AsRef<str>) {
        self.push(syn::Error::new_spanned(tokens, render(message.as_ref(), help.as_ref())));
    }

    /// What is wrong at `span`, and what to write instead.
    pub(crate) fn error_at(&self, span: Span, message: impl AsRef<str>, help: impl AsRef<str>) {
        self.push(syn::Error::new(span, render(message.as_ref(), help.as_ref())));
    }

    /// Takes over an error of the parser.
    pub(crate) fn push(&self, error: syn::Error) {
        self.0.borrow_mut().push(error);
    }

    /// All errors as code that raises them.
    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.0.into_inner().iter().map(syn::Error::to_compile_error).collect()
    }
}

fn render(message: &str, help: &str) -> String {
    format!("{message}\nhelp: {help}")
}

/// `did you mean …?` when a known word is near, else all of them.
pub(crate) fn suggest(word: &str, known: &[&str]) -> String {
    let near = known
        .iter()
        .map(|k| (strsim::damerau_levenshtein(word, k), k))
        .filter(|(distance, k)| *distance <= 2.min(k.len() / 2).max(k.len() / 3))
        .min_by_key(|(distance, _)| *distance);
    match near {
        Some((_, k)) => format!("did you mean `{k}`?"),
        None => format!("write one of: {}", known.join(", ")),
    }
}
