import type { Host } from "../../actors/runtime/host/host.ts";
import type { Metrics } from "./metrics.ts";

/** Shows the runtime's counters as metrics. */
export function watchRuntime(metrics: Metrics, host: Host): void {
  metrics.watchCounters(
    "runtime",
    {
      turns: "Turns run by actors.",
      commits: "Commits in the journal.",
      records: "Records in those commits.",
      journaledBytes: "Bytes of those records.",
      mailboxRejections: "Commands refused because a mailbox was full.",
      overloads: "Commands refused because the views were behind.",
      passivations: "Idle actors taken out of memory.",
      snapshots: "Snapshots taken.",
      reappended: "Outbox entries appended again.",
      deadLettered: "Commands that crashed their actor.",
      effectsLeftOut: "Rows, notifications, heads and snapshots of single records that could not be made.",
      fencedOff: "Shards lost to another owner.",
      takeovers: "Shards taken.",
      rowsWritten: "Rows written to the views.",
      viewWrites: "Writes to the views.",
      errorReports: "Failures that were repeated or reported.",
    },
    () => host.stats,
  );
  metrics.watchGauge("activations", "Actors in memory.", () => host.stats.activations);
  metrics.watchGauge("shards_owned", "Shards owned by this host.", () => host.status().owned);
  metrics.watchGauge("projector_lag_bytes", "Committed bytes not yet in the views.", () => host.status().lagBytes);
}
