//! The matches of a derived enum: a method's signature in, the method with one arm per variant out.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{FnArg, Pat, Signature};

use crate::model::{Capability, Member, Role};

/// An enum whose methods ask whatever the variant holds.
pub(super) struct Forward<'a> {
    /// `::laminar_schema::__private`
    pub(super) private: &'a TokenStream,
    /// The enum.
    pub(super) ident: &'a Ident,
    pub(super) members: &'a [Member],
}

impl Forward<'_> {
    /// `fn f(&self, a: A) -> R { match self { E::A(member) => Trait::f(member, a), … } }`
    pub(super) fn method(&self, of: &Ident, signature: &Signature) -> TokenStream {
        self.method_with(of, signature, |_| TokenStream::new())
    }

    /// As [`Forward::method`], with something behind each arm's call.
    pub(super) fn method_with(
        &self,
        of: &Ident,
        signature: &Signature,
        then: impl Fn(&Member) -> TokenStream,
    ) -> TokenStream {
        let Self { private, ident, members } = self;
        let name = &signature.ident;
        let arguments: Vec<&Pat> = signature
            .inputs
            .iter()
            .filter_map(|argument| match argument {
                FnArg::Typed(argument) => Some(&*argument.pat),
                FnArg::Receiver(_) => None,
            })
            .collect();
        let wait = signature.asyncness.map(|_| quote!(.await));
        let arms = members.iter().map(|member| {
            let (variant, then) = (&member.ident, then(member));
            quote!(#ident::#variant(__member) => #private::#of::#name(__member #(, #arguments)*) #wait #then,)
        });
        quote! {
            #[inline]
            #signature {
                match self { #(#arms)* }
            }
        }
    }

    /// All methods of a trait.
    pub(super) fn methods(&self, of: &Ident, signatures: &[Signature]) -> TokenStream {
        signatures.iter().map(|signature| self.method(of, signature)).collect()
    }
}

/// Every method of a capability trait: an enum that fell back on one of the trait's defaults would ignore its variant.
pub(super) fn capability_methods(p: &TokenStream, capability: Capability) -> Vec<Signature> {
    match capability {
        Capability::Provider => vec![
            syn::parse_quote!(async fn provide_schema(&self) -> #p::SchemaResult<#p::SchemaRef>),
            syn::parse_quote!(fn is_authoritative(&self) -> bool),
            syn::parse_quote!(
                async fn field_metadata(&self) -> #p::SchemaResult<#p::HashMap<#p::String, #p::FieldMeta>>
            ),
        ],
        Capability::Inferable => vec![
            syn::parse_quote!(
                async fn sample_records(&self, config: &#p::InferenceConfig) -> #p::SchemaResult<#p::Vec<#p::RawRecord>>
            ),
            syn::parse_quote!(
                async fn sample_head(
                    &self,
                    config: &#p::InferenceConfig,
                ) -> #p::SchemaResult<#p::Option<#p::StreamHead>>
            ),
            syn::parse_quote!(
                async fn infer_from_samples(
                    &self,
                    samples: &[#p::RawRecord],
                    format: &str,
                    config: &#p::InferenceConfig,
                    formats: &#p::FormatInferenceRegistry,
                ) -> #p::SchemaResult<#p::InferredSchema>
            ),
        ],
        Capability::Registry => vec![
            syn::parse_quote!(
                async fn fetch_schema(&self, config: &#p::RegistryConfig) -> #p::SchemaResult<#p::RegisteredSchema>
            ),
            syn::parse_quote!(
                async fn fetch_schema_by_id(
                    &self,
                    config: &#p::RegistryConfig,
                    schema_id: #p::WriterSchemaId,
                ) -> #p::SchemaResult<#p::RegisteredSchema>
            ),
            syn::parse_quote!(
                async fn check_compatibility(
                    &self,
                    config: &#p::RegistryConfig,
                    current: &#p::RegisteredSchema,
                    proposed: &#p::SchemaRef,
                ) -> #p::SchemaResult<bool>
            ),
            syn::parse_quote!(
                async fn register_schema(
                    &self,
                    config: &#p::RegistryConfig,
                    schema: &#p::SchemaRef,
                ) -> #p::SchemaResult<#p::RegisteredSchema>
            ),
        ],
        Capability::Evolvable => vec![
            syn::parse_quote!(
                fn diff_schemas(&self, current: &#p::SchemaRef, proposed: &#p::SchemaRef) -> #p::Vec<#p::SchemaChange>
            ),
            syn::parse_quote!(
                fn evaluate_evolution(
                    &self,
                    changes: &[#p::SchemaChange],
                    compatibility: #p::CompatibilityMode,
                ) -> #p::EvolutionVerdict
            ),
            syn::parse_quote!(
                fn apply_evolution(
                    &self,
                    current: &#p::SchemaRef,
                    changes: &[#p::SchemaChange],
                ) -> #p::SchemaResult<(#p::SchemaRef, #p::ColumnProjection)>
            ),
            syn::parse_quote!(fn follows(&self) -> bool),
            syn::parse_quote!(fn schema_version(&self) -> u64),
        ],
    }
}

/// Every method of `RecordStream` or `RecordSink`.
pub(super) fn running_methods(p: &TokenStream, role: Role) -> Vec<Signature> {
    match role {
        Role::Source => vec![
            syn::parse_quote!(async fn next(&mut self, out: &mut #p::SourceBatch, max: usize) -> #p::SchemaResult<usize>),
            syn::parse_quote!(async fn commit(&mut self, upto: &#p::Positions) -> #p::SchemaResult<()>),
            syn::parse_quote!(fn wants_commit(&self) -> bool),
            syn::parse_quote!(fn measures(&self) -> #p::Option<#p::Measures>),
        ],
        Role::Sink => vec![
            syn::parse_quote!(async fn write(&mut self, batch: #p::SinkBatch<'_>) -> #p::SchemaResult<()>),
            syn::parse_quote!(
                async fn prepare(&mut self, checkpoint: #p::Checkpoint<'_>) -> #p::SchemaResult<#p::Prepared>
            ),
            syn::parse_quote!(async fn commit(&mut self, prepared: &#p::Prepared) -> #p::SchemaResult<()>),
            syn::parse_quote!(async fn abort(&mut self) -> #p::SchemaResult<()>),
            syn::parse_quote!(async fn recover(&mut self, last: #p::Option<&#p::Prepared>) -> #p::SchemaResult<()>),
            syn::parse_quote!(async fn close(&mut self, epilogue: &[u8]) -> #p::SchemaResult<()>),
            syn::parse_quote!(fn measures(&self) -> #p::Option<#p::Measures>),
        ],
    }
}
