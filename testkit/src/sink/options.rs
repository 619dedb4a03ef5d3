//! Options of a sink.

use std::{sync::Arc, time::Duration};

use arrow_schema::{DataType, Field, Schema};
use laminar_schema::{EncodeSpec, Sink as _, SinkConfig};

use super::{Config, SinkHarness, make};
use crate::{
    config::{MARKER, hides, refuses, secrets, tells_all_errors},
    verdict::{Passed, Verdict},
};

/// Everything that is wrong with options is told at once, by name; contradictions are refused.
pub async fn tells_all_config_errors<H: SinkHarness>(harness: H) -> Verdict {
    let place = harness.place().await;
    tells_all_errors::<Config<H>>(&place.config.options)?;
    for bad in harness.contradictions() {
        let config = SinkConfig { options: bad.options.clone(), format: place.config.format.clone() };
        let refused = match make::<H>(&config) {
            Ok(sink) => sink.validate().await.err(),
            Err(e) => Some(e),
        };
        refuses(&bad, refused)?;
    }
    Ok(Passed::Checked)
}

/// No secret is seen in `Debug`, in an error about options, or in one of connecting with it.
pub async fn keeps_secrets<H: SinkHarness>(harness: H) -> Verdict {
    let place = harness.place().await;
    let secrets = secrets::<Config<H>>()?;
    if secrets.is_empty() {
        return Passed::does_not_apply("the sink has no option that is a secret");
    }
    let schema = Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, false)]));
    let spec = EncodeSpec::new(schema, place.config.format.clone());
    for secret in secrets {
        let mut config = place.config.clone();
        config.options.insert(secret, MARKER, None);
        match make::<H>(&config) {
            Err(e) => hides("an error", &format!("{e} {e:?}"))?,
            Ok(sink) => {
                hides("`Debug` of the sink", &format!("{sink:?} {sink:#?}"))?;
                let starting = async {
                    sink.validate().await?;
                    sink.start(&spec).await.map(drop)
                };
                if let Ok(Err(e)) = tokio::time::timeout(Duration::from_secs(3), starting).await {
                    hides("an error", &format!("{e} {e:?}"))?;
                }
            }
        }
        config.options.insert("no_such_option", MARKER, None);
        if let Err(e) = make::<H>(&config) {
            hides("an error about options", &format!("{e} {e:?}"))?;
        }
    }
    Ok(Passed::Checked)
}
