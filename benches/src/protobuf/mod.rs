//! The Protobuf decoders that are compared. Each yields the columns of the message's definition.

// The oracle of the differential tests is the peer, so that both are right about the same.
#[path = "../../../tests/src/protobuf/builder.rs"]
mod builder;
#[path = "../../../tests/src/protobuf/reflect.rs"]
mod reflect;

use std::{hint::black_box, sync::Arc};

use arrow_array::RecordBatch;
use laminar_formats::protobuf::ProtobufDecoder;
use laminar_gates::protobuf::{MESSAGE, Messages};
use laminar_schema::{FormatDecoder, RawBatch};
use protox::{
    Compiler,
    file::{ChainFileResolver, File, FileResolver, GoogleFileResolver},
};
use reflect::Reflect;

/// A decoder with its schema frozen.
pub enum Peer {
    /// prost-reflect's dynamic messages, and Arrow's builders.
    Reflect(Box<Reflect>),
    /// Our own, with its default options.
    Laminar(Box<ProtobufDecoder>),
}

impl Peer {
    /// Both for a message. Ours is the last.
    pub fn both(messages: &Messages) -> Vec<Self> {
        let mut resolver = ChainFileResolver::new();
        resolver.add(Inline(File::from_source("bench.proto", &messages.definition).expect("a definition")));
        resolver.add(GoogleFileResolver::new());
        let mut compiler = Compiler::with_file_resolver(resolver);
        compiler.include_imports(true).open_file("bench.proto").expect("a definition");
        let message = compiler.descriptor_pool().get_message_by_name(MESSAGE).expect("the message has that name");
        let reflect = Reflect::new(message, Arc::clone(&messages.schema));
        vec![Self::Reflect(Box::new(reflect)), Self::Laminar(Box::new(messages.decoder()))]
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Reflect(_) => "prost-reflect",
            Self::Laminar(_) => "laminar",
        }
    }

    /// Decodes a batch.
    pub fn decode(&mut self, batch: &RawBatch) -> RecordBatch {
        match self {
            Self::Reflect(reflect) => {
                for record in 0..batch.len() {
                    let message = reflect.decode(batch.value(record)).expect("the records are valid");
                    reflect.push(&message);
                }
                reflect.finish()
            }
            Self::Laminar(decoder) => {
                let decoded = decoder.decode(batch).expect("the batch fits into its columns");
                assert!(decoded.rejected.is_empty(), "the records are valid");
                decoded.batch
            }
        }
    }

    /// Decodes a batch and throws the result away. This, and nothing else, is timed.
    pub fn run(&mut self, batch: &RawBatch) {
        black_box(self.decode(batch));
    }
}

/// A file that is there already.
struct Inline(File);

impl FileResolver for Inline {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        if name == self.0.name() { Ok(self.0.clone()) } else { Err(protox::Error::file_not_found(name)) }
    }
}
