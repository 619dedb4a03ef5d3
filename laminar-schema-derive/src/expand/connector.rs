//! A struct with its capabilities, the same for sources and sinks.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::{GenericParam, Generics};

use super::private;
use crate::{
    attr::Words,
    model::{Capability, ConnectorStruct, DeclaredCapability},
};

/// ```text
/// const _: () = {
///     impl StaticConnector for Kafka { const INFO: ConnectorInfo = { require_format(…, "json"); ConnectorInfo { … } }; }
///     impl SourceConnector for Kafka {
///         const CAPABILITIES: Capabilities = Capabilities::NONE.with(Capability::Inferable);
///         type Provider<'a> = Absent;      fn as_schema_provider(&self) -> Option<Absent> { None }
///         type Inferable<'a> = &'a Self;   fn as_schema_inferable(&self) -> Option<&Self> { Some(self) }
///         …
///     }
///     const __INFO: ConnectorInfo = <Kafka as StaticConnector>::INFO;
///     const __UNDECLARED: () = …;
/// };
/// ```
pub(super) fn expand(model: &ConnectorStruct) -> TokenStream {
    let p = private(&model.krate);
    let (ident, connector) = (&model.ident, model.role.connector());
    let (generics, arguments, bounds) = model.generics.split_for_impl();
    let capabilities = model.capabilities.iter().map(|declared| {
        let name = declared.capability.view();
        quote!(.with(#p::Capability::#name))
    });
    let views = model.role.capabilities().iter().map(|capability| view(&p, model, *capability));
    let info = info(&p, model);
    let forced = has_defaults(&model.generics).then(|| {
        let undeclared = undeclared(&p, model);
        quote! {
            const __INFO: #p::ConnectorInfo = <#ident as #p::StaticConnector>::INFO;
            #undeclared
        }
    });
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #generics #p::StaticConnector for #ident #arguments #bounds {
                const INFO: #p::ConnectorInfo = #info;
            }
            #[automatically_derived]
            impl #generics #p::#connector for #ident #arguments #bounds {
                const CAPABILITIES: #p::Capabilities = #p::Capabilities::NONE #(#capabilities)*;
                const CAPABILITIES_ALL: #p::Capabilities = <Self as #p::#connector>::CAPABILITIES;
                #(#views)*
                fn info(&self) -> #p::ConnectorInfo {
                    <Self as #p::StaticConnector>::INFO
                }
            }
            #forced
        };
    }
}

fn view(p: &TokenStream, model: &ConnectorStruct, capability: Capability) -> TokenStream {
    let (view, accessor) = (capability.view(), capability.accessor());
    match declaration(model, capability) {
        Some(declared) => {
            // An unmet bound is reported at the word `inferable`.
            let ty = quote_spanned!(declared.span=> &'a Self);
            quote! {
                type #view<'a> = #ty where Self: 'a;
                #[inline(always)]
                fn #accessor(&self) -> #p::Option<Self::#view<'_>> {
                    #p::Some(self)
                }
            }
        }
        None => quote! {
            type #view<'a> = #p::Absent where Self: 'a;
            #[inline(always)]
            fn #accessor(&self) -> #p::Option<Self::#view<'_>> {
                #p::None
            }
        },
    }
}

fn declaration(model: &ConnectorStruct, capability: Capability) -> Option<&DeclaredCapability> {
    model.capabilities.iter().find(|d| d.capability == capability)
}

/// The connector's constant description. Format words are looked up in it, so that the check also holds for
/// parameters that are only known where the connector is used.
fn info(p: &TokenStream, model: &ConnectorStruct) -> TokenStream {
    let (name, doc, connector, span) = (&model.name, &model.doc, model.role.connector(), model.ident.span());
    let base = model.role.base();
    let codec = model.role.direction().codec();
    let set = model.role.direction().set();
    let available = quote_spanned!(span=> <<Self as #p::#base>::#codec as #p::#set>::FORMATS);
    let listed = model.formats.iter().flat_map(|f| &f.words);
    // A list within `formats(…)` was compared with it already. A limit of a generic connector may name formats
    // that only some of its codec sets have.
    let limits = model.capabilities.iter().filter_map(|d| d.formats.as_ref());
    let limits = limits.filter(|_| model.formats.is_none() && model.generics.params.is_empty());
    let checks = listed.chain(limits.flat_map(|f| &f.words)).map(|word| {
        let text = &word.text;
        quote_spanned!(word.span=> #p::require_format(__available, #text);)
    });
    let formats = match &model.formats {
        Some(words) => list(words),
        None => quote!(__available),
    };
    let by_capability = Capability::ALL.map(|capability| match declaration(model, capability) {
        Some(DeclaredCapability { formats: Some(words), .. }) => list(words),
        Some(_) => quote!(__formats),
        None => quote!(&[]),
    });
    quote! {{
        let __available: &'static [&'static str] = #available;
        #(#checks)*
        let __formats: &'static [&'static str] = #formats;
        #p::ConnectorInfo {
            name: #name,
            formats: __formats,
            capabilities: <Self as #p::#connector>::CAPABILITIES,
            capability_formats: [#(#by_capability),*],
            doc: #doc,
        }
    }}
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

/// Compares what the type implements with what it declares.
///
/// `Probe<T>` has a constant of its own where `T` has the trait, which wins over the one that every `Probe` gets from
/// `NotImplemented`. That choice is made before parameters are known, hence for concrete types only.
fn undeclared(p: &TokenStream, model: &ConnectorStruct) -> TokenStream {
    let (ident, span) = (&model.ident, model.ident.span());
    let missing = model.role.capabilities().iter().filter(|c| declaration(model, **c).is_none());
    let checks = missing.map(|capability| {
        let constant = Ident::new(&capability.word().to_ascii_uppercase(), span);
        let message = format!(
            "`{ident}` implements `{}` but does not declare it\nhelp: add `{}` to `#[capabilities(…)]`, or remove the impl",
            capability.implementing(),
            capability.word(),
        );
        quote_spanned!(span=> ::core::assert!(!#p::Probe::<#ident>::#constant, #message);)
    });
    let checks: TokenStream = checks.collect();
    if checks.is_empty() {
        return checks;
    }
    quote! {
        const __UNDECLARED: () = {
            #[allow(unused_imports)]
            use #p::NotImplemented as _;
            #checks
        };
    }
}
