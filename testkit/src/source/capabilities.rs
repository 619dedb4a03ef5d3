//! Capabilities: each that is declared works, and each that is not is refused by name.

use std::{sync::Arc, time::Duration};

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use laminar_schema::{
    Capability, CompatibilityMode, ConnectorInfo, InferenceConfig, RegistryConfig, RegistryError, RegistrySchemaType,
    ResolveRequest, SchemaError, SchemaEvolvable as _, SchemaInferable as _, SchemaProvider as _,
    SchemaRegistryAware as _, SchemaResolver, Source, SourceConnector, StaticConnector, error::ErrorKind,
    registry::RegistryConnection,
};

use super::{SourceHarness, reading::made};
use crate::{
    place::Wanted,
    verdict::{Failed, Passed, Verdict},
};

/// The capabilities that the derive was told are those that the source has, for the format of the harness.
pub async fn has_the_capabilities_it_declares<H: SourceHarness>(harness: H) -> Verdict {
    let place = harness.fill(Wanted::new(50)).await;
    let source = made::<H>(&place.config)?;
    let (info, format) = (source.info(), &place.config.format);
    if info != H::Source::INFO {
        let help = "let `#[derive(SourceConnector)]` say both";
        return Err(Failed::new("the same of a source as of its type", format!("{info:?}"), help));
    }
    if !info.formats.is_empty() && !info.formats.contains(&format.name.as_str()) {
        let expected = format!("format {} among those of `{}`", format.name, info.name);
        return Err(Failed::new(expected, info.formats.join(", "), "declare it: `#[connector(formats(…))]`"));
    }
    let found: Vec<bool> = vec![
        source.as_schema_provider().is_some(),
        source.as_schema_inferable().is_some(),
        source.as_schema_registry_aware().is_some(),
        source.as_schema_evolvable().is_some(),
    ];
    for (capability, is_there) in Capability::ALL.into_iter().zip(found) {
        if info.capabilities.contains(capability) != is_there {
            let expected = format!("capability `{capability}` to be there if it is declared, and not otherwise");
            let found = format!("declared: {}, there: {is_there}", info.capabilities.contains(capability));
            return Err(Failed::new(expected, found, "let `#[derive(SourceConnector)]` write the accessors"));
        }
        let supported = info.supports(capability, &format.name);
        if !supported {
            refuses(&source, info, capability, format).await?;
            continue;
        }
        let works = match capability {
            Capability::Provider => provides(&source).await,
            Capability::Inferable => infers(&source, &format.name).await,
            Capability::Registry => asks_a_registry(&source, harness.registry()).await,
            Capability::Evolvable => follows(&source),
        };
        works.map_err(|found| {
            let expected = format!("capability `{capability}` to work with format {}, as declared", format.name);
            let help = "implement what `#[capabilities(…)]` declares, or limit it to formats: `inferable(json)`";
            Failed::new(expected, found, help)
        })?;
    }
    Ok(Passed::Checked)
}

async fn provides<S: SourceConnector>(source: &S) -> Result<(), String> {
    let Some(provider) = source.as_schema_provider() else { return Ok(()) };
    match provider.provide_schema().await {
        Err(e) => Err(format!("the error: {e}")),
        Ok(schema) if schema.fields().is_empty() => Err("a schema without fields".to_owned()),
        Ok(_) => provider.field_metadata().await.map(drop).map_err(|e| format!("of its fields, the error: {e}")),
    }
}

async fn infers<S: SourceConnector>(source: &S, format: &str) -> Result<(), String> {
    let Some(inferable) = source.as_schema_inferable() else { return Ok(()) };
    let config = InferenceConfig { sample_timeout: Duration::from_secs(5), ..InferenceConfig::default() };
    let sample = inferable.sample_records(&config).await.map_err(|e| format!("of sampling, the error: {e}"))?;
    if sample.is_empty() {
        return Err("no sample where 50 records are".to_owned());
    }
    let formats = laminar_schema::FormatInferenceRegistry::of::<S::Decoder>();
    match inferable.infer_from_samples(&sample, format, &config, &formats).await {
        Err(e) => Err(format!("of inference, the error: {e}")),
        Ok(inferred) if inferred.schema.fields().is_empty() => Err("a schema without fields".to_owned()),
        Ok(_) => Ok(()),
    }
}

async fn asks_a_registry<S: SourceConnector>(source: &S, registry: Option<RegistryConfig>) -> Result<(), String> {
    let Some(aware) = source.as_schema_registry_aware() else { return Ok(()) };
    if let Some(config) = registry {
        return match aware.fetch_schema(&config).await {
            Ok(registered) if registered.schema.fields().is_empty() => Err("a schema without fields".to_owned()),
            Ok(_) => Ok(()),
            Err(e) => Err(format!("the error: {e}")),
        };
    }
    // Nobody listens there: one that asks says so, and one that does not has another answer.
    let config = unreachable_registry();
    let asking = tokio::time::timeout(Duration::from_secs(20), aware.fetch_schema(&config)).await;
    match asking {
        Err(_) => Err("no answer in 20 s, where nobody listens".to_owned()),
        Ok(Ok(_)) => Err("a schema of a registry that is not there".to_owned()),
        Ok(Err(e)) => match e.kind() {
            ErrorKind::Registry(RegistryError::Unsupported { .. }) => Err(format!("the error: {e}")),
            ErrorKind::Registry(_) => Ok(()),
            _ => Err(format!("an error that is none of a registry: {e}")),
        },
    }
}

/// A registry where nobody listens.
fn unreachable_registry() -> RegistryConfig {
    RegistryConfig {
        url: "http://127.0.0.1:9".to_owned(),
        subject: Some("testkit".to_owned()),
        schema_type: RegistrySchemaType::JsonSchema,
        compatibility: CompatibilityMode::Backward,
        credentials: None,
        connection: RegistryConnection::default(),
    }
}

fn follows<S: SourceConnector>(source: &S) -> Result<(), String> {
    let Some(evolvable) = source.as_schema_evolvable() else { return Ok(()) };
    let (a, b) = (Field::new("a", DataType::Int64, true), Field::new("b", DataType::Utf8, true));
    let current: SchemaRef = Arc::new(Schema::new(vec![a.clone()]));
    let proposed: SchemaRef = Arc::new(Schema::new(vec![a, b]));
    let changes = evolvable.diff_schemas(&current, &proposed);
    if changes.is_empty() {
        return Err("no change between a schema and the same with one more column".to_owned());
    }
    let _ = evolvable.evaluate_evolution(&changes, CompatibilityMode::Backward);
    match evolvable.apply_evolution(&current, &changes) {
        Ok((schema, _)) if schema.fields() == proposed.fields() => Ok(()),
        Ok((schema, _)) => Err(format!("the changes applied give {:?}", schema.fields())),
        Err(e) => Err(format!("the error: {e}")),
    }
}

/// Asking for what is not there is an error that names connector and capability.
async fn refuses<S: SourceConnector>(
    source: &S,
    info: ConnectorInfo,
    capability: Capability,
    format: &laminar_schema::FormatSpec,
) -> Result<(), Failed> {
    let resolver = SchemaResolver::of::<<S as Source>::Decoder>();
    let (inference, registry) = (InferenceConfig::default(), unreachable_registry());
    let mut request = ResolveRequest::new(format);
    match capability {
        Capability::Inferable => request.inference = Some(&inference),
        Capability::Registry => request.registry = Some(&registry),
        // SQL has no words that ask for these by themselves.
        Capability::Provider | Capability::Evolvable => return Ok(()),
    }
    let expected = format!("an error that names `{}` and `{capability}`, which is not declared", info.name);
    let names = |e: &SchemaError| {
        let text = e.to_string();
        text.contains(info.name) && text.contains(capability.word())
    };
    match resolver.resolve(source, &request).await {
        Err(e) if names(&e) => Ok(()),
        Err(e) => Err(Failed::new(expected, e.to_string(), "")),
        Ok(_) => Err(Failed::new(expected, "a schema", "")),
    }
}
