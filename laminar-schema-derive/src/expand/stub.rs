//! What is written for input of a wrong shape: impls that keep the compiler from reporting the same mistake again at
//! every use of the type. They never run, because the input's own error stands beside them.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::private;
use crate::model::{Direction, Role, Stub};

/// A connector without capabilities, members or formats.
pub(super) fn connector(role: Role, stub: &Stub) -> TokenStream {
    let p = private(&stub.krate);
    let ident = &stub.ident;
    let (base, connector, word) = (role.base(), role.connector(), role.word());
    let (set, config) = (format_ident!("{base}Set"), format_ident!("{base}Config"));
    let codec = role.direction().codec();
    let (running, argument) = match role {
        Role::Source => (format_ident!("Stream"), quote!(_: #p::Option<&#p::Positions>)),
        Role::Sink => (format_ident!("Writer"), quote!(_: &#p::EncodeSpec)),
    };
    let views = role.capabilities().iter().map(|capability| {
        let (view, accessor) = (capability.view(), capability.accessor());
        quote! {
            type #view<'a> = #p::Absent where Self: 'a;
            fn #accessor(&self) -> #p::Option<#p::Absent> {
                #p::None
            }
        }
    });
    let dispatch = (role == Role::Source).then(|| {
        quote! {
            fn dispatch<__V: #p::SourceVisitor>(self, _: __V) -> __V::Output {
                ::core::unreachable!()
            }
        }
    });
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #p::#base for #ident {
                type #codec = #p::Stub;
                type #running = #p::Stub;
                async fn start(&self, #argument) -> #p::SchemaResult<#p::Stub> {
                    ::core::unreachable!()
                }
            }
            #[automatically_derived]
            impl #p::#connector for #ident {
                const CAPABILITIES: #p::Capabilities = #p::Capabilities::NONE;
                const CAPABILITIES_ALL: #p::Capabilities = #p::Capabilities::NONE;
                fn info(&self) -> #p::ConnectorInfo {
                    ::core::unreachable!()
                }
                #(#views)*
            }
            #[automatically_derived]
            impl #p::#set for #ident {
                const MEMBERS: &'static [#p::ConnectorInfo] = &[];
                fn create(__name: &str, _: &#p::#config) -> #p::SchemaResult<Self> {
                    #p::Err(#p::unknown_connector(#word, __name, &[]))
                }
                fn config_schema(_: &str) -> #p::Option<#p::ConnectorConfigSchema> {
                    #p::None
                }
                #dispatch
            }
        };
    }
}

/// A codec of no format.
pub(super) fn codec(direction: Direction, stub: &Stub) -> TokenStream {
    let p = private(&stub.krate);
    let ident = &stub.ident;
    let (format, set) = (direction.format(), direction.set());
    let (spec, methods) = match direction {
        Direction::Decode => (
            format_ident!("DecodeSpec"),
            quote! {
                fn output_schema(&self) -> #p::SchemaRef {
                    ::core::unreachable!()
                }
                fn decode(&mut self, _: &#p::RawBatch) -> #p::SchemaResult<#p::Decoded> {
                    ::core::unreachable!()
                }
            },
        ),
        Direction::Encode => (
            format_ident!("EncodeSpec"),
            quote! {
                fn input_schema(&self) -> #p::SchemaRef {
                    ::core::unreachable!()
                }
                fn encode(&mut self, _: &#p::RecordBatch, _: &mut #p::EncodedBatch) -> #p::SchemaResult<()> {
                    ::core::unreachable!()
                }
            },
        ),
    };
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #p::#format for #ident {
                #methods
                fn format_name(&self) -> &'static str {
                    ""
                }
            }
            #[automatically_derived]
            impl #p::#set for #ident {
                const FORMATS: &'static [&'static str] = &[];
                fn build(_: &#p::#spec) -> #p::SchemaResult<#p::Option<Self>> {
                    #p::Ok(#p::None)
                }
                fn format_info(_: &str) -> #p::Option<#p::FormatInfo> {
                    #p::None
                }
            }
        };
    }
}

/// A set of no options.
pub(super) fn config(stub: &Stub) -> TokenStream {
    let p = private(&stub.krate);
    let ident = &stub.ident;
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #p::ConnectorConfig for #ident {
                const KEYS: &'static [#p::ConfigKey] = &[];
                fn from_options(_: &#p::Options) -> #p::Result<Self, #p::ConfigErrors> {
                    ::core::unreachable!()
                }
            }
        };
    }
}
