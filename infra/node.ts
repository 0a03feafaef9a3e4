// The composition root: configuration → adapters → rooms, by hand, top to bottom. The only place that names all of them.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createConversation } from "../actors/conversation/conversation.ts";
import { defaultConversationRules } from "../actors/conversation/rules.ts";
import { handle } from "../actors/handle/handle.ts";
import { defaultReadingLimits } from "../actors/reading/limits.ts";
import { createReading } from "../actors/reading/reading.ts";
import { createHost, type Host } from "../actors/runtime/host.ts";
import { type HostLease, type Place, soleLease } from "../actors/runtime/lease.ts";
import { defaultRuntimeLimits } from "../actors/runtime/options.ts";
import type { Heads, NotificationSink } from "../actors/runtime/ports.ts";
import { createSession } from "../actors/session/session.ts";
import { user } from "../actors/user/user.ts";
import type { Log } from "../gateway/ports.ts";
import { createGateway } from "../gateway/server.ts";
import { systemClock } from "./clock.ts";
import { createCodes } from "./codes/codes.ts";
import { openCodeSender } from "./codes/open-sender.ts";
import type { Config } from "./config.ts";
import { createPasswordHasher } from "./crypto/password.ts";
import { getOrCreateTokenSecrets } from "./crypto/token-secrets.ts";
import { createHealth } from "./health.ts";
import { createLifecycle, type Lifecycle } from "./lifecycle.ts";
import { openMarkHistory } from "./mark-history.ts";
import { createMemoryBus } from "./memory/bus.ts";
import { createMemoryControl } from "./memory/control.ts";
import { createMemoryHeads } from "./memory/heads.ts";
import { createMemoryPresence } from "./memory/presence.ts";
import { createMemoryRateLimits, noRateLimits } from "./memory/rate-limits.ts";
import { createRevocations } from "./memory/revocations.ts";
import { createMemoryTransport } from "./memory/transport.ts";
import { startMemoryReturn } from "./memory-return.ts";
import { createMetrics } from "./metrics.ts";
import { systemRandom } from "./random.ts";
import { watchRuntime } from "./runtime-metrics.ts";
import { openSqliteJournal, type SqliteJournal } from "./sqlite/journal.ts";
import { openSqliteViews, type SqliteViews } from "./sqlite/views.ts";
import { startTrimmer } from "./trimmer.ts";
import { version } from "./version.ts";

export interface Node {
  readonly port: number;
  readonly host: Host;
  readonly durability: string;
  readonly lifecycle: Lifecycle;
}

/** Starts one host with every role on the embedded adapters. Rejects, with all parts stopped, when one cannot start. */
export async function startNode(config: Config, log: Log): Promise<Node> {
  const lifecycle = createLifecycle({ log, timeoutMs: config.shutdownTimeoutMs });
  try {
    return await startParts(config, log, lifecycle);
  } catch (error) {
    await lifecycle.shutdown("a part could not start");
    throw error;
  }
}

async function startParts(config: Config, log: Log, lifecycle: Lifecycle): Promise<Node> {
  const place: Place = { host: config.hostName, boot: systemRandom.hex(128) };
  const metrics = createMetrics();
  const storage = await openStorage(config, log, lifecycle);
  const control = createMemoryControl(systemClock);
  const heads = createMemoryHeads();
  const bus = createMemoryBus({ onError: (error) => log.error("a notification was not taken", { error }) });
  const lease = soleLease(place);
  const host = await startActors({ config, log, lifecycle, storage, heads, sink: bus.sink, lease });
  watchRuntime(metrics, host);
  const trimmer = startTrimmer({
    journal: storage.journal,
    marks: () => storage.views.durableMarks(),
    history: openMarkHistory(join(config.dataDir, "marks.json")),
    clock: systemClock,
    log,
    keptMs: config.journalRetentionMs,
  });
  await lifecycle.start({ name: "trimmer", stop: () => trimmer.stop() });

  const memoryReturn = startMemoryReturn(systemClock);
  await lifecycle.start({ name: "memory", stop: () => memoryReturn.stop() });

  let isDraining = false;
  const gateway = createGateway({
    ...(await edgeOf(config, log, lifecycle)),
    actors: host.actors,
    reading: createReading({
      ...storage.views,
      actors: host.actors,
      heads,
      clock: systemClock,
      storeId: storage.storeId,
      limits: defaultReadingLimits,
    }),
    directory: storage.views.directory,
    notifications: bus.createSource(),
    presence: createMemoryPresence(),
    revocations: createRevocations({ control, clock: systemClock, keptMs: config.auth.accessTokenMs }),
    lease: {
      isHeld: () => lease.isHeld(),
      onChange: (handler) => lease.onChange(() => handler(lease.isHeld())),
      isClosed: (boot) => lease.mayFence(boot),
    },
    metrics: metrics.gateway,
    health: createHealth({
      host,
      metrics,
      durability: storage.journal.durability,
      isDraining: () => isDraining,
      probes: probesOf(storage),
    }),
    identity: { ...place, storeId: storage.storeId, version, production: config.production },
  });
  let port = config.port;
  await lifecycle.start({
    name: "gateway",
    start: async () => {
      ({ port } = await gateway.listen(config.port, config.host));
    },
    drain: () => {
      isDraining = true;
      return gateway.drain();
    },
    stop: () => gateway.close(),
  });
  return { port, host, durability: storage.journal.durability, lifecycle };
}

interface Storage {
  journal: SqliteJournal;
  views: SqliteViews;
  storeId: string;
}

/** Rows of one write of the views without waiting for more; below the projector's rows per write. */
const gatherRows = 8_000;

async function openStorage({ dataDir }: Config, log: Log, lifecycle: Lifecycle): Promise<Storage> {
  // Without its storage a server can only refuse: ending at once lets a supervisor start it anew, as after kill -9.
  const onDeath = (error: Error) => {
    log.error("a storage thread died; the process ends", { error });
    process.exit(1);
  };
  // Messages and password hashes lie here: nobody else on this machine reads them.
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const journal = await openSqliteJournal({ path: join(dataDir, "journal.db"), onDeath });
  await lifecycle.start({ name: "journal", stop: () => journal.close() });
  const { storeId } = journal;
  const views = await openSqliteViews({ path: join(dataDir, "views.db"), storeId, gatherRows, onDeath });
  await lifecycle.start({ name: "views", stop: () => views.close() });
  return { journal, views, storeId };
}

async function startActors(deps: {
  config: Config;
  log: Log;
  lifecycle: Lifecycle;
  storage: Storage;
  heads: Heads;
  sink: NotificationSink;
  lease: HostLease;
}): Promise<Host> {
  const { config, log, lifecycle, storage, heads, sink, lease } = deps;
  const { journal, views } = storage;
  const rules = {
    ...defaultConversationRules,
    requireFriend: config.auth.requireFriend,
    perUserFanoutMax: config.perUserFanoutMax,
    maxGroupMembers: config.maxGroupMembers,
  };
  const host = createHost({
    ports: { journal, views: views.views, heads, sink, clock: systemClock },
    transport: createMemoryTransport(),
    random: systemRandom,
    lease,
    behaviours: [
      handle,
      user,
      createSession({ refreshTokenMs: config.auth.refreshTokenMs }),
      createConversation({ sends: views.sends, rules }),
    ],
    limits: defaultRuntimeLimits,
    onTrouble: (message, cause) => log.error(message, { error: cause }),
  });
  await lifecycle.start({
    name: "actors",
    start: () => host.start(),
    drain: () => host.drain(config.shutdownTimeoutMs / 2),
    stop: () => host.stop(),
  });
  return host;
}

/** What the edge has of its own: tokens, passwords, codes, limits. */
async function edgeOf(config: Config, log: Log, lifecycle: Lifecycle) {
  const secrets = config.auth.secrets.length > 0 ? config.auth.secrets : getOrCreateTokenSecrets(config.dataDir);
  const sender = await openCodeSender(config, lifecycle);
  const clock = systemClock;
  return {
    passwords: createPasswordHasher(config.passwordCost),
    codes: createCodes({ sender, clock, log, devCode: config.devCode, unlimited: !config.rateLimits }),
    rateLimits: config.rateLimits ? createMemoryRateLimits(clock) : noRateLimits,
    clock,
    random: systemRandom,
    log,
    limits: config.limits,
    auth: { ...config.auth, secrets },
  };
}

function probesOf({ journal, views }: Storage): Record<string, () => Promise<string>> {
  return {
    journal: async () => `${whole(journal, (await journal.lastSequences()).size)} shards have a log`,
    views: async () => `${whole(views, (await views.views.marks()).length)} shards have a mark`,
  };
}

/** A file that can be read and not written is not ready: its disk is full, for one. */
function whole<T>(store: { failure(): string | undefined }, answer: T): T {
  const failure = store.failure();
  if (failure !== undefined) throw new Error(failure);
  return answer;
}
