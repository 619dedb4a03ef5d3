//! Compares attributes with each other and with what they stand on. Everything that can fail has failed after this.

use std::collections::HashMap;

use proc_macro2::Span;
use syn::{Data, DeriveInput, Fields, LitStr, Type, spanned::Spanned};

use crate::{
    attr::{self, CapabilityAttr, DefaultValue, LiteralKind, Word, Words},
    ctxt::{Ctxt, suggest},
    model::{
        Capability, CodecSet, ConfigStruct, ConnectorEnum, ConnectorInput, ConnectorStruct, DeclaredCapability,
        Direction, Input, OptionField, Role, Stub, members, options,
    },
};

/// What a connector derive makes of its input.
pub(crate) enum Connector {
    Struct(ConnectorStruct),
    Enum(ConnectorEnum),
}

/// Checks the input of `SourceConnector` or `SinkConnector`.
pub(crate) fn connector(cx: &Ctxt, role: Role, input: &DeriveInput) -> Input<Connector> {
    let read = ConnectorInput::read(cx, input);
    match &input.data {
        Data::Struct(_) => Input::Good(Connector::Struct(connector_struct(cx, role, input, read))),
        Data::Enum(data) => connector_enum(cx, role, input, data, read),
        Data::Union(data) => {
            let derive = role.connector();
            cx.error(
                data.union_token,
                format!("`{derive}` cannot be derived for a union"),
                "put it on a struct that is a connector, or on an enum of connectors",
            );
            Input::Bad(Stub::new(input, read.attr.krate))
        }
    }
}

fn connector_struct(cx: &Ctxt, role: Role, input: &DeriveInput, read: ConnectorInput) -> ConnectorStruct {
    let ConnectorInput { attr, capabilities } = read;
    for (ty, key) in [(&attr.decoder, "decoder"), (&attr.encoder, "encoder")] {
        if let Some(ty) = ty {
            let (base, codec) = (role.base(), role.direction().codec());
            cx.error(
                ty,
                format!("`{key}` is for enums of connectors"),
                format!("a struct names it in its impl: `impl {base} for {} {{ type {codec} = …; }}`", input.ident),
            );
        }
    }
    let name = match &attr.name {
        Some(name) => connector_name(cx, name),
        None => {
            if attr.complete {
                let (ident, word) = (&input.ident, input.ident.to_string());
                let word = word.trim_end_matches("Source").trim_end_matches("Sink").to_ascii_lowercase();
                cx.error(
                    ident,
                    format!("`{ident}` has no connector name"),
                    format!("write `#[connector(name = \"{word}\")]`: what SQL calls it"),
                );
            }
            String::new()
        }
    };
    let formats = attr.formats.map(|formats| format_words(cx, formats));
    let capabilities = declared(cx, role, capabilities, formats.as_ref());
    ConnectorStruct {
        role,
        ident: input.ident.clone(),
        generics: input.generics.clone(),
        krate: attr.krate,
        name,
        doc: attr::doc(&input.attrs, true),
        formats,
        capabilities,
    }
}

fn connector_name(cx: &Ctxt, name: &LitStr) -> String {
    let text = name.value();
    // SQL folds names that are not quoted, and a name that needs quotes is no name for a connector.
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    if text.is_empty() || !text.chars().all(fits) {
        cx.error(
            name,
            format!("`{text}` is no connector name"),
            "use lower-case letters, digits, `_` and `-`: `name = \"postgres-cdc\"`",
        );
    }
    text
}

/// The words that are format names, each once.
fn format_words(cx: &Ctxt, formats: Words) -> Words {
    let mut words: Vec<Word> = Vec::new();
    for word in formats.words {
        if word.text.is_empty() || word.text != word.text.to_ascii_lowercase() {
            let help = match word.text.to_ascii_lowercase() {
                lower if lower.is_empty() => "name a format, such as `json`".to_owned(),
                lower => format!("write `{lower}`"),
            };
            cx.error_at(word.span, format!("`{}` is no format name: they are lower case", word.text), help);
        } else if words.iter().any(|w| w.text == word.text) {
            cx.error_at(word.span, format!("format `{}` is listed twice", word.text), "keep one of them");
        } else {
            words.push(word);
        }
    }
    Words { words, span: formats.span }
}

fn declared(
    cx: &Ctxt,
    role: Role,
    attrs: Vec<CapabilityAttr>,
    connector_formats: Option<&Words>,
) -> Vec<DeclaredCapability> {
    let known = role.capabilities();
    let words: Vec<&str> = known.iter().map(|c| c.word()).collect();
    let mut out: Vec<DeclaredCapability> = Vec::new();
    for CapabilityAttr { word, formats } in attrs {
        let Some(capability) = Capability::ALL.into_iter().find(|c| c.word() == word.text) else {
            cx.error_at(word.span, format!("unknown capability `{}`", word.text), suggest(&word.text, &words));
            continue;
        };
        if !known.contains(&capability) {
            cx.error_at(
                word.span,
                format!("a {} cannot be `{}`", role.word(), word.text),
                format!("remove it; a {} can be: {}", role.word(), words.join(", ")),
            );
            continue;
        }
        if out.iter().any(|d| d.capability == capability) {
            cx.error_at(
                word.span,
                format!("capability `{}` is listed twice", word.text),
                format!("keep one of them; formats go into one list: `{}(json, csv)`", word.text),
            );
            continue;
        }
        let formats = formats.map(|formats| capability_formats(cx, capability, formats, connector_formats));
        out.push(DeclaredCapability { capability, span: word.span, formats });
    }
    out
}

fn capability_formats(cx: &Ctxt, capability: Capability, formats: Words, of_connector: Option<&Words>) -> Words {
    let word = capability.word();
    if formats.words.is_empty() {
        cx.error_at(
            formats.span,
            format!("`{word}()` is limited to no format at all"),
            format!("write `{word}` for all formats, or name some: `{word}(json)`"),
        );
    }
    let formats = format_words(cx, formats);
    let Some(of_connector) = of_connector else { return formats };
    let known: Vec<&str> = of_connector.words.iter().map(|w| w.text.as_str()).collect();
    for format in formats.words.iter().filter(|f| !known.contains(&f.text.as_str())) {
        let help = if known.is_empty() {
            format!("write `{word}` without a list: `formats()` says that this connector has its own columns")
        } else {
            format!("add `{}` to `formats(…)`, or {}", format.text, suggest(&format.text, &known))
        };
        cx.error_at(format.span, format!("`{word}` names `{}`, which is not in `formats(…)`", format.text), help);
    }
    formats
}

fn connector_enum(
    cx: &Ctxt,
    role: Role,
    input: &DeriveInput,
    data: &syn::DataEnum,
    read: ConnectorInput,
) -> Input<Connector> {
    let ConnectorInput { attr, capabilities } = read;
    if let Some(name) = &attr.name {
        cx.error(name, "an enum of connectors has no name of its own", "remove it; each variant's type has its name");
    }
    if let Some(formats) = &attr.formats {
        cx.error_at(
            formats.span,
            "formats of an enum come from its variants",
            format!("remove it, or name a set of formats: `{} = YourSet`", role.direction().word()),
        );
    }
    if let Some(first) = capabilities.first() {
        cx.error_at(
            first.word.span,
            "capabilities of an enum come from its variants",
            "put `#[capabilities(…)]` on the structs that the variants hold",
        );
    }
    let (codec, other) = match role {
        Role::Source => (attr.decoder, attr.encoder),
        Role::Sink => (attr.encoder, attr.decoder),
    };
    if let Some(other) = other {
        let word = role.direction().word();
        cx.error(
            other,
            format!("an enum of {}s has a set of {word}s only", role.word()),
            format!("write `{word} = …`"),
        );
    }
    let members = members(cx, &input.ident, data, role.word());
    match members.filter(|_| concrete(cx, input)) {
        Some(members) => Input::Good(Connector::Enum(ConnectorEnum {
            role,
            ident: input.ident.clone(),
            vis: input.vis.clone(),
            krate: attr.krate,
            codec,
            members,
        })),
        None => Input::Bad(Stub::new(input, attr.krate)),
    }
}

fn concrete(cx: &Ctxt, input: &DeriveInput) -> bool {
    let concrete = input.generics.params.is_empty();
    if !concrete {
        cx.error(
            &input.generics,
            "a derived enum cannot be generic: what its variants can do is computed in constants",
            format!("name concrete types: `enum {} {{ A(YourType) }}`", input.ident),
        );
    }
    concrete
}

/// Checks the input of `FormatDecoder` or `FormatEncoder`.
pub(crate) fn codec_set(cx: &Ctxt, direction: Direction, input: &DeriveInput) -> Input<CodecSet> {
    let krate = attr::read_crate(cx, &input.attrs, "format");
    let Data::Enum(data) = &input.data else {
        let (derive, ident) = (direction.format(), &input.ident);
        cx.error(
            ident,
            format!("`{derive}` can be derived for an enum of {}s only", direction.word()),
            format!("write `impl {derive} for {ident}` and `impl {} for {ident}` by hand", direction.set()),
        );
        return Input::Bad(Stub::new(input, krate));
    };
    let members = members(cx, &input.ident, data, direction.word());
    match members.filter(|_| concrete(cx, input)) {
        Some(members) => Input::Good(CodecSet { direction, ident: input.ident.clone(), krate, members }),
        None => Input::Bad(Stub::new(input, krate)),
    }
}

/// Checks the input of `ConnectorConfig`.
pub(crate) fn config(cx: &Ctxt, input: &DeriveInput) -> Input<ConfigStruct> {
    let krate = attr::read_crate(cx, &input.attrs, "config");
    let fields = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Some(fields),
            Fields::Unnamed(_) | Fields::Unit => None,
        },
        Data::Enum(_) | Data::Union(_) => None,
    };
    let Some(fields) = fields else {
        cx.error(
            &input.ident,
            "`ConnectorConfig` needs a struct with named fields: they are the options",
            format!("write `struct {} {{ … }}`; for no options at all, use `()`", input.ident),
        );
        return Input::Bad(Stub::new(input, krate));
    };
    let mut options = options(cx, fields);
    for option in &mut options {
        config_option(cx, option);
    }
    distinct_keys(cx, &options);
    Input::Good(ConfigStruct { ident: input.ident.clone(), generics: input.generics.clone(), krate, options })
}

fn config_option(cx: &Ctxt, option: &mut OptionField) {
    let OptionField { ident, key, attr, ty, .. } = option;
    if option.doc.is_empty() {
        cx.error(
            ident,
            format!("option `{key}` has no help text"),
            format!("describe it: `/// What `{key}` does`, above the field"),
        );
    }
    if let (Some(required), Some(_)) = (attr.required, &attr.default) {
        cx.error_at(required, format!("option `{key}` is required and has a default"), "keep one of them");
    } else if let (Some(required), true) = (attr.required, option.optional) {
        cx.error_at(
            required,
            format!("option `{key}` is required, yet its field may be `None`"),
            format!("make the field `{}`, or remove `required`", tokens(ty)),
        );
    } else if let (Some(default), true) = (&attr.default, option.optional) {
        cx.error_at(
            default.value.span(),
            format!("option `{key}` has a default, so its field is never `None`"),
            format!("make the field `{}`, or remove the default", tokens(ty)),
        );
    }
    let wrong = |default: &DefaultValue| attr.parse.is_none() && !default_fits(cx, ty, default);
    if attr.default.as_ref().is_some_and(wrong) {
        option.attr.default = None;
    }
}

/// Compares a default with the types that are known by name; the compiler does it for all others, with less to say.
fn default_fits(cx: &Ctxt, ty: &Type, default: &DefaultValue) -> bool {
    let name = tokens(ty);
    let (kind, words, example) = match name.rsplit("::").next().unwrap_or(&name) {
        "u8" | "u16" | "u32" | "u64" | "usize" | "i32" | "i64" => (LiteralKind::Integer, "an integer", "10"),
        "f64" => (LiteralKind::Number, "a number with a point", "1.5"),
        "bool" => (LiteralKind::Truth, "`true` or `false`", "false"),
        "char" => (LiteralKind::Character, "a character", "','"),
        "Duration" => (LiteralKind::Text, "text", "\"500ms\""),
        "String" | "PathBuf" | "Secret" | "Vec<String>" => (LiteralKind::Text, "text", "\"…\""),
        _ => return true,
    };
    if kind == default.kind {
        return true;
    }
    let text = &default.text;
    let instead = match kind {
        LiteralKind::Integer if text.parse::<i64>().is_ok() => text.clone(),
        LiteralKind::Number if text.parse::<i64>().is_ok() => format!("{text}.0"),
        LiteralKind::Number if text.parse::<f64>().is_ok() => text.clone(),
        LiteralKind::Truth if text.parse::<bool>().is_ok() => text.clone(),
        LiteralKind::Character if text.chars().count() == 1 => format!("{:?}", text.chars().next().unwrap_or(',')),
        LiteralKind::Text if example != "\"500ms\"" => format!("{text:?}"),
        _ => example.to_owned(),
    };
    let message = format!("the default of a `{name}` is {words}");
    cx.error(&default.value, message, format!("write `default = {instead}`"));
    false
}

fn distinct_keys(cx: &Ctxt, options: &[OptionField]) {
    let mut taken: HashMap<String, &OptionField> = HashMap::new();
    for option in options {
        let aliases = option.attr.aliases.iter().map(|a| (a.value(), a.span()));
        for (name, span) in [(option.key.clone(), option.key_span())].into_iter().chain(aliases) {
            check_key(cx, &name, span);
            // Names are compared without regard to case, as SQL does.
            if let Some(other) = taken.insert(name.to_ascii_lowercase(), option) {
                cx.error_at(
                    span,
                    format!("the name `{name}` already belongs to option `{}`", other.key),
                    "choose another name, or remove this one",
                );
            }
        }
    }
}

fn check_key(cx: &Ctxt, name: &str, span: Span) {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.' | '-');
    if name.is_empty() || !name.chars().all(fits) {
        cx.error_at(
            span,
            format!("`{name}` is no option name"),
            "use lower-case letters, digits, `_`, `.` and `-`: `rename = \"group.id\"`",
        );
    }
}

fn tokens(ty: &Type) -> String {
    quote::ToTokens::to_token_stream(ty).to_string().replace(' ', "")
}
