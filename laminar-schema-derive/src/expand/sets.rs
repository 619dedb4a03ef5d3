//! An enum of connectors, the same for sources and sinks: I/O, capabilities and creation by name.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Type, spanned::Spanned};

use super::{
    at, bounded,
    codec::{self, Codec},
    forward::{Forward, capability_methods, running_methods},
    private,
};
use crate::model::{ConnectorEnum, Member, Role};

/// ```text
/// pub enum EPart<A, B> { A(A), B(B) }
/// const _: () = {
///     impl<A: RecordStream, B: RecordStream> RecordStream for EPart<A, B> { … }
///     impl<A: SchemaInferable, B: SchemaInferable> SchemaInferable for EPart<A, B> { … }        // and its neighbours
///     impl Source for E where A: SourceFromConfig, B: SourceFromConfig {
///         type Stream = EPart<<A as Source>::Stream, <B as Source>::Stream>;
///         async fn start(&self, …) -> … { match self { E::A(member) => Source::start(member, …).await.map(EPart::A), … } }
///         …
///     }
///     impl SourceConnector for E where … {
///         type Inferable<'a> = EPart<<A as SourceConnector>::Inferable<'a>, …>;
///         fn as_schema_inferable(&self) -> … { match self { E::A(member) => ….map(EPart::A), … } }
///         …
///     }
///     impl SourceSet for E where … { const MEMBERS: … = &[A::INFO, B::INFO]; fn create(…) -> … { … } … }
///     impl From<A> for E { … }
///     const __CHECKED: () = { require_new_name(&[Probe::<A>::INFO], Probe::<B>::INFO, "B"); };
/// };
/// ```
///
/// `EPart` is the stream, the view of each capability and, without `decoder = …`, the decoder. It is generic so that
/// it does not mention the connectors: an enum of `<A as Source>::Stream` reports a variant that is no source again.
pub(super) fn expand(model: &ConnectorEnum) -> TokenStream {
    let p = private(&model.krate);
    let set =
        Set { p: &p, model, part: format_ident!("{}Part", model.ident), bounds: bounded(None, &bounds(&p, model)) };
    let (part, part_impls) = (set.part(), set.part_impls());
    let (base, connector, members) = (set.base(), set.connector(), set.members());
    let from = codec::from_each(&model.ident, &model.members);
    let checks = set.checks();
    quote! {
        #part
        const _: () = {
            #part_impls
            #base
            #connector
            #members
            #from
            #checks
        };
    }
}

/// What the three impls need of the variants. Each bound stands at the type that the user wrote.
fn bounds(p: &TokenStream, model: &ConnectorEnum) -> Vec<TokenStream> {
    let (base, connector, codec) = (model.role.base(), model.role.connector(), model.role.direction().codec());
    let made = format_ident!("{base}FromConfig");
    let of_members = model.members.iter().map(|Member { ty, create, .. }| {
        let of = if *create { &made } else { &connector };
        at(ty.span(), quote!(#ty: #p::#of))
    });
    let (base, codec) = (&base, &codec);
    let of_codec = model.codec.iter().flat_map(|set| {
        let turns_into = model
            .members
            .iter()
            .map(move |Member { ty, .. }| at(ty.span(), quote!(#set: #p::FromCodec<<#ty as #p::#base>::#codec>)));
        let is_set = model.role.direction().set();
        [at(set.span(), quote!(#set: #p::#is_set))].into_iter().chain(turns_into)
    });
    of_members.chain(of_codec).collect()
}

struct Set<'a> {
    p: &'a TokenStream,
    model: &'a ConnectorEnum,
    /// `EngineSourcePart`
    part: Ident,
    bounds: TokenStream,
}

impl Set<'_> {
    /// The generic enum with one variant per connector.
    fn part(&self) -> TokenStream {
        let Self { model, part, .. } = self;
        let (vis, ident) = (&model.vis, &model.ident);
        let variants = model.members.iter().zip(self.parameters()).map(|(Member { ident: variant, .. }, parameter)| {
            let doc = format!("Of [`{ident}::{variant}`].");
            quote!(#[doc = #doc] #variant(#parameter))
        });
        let parameters = self.parameters();
        let running = match model.role {
            Role::Source => "stream",
            Role::Sink => "writer",
        };
        let doc = format!(
            "What belongs to one variant of [`{ident}`]: its {running}, its {}, or its view of a capability.",
            model.role.direction().word()
        );
        quote! {
            #[doc = #doc]
            #[allow(clippy::large_enum_variant)]
            #vis enum #part<#(#parameters),*> { #(#variants),* }
        }
    }

    /// `__A`, `__B`: a parameter of the part enum per variant.
    fn parameters(&self) -> Vec<Ident> {
        self.model.members.iter().map(|m| format_ident!("__{}", m.ident)).collect()
    }

    /// The members with parameters in place of their types.
    fn parameter_members(&self) -> Vec<Member> {
        let both = self.model.members.iter().zip(self.parameters());
        both.map(|(member, parameter)| Member { ty: syn::parse_quote!(#parameter), ..member.clone() }).collect()
    }

    /// `EPart<<A as Trait>::Name, …>`
    fn part_of(&self, of: &Ident, name: &TokenStream) -> TokenStream {
        let Self { p, model, part, .. } = self;
        let types = model.members.iter().map(|m| &m.ty);
        quote!(#part<#(<#types as #p::#of>::#name),*>)
    }

    fn part_impls(&self) -> TokenStream {
        let Self { p, model, part, .. } = self;
        let (parameters, members) = (self.parameters(), self.parameter_members());
        let generics = quote!(<#(#parameters),*>);
        let forward = Forward { private: p, ident: part, members: &members };
        let implement = |of: &Ident, signatures: &[syn::Signature]| {
            let methods = forward.methods(of, signatures);
            quote! {
                #[automatically_derived]
                #[diagnostic::do_not_recommend]
                impl<#(#parameters: #p::#of),*> #p::#of for #part #generics {
                    #methods
                }
            }
        };
        let running = implement(&self.running_trait(), &running_methods(p, model.role));
        let capabilities = model.role.capabilities().iter();
        let views = capabilities.map(|c| implement(&c.implementing(), &capability_methods(p, *c)));
        let codec = self.model.codec.is_none().then(|| {
            let set = model.role.direction().set();
            let bounds: Vec<TokenStream> = parameters.iter().map(|t| quote!(#t: #p::#set)).collect();
            Codec {
                p,
                direction: model.role.direction(),
                ident: part,
                members: &members,
                generics: generics.clone(),
                bounds: bounded(None, &bounds),
            }
            .impls()
        });
        let arms = model.members.iter().map(|Member { ident: variant, .. }| {
            let text = format!("{part}::{variant}");
            quote!(Self::#variant(_) => #text)
        });
        // `Debug` by hand: what the variants hold need not be `Debug`.
        quote! {
            #[automatically_derived]
            impl #generics ::core::fmt::Debug for #part #generics {
                fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    __f.write_str(match self { #(#arms),* })
                }
            }
            #running
            #(#views)*
            #codec
        }
    }

    fn running_trait(&self) -> Ident {
        match self.model.role {
            Role::Source => format_ident!("RecordStream"),
            Role::Sink => format_ident!("RecordSink"),
        }
    }

    fn forward(&self) -> Forward<'_> {
        Forward { private: self.p, ident: &self.model.ident, members: &self.model.members }
    }

    /// `impl Source for E` or `impl Sink for E`.
    fn base(&self) -> TokenStream {
        let Self { p, model, part, bounds } = self;
        let (ident, base, codec) = (&model.ident, model.role.base(), model.role.direction().codec());
        let forward = self.forward();
        let codec_type = match &model.codec {
            Some(set) => quote!(#set),
            None => self.part_of(&base, &quote!(#codec)),
        };
        let into_codec = |Member { ident: variant, .. }: &Member| match &model.codec {
            Some(_) => quote!(.map(#p::FromCodec::from_codec)),
            None => quote!(.map(#part::#variant)),
        };
        let into_running = |Member { ident: variant, .. }: &Member| quote!(.map(#part::#variant));
        let validate = forward.method(&base, &syn::parse_quote!(async fn validate(&self) -> #p::SchemaResult<()>));
        let (running, build, start, only_here) = match model.role {
            Role::Source => (
                format_ident!("Stream"),
                syn::parse_quote!(fn build_decoder(&self, spec: &#p::DecodeSpec) -> #p::SchemaResult<Self::Decoder>),
                syn::parse_quote!(
                    async fn start(&self, from: #p::Option<&#p::Positions>) -> #p::SchemaResult<Self::Stream>
                ),
                self.source_methods(),
            ),
            Role::Sink => (
                format_ident!("Writer"),
                syn::parse_quote!(fn build_encoder(&self, spec: &#p::EncodeSpec) -> #p::SchemaResult<Self::Encoder>),
                syn::parse_quote!(async fn start(&self, spec: &#p::EncodeSpec) -> #p::SchemaResult<Self::Writer>),
                self.sink_methods(),
            ),
        };
        let running_type = self.part_of(&base, &quote!(#running));
        let build = forward.method_with(&base, &build, into_codec);
        let start = forward.method_with(&base, &start, into_running);
        quote! {
            #[automatically_derived]
            impl #p::#base for #ident #bounds {
                type #codec = #codec_type;
                type #running = #running_type;
                #only_here
                #validate
                #build
                #start
            }
        }
    }

    fn source_methods(&self) -> TokenStream {
        let Self { p, model, .. } = self;
        let (ident, base, forward) = (&model.ident, model.role.base(), self.forward());
        let is_bounded = forward.method(&base, &syn::parse_quote!(fn is_bounded(&self) -> bool));
        let with_format = syn::parse_quote!(fn with_format(self, format: &#p::FormatSpec) -> #p::SchemaResult<Self>);
        let with_format =
            forward.method_with(&base, &with_format, |Member { ident: variant, .. }| quote!(.map(#ident::#variant)));
        let with_scan = syn::parse_quote!(fn with_scan(self, scan: &#p::Scan) -> #p::SchemaResult<Self>);
        let with_scan =
            forward.method_with(&base, &with_scan, |Member { ident: variant, .. }| quote!(.map(#ident::#variant)));
        quote!(#is_bounded #with_format #with_scan)
    }

    fn sink_methods(&self) -> TokenStream {
        let p = self.p;
        let value_schema =
            syn::parse_quote!(fn value_schema(&self, schema: &#p::SchemaRef) -> #p::SchemaResult<#p::SchemaRef>);
        let value_schema = self.forward().method(&self.model.role.base(), &value_schema);
        let types = self.model.members.iter().map(|m| &m.ty);
        let method =
            self.forward().method(&self.model.role.base(), &syn::parse_quote!(fn takes_columns(&self) -> bool));
        quote! {
            const TAKES_COLUMNS: bool = true #(&& <#types as #p::Sink>::TAKES_COLUMNS)*;
            #method
            #value_schema
        }
    }

    /// `impl SourceConnector for E` or `impl SinkConnector for E`.
    fn connector(&self) -> TokenStream {
        let Self { p, model, part, bounds } = self;
        let (ident, connector) = (&model.ident, model.role.connector());
        let forward = self.forward();
        let types: Vec<&Type> = model.members.iter().map(|m| &m.ty).collect();
        let info = forward.method(&connector, &syn::parse_quote!(fn info(&self) -> #p::ConnectorInfo));
        let views = model.role.capabilities().iter().map(|capability| {
            let (view, accessor) = (capability.view(), capability.accessor());
            let ty = self.part_of(&connector, &quote!(#view<'a>));
            let signature = syn::parse_quote!(fn #accessor(&self) -> #p::Option<Self::#view<'_>>);
            let accessor =
                forward.method_with(&connector, &signature, |Member { ident, .. }| quote!(.map(#part::#ident)));
            quote! {
                type #view<'a> = #ty;
                #accessor
            }
        });
        quote! {
            #[automatically_derived]
            impl #p::#connector for #ident #bounds {
                const CAPABILITIES: #p::Capabilities =
                    #p::Capabilities::NONE #(.union(<#types as #p::#connector>::CAPABILITIES))*;
                const CAPABILITIES_ALL: #p::Capabilities =
                    #p::Capabilities::ALL #(.intersection(<#types as #p::#connector>::CAPABILITIES_ALL))*;
                #info
                #(#views)*
            }
        }
    }

    /// The variants that SQL can name.
    fn created(&self) -> Vec<&Member> {
        self.model.members.iter().filter(|m| m.create).collect()
    }

    /// `impl SourceSet for E` or `impl SinkSet for E`.
    fn members(&self) -> TokenStream {
        let Self { p, model, bounds, .. } = self;
        let (ident, role) = (&model.ident, model.role);
        let (base, word) = (role.base(), role.word());
        let (set, config) = (format_ident!("{base}Set"), format_ident!("{base}Config"));
        let (make, schema) = (format_ident!("create_{word}"), format_ident!("{word}_config_schema"));
        let created = self.created();
        let variants: Vec<&Ident> = created.iter().map(|m| &m.ident).collect();
        let types: Vec<&Type> = created.iter().map(|m| &m.ty).collect();
        let dispatch = (role == Role::Source).then(|| {
            let arms = model.members.iter().map(|m| &m.ident);
            quote! {
                fn dispatch<__V: #p::SourceVisitor>(self, __visitor: __V) -> __V::Output {
                    match self { #(Self::#arms(__member) => __visitor.visit(__member),)* }
                }
            }
        });
        quote! {
            #[automatically_derived]
            impl #p::#set for #ident #bounds {
                const MEMBERS: &'static [#p::ConnectorInfo] = &[#(<#types as #p::StaticConnector>::INFO),*];
                fn create(__name: &str, __config: &#p::#config) -> #p::SchemaResult<Self> {
                    #(
                        if __name.eq_ignore_ascii_case(<#types as #p::StaticConnector>::INFO.name) {
                            return #p::#make::<#types>(__config).map(Self::#variants);
                        }
                    )*
                    #p::Err(#p::unknown_connector(#word, __name, <Self as #p::#set>::MEMBERS))
                }
                fn config_schema(__name: &str) -> #p::Option<#p::ConnectorConfigSchema> {
                    #(
                        if __name.eq_ignore_ascii_case(<#types as #p::StaticConnector>::INFO.name) {
                            return #p::Some(#p::#schema::<#types>());
                        }
                    )*
                    #p::None
                }
                #dispatch
            }
        }
    }

    /// What several types have to agree on is compared in constants: names must differ, and the enum's codec set must
    /// know the formats of every variant.
    fn checks(&self) -> TokenStream {
        let Self { p, model, .. } = self;
        let created = self.created();
        let infos: Vec<TokenStream> = created.iter().map(|Member { ty, .. }| quote!(#p::Probe::<#ty>::INFO)).collect();
        let names = created.iter().enumerate().skip(1).map(|(i, member)| {
            let (earlier, own, variant) = (&infos[..i], &infos[i], member.ident.to_string());
            at(member.ident.span(), quote!(#p::require_new_name(&[#(#earlier),*], #own, #variant);))
        });
        let known = match model.role {
            Role::Source => quote!(DECODES),
            Role::Sink => quote!(ENCODES),
        };
        let formats = model.codec.iter().flat_map(|set| {
            let known = &known;
            created.iter().zip(&infos).map(move |(member, info)| {
                let variant = member.ident.to_string();
                at(member.ident.span(), quote!(#p::require_covered(#p::Probe::<#set>::#known, #info, #variant);))
            })
        });
        let checks: TokenStream = names.chain(formats).collect();
        quote! {
            const __CHECKED: () = {
                #[allow(unused_imports)]
                use #p::NotImplemented as _;
                #checks
            };
        }
    }
}
