//! Checks of sources, one in a file, and what a harness tells them.

mod allocations;
mod back_pressure;
mod cancellation;
mod capabilities;
mod options;
mod reading;
mod reconnect;
mod resume;
mod sampling;
mod stop;

pub use allocations::allocates_nothing_per_record;
pub use back_pressure::bounds_what_it_buffers;
pub use cancellation::loses_nothing_when_cancelled;
pub use capabilities::has_the_capabilities_it_declares;
pub use options::{keeps_secrets, tells_all_config_errors};
pub use reading::reads_everything_once;
pub(crate) use reading::show;
pub use reconnect::reconnects;
pub use resume::resumes_exactly;
pub use sampling::samples_without_consuming;
pub use stop::stops_in_time;

use std::{future::Future, net::SocketAddr, time::Duration};

use laminar_schema::{ConnectorConfig, RegistryConfig, SchemaError, SchemaResult, SourceConfig, SourceFromConfig};

use crate::place::{BadOptions, Place, Unavailable, Wanted};

/// In which order a source yields records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// In the order in which they were written.
    Written,
    /// In the order in which they were written, within each partition.
    WithinPartitions,
    /// In any.
    Any,
}

/// What a source promises beyond its options. The defaults are what a well-behaved source of files or logs does.
#[derive(Debug, Clone, PartialEq)]
pub struct SourcePromises {
    /// In which order records come.
    pub order: Order,
    /// Whether a stream started at a position yields exactly what follows it.
    pub is_resumable: bool,
    /// Whether records may come again after the connection was lost.
    pub repeats_after_faults: bool,
    /// Whether the system behind the source delivers no more than so many records before some are committed, as a queue with
    /// acknowledgements does. More than that are then read with commits between them.
    pub waits_for_commits: bool,
    /// Bytes that a stream buffers while nobody polls it, at most, when it is made by the harness's options. `usize::MAX`
    /// promises nothing, and the check is skipped.
    pub max_buffered_bytes: usize,
    /// Allocations per record that the client library makes by itself; 0 for a source that reads without one.
    pub client_allocations_per_record: f64,
    /// How long one poll may take while there are records.
    pub answers_within: Duration,
    /// How long dropping a stream and its runtime may take.
    pub stops_within: Duration,
}

impl Default for SourcePromises {
    fn default() -> Self {
        Self {
            order: Order::Written,
            is_resumable: true,
            repeats_after_faults: false,
            waits_for_commits: false,
            max_buffered_bytes: 4 << 20,
            client_allocations_per_record: 0.0,
            answers_within: Duration::from_secs(20),
            stops_within: Duration::from_secs(5),
        }
    }
}

/// What an author writes to have a source checked: how to put records into the system behind it.
///
/// A harness may panic: then the check fails with its message.
pub trait SourceHarness: Sized + Send + Sync + 'static {
    /// The source.
    type Source: SourceFromConfig;

    /// What it promises.
    fn promises(&self) -> SourcePromises {
        SourcePromises::default()
    }

    /// Reaches the system behind the source; called once for each check.
    ///
    /// # Errors
    /// Why it is not there. The check is then skipped and says so.
    fn setup() -> impl Future<Output = Result<Self, Unavailable>> + Send;

    /// Puts records where no others are, and says how to read them. A source that makes its own records says which.
    fn fill(&self, wanted: Wanted) -> impl Future<Output = Place> + Send;

    /// Adds so many records where there are some already, and yields them. `None`, the default, means that nothing can be
    /// added: an unbounded source should have it.
    fn append(&self, place: &Place, count: usize) -> impl Future<Output = Option<Vec<Vec<u8>>>> + Send {
        let _ = (place, count);
        std::future::ready(None)
    }

    /// Options that are wrong although each is well formed.
    fn contradictions(&self) -> Vec<BadOptions> {
        Vec::new()
    }

    /// Where the server is, for a source that connects to one by TCP.
    fn upstream(&self) -> Option<SocketAddr> {
        None
    }

    /// The same place, reached by way of a proxy at `address`. Needed where there is an upstream.
    fn through(&self, place: &Place, address: SocketAddr) -> Option<SourceConfig> {
        let _ = (place, address);
        None
    }

    /// A registry that has a schema for the source's records, for a source with that capability.
    fn registry(&self) -> Option<RegistryConfig> {
        None
    }
}

type Config<H> = <<H as SourceHarness>::Source as SourceFromConfig>::Config;

/// Makes the source as SQL does.
pub(crate) fn make<H: SourceHarness>(config: &SourceConfig) -> SchemaResult<H::Source> {
    let options = Config::<H>::from_options(&config.options).map_err(SchemaError::from)?;
    H::Source::from_config(options, config)
}
