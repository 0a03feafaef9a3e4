// The faults of one run, drawn from its seed, each with a begin and an end.
import { devices, hostNames } from "./cast.ts";
import type { Cluster } from "./cluster.ts";
import { allOf, bothWays, link, type Rule } from "./network.ts";
import type { Prng } from "./prng.ts";

interface Stage {
  cluster: Cluster;
  random: Prng;
  host: string;
  other: string;
}
/** Starts the fault; the result ends the fault. */
type Fault = (stage: Stage) => () => void;

const people = new Set(devices.map(({ name }) => name));
/** Messages of devices still arrive: only the host's own network is cut. */
const notOfPeople =
  (matches: Rule["matches"]): Rule["matches"] =>
  (from, to) =>
    !people.has(from) && !people.has(to) && matches(from, to);

function rule({ cluster }: Stage, made: Rule): () => void {
  cluster.network.rules.add(made);
  return () => cluster.network.rules.delete(made);
}
function tear({ cluster }: Stage, share: number): () => void {
  cluster.views.tornShare = share;
  return () => {
    cluster.views.tornShare = 0;
  };
}
const log = ["journal", "control"];
const servers = ["journal", "control", "views", "heads", "bus"];

const faults: Record<string, Fault> = {
  pause({ cluster, host }) {
    const { machine } = cluster.find(host) ?? {};
    machine?.pause();
    return () => machine?.resume();
  },
  crash({ cluster, random, host }) {
    cluster.crash(host, random.between(100, 2_500));
    return () => {};
  },
  restart({ cluster, host }) {
    void cluster.restart(host);
    return () => {};
  },
  cut_off: (stage) => rule(stage, { matches: notOfPeople(allOf(stage.host)), loss: 1 }),
  cut_from_journal: (stage) => rule(stage, { matches: bothWays(stage.host, "journal"), loss: 1 }),
  cut_from_control: (stage) => rule(stage, { matches: bothWays(stage.host, "control"), loss: 1 }),
  /** The views work, but commits pile up, so that an output that leaves before its commit does harm. */
  cut_from_log: (stage) =>
    rule(stage, {
      matches: (from, to) => (from === stage.host && log.includes(to)) || (to === stage.host && log.includes(from)),
      loss: 1,
    }),
  deaf: (stage) => rule(stage, { matches: (from, to) => to === stage.host && servers.includes(from), loss: 1 }),
  mute: (stage) => rule(stage, { matches: (from, to) => from === stage.host && servers.includes(to), loss: 1 }),
  cut_between: (stage) => rule(stage, { matches: bothWays(stage.host, stage.other), loss: 1 }),
  one_way: (stage) => rule(stage, { matches: link(stage.host, stage.other), loss: 1 }),
  lossy_hosts: (stage) =>
    rule(stage, {
      matches: (from, to) => hostNames.includes(from) && hostNames.includes(to),
      ...{ loss: 0.15, duplication: 0.3, delay: { share: 0.3, maxMs: 1_500 } },
    }),
  lossy_devices: (stage) =>
    rule(stage, {
      matches: (from, to) => people.has(from) || people.has(to),
      ...{ loss: 0.15, duplication: 0.3, delay: { share: 0.2, maxMs: 600 } },
    }),
  lost_acks: (stage) => rule(stage, { matches: (from) => from === "journal", loss: 0.4, duplication: 0.2 }),
  late_appends: (stage) =>
    rule(stage, { matches: (_, to) => to === "journal", delay: { share: 0.35, maxMs: 1_500 }, duplication: 0.2 }),
  slow_journal: (stage) => rule(stage, { matches: (_, to) => to === "journal", delay: { share: 1, maxMs: 150 } }),
  journal_away: (stage) => rule(stage, { matches: allOf("journal"), loss: 1 }),
  control_away: (stage) => rule(stage, { matches: allOf("control"), loss: 1 }),
  /**
   * Entries written to CONTROL during the fault are lost when the fault ends, except when a boot was closed during the fault: a
   * host that is cut off cannot know that its boot was closed, and G4 and G8 require that CONTROL keeps that entry.
   */
  restored_control({ cluster }) {
    const backup = cluster.control.copy();
    return () => {
      if (!cluster.control.hasClosedSince(backup)) cluster.control.restore(backup);
    };
  },
  views_away: (stage) => rule(stage, { matches: allOf("views"), loss: 1 }),
  slow_views: (stage) => rule(stage, { matches: allOf("views"), loss: 0.1, delay: { share: 0.6, maxMs: 500 } }),
  lossy_bus: (stage) =>
    rule(stage, { matches: allOf("bus"), loss: 0.3, duplication: 0.2, delay: { share: 0.3, maxMs: 800 } }),
  torn_writes: (stage) => tear(stage, 0.5),
  journal_errors({ cluster }) {
    cluster.journal.errorShare = 0.4;
    return () => {
      cluster.journal.errorShare = 0;
    };
  },
  stale_reads: ({ cluster, random }) =>
    cluster.journal.misread({ share: 0.6, lagMs: random.between(100, 2_000), holeShare: 0 }),
  repairing_replica: ({ cluster }) => cluster.journal.misread({ share: 0.6, lagMs: 2_500, holeShare: 0.4 }),
  /** Two failures at once: no mark moves, so the next owner has much to replay, and its reads of the log have holes. */
  failover_on_a_repairing_replica(stage) {
    const ends = [tear(stage, 1), stage.cluster.journal.misread({ share: 0.9, lagMs: 2_500, holeShare: 0.4 })];
    stage.cluster.world.after(stage.random.between(500, 1_000), () => stage.cluster.crash(stage.host, 500));
    return () => {
      for (const end of ends) end();
    };
  },
  lost_heads({ cluster }) {
    cluster.heads.loseEverything();
    return () => {};
  },
  clock_jump({ cluster, random, host }) {
    const wall = cluster.walls.get(host)!;
    wall.offsetMs += random.pick([-4_000, -1_500, -500, 300, 900, 1_500, 5_000]);
    return () => {
      wall.offsetMs = 0;
    };
  },
};

/** Faults that lead to a failover come more often. */
const weights: Readonly<Record<string, number>> = {
  pause: 4,
  crash: 3,
  cut_off: 4,
  cut_from_log: 4,
  cut_from_control: 3,
  stale_reads: 2,
  failover_on_a_repairing_replica: 5,
};
const deck = Object.keys(faults).flatMap((name) => new Array<string>(weights[name] ?? 1).fill(name));
const minFaults = 1;
const moreFaults = 10;

/** Schedules the faults of this run within `duringMs`; the result ends those that still hold. */
export function scheduleFaults(cluster: Cluster, duringMs: number): () => void {
  const { world } = cluster;
  const random = world.random.fork();
  const ends = new Set<() => void>();
  const count = minFaults + random.below(moreFaults);
  for (let i = 0; i < count; i += 1) {
    const name = random.pick(deck);
    const host = random.pick(hostNames);
    const other = random.pick(hostNames.filter((each) => each !== host));
    const fromMs = random.between(0, duringMs * 0.9);
    const lastsMs = Math.min(random.between(200, 3_500), duringMs - fromMs);
    const stage = { cluster, random: random.fork(), host, other };
    world.after(fromMs, () => {
      world.trace("fault", () => `${name} ${host} ${other} for ${Math.round(lastsMs)} ms`);
      const stop = faults[name]!(stage);
      const end = () => {
        if (!ends.delete(end)) return;
        world.trace("fault", () => `${name} ${host} ends`);
        stop();
      };
      ends.add(end);
      world.after(lastsMs, end);
    });
  }
  return () => {
    for (const end of ends) end();
  };
}
