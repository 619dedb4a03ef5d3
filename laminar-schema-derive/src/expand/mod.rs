//! Model → code. Nothing fails here, and nothing looks at attributes.
//!
//! One file per kind of output; `connector` holds what sources and sinks share, `forward` writes the matches.

mod codec;
mod config;
mod connector;
mod forward;
mod sets;
mod stub;
#[cfg(test)]
mod tests;

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::quote;
use syn::{DeriveInput, Path, WhereClause};

use crate::{
    check::{self, Connector},
    ctxt::Ctxt,
    model::{Direction, Input, Role},
};

/// Parses, expands, and puts the errors beside the code, so that the code is there whatever is wrong.
pub(crate) fn derive(input: TokenStream, expand: fn(&Ctxt, &DeriveInput) -> TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let cx = Ctxt::default();
    let code = expand(&cx, &input);
    let errors = cx.into_compile_errors();
    quote!(#code #errors)
}

/// Expands `#[derive(SourceConnector)]`.
pub(crate) fn source(cx: &Ctxt, input: &DeriveInput) -> TokenStream {
    connector(cx, Role::Source, input)
}

/// Expands `#[derive(SinkConnector)]`.
pub(crate) fn sink(cx: &Ctxt, input: &DeriveInput) -> TokenStream {
    connector(cx, Role::Sink, input)
}

fn connector(cx: &Ctxt, role: Role, input: &DeriveInput) -> TokenStream {
    match check::connector(cx, role, input) {
        Input::Good(Connector::Struct(model)) => connector::expand(&model),
        Input::Good(Connector::Enum(model)) => sets::expand(&model),
        Input::Bad(stub) => stub.map(|stub| stub::connector(role, &stub)).unwrap_or_default(),
    }
}

/// Expands `#[derive(FormatDecoder)]`.
pub(crate) fn decoder(cx: &Ctxt, input: &DeriveInput) -> TokenStream {
    codec_set(cx, Direction::Decode, input)
}

/// Expands `#[derive(FormatEncoder)]`.
pub(crate) fn encoder(cx: &Ctxt, input: &DeriveInput) -> TokenStream {
    codec_set(cx, Direction::Encode, input)
}

fn codec_set(cx: &Ctxt, direction: Direction, input: &DeriveInput) -> TokenStream {
    match check::codec_set(cx, direction, input) {
        Input::Good(model) => codec::expand(&model),
        Input::Bad(stub) => stub.map(|stub| stub::codec(direction, &stub)).unwrap_or_default(),
    }
}

/// Expands `#[derive(ConnectorConfig)]`.
pub(crate) fn config(cx: &Ctxt, input: &DeriveInput) -> TokenStream {
    match check::config(cx, input) {
        Input::Good(model) => config::expand(&model),
        Input::Bad(stub) => stub.map(|stub| stub::config(&stub)).unwrap_or_default(),
    }
}

/// `::laminar_schema::__private`
fn private(krate: &Path) -> TokenStream {
    quote!(#krate::__private)
}

/// The same tokens, all of them at `span`: rustc shows an expression from its first token to its last, and falls back
/// on the derive's name where these differ in origin.
fn at(span: Span, tokens: TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut tree| {
            if let TokenTree::Group(group) = &tree {
                tree = Group::new(group.delimiter(), at(span, group.stream())).into();
            }
            // The span of `$crate` says which crate it is.
            if !matches!(&tree, TokenTree::Ident(ident) if ident == "$crate") {
                tree.set_span(span);
            }
            tree
        })
        .collect()
}

/// `where A: Trait, …` of an impl, with the bounds that the derive adds.
///
/// What the impl's body needs is said once, as a bound at the token it comes from. Without it a missing trait is an
/// error in every line that mentions it; with it there is one.
fn bounded(bounds: Option<&WhereClause>, added: &[TokenStream]) -> TokenStream {
    let own = bounds.iter().flat_map(|b| &b.predicates).map(|p| quote!(#p));
    let all: Vec<TokenStream> = own.chain(added.iter().cloned()).collect();
    if all.is_empty() { TokenStream::new() } else { quote!(where #(#all),*) }
}
