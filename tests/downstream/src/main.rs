//! An engine of our own: our source and format, the shipped ones, and a plugin that joins at run time.

mod logfmt;
mod ticks;

use std::{error::Error, fs, path::Path};

use laminar_connector_file::{FileSink, FileSource};
use laminar_formats::{AnyDecoder, AnyEncoder};
use laminar_schema::{
    BoxSink, BoxSource, ConnectorRegistry, FormatDecoder, FormatEncoder, Metrics, SinkConnector, SourceConnector,
    engine::{Engine, RunOptions},
};
use logfmt::{LogfmtDecoder, LogfmtEncoder};
use ticks::TickSource;

#[derive(Debug, FormatDecoder)]
enum EngineDecoder {
    Shipped(AnyDecoder),
    Logfmt(LogfmtDecoder),
}

#[derive(Debug, FormatEncoder)]
enum EngineEncoder {
    Shipped(AnyEncoder),
    Logfmt(LogfmtEncoder),
}

#[derive(Debug, SourceConnector)]
#[connector(decoder = EngineDecoder)]
enum EngineSources {
    File(FileSource<EngineDecoder>),
    #[connector(no_create)]
    Plugin(BoxSource<EngineDecoder>),
}

#[derive(Debug, SinkConnector)]
#[connector(encoder = EngineEncoder)]
enum EngineSinks {
    File(FileSink<EngineEncoder>),
    #[connector(no_create)]
    Plugin(BoxSink<EngineEncoder>),
}

/// The same engine with our source linked instead of plugged in.
#[derive(Debug, SourceConnector)]
#[connector(decoder = EngineDecoder)]
enum LinkedSources {
    File(FileSource<EngineDecoder>),
    Ticks(TickSource<EngineDecoder>),
}

async fn run<S>(mut engine: Engine<S, EngineSinks>, sql: &str) -> Result<(u64, u64), Box<dyn Error>>
where
    S: laminar_schema::SourceSet,
{
    let script = engine.load(sql)?;
    let (mut rows, mut rejected) = (0, 0);
    for planned in engine.plan(&script, &RunOptions::default()).await? {
        let summary = planned.pipeline.run(std::future::pending(), &Metrics::new()).await?;
        rows += summary.rows;
        rejected += summary.rejected;
    }
    Ok((rows, rejected))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let dir = std::env::args().nth(1).ok_or("usage: downstream-engine FOLDER")?;
    let dir = Path::new(&dir);
    let path = |name: &str| dir.join(name).display().to_string();

    // Our source and format, linked, into our format through the shipped sink.
    let to_logfmt = format!(
        "CREATE SOURCE t FROM TICKS (count = 20) FORMAT LOGFMT ON ERROR SKIP;
         CREATE SINK o INTO FILE (path = '{}') FORMAT LOGFMT;
         INSERT INTO o SELECT n, load AS l, level FROM t",
        path("ticks.log")
    );
    assert_eq!(run(Engine::<LinkedSources, _>::new(), &to_logfmt).await?, (18, 2));
    let written = fs::read_to_string(path("ticks.log"))?;
    assert_eq!(written.lines().next(), Some("n=0 l=0 level=\"all is well\""));

    // The shipped source reads our format; its schema is inferred by our inference.
    let to_csv = format!(
        "CREATE SOURCE f FROM FILE (path = '{}') FORMAT LOGFMT;
         CREATE SINK o INTO FILE (path = '{}') FORMAT CSV;
         INSERT INTO o SELECT n, l, level FROM f",
        path("ticks.log"),
        path("ticks.csv")
    );
    assert_eq!(run(Engine::<EngineSources, _>::new(), &to_csv).await?, (18, 0));
    let written = fs::read_to_string(path("ticks.csv"))?;
    assert_eq!(written.lines().take(2).collect::<Vec<_>>(), ["n,l,level", "0,0.0,all is well"]);

    // Our inference finds an option of our format, and the shipped source and our decoder use it.
    fs::write(path("colons.log"), "n:1 l:0.5 level:\"all is well\"\n")?;
    assert_eq!(run(Engine::<EngineSources, _>::new(), &to_csv.replace("ticks.", "colons.")).await?, (1, 0));
    assert_eq!(fs::read_to_string(path("colons.csv"))?, "n,l,level\n1,0.5,all is well\n");

    // The same source, registered at run time, in the same pipeline.
    let mut plugins = ConnectorRegistry::new();
    plugins.register_source_type::<TickSource<EngineDecoder>>();
    let engine = Engine::<EngineSources, EngineSinks>::new().with_plugins(plugins);
    assert_eq!(run(engine, &to_logfmt.replace("ticks.log", "plugin.log")).await?, (18, 2));
    assert_eq!(fs::read(path("plugin.log"))?, fs::read(path("ticks.log"))?);

    println!("downstream engine: linked source, own format, a found option, shipped connector and run-time plugin agree");
    println!("4 passed, 0 failed");
    Ok(())
}
