//! A struct with its capabilities, the same for sources and sinks.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{GenericParam, Generics};

use super::{at, bounded, private};
use crate::{
    attr::{Word, Words},
    model::{Capability, ConnectorStruct, DeclaredCapability},
};

/// ```text
/// const _: () = {
///     impl StaticConnector for Kafka where Kafka: Source { const INFO: ConnectorInfo = { ConnectorInfo { … } }; }
///     impl SourceConnector for Kafka where Kafka: Source {
///         const CAPABILITIES: Capabilities = Capabilities::NONE.with(Capability::Inferable);
///         type Provider<'a> = Absent;      fn as_schema_provider(&self) -> Option<Absent> { None }
///         type Inferable<'a> = &'a Self;   fn as_schema_inferable(&self) -> Option<&Self> { Some(self) }
///         …
///     }
///     const __CHECKED: () = {
///         require_format(Probe::<Kafka>::SOURCE_FORMATS, "json");
///         assert!(!Probe::<Kafka>::PROVIDER, "…");
///     };
/// };
/// ```
pub(super) fn expand(model: &ConnectorStruct) -> TokenStream {
    let p = private(&model.krate);
    let (ident, base, connector) = (&model.ident, model.role.base(), model.role.connector());
    let (generics, arguments, bounds) = model.generics.split_for_impl();
    let is_source = at(ident.span(), quote!(#ident #arguments: #p::#base));
    // Of a concrete type, the associated types below ask the same, and a missing trait then leaves a connector behind.
    let conditional = model.capabilities.iter().filter(|_| !model.generics.params.is_empty());
    let has_capabilities = conditional.map(|declared| {
        let of = declared.capability.implementing();
        at(declared.span, quote!(#ident #arguments: #p::#of))
    });
    let all: Vec<TokenStream> = [is_source.clone()].into_iter().chain(has_capabilities).collect();
    let (base_bounds, all_bounds) = (bounded(bounds, &[is_source]), bounded(bounds, &all));
    let capabilities = model.capabilities.iter().map(|declared| {
        let name = declared.capability.view();
        quote!(.with(#p::Capability::#name))
    });
    let capabilities = quote!(#p::Capabilities::NONE #(#capabilities)*);
    let views = model.role.capabilities().iter().map(|capability| view(&p, model, *capability));
    let info = info(&p, model, &capabilities);
    let checks = has_defaults(&model.generics).then(|| checks(&p, model));
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #generics #p::StaticConnector for #ident #arguments #base_bounds {
                const INFO: #p::ConnectorInfo = #info;
            }
            #[automatically_derived]
            impl #generics #p::#connector for #ident #arguments #all_bounds {
                const CAPABILITIES: #p::Capabilities = #capabilities;
                const CAPABILITIES_ALL: #p::Capabilities = #capabilities;
                #(#views)*
                fn info(&self) -> #p::ConnectorInfo {
                    <Self as #p::StaticConnector>::INFO
                }
            }
            #checks
        };
    }
}

fn view(p: &TokenStream, model: &ConnectorStruct, capability: Capability) -> TokenStream {
    let (view, accessor) = (capability.view(), capability.accessor());
    let (ty, value) = match declaration(model, capability) {
        Some(declared) => (at(declared.span, quote!(&'a Self)), quote!(#p::Some(self))),
        None => (quote!(#p::Absent), quote!(#p::None)),
    };
    quote! {
        type #view<'a> = #ty where Self: 'a;
        #[inline(always)]
        fn #accessor(&self) -> #p::Option<Self::#view<'_>> {
            #value
        }
    }
}

fn declaration(model: &ConnectorStruct, capability: Capability) -> Option<&DeclaredCapability> {
    model.capabilities.iter().find(|d| d.capability == capability)
}

/// The connector's constant description. That of a generic connector looks its formats up itself, which checks the
/// parameters that it is used with, where it is used.
fn info(p: &TokenStream, model: &ConnectorStruct, capabilities: &TokenStream) -> TokenStream {
    let (name, doc) = (&model.name, &model.doc);
    let available = format_ident!("{}_formats", model.role.word());
    let available = quote!(#p::#available::<Self>());
    let generic = !model.generics.params.is_empty();
    let listed = model.formats.iter().flat_map(|f| &f.words).filter(|_| generic);
    let lookups = listed.map(|Word { text, span }| at(*span, quote!(#p::require_format(#p::Some(#available), #text);)));
    let formats = match &model.formats {
        Some(words) => list(words),
        None => available.clone(),
    };
    let by_capability = Capability::ALL.map(|capability| match declaration(model, capability) {
        Some(DeclaredCapability { formats: Some(words), .. }) => list(words),
        Some(_) => formats.clone(),
        None => quote!(&[]),
    });
    let info = quote! {
        #p::ConnectorInfo {
            name: #name,
            formats: #formats,
            capabilities: #capabilities,
            capability_formats: [#(#by_capability),*],
            doc: #doc,
        }
    };
    let lookups: TokenStream = lookups.collect();
    if lookups.is_empty() { info } else { quote!({ #lookups #info }) }
}

fn list(words: &Words) -> TokenStream {
    let texts = words.words.iter().map(|w| &w.text);
    quote!(&[#(#texts),*])
}

/// Whether the bare name is a type: no parameters, or a default for each.
fn has_defaults(generics: &Generics) -> bool {
    generics.params.iter().all(|parameter| match parameter {
        GenericParam::Type(ty) => ty.default.is_some(),
        GenericParam::Const(constant) => constant.default.is_some(),
        GenericParam::Lifetime(_) => false,
    })
}

/// Compares what is declared with what the type has: its formats, and the capability traits that it implements.
///
/// A `Probe` answers without an error where a trait is missing, since the bounds above have reported that. It answers
/// before parameters are known, so it is asked about concrete types only: this one, or with its parameters' defaults.
fn checks(p: &TokenStream, model: &ConnectorStruct) -> TokenStream {
    let (ident, role) = (&model.ident, model.role);
    let generic = !model.generics.params.is_empty();
    let available = format_ident!("{}_FORMATS", role.word().to_ascii_uppercase());
    // A list within `formats(…)` was compared with it already. A limit of a generic connector may name formats
    // that only some of its codec sets have.
    let limits = model.capabilities.iter().filter_map(|d| d.formats.as_ref());
    let limits = limits.filter(|_| model.formats.is_none() && !generic).flat_map(|f| &f.words);
    let formats = model
        .formats
        .iter()
        .flat_map(|f| &f.words)
        .chain(limits)
        .map(|Word { text, span }| at(*span, quote!(#p::require_format(#p::Probe::<#ident>::#available, #text);)));
    let capabilities = role.capabilities().iter().filter_map(|capability| {
        let (constant, of, word) = (constant(*capability), capability.implementing(), capability.word());
        match declaration(model, *capability) {
            None => {
                let message = format!(
                    "`{ident}` implements `{of}` but does not declare it\n\
                     help: add `{word}` to `#[capabilities(…)]`, or remove the impl",
                );
                Some(at(ident.span(), quote!(::core::assert!(!#p::Probe::<#ident>::#constant, #message);)))
            }
            // The bound on the impl has seen to it where the type is concrete.
            Some(declared) if generic => {
                let message = format!(
                    "`{ident}` declares `{word}` but does not implement `{of}`\n\
                     help: write `impl {of} for {ident}`, or remove `{word}`",
                );
                Some(at(declared.span, quote!(::core::assert!(#p::Probe::<#ident>::#constant, #message);)))
            }
            Some(_) => None,
        }
    });
    let checks: TokenStream = formats.chain(capabilities).collect();
    quote! {
        const __CHECKED: () = {
            #[allow(unused_imports)]
            use #p::NotImplemented as _;
            #checks
        };
    }
}

/// `Probe::<T>::INFERABLE`
fn constant(capability: Capability) -> Ident {
    format_ident!("{}", capability.word().to_ascii_uppercase())
}
