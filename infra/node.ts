// The composition root: configuration → adapters → rooms, by hand, top to bottom. The only place that names all of them.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createConversation } from "../actors/conversation/conversation.ts";
import { defaultConversationRules } from "../actors/conversation/rules.ts";
import { handle } from "../actors/handle/handle.ts";
import { defaultReadingLimits } from "../actors/reading/limits.ts";
import { createReading } from "../actors/reading/reading.ts";
import { createHost, type Host } from "../actors/runtime/host.ts";
import { soleLease } from "../actors/runtime/lease.ts";
import { defaultRuntimeLimits } from "../actors/runtime/options.ts";
import { createSession } from "../actors/session/session.ts";
import { user } from "../actors/user/user.ts";
import type { GatewayDeps, Log } from "../gateway/ports.ts";
import { createGateway } from "../gateway/server.ts";
import { systemClock } from "./clock.ts";
import { createCodes } from "./codes/codes.ts";
import { openCodeSender } from "./codes/open-sender.ts";
import type { Config } from "./config.ts";
import { createPasswordHasher } from "./crypto/password.ts";
import { getOrCreateTokenSecrets } from "./crypto/token-secrets.ts";
import { createHealth } from "./health.ts";
import { createLifecycle, type Lifecycle } from "./lifecycle.ts";
import { createMemoryBus } from "./memory/bus.ts";
import { createMemoryControl } from "./memory/control.ts";
import { createMemoryHeads } from "./memory/heads.ts";
import { createMemoryPresence } from "./memory/presence.ts";
import { createMemoryRateLimits, noRateLimits } from "./memory/rate-limits.ts";
import { createRevocations } from "./memory/revocations.ts";
import { createMemoryTransport } from "./memory/transport.ts";
import { createMetrics } from "./metrics.ts";
import { systemRandom } from "./random.ts";
import { watchRuntime } from "./runtime-metrics.ts";
import { openSqliteJournal } from "./sqlite/journal.ts";
import { openSqliteViews } from "./sqlite/views.ts";
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
  const clock = systemClock;
  const random = systemRandom;
  const metrics = createMetrics();
  const place = { host: config.hostName, boot: random.hex(128) };
  let isDraining = false;

  mkdirSync(config.dataDir, { recursive: true });
  const secrets = config.auth.secrets.length > 0 ? config.auth.secrets : getOrCreateTokenSecrets(config.dataDir);
  const journal = await openSqliteJournal({ path: join(config.dataDir, "journal.db") });
  await lifecycle.start({ name: "journal", stop: () => journal.close() });
  const { storeId, durability } = journal;
  const store = await openSqliteViews({ path: join(config.dataDir, "views.db"), storeId, gatherRows: 8_000 });
  await lifecycle.start({ name: "views", stop: () => store.close() });

  const control = createMemoryControl(clock);
  const heads = createMemoryHeads();
  const bus = createMemoryBus();
  const lease = soleLease(place);
  const rules = {
    ...defaultConversationRules,
    requireFriend: config.auth.requireFriend,
    perUserFanoutMax: config.perUserFanoutMax,
    maxGroupMembers: config.maxGroupMembers,
  };
  const host = createHost({
    ports: { journal, views: store.views, heads, sink: bus.sink, clock },
    transport: createMemoryTransport(),
    random,
    lease,
    behaviours: [
      handle,
      user,
      createSession({ refreshTokenMs: config.auth.refreshTokenMs }),
      createConversation({ sends: store.sends, rules }),
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
  watchRuntime(metrics, host);
  const trimmer = startTrimmer({
    journal,
    marks: () => store.durableMarks(),
    clock,
    log,
    keptMs: config.journalRetentionMs,
  });
  await lifecycle.start({ name: "trimmer", stop: () => trimmer.stop() });

  const codeSender = await openCodeSender(config, lifecycle);
  const deps: GatewayDeps = {
    actors: host.actors,
    reading: createReading({
      actors: host.actors,
      messages: store.messages,
      buckets: store.buckets,
      changes: store.changes,
      directory: store.directory,
      heads,
      clock,
      storeId,
      limits: defaultReadingLimits,
    }),
    directory: store.directory,
    notifications: bus.createSource(),
    presence: createMemoryPresence(),
    passwords: createPasswordHasher(config.passwordCost),
    codes: createCodes({ sender: codeSender, clock, log, devCode: config.devCode, unlimited: !config.rateLimits }),
    rateLimits: config.rateLimits ? createMemoryRateLimits(clock) : noRateLimits,
    revocations: createRevocations({ control, clock, keptMs: config.auth.accessTokenMs }),
    lease: {
      isHeld: () => lease.isHeld(),
      onChange: (handler) => lease.onChange(() => handler(lease.isHeld())),
      isClosed: (boot) => lease.mayFence(boot),
    },
    clock,
    random,
    log,
    metrics: metrics.gateway,
    limits: config.limits,
    auth: { ...config.auth, secrets },
    health: createHealth({
      host,
      metrics,
      durability,
      isDraining: () => isDraining,
      probes: {
        journal: async () => `${(await journal.lastSequences()).size} shards have a log`,
        views: async () => `${(await store.views.marks()).length} marks`,
      },
    }),
    identity: { ...place, storeId, version, production: config.production },
  };
  const gateway = createGateway(deps);
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
  return { port, host, durability, lifecycle };
}
