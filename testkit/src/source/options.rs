//! Options of a source.

use std::time::Duration;

use laminar_schema::{Source as _, SourceConfig};

use super::{Config, SourceHarness, make};
use crate::{
    config::{MARKER, hides, refuses, secrets, tells_all_errors},
    place::Wanted,
    verdict::{Failed, Passed, Verdict},
};

/// Everything that is wrong with options is told at once, by name; contradictions are refused.
pub async fn tells_all_config_errors<H: SourceHarness>(harness: H) -> Verdict {
    let place = harness.fill(Wanted::new(1)).await;
    tells_all_errors::<Config<H>>(&place.config.options)?;
    for bad in harness.contradictions() {
        let config = SourceConfig { options: bad.options.clone(), format: place.config.format.clone() };
        let refused = match make::<H>(&config) {
            Ok(source) => source.validate().await.err(),
            Err(e) => Some(e),
        };
        refuses(&bad, refused)?;
    }
    Ok(Passed::Checked)
}

/// No secret is seen in `Debug`, in an error about options, or in one of connecting with it.
pub async fn keeps_secrets<H: SourceHarness>(harness: H) -> Verdict {
    let place = harness.fill(Wanted::new(1)).await;
    let secrets = secrets::<Config<H>>()?;
    if secrets.is_empty() {
        return Passed::does_not_apply("the source has no option that is a secret");
    }
    for secret in secrets {
        let mut config = place.config.clone();
        config.options.insert(secret, MARKER, None);
        hides("`Debug` of its options", &format!("{:?}", config.options))?;
        match make::<H>(&config) {
            Err(e) => hides("an error", &format!("{e} {e:?}"))?,
            Ok(source) => {
                hides("`Debug` of the source", &format!("{source:?} {source:#?}"))?;
                // It need not work: the server may know no such secret.
                let starting = async {
                    source.validate().await?;
                    source.start(None).await.map(drop)
                };
                if let Ok(Err(e)) = tokio::time::timeout(Duration::from_secs(3), starting).await {
                    hides("an error", &format!("{e} {e:?}"))?;
                }
            }
        }
        config.options.insert("no_such_option", MARKER, None);
        match make::<H>(&config) {
            Err(e) => hides("an error about options", &format!("{e} {e:?}"))?,
            Ok(_) => return Err(Failed::new("an unknown option to be refused", "a source made of it", "")),
        }
    }
    Ok(Passed::Checked)
}
