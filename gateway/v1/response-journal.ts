// Keeps the events of a response that runs in the background. That it was cancelled comes by the notification bus, and is asked for in
// case that was lost. One
// append is under way at a time; everything that gathers meanwhile goes with the next.
import { stopSubject } from "../../actors/reply/contract.ts";
import {
  maxAppendBytes,
  maxResponseBytes,
  type ResponseStatus,
  type StoredEvent,
  StoredResponse,
  type UpstreamPlace,
} from "../../actors/response/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { Clock } from "../../actors/runtime/ports.ts";
import type { UserFeed } from "../kit/user-feed.ts";

/** ms between two looks: a response whose cancel was not notified is over after so long. */
const beatMs = 1_000;
/** ms between two beats that are recorded when there are no events. */
const quietBeatMs = 5_000;

export class ResponseJournal {
  readonly #actors: Actors;
  readonly #clock: Clock;
  readonly #key: string;
  readonly #owner: string;
  readonly #onOver: () => void;
  readonly #feed: UserFeed;
  #waiting: StoredEvent[] = [];
  #running: Promise<void> | undefined;
  #lastBeatMs: number;
  #cancelBeat = () => {};
  #unwatch = () => {};

  /** `onOver`: the response was cancelled, or removed. */
  constructor(
    { actors, clock, feed }: { actors: Actors; clock: Clock; feed: UserFeed },
    { key, owner, onOver }: { key: string; owner: string; onOver: () => void },
  ) {
    this.#actors = actors;
    this.#clock = clock;
    this.#feed = feed;
    this.#key = key;
    this.#owner = owner;
    this.#onOver = onOver;
    this.#lastBeatMs = clock.monotonicMs();
  }

  async begin(boot: string, body: string): Promise<void> {
    await this.#response.begin({ owner: this.#owner, boot, body });
    this.#unwatch = this.#feed.watch(stopSubject(this.#key), { notified: () => this.#over(), missed: () => {} });
    this.#beat();
  }

  add(event: StoredEvent): void {
    this.#waiting.push(event);
    this.#running ??= this.#append();
  }

  /** The end of the response; the first one counts. */
  async finish(status: ResponseStatus, body: string, place: UpstreamPlace | undefined): Promise<void> {
    this.#cancelBeat();
    this.#unwatch();
    while (this.#running) await this.#running;
    await finishResponse(this.#actors, { key: this.#key, owner: this.#owner, status, body, place });
  }

  get #response() {
    return this.#actors.get(StoredResponse, this.#key);
  }

  async #append(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const events = takeUpTo(this.#waiting, maxAppendBytes);
        this.#lastBeatMs = this.#clock.monotonicMs();
        const { isOver } = await this.#response.append({ events });
        if (isOver) this.#over();
      }
    } catch {
      // The events are missing in a later reading of the stream; the response itself is stored at its end.
      this.#waiting = [];
    } finally {
      this.#running = undefined;
    }
  }

  /** A query costs no record. */
  #beat(): void {
    this.#cancelBeat = this.#clock.after(beatMs, async () => {
      try {
        const { status } = await this.#response.read({ owner: this.#owner, afterSeq: Number.MAX_SAFE_INTEGER });
        if (status !== "in_progress") return this.#over();
        const isQuiet = this.#clock.monotonicMs() - this.#lastBeatMs > quietBeatMs;
        if (isQuiet) {
          this.#lastBeatMs = this.#clock.monotonicMs();
          await this.#response.append({ events: [] });
        }
      } catch {
        // The next beat asks again: an error is no sign of a cancel.
      }
      this.#beat();
    });
  }

  #over(): void {
    this.#cancelBeat();
    this.#unwatch();
    this.#waiting = [];
    this.#onOver();
  }
}

export async function finishResponse(
  actors: Actors,
  input: { key: string; owner: string; status: ResponseStatus; body: string; place: UpstreamPlace | undefined },
): Promise<void> {
  const { key, owner, status, body, place } = input;
  if (Buffer.byteLength(body) > maxResponseBytes) return;
  await actors.get(StoredResponse, key).finish({ owner, status, body, ...(place && { place }) });
}

/** At least one. */
function takeUpTo(events: StoredEvent[], maxBytes: number): StoredEvent[] {
  let bytes = 0;
  const end = events.findIndex(({ text }, index) => {
    bytes += Buffer.byteLength(text);
    return index > 0 && bytes > maxBytes;
  });
  return events.splice(0, end === -1 ? events.length : end);
}
