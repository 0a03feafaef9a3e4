// The Redis commands that heads.ts needs. The rules named here are defined in the header of heads.ts.
import { createHash } from "node:crypto";
import type { Head } from "../../actors/runtime/head.ts";
import type { Clock, Random } from "../../actors/runtime/ports.ts";
import type { RedisLink } from "./client.ts";
import { forgetOnce, holdLease, putHeads } from "./heads-scripts.ts";
import { createScript, type Script } from "./script.ts";

/** A head and the generation in which its put began. */
export interface Remembered {
  readonly gen: string;
  readonly head: Head;
}

/** Heads written by one script, which takes the server about 1 ms. */
export const maxHeadsPerStep = 500;
const maxKeysPerRead = 1_000;
/** A head that was not put for this long expires; lists then ask the actor of that conversation. */
const headKeptMs = 14 * 86_400_000;
/** How long the reason of a change of generation is remembered, so that the same reason changes it only once. */
const reasonKeptMs = 86_400_000;
/** A reading of Redis's clock is used for this long; then the clock is read again. */
export const clockKnownMs = 3_000;

export class HeadsStore {
  #link: RedisLink;
  #clock: Pick<Clock, "monotonicMs">;
  #random: Random;
  #put: Script;
  #hold: Script;
  #forget: Script;
  /** A reading of Redis's clock, and this host's time when the reading arrived: by then Redis's clock showed at least that. */
  #known: { run: string; redisMs: number; ourMs: number } | undefined;

  constructor(link: RedisLink, clock: Pick<Clock, "monotonicMs">, random: Random) {
    this.#link = link;
    this.#clock = clock;
    this.#random = random;
    this.#put = createScript(link.client, putHeads);
    this.#hold = createScript(link.client, holdLease);
    this.#forget = createScript(link.client, forgetOnce);
  }

  /** Returns the generation found; undefined when there was none. Rejects when the outcome is unknown. */
  async put(heads: readonly (readonly [string, Remembered])[], as: "put" | "offer" = "put") {
    const steps: Promise<unknown>[] = [];
    for (let i = 0; i < heads.length; i += maxHeadsPerStep) {
      const part = heads.slice(i, i + maxHeadsPerStep);
      const keys = [this.#genKey(), ...part.map(([id]) => this.#headKey(id))];
      const args = part.flatMap(([, { gen, head }]) => [gen, head.version, JSON.stringify(head)]);
      steps.push(this.#put(keys, [headKeptMs, as, ...args]));
    }
    const found = await Promise.all(steps);
    return found.every((gen) => gen === found[0]) && typeof found[0] === "string" ? found[0] : undefined;
  }

  /**
   * `found` is empty when a writer's lease is missing (heads/lease), or when the generation belongs to another run than the
   * connection (heads/generation). `gen` is the generation that was read, if it belongs to this run.
   */
  async getMany(conversationIds: readonly string[], writers: readonly string[]) {
    const run = this.#link.run();
    const guards = [this.#genKey(), ...writers.map((writer) => this.#leaseKey(writer))];
    const parts: string[][] = [];
    for (let i = 0; i < conversationIds.length; i += maxKeysPerRead) {
      parts.push(conversationIds.slice(i, i + maxKeysPerRead));
    }
    const answers = await Promise.all(
      parts.map((part) => this.#link.client.mget([...guards, ...part.map((id) => this.#headKey(id))])),
    );
    const found = new Map<string, Head>();
    const gens = new Set<string | undefined>();
    answers.forEach((values, index) => {
      const [gen, ...leases] = values.slice(0, guards.length);
      const isOfRun = gen?.startsWith(`${run}.`) === true;
      gens.add(isOfRun ? gen : undefined);
      if (!isOfRun || leases.includes(null)) return;
      parts[index]?.forEach((id, at) => {
        const head = parseHead(values[guards.length + at], gen);
        if (head) found.set(id, head);
      });
    });
    return { found, gen: gens.size === 1 ? [...gens][0] : undefined };
  }

  /** Takes the lease until `endMs` of this host's clock, however late Redis receives the command. Returns the generation. */
  async hold(writer: string, endMs: number): Promise<string> {
    const run = this.#link.run() ?? "";
    const { redisMs, ourMs } = await this.#time(run);
    // The end was computed with the clock of the former server and does not hold at another one.
    if (this.#link.run() !== run) throw new Error("the connection was lost");
    const redisEndMs = Math.floor(redisMs + (endMs - ourMs));
    const [gen, nowMs] = (await this.#hold(
      [this.#genKey(), this.#leaseKey(writer)],
      [run, this.#newGen(), Math.max(1, redisEndMs)],
    )) as [string, number];
    this.#known = { run, redisMs: nowMs, ourMs: this.#clock.monotonicMs() };
    return gen;
  }

  /** Changes the generation. */
  async forget(): Promise<void> {
    const gen = this.#newGen();
    await this.#forget([this.#genKey(), this.#forgotKey(gen)], [gen, reasonKeptMs]);
  }

  /** Changes the generation for a lost writer, once, unless its lease is held (heads/lost-writer). */
  async forgetWriter(writer: string): Promise<void> {
    const name = createHash("sha256").update(writer).digest("base64url").slice(0, 22);
    await this.#forget([this.#genKey(), this.#forgotKey(name), this.#leaseKey(writer)], [this.#newGen(), reasonKeptMs]);
  }

  async #time(run: string): Promise<{ redisMs: number; ourMs: number }> {
    const known = this.#known;
    if (known?.run === run && this.#clock.monotonicMs() - known.ourMs < clockKnownMs) return known;
    const [seconds = 0, micros = 0] = await this.#link.client.time();
    return { redisMs: Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000), ourMs: this.#clock.monotonicMs() };
  }

  #newGen(): string {
    return `${this.#link.run() ?? ""}.${this.#random.hex(64)}`;
  }

  #forgotKey(reason: string): string {
    return `${this.#link.prefix}heads:forgot:${reason}`;
  }

  #genKey(): string {
    return `${this.#link.prefix}heads:gen`;
  }

  #leaseKey(writer: string): string {
    return `${this.#link.prefix}heads:lease:${writer}`;
  }

  #headKey(conversationId: string): string {
    return `${this.#link.prefix}head:${conversationId}`;
  }
}

function parseHead(value: string | null | undefined, gen: string): Head | undefined {
  if (!value?.startsWith(`${gen} `)) return undefined;
  const json = value.slice(value.indexOf(" ", gen.length + 1) + 1);
  return json === "" ? undefined : (JSON.parse(json) as Head);
}
