// Runs a cluster under load and faults. The records of the clients and the commits of the journal decide whether a guarantee
// was broken.
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { type Cluster, type HostPlan, startCluster } from "../support/cluster.ts";
import { type Audit, openAudit } from "./audit.ts";
import { ChatLoad } from "./chat-load.ts";
import type { Fault, FaultClass } from "./faults.ts";
import { Judge, pause, type Verdict } from "./judge.ts";
import { StaleReadProbe } from "./stale-read.ts";
import { Starvation } from "./starvation.ts";

interface RunOptions {
  readonly hosts: readonly HostPlan[];
  readonly nats: 1 | 3;
  readonly cassandra?: "own" | "shared";
  readonly logDir?: string;
  readonly natsDir?: string;
  random(): number;
  /** Pause between two actions of the load's devices. */
  readonly pauseMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  say(line: string): void;
}

/** The times in which conversations could not be written, by the class of the fault. */
type Outages = Map<FaultClass, number[]>;

const silenceMs = 8_000;
/** G9 names 2 s and 10 s. The limits are higher here, because the tests share the machine with other work. */
const limitsMs: Record<FaultClass, number> = {
  host: 10_000,
  drain: 10_000,
  "nats-server": 20_000,
  outage: 30_000,
  nuisance: 10_000,
};
/** A lease of 700 ms that is renewed every 200 ms may lapse when a process gets no CPU for this time. */
const starvedMs = 400;
/** The deadline of a send, retries by the client included. */
const sendDeadlineMs = 15_000;
const lookMs = 20;
const healTimeoutMs = 90_000;
/** Small, so that the group of six members uses a subject of its own. */
const env = { PER_USER_FANOUT_MAX: "4" };

export class ClusterRun {
  readonly cluster: Cluster;
  readonly load: ChatLoad;
  readonly outages: Outages = new Map();
  readonly counts = new Map<string, number>();
  readonly violations: string[] = [];
  sent = 0;
  acked = 0;
  removals = 0;
  #judge: Judge;
  #audit: Audit;
  #options: RunOptions;
  #staleReads: StaleReadProbe;
  #starvation: Starvation;
  #crashes = 0;
  /** Closed sockets that are no violation, because a host or a server got no CPU for about the time of a lease. */
  excused = 0;

  private constructor(options: RunOptions, cluster: Cluster, load: ChatLoad, audit: Audit, staleReads: StaleReadProbe) {
    this.#options = options;
    this.cluster = cluster;
    this.load = load;
    this.#audit = audit;
    this.#judge = new Judge(load);
    this.#staleReads = staleReads;
    this.#crashes = cluster.hosts.flatMap((host) => host.crashes).length;
    this.#starvation = new Starvation(() => pidsOf(cluster));
  }

  static async start(options: RunOptions): Promise<ClusterRun> {
    const { hosts, nats, cassandra, logDir, natsDir, random, pauseMs = 12 } = options;
    const cluster = await startCluster({ hosts, nats, cassandra, logDir, natsDir, env: { ...env, ...options.env } });
    let load: ChatLoad | undefined;
    try {
      const gateways = () => cluster.hosts.filter(({ roles }) => roles.includes("gateway"));
      const trace = logDir === undefined ? undefined : traceInto(logDir);
      load = await ChatLoad.start({ gateways, random, pauseMs, silenceMs, trace });
      const audit = await openAudit(cluster.nats.urls, cluster.nats.servers.length);
      const staleReads = await StaleReadProbe.open(cluster, load);
      return new ClusterRun(options, cluster, load, audit, staleReads);
    } catch (error) {
      load?.stop();
      await cluster.close();
      throw error;
    }
  }

  get staleReads(): { readonly asked: number; readonly answered: number } {
    return this.#staleReads;
  }

  startSending(): void {
    this.load.startSending();
  }

  /** Begins the fault, holds it, ends it, and waits until every conversation is writable. */
  async suffer(fault: Fault, during?: () => Promise<void>): Promise<void> {
    const { load } = this;
    const owned = await this.#ownedBy(fault);
    const closedBefore = load.devices.map(({ closed }) => closed.length);
    const struckMs = performance.now();
    this.counts.set(fault.kind, (this.counts.get(fault.kind) ?? 0) + 1);
    await fault.strike();
    await pause(fault.holdMs);
    await during?.();
    const seen = fault.kind === "pause, long" ? await this.#staleReads.ask(fault.target) : undefined;
    const healedMs = performance.now();
    await fault.heal();
    if (seen) for (const stale of await seen.answers()) this.#violate(`G4 ${stale}`);
    await this.#untilWritable(fault, healedMs);
    const fromMs = fault.class === "outage" ? healedMs : struckMs;
    const waits = (fault.class === "host" ? owned : load.conversations.map(({ id }) => id)).map(
      (id) => load.writableAfter(id, fromMs) ?? limitsMs[fault.class],
    );
    const slowestMs = load.slowestSend(struckMs);
    if (fault.class === "drain" && slowestMs > sendDeadlineMs) {
      this.#violate(`G9 ${fault.kind} (${fault.target}): a send waited ${Math.round(slowestMs)} ms`);
    }
    const worst = waits.length > 0 ? `${Math.round(Math.max(...waits))} ms` : "owned nothing";
    this.#options.say(
      `${fault.kind} (${fault.target}), held ${fault.holdMs} ms: writable after ${worst}, slowest send ${Math.round(slowestMs)} ms`,
    );
    this.outages.set(fault.class, [...(this.outages.get(fault.class) ?? []), ...waits]);
    await this.#heal();
    this.#judgeSockets(fault, closedBefore, struckMs);
    this.#judgeCrashes(fault);
  }

  /** Reports a fault that could not begin or end as a violation; the run continues. */
  async broken(error: unknown): Promise<void> {
    this.#violate(`the run itself: ${error instanceof Error ? error.stack : error}`);
    await this.#heal();
  }

  /** Stops the load, waits until everything is delivered, and runs the checker. */
  async judge(): Promise<Verdict> {
    await this.#heal();
    const verdict = await this.#judge.checkWhenSettled();
    const wrong = [...verdict.violations, ...(await this.#audit.look())];
    for (const each of wrong) this.#violate(each);
    for (const each of verdict.late) this.#options.say(`late: ${each}`);
    this.sent += verdict.sent;
    this.acked += verdict.acked;
    this.removals = verdict.removals;
    const checked = `${verdict.acked} of ${verdict.sent} acknowledged, delivered within ${Math.round(verdict.deliveredMs)} ms`;
    this.#options.say(
      `checked: ${checked}, ${this.#audit.commits} commits read, ${verdict.fulls} full answers so far, ${wrong.length} violations`,
    );
    return verdict;
  }

  async checkWholeHistories(): Promise<void> {
    for (const each of await this.#judge.checkWholeHistories()) this.#violate(each);
  }

  async close(): Promise<void> {
    this.load.stop();
    this.#starvation.stop();
    await this.#audit.close();
    await this.#staleReads.close();
    await this.cluster.close();
  }

  #violate(what: string): void {
    this.violations.push(what);
    this.#options.say(`VIOLATION ${what}`);
  }

  async #ownedBy({ target, class: faultClass }: Fault): Promise<string[]> {
    if (faultClass !== "host") return [];
    const owned: string[] = [];
    for (const { id } of this.load.conversations) {
      if ((await this.#audit.ownerOf(id)) === target) owned.push(id);
    }
    return owned;
  }

  /** G9 */
  async #untilWritable(fault: Fault, sinceMs: number): Promise<void> {
    const endMs = performance.now() + limitsMs[fault.class];
    const isBlocked = ({ id }: { id: string }) => this.load.writableAfter(id, sinceMs) === undefined;
    while (this.load.conversations.some(isBlocked)) {
      if (performance.now() > endMs) {
        const blocked = this.load.conversations.filter(isBlocked).map(({ id }) => id);
        const what = `${fault.kind} (${fault.target})`;
        this.#violate(
          `G9 after ${what} nothing can be sent into ${blocked.join(", ")} for ${limitsMs[fault.class]} ms`,
        );
        return;
      }
      await pause(lookMs);
    }
  }

  async #heal(): Promise<void> {
    try {
      await this.cluster.heal(healTimeoutMs);
    } catch (error) {
      this.#violate(`G9 ${error}`);
      for (const host of this.cluster.hosts) host.start();
      await this.cluster.heal(healTimeoutMs);
    }
  }

  /** A host may exit when it cannot start during an outage, and is started again. Any other exit is a violation. */
  #judgeCrashes(fault: Fault): void {
    const crashes = this.cluster.hosts.flatMap((host) => host.crashes);
    const fresh = crashes.slice(this.#crashes);
    for (const crash of new Set(fresh)) {
      const what = `${crash}, ${fresh.filter((each) => each === crash).length} times`;
      if (fault.class === "outage") this.#options.say(what);
      else this.#violate(`G9 ${fault.kind} (${fault.target}): ${what}`);
    }
    this.#crashes = crashes.length;
  }

  /** Sockets on other hosts must stay open (G9): neither side closes them. */
  #judgeSockets(fault: Fault, before: readonly number[], sinceMs: number): void {
    if (fault.class !== "host") return;
    const { name: starved, waitedMs } = this.#starvation.worst(sinceMs);
    const untouched = this.cluster.hosts.map(({ name }) => name).filter((name) => !fault.mayClose.includes(name));
    this.load.devices.forEach(({ name, closed }, i) => {
      for (const { gateway, code } of closed.slice(before[i])) {
        if (!untouched.includes(gateway)) continue;
        const what = `${name}: ${fault.kind} of ${fault.target} closed its socket at ${gateway} (${code ?? "silent"})`;
        if (waitedMs < starvedMs) this.#violate(`G9 ${what}`);
        else {
          this.excused += 1;
          this.#options.say(`no violation, because ${starved} got no CPU for ${Math.round(waitedMs)} ms: ${what}`);
        }
      }
    });
  }
}

function pidsOf({ hosts, nats }: Cluster): Map<string, number> {
  const servers = nats.servers.map(({ pid }, index) => [`NATS server ${index + 1}`, pid] as const);
  return new Map([...hosts.map(({ name, pid }) => [name, pid] as const), ...servers]);
}

function traceInto(folder: string): (device: string) => (line: string) => void {
  return (device) => {
    const file = createWriteStream(join(folder, `device-${device}.log`));
    return (line) => void file.write(`${line}\n`);
  };
}
