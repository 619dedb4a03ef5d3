//! Model → code. Nothing fails here, and nothing looks at attributes.
//!
//! One file per kind of output; `connector` holds what sources and sinks share, `forward` writes the matches.

mod codec;
mod config;
mod connector;
mod forward;
mod sets;
mod stub;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Path};

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
        Input::Bad(stub) => stub::connector(role, &stub),
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
        Input::Bad(stub) => stub::codec(direction, &stub),
    }
}

/// Expands `#[derive(ConnectorConfig)]`.
pub(crate) fn config(cx: &Ctxt, input: &DeriveInput) -> TokenStream {
    match check::config(cx, input) {
        Input::Good(model) => config::expand(&model),
        Input::Bad(stub) => stub::config(&stub),
    }
}

/// `::laminar_schema::__private`
fn private(krate: &Path) -> TokenStream {
    quote!(#krate::__private)
}
