//! Tokens → typed attributes. What an attribute may say is decided here; whether it fits the item, in `check.rs`.

use proc_macro2::{Ident, Span, TokenTree};
use quote::ToTokens;
use syn::{
    Attribute, Expr, ExprLit, Lit, LitStr, Meta, Path, Token, Type, UnOp, ext::IdentExt, meta::ParseNestedMeta,
    punctuated::Punctuated, spanned::Spanned, token,
};

use crate::ctxt::{Ctxt, suggest};

/// A format or capability word, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    /// The word.
    pub(crate) text: String,
    /// Where it stands.
    pub(crate) span: Span,
}

/// `formats(json, csv)`: the words and the place of the list.
#[derive(Debug, Clone)]
pub(crate) struct Words {
    /// The words.
    pub(crate) words: Vec<Word>,
    /// Place of the key before the list.
    pub(crate) span: Span,
}

/// `#[connector(…)]` of a struct or enum.
pub(crate) struct ConnectorAttr {
    pub(crate) name: Option<LitStr>,
    pub(crate) formats: Option<Words>,
    pub(crate) decoder: Option<Type>,
    pub(crate) encoder: Option<Type>,
    pub(crate) krate: Path,
    /// False when a part could not be read, so that nothing is reported as missing on top.
    pub(crate) complete: bool,
}

/// One entry of `#[capabilities(…)]`.
#[derive(Debug)]
pub(crate) struct CapabilityAttr {
    pub(crate) word: Word,
    /// Formats it is limited to; `None` for a bare word.
    pub(crate) formats: Option<Words>,
}

/// `#[config(…)]` of a field.
#[derive(Default)]
pub(crate) struct OptionAttr {
    pub(crate) default: Option<DefaultValue>,
    pub(crate) rename: Option<LitStr>,
    pub(crate) aliases: Vec<LitStr>,
    pub(crate) parse: Option<Path>,
    pub(crate) type_name: Option<LitStr>,
    pub(crate) required: Option<Span>,
    pub(crate) secret: bool,
    /// False when a part could not be read.
    pub(crate) complete: bool,
}

/// The value of `default = …`.
pub(crate) struct DefaultValue {
    /// As an option's text.
    pub(crate) text: String,
    pub(crate) kind: LiteralKind,
    /// As Rust.
    pub(crate) value: Expr,
}

/// What a literal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LiteralKind {
    Text,
    Integer,
    Number,
    Truth,
    Character,
}

const CONNECTOR_KEYS: &[&str] = &["name", "formats", "decoder", "encoder", "crate"];
const VARIANT_KEYS: &[&str] = &["no_create"];
const OPTION_KEYS: &[&str] = &["default", "rename", "alias", "parse", "type_name", "required", "secret"];

impl ConnectorAttr {
    /// Reads all `#[connector(…)]` of an item.
    pub(crate) fn read(cx: &Ctxt, attrs: &[Attribute]) -> Self {
        let mut out =
            Self { name: None, formats: None, decoder: None, encoder: None, krate: default_crate(), complete: true };
        out.complete = each_key(cx, attrs, "connector", CONNECTOR_KEYS, |key, meta| {
            match key {
                "name" => out.name = Some(text(meta, "name = \"kafka\"")?),
                "formats" => out.formats = Some(words(meta)?),
                "decoder" => out.decoder = Some(meta.value()?.parse()?),
                "encoder" => out.encoder = Some(meta.value()?.parse()?),
                _ => out.krate = crate_path(meta)?,
            }
            Ok(())
        });
        out
    }

    /// Whether a variant says `#[connector(no_create)]`.
    pub(crate) fn read_no_create(cx: &Ctxt, attrs: &[Attribute]) -> bool {
        let mut no_create = false;
        each_key(cx, attrs, "connector", VARIANT_KEYS, |_, meta| {
            no_create = true;
            flag(meta)
        });
        no_create
    }
}

impl CapabilityAttr {
    /// Reads all `#[capabilities(…)]` of an item. Words are not checked here.
    pub(crate) fn read(cx: &Ctxt, attrs: &[Attribute]) -> Vec<Self> {
        let mut out = Vec::new();
        for attr in attrs.iter().filter(|a| a.path().is_ident("capabilities")) {
            let result = list_of(attr, "capabilities(inferable)", |meta| {
                let word = key_of(&meta);
                let formats = if meta.input.peek(token::Paren) { Some(words(&meta)?) } else { None };
                if meta.input.peek(Token![=]) {
                    cx.error(
                        &meta.path,
                        format!("`{}` takes no value", word.text),
                        format!("write `{0}`, or limit it to formats: `{0}(json, csv)`", word.text),
                    );
                    skip_value(&meta)?;
                }
                out.push(Self { word, formats });
                Ok(())
            });
            if let Err(error) = result {
                cx.push(error);
            }
        }
        out
    }
}

impl OptionAttr {
    /// Reads all `#[config(…)]` of a field.
    pub(crate) fn read(cx: &Ctxt, attrs: &[Attribute]) -> Self {
        let mut out = Self::default();
        out.complete = each_key(cx, attrs, "config", OPTION_KEYS, |key, meta| {
            match key {
                "default" => out.default = Some(default_value(meta)?),
                "rename" => out.rename = Some(text(meta, "rename = \"group.id\"")?),
                "alias" => out.aliases.push(text(meta, "alias = \"other.name\"")?),
                "parse" => out.parse = Some(meta.value()?.parse()?),
                "type_name" => out.type_name = Some(text(meta, "type_name = \"host:port\"")?),
                "secret" => {
                    out.secret = true;
                    flag(meta)?;
                }
                _ => {
                    out.required = Some(meta.path.span());
                    flag(meta)?;
                }
            }
            Ok(())
        });
        out
    }
}

/// Reads `#[name(crate = "…")]`, the only key where an item has no others.
pub(crate) fn read_crate(cx: &Ctxt, attrs: &[Attribute], name: &str) -> Path {
    let mut krate = default_crate();
    each_key(cx, attrs, name, &["crate"], |_, meta| {
        krate = crate_path(meta)?;
        Ok(())
    });
    krate
}

/// The doc comment: all of it on one line, or its first paragraph only.
pub(crate) fn doc(attrs: &[Attribute], first_paragraph: bool) -> String {
    let lines = attrs.iter().filter(|a| a.path().is_ident("doc")).filter_map(|a| match &a.meta {
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) => Some(line.value()),
            _ => None,
        },
        _ => None,
    });
    // A block comment is one attribute of several lines.
    let lines: Vec<String> =
        lines.flat_map(|l| l.split('\n').map(|l| l.trim().to_owned()).collect::<Vec<_>>()).collect();
    let lines = lines.iter().skip_while(|l| l.is_empty());
    let kept: Vec<&str> = lines.map(String::as_str).take_while(|l| !first_paragraph || !l.is_empty()).collect();
    kept.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn default_crate() -> Path {
    syn::parse_quote!(::laminar_schema)
}

/// Calls `read` for each known key of all attributes called `name`. Unknown and repeated keys are reported and
/// skipped, so that what follows them is still read. Yields false when something could not be read.
fn each_key(
    cx: &Ctxt,
    attrs: &[Attribute],
    name: &str,
    known: &[&str],
    mut read: impl FnMut(&str, &ParseNestedMeta) -> syn::Result<()>,
) -> bool {
    let mut complete = true;
    let mut seen: Vec<String> = Vec::new();
    for attr in attrs.iter().filter(|a| a.path().is_ident(name)) {
        let example = format!("{name}({} = …)", known[0]);
        let result = list_of(attr, &example, |meta| {
            let key = key_of(&meta).text;
            if !known.contains(&key.as_str()) {
                complete = false;
                cx.error(&meta.path, format!("unknown key `{key}` in `#[{name}(…)]`"), suggest(&key, known));
                return skip_value(&meta);
            }
            if key != "alias" && seen.contains(&key) {
                cx.error(&meta.path, format!("`{key}` is given twice"), "keep one of them");
                return skip_value(&meta);
            }
            read(&key, &meta)?;
            seen.push(key);
            Ok(())
        });
        if let Err(error) = result {
            complete = false;
            cx.push(error);
        }
    }
    complete
}

fn list_of(attr: &Attribute, example: &str, read: impl FnMut(ParseNestedMeta) -> syn::Result<()>) -> syn::Result<()> {
    match &attr.meta {
        Meta::List(list) => match list.tokens.clone().into_iter().next() {
            Some(TokenTree::Literal(literal)) => {
                let message = format!("expected a key before `{literal}`\nhelp: write `#[{example}]`");
                Err(syn::Error::new(literal.span(), message))
            }
            _ => attr.parse_nested_meta(read),
        },
        other => Err(syn::Error::new_spanned(
            other,
            format!("`{}` needs a list in parentheses\nhelp: write `#[{example}]`", other.path().to_token_stream()),
        )),
    }
}

fn key_of(meta: &ParseNestedMeta) -> Word {
    let text = match meta.path.get_ident() {
        Some(ident) => ident.unraw().to_string(),
        None => meta.path.to_token_stream().to_string().replace(' ', ""),
    };
    Word { text, span: meta.path.span() }
}

fn skip_value(meta: &ParseNestedMeta) -> syn::Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<Expr>()?;
    } else if meta.input.peek(token::Paren) {
        let inner;
        syn::parenthesized!(inner in meta.input);
        inner.parse::<proc_macro2::TokenStream>()?;
    }
    Ok(())
}

fn flag(meta: &ParseNestedMeta) -> syn::Result<()> {
    if meta.input.peek(Token![=]) || meta.input.peek(token::Paren) {
        let key = key_of(meta).text;
        return Err(meta.error(format!("`{key}` takes no value\nhelp: write `{key}` alone")));
    }
    Ok(())
}

fn text(meta: &ParseNestedMeta, example: &str) -> syn::Result<LitStr> {
    let instead = |span| syn::Error::new(span, format!("expected text in quotes\nhelp: write `{example}`"));
    if !meta.input.peek(Token![=]) {
        return Err(instead(meta.path.span()));
    }
    match meta.value()?.parse::<Expr>()? {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(text),
        other => Err(instead(other.span())),
    }
}

fn crate_path(meta: &ParseNestedMeta) -> syn::Result<Path> {
    text(meta, "crate = \"::laminar_schema\"")?.parse()
}

fn words(meta: &ParseNestedMeta) -> syn::Result<Words> {
    let key = key_of(meta);
    if !meta.input.peek(token::Paren) {
        let help = format!("write `{}(json, csv)`", key.text);
        return Err(meta.error(format!("`{}` needs a list in parentheses\nhelp: {help}", key.text)));
    }
    let inner;
    syn::parenthesized!(inner in meta.input);
    let words = Punctuated::<Word, Token![,]>::parse_terminated_with(&inner, |input| {
        // Words are written bare; quotes are for formats whose names are no Rust words.
        if input.peek(LitStr) {
            let text: LitStr = input.parse()?;
            return Ok(Word { text: text.value(), span: text.span() });
        }
        let ident = Ident::parse_any(input)?;
        Ok(Word { text: ident.unraw().to_string(), span: ident.span() })
    })?;
    Ok(Words { words: words.into_iter().collect(), span: key.span })
}

fn default_value(meta: &ParseNestedMeta) -> syn::Result<DefaultValue> {
    let value: Expr = meta.value()?.parse()?;
    let (negative, literal) = match &value {
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => (true, &*unary.expr),
        other => (false, other),
    };
    let read = match literal {
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Int(number) => Some((number.base10_digits().to_owned(), LiteralKind::Integer)),
            Lit::Float(number) => Some((number.base10_digits().to_owned(), LiteralKind::Number)),
            Lit::Str(text) if !negative => Some((text.value(), LiteralKind::Text)),
            Lit::Bool(word) if !negative => Some((word.value.to_string(), LiteralKind::Truth)),
            Lit::Char(c) if !negative => Some((c.value().to_string(), LiteralKind::Character)),
            _ => None,
        },
        _ => None,
    };
    match read {
        Some((text, kind)) => Ok(DefaultValue { text: if negative { format!("-{text}") } else { text }, kind, value }),
        None => Err(syn::Error::new_spanned(
            value,
            "a default is a number, `true`, `false`, a character, or the text of an option\n\
             help: write it as a user would: `default = \"500ms\"`",
        )),
    }
}
