//! The whole input in our own types. Behind this file nobody looks at `syn::Attribute`.

use proc_macro2::{Ident, Span};
use quote::format_ident;
use syn::{Data, DeriveInput, Fields, Generics, Path, Type, Visibility, ext::IdentExt, spanned::Spanned};

use crate::{
    attr::{self, CapabilityAttr, ConnectorAttr, OptionAttr, Words},
    ctxt::Ctxt,
};

/// Which end of a pipeline a derive is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Source,
    Sink,
}

/// Which way a set of formats goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Decode,
    Encode,
}

/// One of the four capabilities, as the derives need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Capability {
    Provider,
    Inferable,
    Registry,
    Evolvable,
}

/// What a derive was put on: something it can work with, or something that only gets a stub.
pub(crate) enum Input<T> {
    Good(T),
    Bad(Option<Stub>),
}

/// All that is left of an input with a wrong shape: enough for an impl that keeps other errors away.
pub(crate) struct Stub {
    pub(crate) ident: Ident,
    pub(crate) krate: Path,
}

/// A struct that derives `SourceConnector` or `SinkConnector`.
pub(crate) struct ConnectorStruct {
    pub(crate) role: Role,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) krate: Path,
    pub(crate) name: String,
    pub(crate) doc: String,
    /// `None`: all formats of the codec set. Empty: it has its own columns.
    pub(crate) formats: Option<Words>,
    pub(crate) capabilities: Vec<DeclaredCapability>,
}

/// A capability the struct has.
pub(crate) struct DeclaredCapability {
    pub(crate) capability: Capability,
    pub(crate) span: Span,
    /// `None`: all formats of the connector.
    pub(crate) formats: Option<Words>,
}

/// An enum that derives `SourceConnector` or `SinkConnector`.
pub(crate) struct ConnectorEnum {
    pub(crate) role: Role,
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) krate: Path,
    /// The codec set named with `decoder = …` or `encoder = …`.
    pub(crate) codec: Option<Type>,
    pub(crate) members: Vec<Member>,
}

/// An enum that derives `FormatDecoder` or `FormatEncoder`.
pub(crate) struct CodecSet {
    pub(crate) direction: Direction,
    pub(crate) ident: Ident,
    pub(crate) krate: Path,
    pub(crate) members: Vec<Member>,
}

/// One variant with the one thing it holds.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// Whether SQL can name it.
    pub(crate) create: bool,
}

/// A struct that derives `ConnectorConfig`.
pub(crate) struct ConfigStruct {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) krate: Path,
    pub(crate) options: Vec<OptionField>,
}

/// One option.
pub(crate) struct OptionField {
    pub(crate) ident: Ident,
    /// The field's type without its `Option`.
    pub(crate) ty: Type,
    /// Whether the field is an `Option`.
    pub(crate) optional: bool,
    pub(crate) key: String,
    pub(crate) doc: String,
    pub(crate) attr: OptionAttr,
}

/// What `connector` and its neighbours hold before they are checked.
pub(crate) struct ConnectorInput {
    pub(crate) attr: ConnectorAttr,
    pub(crate) capabilities: Vec<CapabilityAttr>,
}

impl Role {
    /// The word for it, which is also the module of its expansion.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Sink => "sink",
        }
    }

    /// The trait that the author writes.
    pub(crate) fn base(self) -> Ident {
        call_site(match self {
            Self::Source => "Source",
            Self::Sink => "Sink",
        })
    }

    /// The trait that the derive writes.
    pub(crate) fn connector(self) -> Ident {
        format_ident!("{}Connector", self.base())
    }

    /// Direction of its formats.
    pub(crate) fn direction(self) -> Direction {
        match self {
            Self::Source => Direction::Decode,
            Self::Sink => Direction::Encode,
        }
    }

    /// The capabilities it can have.
    pub(crate) fn capabilities(self) -> &'static [Capability] {
        match self {
            Self::Source => &Capability::ALL,
            Self::Sink => &[Capability::Registry, Capability::Evolvable],
        }
    }
}

impl Direction {
    /// The associated type of a connector, and the last part of a companion's name.
    pub(crate) fn codec(self) -> Ident {
        call_site(match self {
            Self::Decode => "Decoder",
            Self::Encode => "Encoder",
        })
    }

    /// The word in `#[connector(decoder = …)]`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Decode => "decoder",
            Self::Encode => "encoder",
        }
    }

    /// The trait of a set of formats.
    pub(crate) fn set(self) -> Ident {
        format_ident!("{}Set", self.codec())
    }

    /// The trait of one format.
    pub(crate) fn format(self) -> Ident {
        format_ident!("Format{}", self.codec())
    }
}

impl Capability {
    pub(crate) const ALL: [Self; 4] = [Self::Provider, Self::Inferable, Self::Registry, Self::Evolvable];

    /// The word in `#[capabilities(…)]`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Inferable => "inferable",
            Self::Registry => "registry",
            Self::Evolvable => "evolvable",
        }
    }

    /// The associated type, which is also its name in `laminar_schema::Capability`.
    pub(crate) fn view(self) -> Ident {
        call_site(match self {
            Self::Provider => "Provider",
            Self::Inferable => "Inferable",
            Self::Registry => "Registry",
            Self::Evolvable => "Evolvable",
        })
    }

    /// The trait behind it.
    pub(crate) fn implementing(self) -> Ident {
        call_site(match self {
            Self::Provider => "SchemaProvider",
            Self::Inferable => "SchemaInferable",
            Self::Registry => "SchemaRegistryAware",
            Self::Evolvable => "SchemaEvolvable",
        })
    }

    /// The accessor of `SourceConnector` and `SinkConnector`.
    pub(crate) fn accessor(self) -> Ident {
        call_site(match self {
            Self::Provider => "as_schema_provider",
            Self::Inferable => "as_schema_inferable",
            Self::Registry => "as_schema_registry_aware",
            Self::Evolvable => "as_schema_evolvable",
        })
    }
}

impl Stub {
    /// `None` where the stub itself would be wrong: parameters may lack what the traits ask of them.
    pub(crate) fn new(input: &DeriveInput, krate: Path) -> Option<Self> {
        let fits = input.generics.params.is_empty() && !matches!(input.data, Data::Union(_));
        fits.then(|| Self { ident: input.ident.clone(), krate })
    }
}

impl ConnectorInput {
    pub(crate) fn read(cx: &Ctxt, input: &DeriveInput) -> Self {
        let fields: Vec<&syn::Field> = match &input.data {
            Data::Struct(data) => data.fields.iter().collect(),
            Data::Enum(data) => data.variants.iter().flat_map(|v| v.fields.iter()).collect(),
            Data::Union(_) => Vec::new(),
        };
        for attribute in fields.iter().flat_map(|f| &f.attrs) {
            if attribute.path().is_ident("connector") || attribute.path().is_ident("capabilities") {
                cx.error(attribute, "this attribute has no meaning on a field", "put it on the struct");
            }
        }
        Self { attr: ConnectorAttr::read(cx, &input.attrs), capabilities: CapabilityAttr::read(cx, &input.attrs) }
    }
}

/// The variants of an enum whose variants hold one `what` each; `None` when one of them does not.
pub(crate) fn members(cx: &Ctxt, ident: &Ident, data: &syn::DataEnum, what: &str) -> Option<Vec<Member>> {
    let mut out = Vec::new();
    for variant in &data.variants {
        let create = !ConnectorAttr::read_no_create(cx, &variant.attrs);
        match &variant.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                out.push(Member { ident: variant.ident.clone(), ty: fields.unnamed[0].ty.clone(), create });
            }
            _ => {
                let name = &variant.ident;
                let ty = match variant.fields.iter().next() {
                    Some(field) => quote::ToTokens::to_token_stream(&field.ty).to_string(),
                    None => format!("Your{}", what_type(what)),
                };
                cx.error(
                    variant,
                    format!("variant `{name}` must hold exactly one {what}"),
                    format!("write `{name}({ty})`"),
                );
            }
        }
    }
    if data.variants.is_empty() {
        cx.error(
            ident,
            format!("`{ident}` has no {what} to choose from"),
            format!("write `enum {ident} {{ Name(Your{}) }}`", what_type(what)),
        );
    }
    (out.len() == data.variants.len() && !out.is_empty()).then_some(out)
}

fn what_type(what: &str) -> &'static str {
    match what {
        "source" => "Source",
        "sink" => "Sink",
        "decoder" => "Decoder",
        _ => "Encoder",
    }
}

/// The fields of an options struct.
pub(crate) fn options(cx: &Ctxt, fields: &syn::FieldsNamed) -> Vec<OptionField> {
    let named = fields.named.iter().filter_map(|field| Some((field, field.ident.clone()?)));
    named
        .map(|(field, ident)| {
            let attr = OptionAttr::read(cx, &field.attrs);
            let inside = inside_option(&field.ty);
            let key = attr.rename.as_ref().map_or_else(|| ident.unraw().to_string(), syn::LitStr::value);
            OptionField {
                optional: inside.is_some(),
                ty: inside.unwrap_or(&field.ty).clone(),
                key,
                doc: attr::doc(&field.attrs, false),
                attr,
                ident,
            }
        })
        .collect()
}

/// `T` of `Option<T>`. A derive sees names, not types, so an alias of `Option` is not recognised.
fn inside_option(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|s| s.ident == "Option")?;
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        syn::GenericArgument::Type(inner) => Some(inner),
        _ => None,
    }
}

impl OptionField {
    /// Where the option's name stands.
    pub(crate) fn key_span(&self) -> Span {
        self.attr.rename.as_ref().map_or_else(|| self.ident.span(), Spanned::span)
    }
}

fn call_site(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}
