//! Definitions → descriptors: `.proto` text, `.proto` files and descriptor sets. Ring 2: reads files.

use std::{fs, path::Path};

use laminar_schema::{ConfigError, SchemaError, SchemaResult};
use prost_reflect::{DescriptorPool, MessageDescriptor};
use protox::{
    Compiler,
    file::{ChainFileResolver, GoogleFileResolver},
};

use super::{
    edition,
    files::{self, Directory, Inline},
    options::ProtobufOptions,
};

/// Name of the file that a definition without one is compiled as.
pub(crate) const INLINE: &str = "schema.proto";

/// The descriptor of the records' message; `None` when no option names a definition.
///
/// # Errors
/// Both options or a definition that cannot be read, each with what its compiler says; a message that is not in it.
pub(super) fn message(options: &ProtobufOptions) -> SchemaResult<Option<MessageDescriptor>> {
    let (option, shown, pool, main) = match (&options.schema_file, &options.schema) {
        (Some(_), Some(_)) => {
            return Err(invalid("schema", "…", "either `schema` or `schema_file`, not both", ""));
        }
        (Some(path), None) => {
            let (pool, main) = of_file(path, &options.include)?;
            ("schema_file", path.as_str(), pool, main)
        }
        (None, Some(text)) => ("schema", "…", of_text(text, &options.include)?, Some(INLINE.to_owned())),
        (None, None) => return Ok(None),
    };
    select(&pool, main.as_deref(), options.message.as_deref(), option, shown).map(Some)
}

/// The records' message in a definition that a registry has: the text of a file, or a set of it and its imports.
///
/// # Errors
/// It is no UTF-8 or no definition; it has several messages, or not the one that is asked for.
pub(super) fn of_writer(raw: &[u8], options: &ProtobufOptions) -> SchemaResult<MessageDescriptor> {
    let text =
        || std::str::from_utf8(raw).map_err(|e| invalid("schema", "…", "the text of a .proto file", &one_line(&e)));
    let pool = set(raw).map_or_else(|| of_text(text()?, &options.include), Ok)?;
    // Where the options have a definition of their own, it is that one's name.
    let named = message(options)?.map(|message| message.full_name().to_owned());
    let name = options.message.as_deref().or(named.as_deref());
    select(&pool, Some(INLINE), name, "schema", "…")
}

/// The message of that name in a definition that we have written.
///
/// # Errors
/// A name that is none.
pub(super) fn derived(text: &str, name: &str) -> SchemaResult<MessageDescriptor> {
    let pool = of_text(text, &[])?;
    pool.get_message_by_name(name).ok_or_else(|| invalid("message", name, "the full name of a message", ""))
}

/// The descriptors of a `.proto` text, and those of a message in it.
///
/// # Errors
/// As the option `schema`.
pub(super) fn of_text(text: &str, include: &[String]) -> SchemaResult<DescriptorPool> {
    let failed = |e: &dyn std::fmt::Display| invalid("schema", "…", "the text of a .proto file", &one_line(e));
    let file = files::parse(INLINE, text).map_err(|e| failed(&Compilation(&e)))?;
    let mut resolver = ChainFileResolver::new();
    resolver.add(Inline(file));
    for directory in include {
        resolver.add(Directory::new(directory));
    }
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).include_source_info(true);
    compiler.open_file(INLINE).map_err(|e| failed(&Compilation(&e)))?;
    Ok(compiler.descriptor_pool())
}

/// The message of that name in a `.proto` text whose imports are texts too; the text's first message without a name, as
/// registries mean it.
///
/// # Errors
/// As the option `schema`; an import that is no definition, by its name.
pub(super) fn of_texts(
    text: &str,
    imports: &[(String, String)],
    message: Option<&str>,
) -> SchemaResult<MessageDescriptor> {
    let pool = compiled(text, imports)?.descriptor_pool();
    match (message, all(&pool, Some(INLINE)).into_iter().next()) {
        (None, Some(first)) => Ok(first),
        (name, _) => select(&pool, Some(INLINE), name, "schema", "…"),
    }
}

/// A `.proto` text and its imports as one descriptor set, which [`of_writer`] reads.
///
/// # Errors
/// As [`of_texts`].
pub(super) fn set_of_texts(text: &str, imports: &[(String, String)]) -> SchemaResult<Vec<u8>> {
    Ok(compiled(text, imports)?.encode_file_descriptor_set())
}

fn compiled(text: &str, imports: &[(String, String)]) -> SchemaResult<Compiler> {
    let failed = |e: &dyn std::fmt::Display| invalid("schema", "…", "the text of a .proto file", &one_line(e));
    let mut resolver = ChainFileResolver::new();
    resolver.add(Inline(files::parse(INLINE, text).map_err(|e| failed(&Compilation(&e)))?));
    for (name, text) in imports {
        let file = files::parse(name, text);
        let expected = "the text of a .proto file";
        resolver.add(Inline(file.map_err(|e| invalid("import", name, expected, &one_line(&Compilation(&e))))?));
    }
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).include_source_info(true);
    compiler.open_file(INLINE).map_err(|e| failed(&Compilation(&e)))?;
    Ok(compiler)
}

/// The descriptors of a set that [`set_of_texts`] made; `None` for anything else, as the text of a file.
fn set(raw: &[u8]) -> Option<DescriptorPool> {
    // A set begins with the tag of its first file. So does a text that begins with a line's end, which is no set then.
    let pool = DescriptorPool::decode(raw.first().filter(|first| **first == 0x0A).map(|_| raw)?).ok()?;
    pool.get_file_by_name(INLINE).is_some().then_some(pool)
}

/// The descriptors of a file, and the name of the one file that was asked for.
fn of_file(path: &str, include: &[String]) -> SchemaResult<(DescriptorPool, Option<String>)> {
    let refused = |reason: &dyn std::fmt::Display| {
        invalid("schema_file", path, "a .proto file or a descriptor set", &one_line(reason))
    };
    if Path::new(path).extension().is_some_and(|ext| ext == "proto") {
        let own = Path::new(path).parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // The file's own directory too, behind the others: they decide what it is called in imports.
        let directories = include.iter().map(Path::new).chain([own]);
        let mut compiler = in_directories(directories);
        compiler.open_file(path).map_err(|e| refused(&Compilation(&e)))?;
        let main = compiler.files().find(|file| !file.is_import()).map(|file| file.name().to_owned());
        return Ok((compiler.descriptor_pool(), main));
    }
    let bytes = fs::read(path).map_err(|e| refused(&e))?;
    let pool = edition::pool_of_set(&bytes).map_err(|e| refused(&e))?;
    Ok((pool, None))
}

/// The descriptors of `.proto` files and of what they import, for [`crate::compat::check_descriptors`]. Reads the files.
///
/// `include` are the directories in which imports are looked up, and which the files are in; of several, the first that has a
/// file counts. Google's own files need none. proto2, proto3 and the editions 2023 and 2024 are read, the latter as what they
/// are in proto2 or proto3.
///
/// # Errors
/// A file that is none of these, or not in one of the directories, by its name and with what the compiler says.
pub fn descriptors_of_files<P: AsRef<Path>>(include: &[P], files: &[P]) -> SchemaResult<DescriptorPool> {
    let mut compiler = in_directories(include.iter().map(AsRef::as_ref));
    for file in files.iter().map(AsRef::as_ref) {
        compiler.open_file(file).map_err(|e| {
            let shown = file.display().to_string();
            invalid("schema_file", &shown, "a .proto file in one of the directories", &one_line(&Compilation(&e)))
        })?;
    }
    Ok(compiler.descriptor_pool())
}

fn in_directories<'p>(directories: impl Iterator<Item = &'p Path>) -> Compiler {
    let mut resolver = ChainFileResolver::new();
    directories.for_each(|directory| resolver.add(Directory::new(directory)));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).include_source_info(true);
    compiler
}

/// The message of that name, or the only one that could be meant.
fn select(
    pool: &DescriptorPool,
    main: Option<&str>,
    name: Option<&str>,
    option: &'static str,
    shown: &str,
) -> SchemaResult<MessageDescriptor> {
    if let Some(name) = name {
        return pool
            .get_message_by_name(name.trim_start_matches('.'))
            .ok_or_else(|| invalid("message", name, "the full name of a message", &known(&all(pool, main))));
    }
    let messages = all(pool, main);
    match &messages[..] {
        [one] => Ok(one.clone()),
        [] => Err(invalid(option, shown, "a definition with a message", "it has none")),
        _ => Err(invalid("message", "", "the full name of the message that a record is", &known(&messages))),
    }
}

/// Messages of the main file, or of all that are not Google's own.
fn all(pool: &DescriptorPool, main: Option<&str>) -> Vec<MessageDescriptor> {
    let files = pool.files().filter(|file| match main {
        Some(main) => file.name() == main,
        None => !file.name().starts_with("google/protobuf/"),
    });
    files.flat_map(|file| file.messages().collect::<Vec<_>>()).collect()
}

fn known(messages: &[MessageDescriptor]) -> String {
    let names: Vec<&str> = messages.iter().map(MessageDescriptor::full_name).collect();
    match names.len() {
        0 => "it has no message".to_owned(),
        1..=20 => format!("it has {}", names.join(", ")),
        more => format!("it has {} and {} others", names[..20].join(", "), more - 20),
    }
}

#[cold]
pub(super) fn invalid(option: &str, value: &str, expected: &str, reason: &str) -> SchemaError {
    ConfigError::invalid(option, value, expected, reason).into()
}

/// What a compiler says may have several lines, of which an error has one.
fn one_line(message: &dyn std::fmt::Display) -> String {
    message.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An error of the compiler with the place that it names.
struct Compilation<'e>(&'e protox::Error);

impl std::fmt::Display for Compilation<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The alternate form of `Debug` is the one with line and column.
        write!(f, "{:?}", self.0)
    }
}
