// The catalogue of faults. Each fault begins (strike), holds for a while, and ends (heal).
import { allLinks, type Cluster, type ClusterHost } from "../support/cluster.ts";
import type { LinkMode } from "../support/link.ts";
import { takeRoom } from "./journal-room.ts";
import { pause } from "./judge.ts";
import { natsLeader, serverNames } from "./nats-leaders.ts";
import { diskOf, fillDisk, freeDisk } from "./small-disks.ts";

export type FaultClass =
  /** One host fails: its conversations move to other hosts, or wait for it. */
  | "host"
  /** A host shuts down in order: no send waits longer than a handover takes. */
  | "drain"
  /** One NATS server of several. */
  | "nats-server"
  /** Every host loses a server that it needs to commit or to read. */
  | "outage"
  /** Something becomes slow or loses its cache: users must notice this for a short time only. */
  | "nuisance";

export interface Fault {
  readonly kind: string;
  readonly target: string;
  readonly class: FaultClass;
  /** Hosts whose sockets this fault may close. */
  readonly mayClose: readonly string[];
  readonly holdMs: number;
  strike(): Promise<void> | void;
  heal(): Promise<void> | void;
}

interface Chance {
  /** 0 ≤ x < 1. */
  random(): number;
  /** Set: the fault hits this host. */
  readonly host?: string;
}
type Maker = (cluster: Cluster, chance: Chance) => Fault | Promise<Fault>;

const between = ({ random }: Chance, least: number, most: number) => Math.round(least + random() * (most - least));
const pick = <T>({ random }: Chance, from: readonly T[]): T => {
  const picked = from[Math.floor(random() * from.length)];
  if (picked === undefined) throw new Error("nothing to pick from");
  return picked;
};

const pickHost = ({ hosts, host }: Cluster, chance: Chance) => (chance.host ? host(chance.host) : pick(chance, hosts));

function hostFault(
  kind: string,
  range: readonly [number, number],
  strike: (host: ClusterHost, chance: Chance) => Promise<void> | void,
  heal: (host: ClusterHost) => Promise<void> | void,
  faultClass: FaultClass = "host",
): Maker {
  return (cluster, chance) => {
    const host = pickHost(cluster, chance);
    return {
      kind,
      target: host.name,
      class: faultClass,
      mayClose: [host.name],
      holdMs: between(chance, ...range),
      strike: () => strike(host, chance),
      heal: () => heal(host),
    };
  };
}
const startAgain = async (host: ClusterHost) => {
  host.start();
  await host.ready();
};
const setAll = (links: readonly { set(mode: LinkMode): void }[], mode: LinkMode) => {
  for (const link of links) link.set(mode);
};
const linkFault = (kind: string, range: readonly [number, number], which: LinkChoice, mode: LinkMode) =>
  hostFault(
    kind,
    range,
    ({ links }) => setAll(which(links), mode),
    ({ links }) => setAll(which(links), "pass"),
    which === allLinks || which === natsLinks ? "host" : "nuisance",
  );
type LinkChoice = (links: ClusterHost["links"]) => readonly { set(mode: LinkMode): void }[];
const natsLinks: LinkChoice = ({ nats }) => nats;
const redisLink: LinkChoice = ({ redis }) => [redis];
const cassandraLink: LinkChoice = ({ cassandra }) => [cassandra];

/** A fault that hits all hosts at once. */
function outage(
  kind: string,
  range: readonly [number, number],
  strike: (cluster: Cluster) => unknown,
  heal: (cluster: Cluster) => unknown,
  faultClass: FaultClass = "outage",
): Maker {
  return (cluster, chance) => ({
    kind,
    target: "all",
    class: faultClass,
    mayClose: faultClass === "nuisance" ? [] : cluster.hosts.map(({ name }) => name),
    holdMs: between(chance, ...range),
    strike: async () => void (await strike(cluster)),
    heal: async () => void (await heal(cluster)),
  });
}
const linksOfAll = ({ hosts }: Cluster, which: LinkChoice) => hosts.flatMap(({ links }) => which(links));
const eachNats = ({ nats }: Cluster, act: (server: Cluster["nats"]["servers"][number]) => unknown) =>
  Promise.all(nats.servers.map(act));

/** The default of JOURNAL_STREAMS. */
const journalStreams = 4;
const burst = { everyMs: 300, stoppedMs: 150 };

/** Hits one NATS server: any one, or the leader of the cluster or of a stream. */
function natsServer(
  kind: string,
  range: readonly [number, number],
  strike: (server: Cluster["nats"]["servers"][number]) => Promise<void> | void,
  heal: (server: Cluster["nats"]["servers"][number]) => Promise<void> | void,
): Maker {
  return async (cluster, chance) => {
    const { servers } = cluster.nats;
    const role = pick(chance, ["any", "meta", "JOURNAL_0", "JOURNAL_1", "CONTROL"] as const);
    const name = role === "any" ? pick(chance, serverNames(servers.length)) : await natsLeader(cluster.nats, role);
    const server = servers[serverNames(servers.length).indexOf(name)] ?? pick(chance, servers);
    return {
      kind,
      target: `${name}${role === "any" ? "" : `, leader of ${role}`}`,
      class: servers.length > 1 ? "nats-server" : "outage",
      mayClose: cluster.hosts.map(({ name: host }) => host),
      holdMs: between(chance, ...range),
      strike: () => strike(server),
      heal: () => heal(server),
    };
  };
}

/** A server that is paused for half of the time, like a server with a slow disk. */
function slowNats(): Maker {
  return async (cluster, chance) => {
    const server = pick(chance, cluster.nats.servers);
    let timer: NodeJS.Timeout | undefined;
    return {
      kind: "NATS server stutters",
      target: String(cluster.nats.servers.indexOf(server) + 1),
      class: "nuisance",
      mayClose: cluster.hosts.map(({ name }) => name),
      holdMs: between(chance, 2_000, 5_000),
      strike() {
        timer = setInterval(() => {
          server.pause();
          setTimeout(() => server.resume(), burst.stoppedMs);
        }, burst.everyMs);
      },
      async heal() {
        clearInterval(timer);
        await pause(burst.stoppedMs);
        server.resume();
      },
    };
  };
}

const rollingRestart: Maker = (cluster, chance) => ({
  kind: "rolling restart",
  target: "all",
  class: "drain",
  mayClose: cluster.hosts.map(({ name }) => name),
  holdMs: between(chance, 0, 500),
  async strike() {
    for (const host of cluster.hosts) {
      await host.stop();
      await startAgain(host);
    }
  },
  heal() {},
});

const oneNatsLink: Maker = (cluster, chance) => {
  const host = pickHost(cluster, chance);
  const at = Math.floor(chance.random() * host.links.nats.length);
  const mode = pick(chance, ["cut", "refuse"] as const);
  return {
    kind: `one way to NATS: ${mode}`,
    target: `${host.name} to server ${at + 1}`,
    class: host.links.nats.length > 1 ? "nuisance" : "host",
    mayClose: [host.name],
    holdMs: between(chance, 500, 4_000),
    strike: () => host.links.nats[at]?.set(mode),
    heal: () => host.links.nats[at]?.set("pass"),
  };
};

/** The journal has too little room for users' commands, or for any append. Acknowledged changes must survive. */
const fullJournal: Maker = (cluster, chance) => {
  const share = pick(chance, [0.93, 0.9999]);
  let giveBack = async () => {};
  return {
    kind: `the journal is ${share > 0.99 ? "" : "nearly "}full`,
    target: "all",
    class: "outage",
    mayClose: cluster.hosts.map(({ name }) => name),
    holdMs: between(chance, 3_000, 9_000),
    async strike() {
      giveBack = await takeRoom(cluster.nats.urls, journalStreams, share);
    },
    heal: () => giveBack(),
  };
};

/** A server's disk is full; then the operator frees space and restarts the server. Needs `natsDir`, a disk per server. */
const fullDisk: Maker = (cluster, chance) => {
  const { natsDir = "", nats } = cluster;
  const isAll = chance.random() < 0.3;
  const hit = isAll ? nats.servers.map((_, index) => index) : [Math.floor(chance.random() * nats.servers.length)];
  return {
    kind: `the disk of ${isAll ? "every NATS server" : "a NATS server"} is full`,
    target: hit.map((index) => index + 1).join(),
    class: isAll || nats.servers.length === 1 ? "outage" : "nats-server",
    mayClose: cluster.hosts.map(({ name }) => name),
    holdMs: between(chance, 1_000, 6_000),
    strike() {
      for (const index of hit) fillDisk(diskOf(natsDir, index));
    },
    async heal() {
      for (const index of hit) freeDisk(diskOf(natsDir, index));
      await Promise.all(hit.map((index) => nats.servers[index]?.restart()));
    },
  };
};

const ms = (least: number, most: number) => [least, most] as const;
const resume = (host: ClusterHost) => host.resume();

/** All faults; a fault with a higher weight is drawn more often. */
const catalogue: readonly { readonly weight: number; readonly name: string; readonly make: Maker }[] = [
  { weight: 8, name: "kill", make: hostFault("kill -9", ms(100, 3_000), (host) => host.kill9(), startAgain) },
  { weight: 3, name: "pause short", make: hostFault("pause, short", ms(100, 500), (host) => host.pause(), resume) },
  { weight: 6, name: "pause long", make: hostFault("pause, long", ms(1_500, 6_000), (host) => host.pause(), resume) },
  { weight: 4, name: "cut nats", make: linkFault("cut off from NATS", ms(300, 5_000), natsLinks, "cut") },
  { weight: 3, name: "refuse nats", make: linkFault("refused by NATS", ms(300, 4_000), natsLinks, "refuse") },
  { weight: 4, name: "cut all", make: linkFault("cut off from everything", ms(1_000, 6_000), allLinks, "cut") },
  {
    weight: 3,
    name: "blink",
    make: hostFault(
      "NATS connection blinks",
      ms(0, 300),
      ({ links }) => {
        for (const link of links.nats) link.blink();
      },
      () => {},
      "nuisance",
    ),
  },
  { weight: 2, name: "cut redis", make: linkFault("cut off from Redis", ms(500, 6_000), redisLink, "cut") },
  { weight: 2, name: "refuse redis", make: linkFault("refused by Redis", ms(500, 6_000), redisLink, "refuse") },
  { weight: 2, name: "cut cassandra", make: linkFault("cut off from Cassandra", ms(500, 6_000), cassandraLink, "cut") },
  {
    weight: 2,
    name: "refuse cassandra",
    make: linkFault("refused by Cassandra", ms(500, 4_000), cassandraLink, "refuse"),
  },
  { weight: 2, name: "slow nats link", make: linkFault("slow to NATS", ms(2_000, 4_000), natsLinks, { delayMs: 60 }) },
  { weight: 3, name: "one nats link", make: oneNatsLink },
  {
    weight: 3,
    name: "clock jump",
    make: hostFault(
      "clock jumps",
      ms(500, 4_000),
      (host, chance) => host.setClock(pick(chance, [-60_000, -3_000, -500, 500, 3_000, 60_000])),
      (host) => host.setClock(0),
    ),
  },
  {
    weight: 4,
    name: "terminate",
    make: hostFault("SIGTERM", ms(0, 1_000), async (host) => void (await host.stop()), startAgain, "drain"),
  },
  { weight: 1, name: "rolling restart", make: rollingRestart },
  {
    weight: 4,
    name: "kill nats server",
    make: natsServer(
      "NATS server: kill -9",
      ms(300, 3_000),
      (s) => s.kill9(),
      (s) => s.restart(),
    ),
  },
  {
    weight: 4,
    name: "pause nats server",
    make: natsServer(
      "NATS server: pause",
      ms(500, 6_000),
      (s) => s.pause(),
      (s) => s.resume(),
    ),
  },
  { weight: 2, name: "slow nats server", make: slowNats() },
  {
    weight: 2,
    name: "pause all nats",
    make: outage(
      "NATS: pause of all",
      ms(500, 5_000),
      (cluster) => eachNats(cluster, (server) => server.pause()),
      (cluster) => eachNats(cluster, (server) => server.resume()),
    ),
  },
  {
    weight: 1,
    name: "kill all nats",
    make: outage(
      "NATS: kill -9 of all",
      ms(0, 2_000),
      (cluster) => eachNats(cluster, (server) => server.kill9()),
      (cluster) => eachNats(cluster, (server) => server.restart()),
    ),
  },
  { weight: 1, name: "full journal", make: fullJournal },
  { weight: 3, name: "full disk", make: fullDisk },
  {
    weight: 3,
    name: "kill redis",
    make: outage(
      "Redis: kill -9, comes back empty",
      ms(0, 4_000),
      ({ redis }) => redis.kill9(),
      ({ redis }) => redis.restart(),
      "nuisance",
    ),
  },
  {
    weight: 2,
    name: "pause redis",
    make: outage(
      "Redis: pause",
      ms(500, 6_000),
      ({ redis }) => redis.pause(),
      ({ redis }) => redis.resume(),
      "nuisance",
    ),
  },
  {
    weight: 2,
    name: "cassandra away",
    make: outage(
      "Cassandra: cut off from all",
      ms(500, 8_000),
      (cluster) => setAll(linksOfAll(cluster, cassandraLink), "cut"),
      (cluster) => setAll(linksOfAll(cluster, cassandraLink), "pass"),
    ),
  },
  {
    weight: 1,
    name: "pause cassandra",
    make: outage(
      "Cassandra: pause",
      ms(500, 8_000),
      ({ cassandra }) => cassandra?.pause(),
      ({ cassandra }) => cassandra?.resume(),
    ),
  },
];

/** Cassandra is killed and started again. Drawn rarely, because its start takes half a minute of CPU time. */
export const cassandraCrash = outage(
  "Cassandra: kill -9",
  ms(0, 2_000),
  ({ cassandra }) => cassandra?.kill9(),
  ({ cassandra }) => cassandra?.restart(),
);

export function drawFault(cluster: Cluster, chance: Chance): Promise<Fault> {
  const possible = catalogue.filter(
    ({ name }) => (cluster.cassandra || name !== "pause cassandra") && (cluster.natsDir || name !== "full disk"),
  );
  const total = possible.reduce((sum, { weight }) => sum + weight, 0);
  let left = chance.random() * total;
  for (const { weight, make } of possible) {
    left -= weight;
    if (left < 0) return Promise.resolve(make(cluster, chance));
  }
  return drawFault(cluster, chance);
}

export function faultNamed(name: string, cluster: Cluster, chance: Chance): Promise<Fault> {
  const found = catalogue.find((each) => each.name === name);
  if (!found)
    throw new Error(`There is no fault "${name}"; there are ${catalogue.map((each) => each.name).join(", ")}`);
  return Promise.resolve(found.make(cluster, chance));
}
