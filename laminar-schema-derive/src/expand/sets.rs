//! An enum of connectors, the same for sources and sinks: I/O, capabilities and creation by name.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use super::{
    codec,
    forward::{Forward, capability_methods, running_methods},
    private,
};
use crate::model::{Capability, ConnectorEnum, Member, Role};

/// ```text
/// pub enum EStream { A(<A as Source>::Stream), B(<B as Source>::Stream) }      // and EDecoder, without `decoder = …`
/// pub enum EInferable<'a> { A(<A as SourceConnector>::Inferable<'a>), … }      // one per capability
/// const _: () = {
///     impl RecordStream for EStream { … }
///     impl SchemaInferable for EInferable<'_> { … }
///     impl Source for E { async fn start(&self, …) { match self { E::A(member) => Source::start(member, …).await.map(EStream::A), … } } … }
///     impl SourceConnector for E { fn as_schema_inferable(&self) { match self { E::A(member) => ….map(EInferable::A), … } } … }
///     impl SourceSet for E { const MEMBERS: … = &[A::INFO, B::INFO]; fn create(…) { … } … }
///     impl From<A> for E { … }
/// };
/// ```
pub(super) fn expand(model: &ConnectorEnum) -> TokenStream {
    let p = private(&model.krate);
    let set = Set { p: &p, model, running: model.running() };
    let (codec_enum, codec_impls) = set.codec();
    let (running_enum, running_impls) = set.running();
    let (view_enums, view_impls): (Vec<_>, Vec<_>) = model.role.capabilities().iter().map(|c| set.view(*c)).unzip();
    let (base, connector, members) = (set.base(), set.connector(), set.members());
    let from = codec::from_each(&model.ident, &model.members);
    let checks = set.checks();
    quote! {
        #codec_enum
        #running_enum
        #(#view_enums)*
        const _: () = {
            #codec_impls
            #running_impls
            #(#view_impls)*
            #base
            #connector
            #members
            #from
            #checks
        };
    }
}

impl ConnectorEnum {
    /// `EngineSourceStream`
    fn running(&self) -> Ident {
        match self.role {
            Role::Source => format_ident!("{}Stream", self.ident),
            Role::Sink => format_ident!("{}Writer", self.ident),
        }
    }

    /// `EngineSourceInferable`
    fn view(&self, capability: Capability) -> Ident {
        format_ident!("{}{}", self.ident, capability.view())
    }

    /// `EngineSourceDecoder`
    fn companion_codec(&self) -> Ident {
        format_ident!("{}{}", self.ident, self.role.direction().codec())
    }
}

struct Set<'a> {
    p: &'a TokenStream,
    model: &'a ConnectorEnum,
    running: Ident,
}

impl Set<'_> {
    /// `<A as Source>::Decoder` and its neighbours. Each carries the span of the type that the user wrote, so that rustc
    /// folds the many errors about a variant that is no source into one at that place.
    fn associated(&self, member: &Member, name: &Ident) -> TokenStream {
        let (p, ty, base) = (self.p, &member.ty, self.model.role.base());
        quote_spanned!(ty.span()=> <#ty as #p::#base>::#name)
    }

    fn variants(&self, content: impl Fn(&Member) -> TokenStream) -> TokenStream {
        let variants = self.model.members.iter().map(|member| {
            let (variant, content) = (&member.ident, content(member));
            let doc = format!("Of `{}::{variant}`.", self.model.ident);
            quote!(#[doc = #doc] #variant(#content),)
        });
        variants.collect()
    }

    fn forward<'a>(&'a self, ident: &'a Ident) -> Forward<'a> {
        Forward { private: self.p, ident, members: &self.model.members }
    }

    /// Written by hand: what the variants hold need not be `Debug`.
    fn debug(&self, ident: &Ident, lifetime: Option<TokenStream>) -> TokenStream {
        let arms = self.model.members.iter().map(|Member { ident: variant, .. }| {
            let text = format!("{ident}::{variant}");
            quote!(Self::#variant(_) => #text,)
        });
        quote! {
            #[automatically_derived]
            impl ::core::fmt::Debug for #ident #lifetime {
                fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    __f.write_str(match self { #(#arms)* })
                }
            }
        }
    }

    /// The type of the enum's codecs.
    fn codec_type(&self) -> TokenStream {
        match &self.model.codec {
            Some(ty) => quote!(#ty),
            None => {
                let companion = self.model.companion_codec();
                quote!(#companion)
            }
        }
    }

    /// The companion codec enum and its impls; nothing when the user named a set.
    fn codec(&self) -> (TokenStream, TokenStream) {
        if self.model.codec.is_some() {
            return (TokenStream::new(), TokenStream::new());
        }
        let (p, direction, vis, ident) = (self.p, self.model.role.direction(), &self.model.vis, &self.model.ident);
        let (companion, codec) = (self.model.companion_codec(), direction.codec());
        let variants = self.variants(|member| self.associated(member, &codec));
        let doc = format!("The {}s of [`{ident}`], one variant per {}.", direction.word(), self.model.role.word());
        let members: Vec<Member> = self
            .model
            .members
            .iter()
            .map(|member| {
                let ty = self.associated(member, &codec);
                Member { ty: syn::parse_quote!(#ty), ..member.clone() }
            })
            .collect();
        let impls = codec::impls(p, direction, &companion, &members, true);
        let item = quote! {
            #[doc = #doc]
            #[derive(::core::fmt::Debug)]
            #[allow(clippy::large_enum_variant)]
            #vis enum #companion { #variants }
        };
        (item, impls)
    }

    /// The running half: the enum of streams or writers, and its impls.
    fn running(&self) -> (TokenStream, TokenStream) {
        let (p, vis, ident, running, role) =
            (self.p, &self.model.vis, &self.model.ident, &self.running, self.model.role);
        let (associated, of) = match role {
            Role::Source => (format_ident!("Stream"), format_ident!("RecordStream")),
            Role::Sink => (format_ident!("Writer"), format_ident!("RecordSink")),
        };
        let variants = self.variants(|member| self.associated(member, &associated));
        let doc = format!("A running [`{ident}`], one variant per {}.", role.word());
        let methods = self.forward(running).methods(&of, &running_methods(p, role));
        let debug = self.debug(running, None);
        let item = quote! {
            #[doc = #doc]
            #[allow(clippy::large_enum_variant)]
            #vis enum #running { #variants }
        };
        let impls = quote! {
            #[automatically_derived]
            impl #p::#of for #running {
                #methods
            }
            #debug
        };
        (item, impls)
    }

    /// The borrowed view of one capability. Variants without it hold `Absent`, so they take no space and no code.
    fn view(&self, capability: Capability) -> (TokenStream, TokenStream) {
        let (p, vis, ident, connector) = (self.p, &self.model.vis, &self.model.ident, self.model.role.connector());
        let (view, associated, of) = (self.model.view(capability), capability.view(), capability.implementing());
        let variants =
            self.variants(|Member { ty, .. }| quote_spanned!(ty.span()=> <#ty as #p::#connector>::#associated<'a>));
        let doc = format!("A [`{ident}`] that is `{}`.", capability.word());
        let methods = self.forward(&view).methods(&of, &capability_methods(p, capability));
        let debug = self.debug(&view, Some(quote!(<'_>)));
        let item = quote! {
            #[doc = #doc]
            #vis enum #view<'a> { #variants }
        };
        let impls = quote! {
            #[automatically_derived]
            impl #p::#of for #view<'_> {
                #methods
            }
            #debug
        };
        (item, impls)
    }

    /// `impl Source for E` or `impl Sink for E`.
    fn base(&self) -> TokenStream {
        let (p, model, running, codec_type) = (self.p, self.model, &self.running, self.codec_type());
        let (base, codec) = (model.role.base(), model.role.direction().codec());
        let forward = self.forward(&model.ident);
        let into_codec = |member: &Member| match &model.codec {
            // At the variant's type: that is what lacks the conversion when there is none.
            Some(ty) => quote_spanned!(member.ty.span()=> .map(<#ty as ::core::convert::From<_>>::from)),
            None => {
                let (companion, variant) = (model.companion_codec(), &member.ident);
                quote!(.map(#companion::#variant))
            }
        };
        let into_running = |Member { ident: variant, .. }: &Member| quote!(.map(#running::#variant));
        let validate = forward.method(&base, &syn::parse_quote!(async fn validate(&self) -> #p::SchemaResult<()>));
        match model.role {
            Role::Source => {
                let build = syn::parse_quote!(
                    fn build_decoder(&self, spec: &#p::DecodeSpec) -> #p::SchemaResult<Self::Decoder>
                );
                let start = syn::parse_quote!(
                    async fn start(&self, from: #p::Option<&#p::Positions>) -> #p::SchemaResult<Self::Stream>
                );
                let build = forward.method_with(&base, &build, into_codec);
                let start = forward.method_with(&base, &start, into_running);
                let ident = &model.ident;
                quote! {
                    #[automatically_derived]
                    impl #p::#base for #ident {
                        type #codec = #codec_type;
                        type Stream = #running;
                        #validate
                        #build
                        #start
                    }
                }
            }
            Role::Sink => {
                let build = syn::parse_quote!(
                    fn build_encoder(&self, spec: &#p::EncodeSpec) -> #p::SchemaResult<Self::Encoder>
                );
                let start =
                    syn::parse_quote!(async fn start(&self, spec: &#p::EncodeSpec) -> #p::SchemaResult<Self::Writer>);
                let build = forward.method_with(&base, &build, into_codec);
                let start = forward.method_with(&base, &start, into_running);
                let takes = forward.method(&base, &syn::parse_quote!(fn takes_columns(&self) -> bool));
                let ident = &model.ident;
                let all = model.members.iter().map(|member| self.associated(member, &format_ident!("TAKES_COLUMNS")));
                quote! {
                    #[automatically_derived]
                    impl #p::#base for #ident {
                        type #codec = #codec_type;
                        type Writer = #running;
                        const TAKES_COLUMNS: bool = true #(&& #all)*;
                        #validate
                        #takes
                        #build
                        #start
                    }
                }
            }
        }
    }

    /// `impl SourceConnector for E` or `impl SinkConnector for E`.
    fn connector(&self) -> TokenStream {
        let (p, model, connector) = (self.p, self.model, self.model.role.connector());
        let ident = &model.ident;
        let forward = self.forward(ident);
        let of_each = |constant: &str| -> Vec<TokenStream> {
            let constant = format_ident!("{constant}");
            let members = model.members.iter().map(|m| &m.ty);
            members.map(|ty| quote_spanned!(ty.span()=> <#ty as #p::#connector>::#constant)).collect()
        };
        let (some, all) = (of_each("CAPABILITIES"), of_each("CAPABILITIES_ALL"));
        let info = forward.method(&connector, &syn::parse_quote!(fn info(&self) -> #p::ConnectorInfo));
        let views = model.role.capabilities().iter().map(|capability| {
            let (associated, accessor, view) = (capability.view(), capability.accessor(), model.view(*capability));
            let signature = syn::parse_quote!(fn #accessor(&self) -> #p::Option<#view<'_>>);
            let accessor =
                forward.method_with(&connector, &signature, |Member { ident, .. }| quote!(.map(#view::#ident)));
            quote! {
                type #associated<'a> = #view<'a>;
                #accessor
            }
        });
        quote! {
            #[automatically_derived]
            impl #p::#connector for #ident {
                const CAPABILITIES: #p::Capabilities = #p::Capabilities::NONE #(.union(#some))*;
                const CAPABILITIES_ALL: #p::Capabilities = #p::Capabilities::ALL #(.intersection(#all))*;
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
        let (p, ident, role) = (self.p, &self.model.ident, self.model.role);
        let (base, word) = (role.base(), role.word());
        let (set, config) = (format_ident!("{base}Set"), format_ident!("{base}Config"));
        let (make, schema) = (format_ident!("create_{word}"), format_ident!("{word}_config_schema"));
        let infos: Vec<TokenStream> = self.created().iter().map(|member| self.info(member)).collect();
        let makes = self.created().into_iter().zip(&infos).map(|(Member { ident: variant, ty, .. }, info)| {
            let make = quote_spanned!(ty.span()=> #p::#make::<#ty>);
            quote! {
                if __name.eq_ignore_ascii_case(#info.name) {
                    return #make(__config).map(Self::#variant);
                }
            }
        });
        let schemas = self.created().into_iter().zip(&infos).map(|(Member { ty, .. }, info)| {
            let schema = quote_spanned!(ty.span()=> #p::#schema::<#ty>);
            quote! {
                if __name.eq_ignore_ascii_case(#info.name) {
                    return #p::Some(#schema());
                }
            }
        });
        let dispatch = (role == Role::Source).then(|| {
            let arms = self.model.members.iter().map(|m| &m.ident);
            quote! {
                fn dispatch<__V: #p::SourceVisitor>(self, __visitor: __V) -> __V::Output {
                    match self { #(Self::#arms(__member) => __visitor.visit(__member),)* }
                }
            }
        });
        quote! {
            #[automatically_derived]
            impl #p::#set for #ident {
                const MEMBERS: &'static [#p::ConnectorInfo] = &[#(#infos),*];
                fn create(__name: &str, __config: &#p::#config) -> #p::SchemaResult<Self> {
                    #(#makes)*
                    #p::Err(#p::unknown_connector(#word, __name, <Self as #p::#set>::MEMBERS))
                }
                fn config_schema(__name: &str) -> #p::Option<#p::ConnectorConfigSchema> {
                    #(#schemas)*
                    #p::None
                }
                #dispatch
            }
        }
    }

    fn info(&self, member: &Member) -> TokenStream {
        let (p, ty) = (self.p, &member.ty);
        quote_spanned!(ty.span()=> <#ty as #p::StaticConnector>::INFO)
    }

    /// What several types have to agree on is compared in constants: names must differ, and the enum's codec set must
    /// know the formats of every variant.
    fn checks(&self) -> TokenStream {
        let (p, role, created) = (self.p, self.model.role, self.created());
        let infos: Vec<TokenStream> = created.iter().map(|member| self.info(member)).collect();
        let names = created.iter().enumerate().skip(1).map(|(i, member)| {
            let (earlier, own, variant) = (&infos[..i], &infos[i], member.ident.to_string());
            quote_spanned!(member.ident.span()=> #p::require_new_name(&[#(#earlier),*], #own.name, #variant);)
        });
        let names: TokenStream = names.collect();
        let (set, codec) = (role.direction().set(), self.codec_type());
        let formats = created.iter().zip(&infos).filter(|_| self.model.codec.is_some()).map(|(member, info)| {
            let variant = member.ident.to_string();
            quote_spanned! {member.ident.span()=>
                #p::require_covered(<#codec as #p::#set>::FORMATS, #info.formats, #variant);
            }
        });
        let formats: TokenStream = formats.collect();
        quote! {
            const __AGREED: () = {
                #names
                #formats
            };
        }
    }
}
