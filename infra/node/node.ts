// The composition root, the only place where parts are wired: from the configuration to the adapters (the world), and from them
// to the rooms of this host's roles.
import type { Secrets } from "../../actors/llm/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { createActors } from "../../actors/runtime/calls/actor-system.ts";
import type { Host } from "../../actors/runtime/host/host.ts";
import type { ClosedReason, Place } from "../../actors/runtime/lease/lease.ts";
import { defaultRuntimeLimits } from "../../actors/runtime/limits.ts";
import type { Gateway } from "../../gateway/http/http-server.ts";
import type { Log } from "../../gateway/ports.ts";
import type { Config } from "../config/config.ts";
import { getOrCreateEncryptionKeys } from "../crypto/encryption-keys.ts";
import { createSecrets } from "../crypto/secrets.ts";
import { createErrorReportLog } from "../observe/error-report-log.ts";
import { createMetrics } from "../observe/metrics.ts";
import { watchRuntime } from "../observe/runtime-metrics.ts";
import { systemClock } from "../system/clock.ts";
import { startMemoryReturn } from "../system/memory-return.ts";
import { systemRandom } from "../system/random.ts";
import { openCalls } from "./calls.ts";
import { createHealth } from "./health.ts";
import { createLifecycle, type Lifecycle } from "./lifecycle.ts";
import { openModels } from "./models.ts";
import { openObjects } from "./objects.ts";
import { createPools } from "./pools.ts";
import { createAnnouncer, openProcesses } from "./processes.ts";
import { openReading } from "./reading.ts";
import { openRelay } from "./relay.ts";
import { openSteps } from "./steps.ts";
import type { World } from "./world.ts";

export interface Node {
  readonly port: number;
  /** Absent without the role `actors`. */
  readonly host?: Host;
  readonly actors: Actors;
  readonly durability: string;
  readonly lifecycle: Lifecycle;
  /** Resolves when other hosts have closed this boot. The host must then join again under a new boot (J5.3). */
  readonly closed: Promise<ClosedReason>;
}

/** Share of the shutdown time for handing shards over. */
const handOverShare = 0.25;

/** Starts one host with its roles. When a part cannot start, all parts are stopped and the promise rejects. */
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
  const { roles } = config;
  const place: Place = {
    host: config.hostName,
    boot: systemRandom.hex(128),
    ownsShards: roles.has("actors"),
  };
  const world = await openWorld(config, place, log, lifecycle);
  const closed = new Promise<ClosedReason>((resolve) => world.onClosed(resolve));
  // A room is imported only for the roles that need it, and before the lease is taken: on a busy machine, loading the code
  // blocks the thread for longer than a lease lasts.
  const actorsRoom = roles.has("actors") ? await import("./actor-host.ts") : undefined;
  const gatewayRoom = roles.has("gateway") ? await import("./edge.ts") : undefined;
  const store = await openObjects(config, { log, lifecycle }); // loads the S3 client where one is configured
  await lifecycle.start({ name: "lease", start: () => world.join(), stop: () => world.leave() });

  const reportError = createErrorReportLog(log, systemClock);
  const announcer = createAnnouncer();
  const pools = createPools(config.pool);
  const parts = { announcer, askRefresh: pools.ask, reportError, log, lifecycle };
  const host = await actorsRoom?.startActorHost(config, world, parts);
  const actors = host?.actors ?? remoteActors(world);
  const metrics = createMetrics();
  if (host) watchRuntime(metrics, host);
  const memoryReturn = startMemoryReturn(systemClock);
  await lifecycle.start({ name: "memory", stop: () => memoryReturn.stop() });

  let isDraining = false;
  const { durability } = world;
  const secrets = openSecrets(config);
  const credentials = await pools.open({ actors, secrets, reportError, lifecycle });
  const models = await openModels(config.models, {
    ...{ actors, secrets, reportError, lifecycle, poolUrl: config.pool.upstreamUrl },
  });
  const relay = await openRelay(config, {
    ...{ actors, world, secrets, credentials, models, metrics, reportError, lifecycle },
  });
  const { reading, directory } = openReading(config, world, actors, reportError);
  const runsSteps = roles.has("actors") || roles.has("workflows");
  const steps = runsSteps
    ? openSteps({ actors, world, models, relay, reading, objects: store.objects, files: config.files })
    : {};
  const { calls, media, states } = await openCalls(config, { actors, world, steps, log, lifecycle });
  if (host) await openProcesses(config, { actors, world, announcer, steps, reportError, log, lifecycle });
  const health = createHealth({
    host,
    hasOtherHosts: () => world.lease.openHosts().some((name) => name !== place.host),
    metrics,
    durability,
    isDraining: () => isDraining,
    probes: world.probes,
    sideProbes: { ...world.sideProbes, ...states, ...store.states },
  });
  const opened = { secrets, credentials, models, relay: relay.relay, objects: store.objects, calls, media };
  const edge = { config, world, actors, reading, directory, metrics, health, reportError, log, lifecycle, ...opened };
  const server = gatewayRoom
    ? await gatewayRoom.openEdge(edge)
    : (await import("./status-server.ts")).createStatusServer({ health });
  const port = await listen(server, config, lifecycle);
  await lifecycle.start({
    name: "shards",
    // Started last, so drained first: sockets stay open while the shards move, so that no user loses both at once.
    drain: () => {
      isDraining = true;
      return host?.handOver(config.shutdownTimeoutMs * handOverShare);
    },
  });
  // Started after the shards, so drained before them.
  await lifecycle.start({ name: "key uses", drain: () => models.countKeyUses() });
  if (gatewayRoom) await gatewayRoom.openAdministration(edge);
  return { port, host, actors, durability, lifecycle, closed };
}

/** Resolves with the port on which the server listens. */
async function listen(
  server: Pick<Gateway, "listen" | "drain" | "close">,
  { port: wanted, host }: Pick<Config, "port" | "host">,
  lifecycle: Lifecycle,
): Promise<number> {
  let port = wanted;
  await lifecycle.start({
    name: "gateway",
    start: async () => {
      ({ port } = await server.listen(wanted, host));
    },
    drain: () => server.drain(),
    stop: () => server.close(),
  });
  return port;
}

function openSecrets({ encryptionKeys, dataDir }: Config): Secrets {
  return createSecrets(encryptionKeys.length > 0 ? encryptionKeys : getOrCreateEncryptionKeys(dataDir));
}

async function openWorld(config: Config, place: Place, log: Log, lifecycle: Lifecycle): Promise<World> {
  if (config.cluster) return (await import("./cluster.ts")).openCluster(config, place, log, lifecycle);
  return (await import("./embedded.ts")).openEmbedded(config, place, log, lifecycle);
}

/** The actors of other hosts, for a host that owns no shards. */
function remoteActors({ lease, transport }: World): Actors {
  return createActors({
    clock: systemClock,
    random: systemRandom,
    limits: defaultRuntimeLimits,
    transport,
    openHosts: () => lease.openHosts(),
    leavingHosts: () => lease.leavingHosts(),
    isOpen: (host) => lease.isOpen(host),
    onHostsChange: (handler) => lease.onChange(handler),
  });
}
