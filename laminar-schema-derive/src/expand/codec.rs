//! An enum of decoders or encoders: `FormatDecoder` and `DecoderSet`, or `FormatEncoder` and `EncoderSet`.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Signature, Type, spanned::Spanned};

use super::{forward::Forward, private};
use crate::model::{CodecSet, Direction, Member};

/// ```text
/// const _: () = {
///     impl FormatDecoder for E { fn decode(&mut self, …) { match self { E::A(member) => …, E::B(member) => … } } … }
///     impl DecoderSet for E { const FORMATS: … = &concat(&[A::FORMATS, B::FORMATS]); fn build(…) { … } … }
///     impl From<A> for E { … }
///     impl From<B> for E { … }
///     const __DISTINCT: () = { require_distinct(&[A::FORMATS], B::FORMATS, "B"); };
/// };
/// ```
pub(super) fn expand(model: &CodecSet) -> TokenStream {
    let p = private(&model.krate);
    let impls = impls(&p, model.direction, &model.ident, &model.members, false);
    let from = from_each(&model.ident, &model.members);
    let distinct = distinct(&p, model);
    quote! {
        const _: () = {
            #impls
            #from
            #distinct
        };
    }
}

/// The two impls. `shared`: members may have formats in common, as the codecs of an enum of connectors do; each
/// format is then listed once.
pub(super) fn impls(
    p: &TokenStream,
    direction: Direction,
    ident: &Ident,
    members: &[Member],
    shared: bool,
) -> TokenStream {
    let (format, set) = (direction.format(), direction.set());
    let forward = Forward { private: p, ident, members };
    let methods = forward.methods(&format, &format_methods(p, direction));
    let lists: Vec<TokenStream> =
        members.iter().map(|m| &m.ty).map(|ty| quote_spanned!(ty.span()=> <#ty as #p::#set>::FORMATS)).collect();
    let formats = if shared {
        quote!(&#p::union::<{ #p::union_len(&[#(#lists),*]) }>(&[#(#lists),*]))
    } else {
        quote!(&#p::concat::<{ 0 #(+ #lists.len())* }>(&[#(#lists),*]))
    };
    let functions: TokenStream =
        set_functions(p, direction).iter().map(|function| first_answer(p, &set, function, members)).collect();
    quote! {
        #[automatically_derived]
        impl #p::#format for #ident {
            #methods
        }
        #[automatically_derived]
        impl #p::#set for #ident {
            const FORMATS: &'static [&'static str] = #formats;
            #functions
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

fn distinct(p: &TokenStream, model: &CodecSet) -> TokenStream {
    let set = model.direction.set();
    let lists: Vec<TokenStream> =
        model.members.iter().map(|m| &m.ty).map(|ty| quote!(<#ty as #p::#set>::FORMATS)).collect();
    let checks = model.members.iter().enumerate().skip(1).map(|(i, member)| {
        let (earlier, own, name) = (&lists[..i], &lists[i], member.ident.to_string());
        quote_spanned!(member.ident.span()=> #p::require_distinct(&[#(#earlier),*], #own, #name);)
    });
    let checks: TokenStream = checks.collect();
    quote! {
        const __DISTINCT: () = { #checks };
    }
}
