// The way to the server: it comes back by itself until `close`, or until the server says that there is no use.
import { ClientError, isRefusedForGood } from "../base/errors.ts";
import type { ClientLimits } from "../base/limits.ts";
import type { Platform } from "../base/platform.ts";
import type { ClientFrame, ServerFrame } from "../base/wire.ts";
import { FrameSocket, refusalOf } from "./frame-socket.ts";
import { Heartbeat, type HeartbeatOptions } from "./heartbeat.ts";
import { type AfterClose, brokenCode, decideAfterClose, firstRetry, pauseMs, type RetryAdvice } from "./reconnect.ts";

export interface ConnectionOptions {
  /** Address of the socket. `attempt` counts the failures since the last CONNECT_ACK. */
  url(attempt: number): string;
  /** The first frame of every socket. */
  authFrame(): ClientFrame;
  /** Gets a new token; rejects as refused when there is none to be had. */
  renewToken(): Promise<void>;
  readonly platform: Platform;
  readonly limits: ClientLimits;
  /** In place of what CONNECT_ACK advises. */
  readonly retry?: RetryAdvice;
  /** In place of one that fits CONNECT_ACK.heartbeatInterval. "none": only the other side ends a silent socket. */
  readonly heartbeat?: HeartbeatOptions | "none";
}

interface ConnectionEvents {
  /** CONNECT_ACK: the socket is served. */
  opened(ack: ServerFrame): void;
  /** Frames that answer no `ask`, after CONNECT_ACK. */
  frame(frame: ServerFrame): void;
  /** A served socket is gone; `code` is undefined when this side gave it up. Another attempt follows, or `ended`. */
  lost(code: number | undefined): void;
  /** There is no use in coming back. */
  ended(error: ClientError): void;
  /** Every frame that is received, and every frame that is sent. */
  received?(frame: ServerFrame): void;
  sent?(frame: ClientFrame): void;
  problem?(error: ClientError): void;
}

type State =
  | { readonly kind: "idle" }
  | { readonly kind: "connecting"; readonly socket: FrameSocket; readonly cancel: () => void }
  | { readonly kind: "open"; readonly socket: FrameSocket; readonly heartbeat: Heartbeat | undefined }
  | { readonly kind: "pausing"; readonly cancel: () => void }
  | { readonly kind: "renewing" }
  | { readonly kind: "ended" };

/** Of a heartbeat interval: a PING after two thirds, dead after two of them. */
const beatShare = 2 / 3;
const silenceShare = 2;
const closeTimeoutMs = 1_000;
/** For so long after a socket broke, "replaced by a newer socket" may mean that socket: its login was processed late. */
const ownReplacementMs = 60_000;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  #state: State = { kind: "idle" };
  #failures = 0;
  #advice: RetryAdvice | undefined;
  /** When a socket last ended without a word from the server. */
  #brokeAtMs = Number.NEGATIVE_INFINITY;
  #refusal: ClientError | undefined;
  #onClosed: () => void = () => {};

  constructor(options: ConnectionOptions, events: ConnectionEvents) {
    this.#options = options;
    this.#events = events;
  }

  get state(): State["kind"] {
    return this.#state.kind;
  }

  /** Begins; later calls change nothing. */
  connect(): void {
    if (this.#state.kind === "idle") this.#attempt();
  }

  /** False: there is no served socket now, and nothing was sent. */
  send(frame: ClientFrame): boolean {
    return this.#state.kind === "open" && this.#state.socket.send(frame);
  }

  async ask(type: string, data: object): Promise<ServerFrame> {
    if (this.#state.kind !== "open") throw new ClientError("unreachable", "There is no connection.");
    return this.#state.socket.ask(type, data);
  }

  /** Ends for good. Resolves when the socket is closed. */
  async close(): Promise<void> {
    const state = this.#state;
    this.#leave();
    this.#state = { kind: "ended" };
    if (state.kind !== "connecting" && state.kind !== "open") return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onClosed = resolve;
    state.socket.close();
    const cancel = this.#options.platform.clock.after(closeTimeoutMs, () => state.socket.abandon());
    await promise;
    cancel();
  }

  #attempt(): void {
    const { platform, limits, url } = this.#options;
    const { received, sent, problem } = this.#events;
    const socket: FrameSocket = new FrameSocket(
      { url: url(this.#failures), platform, limits, sent },
      {
        opened: () => socket.send(this.#options.authFrame()),
        received: (frame) => {
          received?.(frame);
          if (this.#state.kind === "open") this.#state.heartbeat?.received();
        },
        frame: (frame) => this.#take(socket, frame),
        closed: (code, reason) => this.#closed(code, reason),
        malformed: problem,
      },
    );
    const cancel = platform.clock.after(limits.handshakeTimeoutMs, () => socket.abandon());
    this.#state = { kind: "connecting", socket, cancel };
  }

  #take(socket: FrameSocket, frame: ServerFrame): void {
    if (frame.type === "CONNECT_ACK" && this.#state.kind === "connecting") {
      this.#state.cancel();
      this.#failures = 0;
      this.#refusal = undefined;
      this.#advice = adviceOf(frame) ?? this.#advice;
      this.#state = { kind: "open", socket, heartbeat: this.#startHeartbeat(socket, frame) };
      this.#events.opened(frame);
    } else if (frame.type === "CONNECT_ERROR") this.#refusal = refusalOf(frame);
    else if (this.#state.kind === "open") this.#events.frame(frame);
  }

  #startHeartbeat(socket: FrameSocket, { data }: ServerFrame): Heartbeat | undefined {
    const { heartbeat, platform } = this.#options;
    if (heartbeat === "none") return undefined;
    const intervalMs = Number(data?.heartbeatInterval) * 1_000 || 30_000;
    const options = heartbeat ?? { everyMs: intervalMs * beatShare, silenceMs: intervalMs * silenceShare };
    return new Heartbeat(platform.clock, options, {
      beat: () => socket.send({ type: "PING" }),
      dead: () => socket.abandon(),
    });
  }

  #closed(code: number | undefined, reason: string): void {
    const wasOpen = this.#state.kind === "open";
    if (this.#state.kind === "ended") {
      this.#onClosed();
      return;
    }
    this.#leave();
    this.#state = { kind: "idle" };
    if (wasOpen) this.#events.lost(code);
    if (this.#state.kind !== "idle") return; // `lost` has closed it
    const mayBeOwn = this.#nowMs() - this.#brokeAtMs < ownReplacementMs;
    if (code === undefined || code === brokenCode) this.#brokeAtMs = this.#nowMs();
    this.#goOn(decideAfterClose(code, mayBeOwn), code, reason);
  }

  #goOn(next: AfterClose, code: number | undefined, reason: string): void {
    if (next.kind === "end") this.#end(next.why, code, reason);
    else if (next.kind === "renew") void this.#renew();
    else this.#pause(next.skips, () => this.#attempt());
  }

  #pause(skips: number, then: () => void): void {
    const { platform, retry = this.#advice ?? firstRetry } = this.#options;
    const waitMs = pauseMs(retry, Math.max(this.#failures, skips), platform.random);
    this.#failures += 1;
    this.#state = { kind: "pausing", cancel: platform.clock.after(waitMs, then) };
  }

  /** The attempt with the new token counts as another failure until CONNECT_ACK: a token that is refused again waits. */
  async #renew(): Promise<void> {
    this.#state = { kind: "renewing" };
    try {
      await this.#options.renewToken();
      if (this.state === "renewing") this.#pause(0, () => this.#attempt());
    } catch (error) {
      if (this.state !== "renewing") return;
      if (isRefusedForGood(error)) this.#end(error.message, undefined, "", error);
      else this.#pause(1, () => void this.#renew());
    }
  }

  #end(why: string, code: number | undefined, reason: string, cause: ClientError | undefined = this.#refusal): void {
    this.#state = { kind: "ended" };
    this.#events.ended(new ClientError("closed", why, { code, codeStr: reason, cause }));
  }

  #nowMs(): number {
    return this.#options.platform.clock.monotonicMs();
  }

  #leave(): void {
    const state = this.#state;
    if (state.kind === "connecting" || state.kind === "pausing") state.cancel();
    else if (state.kind === "open") state.heartbeat?.stop();
  }
}

function adviceOf({ data }: ServerFrame): RetryAdvice | undefined {
  const advice = data?.retry as Partial<RetryAdvice> | undefined;
  if (!Array.isArray(advice?.delaysMs) || advice.delaysMs.length === 0) return undefined;
  return { delaysMs: advice.delaysMs.map(Number), jitter: Number(advice.jitter ?? 0) };
}
