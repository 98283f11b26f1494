//! What became of webhook calls. The handles are kept: looking a counter up by its labels costs more than verifying a signature.

use std::sync::Arc;

use metrics::Counter;

use crate::{http::state::App, ids::ChannelId, telemetry};

/// The counters of one channel.
pub struct HookCounters {
    pub(super) accepted: Counter,
    pub(super) duplicate: Counter,
    pub(super) refused: Counter,
    pub(super) overload: Counter,
}

impl HookCounters {
    fn new(channel: ChannelId) -> Self {
        let of = |outcome: &'static str| metrics::counter!(telemetry::HOOK_ACKS, "channel" => channel.to_string(), "outcome" => outcome);
        Self { accepted: of("accepted"), duplicate: of("duplicate"), refused: of("refused"), overload: of("overload") }
    }
}

/// Those of a channel that exists; of others there are no counters, so that callers cannot make up any.
pub(super) fn of(app: &App, channel: ChannelId) -> Arc<HookCounters> {
    if let Some(found) = app.hooks.read().get(&channel) {
        return Arc::clone(found);
    }
    Arc::clone(app.hooks.write().entry(channel).or_insert_with(|| Arc::new(HookCounters::new(channel))))
}
