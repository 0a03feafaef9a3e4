// Opens the adapters of one process with its own storage: SQLite for the journal and the views, memory for everything else.
// Without other hosts, the lease never lapses.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Place, soleLease } from "../../actors/runtime/lease/lease.ts";
import type { Log } from "../../gateway/ports.ts";
import { createCodes } from "../codes/codes.ts";
import type { Config } from "../config/config.ts";
import { createMemoryBus } from "../memory/bus.ts";
import { createMemoryControl } from "../memory/control.ts";
import { createMemoryHeads } from "../memory/heads.ts";
import { createMemoryPresence } from "../memory/presence.ts";
import { createMemoryRateLimits, noRateLimits } from "../memory/rate-limits.ts";
import { createMemoryTransport } from "../memory/transport.ts";
import { openSqliteJournal } from "../sqlite/journal.ts";
import { openSqliteViews } from "../sqlite/views.ts";
import { systemClock } from "../system/clock.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { World } from "./world.ts";

/** The views write at once when this many rows wait. The value is below the projector's maximum of rows per write. */
const gatherRows = 8_000;

export async function openEmbedded(config: Config, place: Place, log: Log, lifecycle: Lifecycle): Promise<World> {
  const { dataDir } = config;
  // Without storage the server can only refuse requests. It exits at once, so that a supervisor starts it again.
  const onDeath = (error: Error) => {
    log.error("storage: worker thread died, exiting", { error });
    process.exit(1);
  };
  // The folder contains messages and password hashes, so other users of the machine must not read it.
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const journal = await openSqliteJournal({ path: join(dataDir, "journal.db"), onDeath });
  await lifecycle.start({ name: "journal", stop: () => journal.close() });
  const { storeId, formerStoreIds } = journal;
  if (journal.isRestored) log.warn("store: restored from a copy, clients fetch everything anew", { storeId });
  const path = join(dataDir, "views.db");
  const views = await openSqliteViews({ path, storeId, formerStoreIds, gatherRows, onDeath });
  await lifecycle.start({ name: "views", stop: () => views.close() });

  const clock = systemClock;
  const bus = createMemoryBus({ onError: (error) => log.error("bus: notification handler failed", { error }) });
  return {
    place,
    lease: soleLease(place),
    journal,
    storeId,
    views,
    heads: createMemoryHeads(),
    sink: bus.sink,
    createSource: bus.createSource,
    transport: createMemoryTransport(),
    control: createMemoryControl(clock),
    presence: createMemoryPresence(),
    rateLimits: config.rateLimits ? createMemoryRateLimits(clock) : noRateLimits,
    createCodes: (sender) =>
      createCodes({ sender, clock, log, devCode: config.devCode, unlimited: !config.rateLimits }),
    durability: journal.durability,
    probes: {
      journal: async () => `${unlessFailed(journal, (await journal.lastSequences()).size)} shards have a log`,
      views: async () => `${unlessFailed(views, (await views.views.marks()).length)} shards have a mark`,
    },
    isTrimmer: () => true,
    join: async () => {},
    leave: async () => {},
    onClosed: () => {},
  };
}

/** Throws when the last write of the store failed (a full disk, for example), even though reads still work. */
function unlessFailed<T>(store: { failure(): string | undefined }, answer: T): T {
  const failure = store.failure();
  if (failure !== undefined) throw new Error(failure);
  return answer;
}
