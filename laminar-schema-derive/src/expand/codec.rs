//! An enum of decoders or encoders: `FormatDecoder` and `DecoderSet`, or `FormatEncoder` and `EncoderSet`.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Signature, Type, spanned::Spanned};

use super::{at, bounded, forward::Forward, private};
use crate::model::{CodecSet, Direction, Member};

/// ```text
/// const _: () = {
///     impl FormatDecoder for E where A: DecoderSet, B: DecoderSet { fn decode(…) { match self { E::A(member) => …, … } } … }
///     impl DecoderSet for E where A: DecoderSet, B: DecoderSet {
///         const FORMATS: &'static [&'static str] = const { &Words::union(&[A::FORMATS, B::FORMATS]) }.as_slice();
///         fn build(spec: &DecodeSpec) -> … { if let Some(found) = A::build(spec)? { return Ok(Some(E::A(found))); } … }
///         …
///     }
///     impl From<A> for E { … }
///     impl From<B> for E { … }
///     const __CHECKED: () = { require_distinct(&[Probe::<A>::DECODES], Probe::<B>::DECODES, "B"); };
/// };
/// ```
pub(super) fn expand(model: &CodecSet) -> TokenStream {
    let p = private(&model.krate);
    let (ident, set) = (&model.ident, model.direction.set());
    let bounds: Vec<TokenStream> =
        model.members.iter().map(|Member { ty, .. }| at(ty.span(), quote!(#ty: #p::#set))).collect();
    let codec = Codec {
        p: &p,
        direction: model.direction,
        ident,
        members: &model.members,
        generics: TokenStream::new(),
        bounds: bounded(None, &bounds),
    };
    let (impls, from, checks) = (codec.impls(), from_each(ident, &model.members), checks(&p, model));
    quote! {
        const _: () = {
            #impls
            #from
            #checks
        };
    }
}

/// An enum to write the two impls for.
pub(super) struct Codec<'a> {
    /// `::laminar_schema::__private`
    pub(super) p: &'a TokenStream,
    pub(super) direction: Direction,
    pub(super) ident: &'a Ident,
    pub(super) members: &'a [Member],
    /// Its parameters: `<A, B>`, or nothing.
    pub(super) generics: TokenStream,
    /// `where` each member is a set.
    pub(super) bounds: TokenStream,
}

impl Codec<'_> {
    /// `FormatDecoder` and `DecoderSet`, or `FormatEncoder` and `EncoderSet`.
    pub(super) fn impls(&self) -> TokenStream {
        let Self { p, direction, ident, members, generics, bounds } = self;
        let (format, set) = (direction.format(), direction.set());
        let forward = Forward { private: p, ident, members };
        let methods = forward.methods(&format, &format_methods(p, *direction));
        let types = members.iter().map(|m| &m.ty);
        let functions: TokenStream =
            set_functions(p, *direction).iter().map(|function| first_answer(p, &set, function, members)).collect();
        let describe = matches!(direction, Direction::Decode).then(|| first_description(p, members));
        let open_columns = matches!(direction, Direction::Decode).then(|| columns_of_its_own(p, members));
        quote! {
            #[automatically_derived]
            impl #generics #p::#format for #ident #generics #bounds {
                #methods
            }
            #[automatically_derived]
            impl #generics #p::#set for #ident #generics #bounds {
                const FORMATS: &'static [&'static str] =
                    const { &#p::Words::union(&[#(<#types as #p::#set>::FORMATS),*]) }.as_slice();
                #functions
                #describe
                #open_columns
            }
        }
    }
}

/// `From` for each type that only one variant holds.
pub(super) fn from_each(ident: &Ident, members: &[Member]) -> TokenStream {
    let text = |ty: &Type| quote!(#ty).to_string();
    let once = members.iter().filter(|m| members.iter().filter(|o| text(&o.ty) == text(&m.ty)).count() == 1);
    once.map(|Member { ident: variant, ty, .. }| {
        quote! {
            #[automatically_derived]
            impl ::core::convert::From<#ty> for #ident {
                fn from(__member: #ty) -> Self {
                    Self::#variant(__member)
                }
            }
        }
    })
    .collect()
}

fn format_methods(p: &TokenStream, direction: Direction) -> Vec<Signature> {
    match direction {
        Direction::Decode => vec![
            syn::parse_quote!(fn output_schema(&self) -> #p::SchemaRef),
            syn::parse_quote!(fn decode(&mut self, batch: &#p::RawBatch) -> #p::SchemaResult<#p::Decoded>),
            syn::parse_quote!(
                fn decode_batch(&mut self, records: &[#p::RawRecord]) -> #p::SchemaResult<#p::RecordBatch>
            ),
            syn::parse_quote!(fn decode_one(&mut self, record: &#p::RawRecord) -> #p::SchemaResult<#p::RecordBatch>),
            syn::parse_quote!(fn format_name(&self) -> &'static str),
        ],
        Direction::Encode => vec![
            syn::parse_quote!(fn input_schema(&self) -> #p::SchemaRef),
            syn::parse_quote!(
                fn encode(&mut self, batch: &#p::RecordBatch, out: &mut #p::EncodedBatch) -> #p::SchemaResult<()>
            ),
            syn::parse_quote!(
                fn encode_batch(&mut self, batch: &#p::RecordBatch) -> #p::SchemaResult<#p::Vec<#p::Vec<u8>>>
            ),
            syn::parse_quote!(fn prologue(&mut self) -> #p::Vec<u8>),
            syn::parse_quote!(fn delimiter(&self) -> &'static [u8]),
            syn::parse_quote!(fn finish(&mut self) -> #p::SchemaResult<#p::Vec<u8>>),
            syn::parse_quote!(fn has_footer(&self) -> bool),
            syn::parse_quote!(fn is_stateless(&self) -> bool),
            syn::parse_quote!(fn format_name(&self) -> &'static str),
        ],
    }
}

/// A function of a set: its signature, whether it can fail, and whether it answers with the variant's value.
struct SetFunction {
    signature: Signature,
    fallible: bool,
    builds: bool,
}

fn set_functions(p: &TokenStream, direction: Direction) -> Vec<SetFunction> {
    let pure = |signature| SetFunction { signature, fallible: false, builds: false };
    let info = pure(syn::parse_quote!(fn format_info(format: &str) -> #p::Option<#p::FormatInfo>));
    let build = |signature| SetFunction { signature, fallible: true, builds: true };
    match direction {
        Direction::Decode => vec![
            build(syn::parse_quote!(fn build(spec: &#p::DecodeSpec) -> #p::SchemaResult<#p::Option<Self>>)),
            pure(syn::parse_quote!(fn inference(format: &str) -> #p::Option<#p::Box<dyn #p::FormatInference>>)),
            SetFunction {
                signature: syn::parse_quote!(
                    fn framing(format: &#p::FormatSpec) -> #p::SchemaResult<#p::Option<#p::Framing>>
                ),
                fallible: true,
                builds: false,
            },
            SetFunction {
                signature: syn::parse_quote!(
                    fn wrapping(format: &#p::FormatSpec) -> #p::SchemaResult<#p::Option<#p::Wrapping>>
                ),
                fallible: true,
                builds: false,
            },
            pure(syn::parse_quote!(fn wrapping_options(format: &str) -> #p::Option<&'static [#p::ConfigKey]>)),
            info,
        ],
        Direction::Encode => {
            vec![build(syn::parse_quote!(fn build(spec: &#p::EncodeSpec) -> #p::SchemaResult<#p::Option<Self>>)), info]
        }
    }
}

/// Asks one member after the other: `if let Some(found) = A::build(spec)? { return Ok(Some(Self::A(found))); } …`
fn first_answer(p: &TokenStream, set: &Ident, function: &SetFunction, members: &[Member]) -> TokenStream {
    let SetFunction { signature, fallible, builds } = function;
    let (name, question) = (&signature.ident, fallible.then(|| quote!(?)));
    let argument = signature.inputs.iter().find_map(|argument| match argument {
        syn::FnArg::Typed(argument) => Some(&argument.pat),
        syn::FnArg::Receiver(_) => None,
    });
    let wrap = |answer: TokenStream| if *fallible { quote!(#p::Ok(#answer)) } else { answer };
    let tries = members.iter().map(|Member { ident: variant, ty, .. }| {
        let found = if *builds { quote!(Self::#variant(__found)) } else { quote!(__found) };
        let answer = wrap(quote!(#p::Some(#found)));
        quote! {
            if let #p::Some(__found) = <#ty as #p::#set>::#name(#argument) #question {
                return #answer;
            }
        }
    });
    let none = wrap(quote!(#p::None));
    quote! {
        #signature {
            #(#tries)*
            #none
        }
    }
}

/// Asks one member after the other, and lends each the file.
fn first_description(p: &TokenStream, members: &[Member]) -> TokenStream {
    let tries = members.iter().map(|Member { ty, .. }| {
        quote! {
            let __lent = match &mut file {
                #p::Some(__file) => #p::Some(&mut **__file as &mut dyn #p::FormatFile),
                #p::None => #p::None,
            };
            if let #p::Some(__found) = <#ty as #p::DecoderSet>::describe(format, __lent)? {
                return #p::Ok(#p::Some(__found));
            }
        }
    });
    quote! {
        fn describe(
            format: &#p::FormatSpec,
            mut file: #p::Option<&mut dyn #p::FormatFile>,
        ) -> #p::SchemaResult<#p::Option<#p::SelfDescription>> {
            #(#tries)*
            #p::Ok(#p::None)
        }
    }
}

/// Hands the file to the member that has the format: `if A::FORMATS.contains(…) { return A::open_columns(…); } …`
fn columns_of_its_own(p: &TokenStream, members: &[Member]) -> TokenStream {
    let tries = members.iter().map(|Member { ty, .. }| {
        quote! {
            if <#ty as #p::DecoderSet>::FORMATS.contains(&format.name.as_str()) {
                return <#ty as #p::DecoderSet>::open_columns(format, request, file);
            }
        }
    });
    quote! {
        fn open_columns(
            format: &#p::FormatSpec,
            request: &#p::ColumnsRequest<'_>,
            file: #p::Box<dyn #p::FormatFile>,
        ) -> #p::SchemaResult<#p::Option<#p::Box<dyn #p::ColumnsReader>>> {
            #(#tries)*
            #p::Ok(#p::None)
        }
    }
}

/// No format may belong to two members.
fn checks(p: &TokenStream, model: &CodecSet) -> TokenStream {
    let known = match model.direction {
        Direction::Decode => quote!(DECODES),
        Direction::Encode => quote!(ENCODES),
    };
    let lists: Vec<TokenStream> =
        model.members.iter().map(|Member { ty, .. }| quote!(#p::Probe::<#ty>::#known)).collect();
    let checks = model.members.iter().enumerate().skip(1).map(|(i, member)| {
        let (earlier, own, name) = (&lists[..i], &lists[i], member.ident.to_string());
        at(member.ident.span(), quote!(#p::require_distinct(&[#(#earlier),*], #own, #name);))
    });
    let checks: TokenStream = checks.collect();
    quote! {
        const __CHECKED: () = {
            #[allow(unused_imports)]
            use #p::NotImplemented as _;
            #checks
        };
    }
}
