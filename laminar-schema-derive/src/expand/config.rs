//! A struct of options: `ConnectorConfig`.

use proc_macro2::{Literal, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::{at, bounded, private};
use crate::{
    attr::LiteralKind,
    model::{ConfigStruct, OptionField},
};

/// ```text
/// const _: () = {
///     impl ConnectorConfig for Config where u64: FromConfigValue, String: FromConfigValue {
///         const KEYS: &'static [ConfigKey] = &[ConfigKey { key: "a", … }, ConfigKey { key: "b", … }];
///         fn from_options(options: &Options) -> Result<Self, ConfigErrors> {
///             let mut __reader = OptionReader::new(options, Self::KEYS);
///             let a = __reader.read::<u64>(0, u64::from_value);
///             let b = __reader.read::<String>(1, String::from_value);
///             __reader.build(|| Some(Self { a: a?, b: b? }))
///         }
///     }
///     const _: u64 = 10;
/// };
/// ```
pub(super) fn expand(model: &ConfigStruct) -> TokenStream {
    let p = private(&model.krate);
    let ident = &model.ident;
    let (generics, arguments, bounds) = model.generics.split_for_impl();
    let readable = bounded(bounds, &readable(&p, model));
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
            impl #generics #p::ConnectorConfig for #ident #arguments #readable {
                const KEYS: &'static [#p::ConfigKey] = {
                    #[allow(unused_imports)]
                    use #p::NotImplemented as _;
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

/// One bound for each type that options are read as.
fn readable(p: &TokenStream, model: &ConfigStruct) -> Vec<TokenStream> {
    let mut seen: Vec<String> = Vec::new();
    let read = model.options.iter().filter(|o| o.attr.parse.is_none());
    read.filter_map(|OptionField { ty, .. }| {
        let text = quote!(#ty).to_string();
        let new = !seen.contains(&text);
        seen.push(text);
        new.then(|| at(ty.span(), quote!(#ty: #p::FromConfigValue)))
    })
    .collect()
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
        Some(_) => quote!(#p::Probe::<#ty>),
        None => quote!(<#ty as #p::FromConfigValue>),
    };
    let type_name = match &attr.type_name {
        Some(text) => quote!(#text),
        None => quote!(#about::TYPE_NAME),
    };
    let secret = if attr.secret { quote!(true) } else { quote!(#about::SECRET) };
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
        None => quote!(<#ty as #p::FromConfigValue>::from_value),
    };
    quote!(let #ident = __reader.read::<#ty>(#index, #parser);)
}

/// A literal that is no text has to be a value of the field's type. With a parser of its own only the text counts.
fn typed_default(option: &OptionField) -> Option<TokenStream> {
    let default = option.attr.default.as_ref()?;
    if default.kind == LiteralKind::Text || option.attr.parse.is_some() {
        return None;
    }
    let (value, ty) = (&default.value, &option.ty);
    Some(quote_spanned!(value.span()=> const _: #ty = #value;))
}
