//! A struct of options: `ConnectorConfig`.

use proc_macro2::{Literal, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::private;
use crate::model::{ConfigStruct, OptionField};

/// ```text
/// const _: () = {
///     impl ConnectorConfig for Config {
///         const KEYS: &'static [ConfigKey] = &[ConfigKey { key: "a", … }, ConfigKey { key: "b", … }];
///         fn from_options(options: &Options) -> Result<Self, ConfigErrors> {
///             let mut __reader = OptionReader::new(options, Self::KEYS);
///             let a = __reader.read::<u64>(0, u64::from_value);
///             let b = __reader.read::<String>(1, String::from_value);
///             __reader.build(|| Some(Self { a: a?, b }))
///         }
///     }
///     const __DEFAULT_A: u64 = 10;
/// };
/// ```
pub(super) fn expand(model: &ConfigStruct) -> TokenStream {
    let p = private(&model.krate);
    let ident = &model.ident;
    let (generics, arguments, bounds) = model.generics.split_for_impl();
    let keys = model.options.iter().map(|option| key(&p, option));
    let reads = model.options.iter().enumerate().map(|(index, option)| read(&p, index, option));
    let takes = model.options.iter().map(|OptionField { ident, optional, .. }| {
        // `build` runs the closure only when every required option was read, and then nothing is missing.
        if *optional { quote!(#ident: #ident) } else { quote!(#ident: #ident?) }
    });
    let defaults = model.options.iter().filter_map(typed_default);
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #generics #p::ConnectorConfig for #ident #arguments #bounds {
                const KEYS: &'static [#p::ConfigKey] = {
                    #[allow(unused_imports)]
                    use #p::NoConfigValue as _;
                    &[#(#keys),*]
                };
                fn from_options(__options: &#p::Options) -> #p::Result<Self, #p::ConfigErrors> {
                    let mut __reader = #p::OptionReader::new(__options, Self::KEYS);
                    #(#reads)*
                    __reader.build(|| #p::Some(Self { #(#takes),* }))
                }
            }
            #(#defaults)*
        };
    }
}

fn key(p: &TokenStream, option: &OptionField) -> TokenStream {
    let OptionField { ty, optional, key, doc, attr, .. } = option;
    let aliases = &attr.aliases;
    let required = !optional && attr.default.is_none();
    let default = match &attr.default {
        Some(default) => {
            let text = &default.text;
            quote!(#p::Some(#text))
        }
        None => quote!(#p::None),
    };
    // With a parser of its own the type need not be readable; if it is, it still says whether it is a secret.
    let about = match &attr.parse {
        Some(_) => quote_spanned!(ty.span()=> #p::Probe::<#ty>),
        None => quote_spanned!(ty.span()=> <#ty as #p::FromConfigValue>),
    };
    let type_name = match &attr.type_name {
        Some(text) => quote!(#text),
        None => quote_spanned!(ty.span()=> #about::TYPE_NAME),
    };
    let secret = if attr.secret { quote!(true) } else { quote_spanned!(ty.span()=> #about::SECRET) };
    quote! {
        #p::ConfigKey {
            key: #key,
            aliases: &[#(#aliases),*],
            type_name: #type_name,
            required: #required,
            default: #default,
            doc: #doc,
            secret: #secret,
        }
    }
}

fn read(p: &TokenStream, index: usize, option: &OptionField) -> TokenStream {
    let OptionField { ident, ty, attr, .. } = option;
    let index = Literal::usize_unsuffixed(index);
    let parser = match &attr.parse {
        Some(path) => quote!(#path),
        None => quote_spanned!(ty.span()=> <#ty as #p::FromConfigValue>::from_value),
    };
    quote!(let #ident = __reader.read::<#ty>(#index, #parser);)
}

/// A literal that is no text has to be a value of the field's type. With a parser of its own only the text counts.
fn typed_default(option: &OptionField) -> Option<TokenStream> {
    let default = option.attr.default.as_ref().filter(|_| option.attr.parse.is_none())?;
    let (value, ty) = (default.typed.as_ref()?, &option.ty);
    Some(quote_spanned!(default.span=> const _: #ty = #value;))
}
