// One process with its own storage: SQLite for what lasts, memory for the rest. Its lease never lapses.
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

/** Rows of one write of the views without waiting for more; below the projector's rows per write. */
const gatherRows = 8_000;

export async function openEmbedded(config: Config, place: Place, log: Log, lifecycle: Lifecycle): Promise<World> {
  const { dataDir } = config;
  // Without its storage a server can only refuse: ending at once lets a supervisor start it anew, as after kill -9.
  const onDeath = (error: Error) => {
    log.error("storage: worker thread died, exiting", { error });
    process.exit(1);
  };
  // Messages and password hashes lie here: nobody else on this machine reads them.
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
      journal: async () => `${whole(journal, (await journal.lastSequences()).size)} shards have a log`,
      views: async () => `${whole(views, (await views.views.marks()).length)} shards have a mark`,
    },
    isTrimmer: () => true,
    join: async () => {},
    leave: async () => {},
    onClosed: () => {},
  };
}

/** A file that can be read and not written is not ready: its disk is full, for one. */
function whole<T>(store: { failure(): string | undefined }, answer: T): T {
  const failure = store.failure();
  if (failure !== undefined) throw new Error(failure);
  return answer;
}
