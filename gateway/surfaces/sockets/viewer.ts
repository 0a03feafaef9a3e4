// One socket of a surface: a login, and what it shows. Frames are small JSON texts of the surface's own.
import type { WebSocket } from "ws";
import type { Caller } from "../../auth/authenticator.ts";

/** Codes of RFC 6455, and of the surfaces. */
export const viewerCodes = {
  goingAway: 1001,
  unavailable: 1013,
  slow: 4008,
  unauthorized: 4401,
  forbidden: 4403,
  notFound: 4404,
  tooMany: 4429,
} as const;

export class Viewer {
  readonly caller: Pick<Caller, "userId"> & Partial<Pick<Caller, "loginId">>;
  readonly #ws: WebSocket;
  readonly #maxOutboundBytes: number;
  heardAtMs: number;

  constructor(
    ws: WebSocket,
    caller: Viewer["caller"],
    { maxOutboundBytes, nowMs }: { maxOutboundBytes: number; nowMs: number },
  ) {
    this.#ws = ws;
    this.caller = caller;
    this.#maxOutboundBytes = maxOutboundBytes;
    this.heardAtMs = nowMs;
  }

  get isClosed(): boolean {
    return this.#ws.readyState >= this.#ws.CLOSING;
  }

  /** A viewer that does not read is closed: what it missed, it reads from the conversation. */
  send(frame: object | string): void {
    if (this.isClosed) return;
    if (this.#ws.bufferedAmount > this.#maxOutboundBytes) this.close(viewerCodes.slow, "client.slow");
    else this.#ws.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  ping(): void {
    if (!this.isClosed) this.#ws.ping();
  }

  close(code: number, reason: string): void {
    if (!this.isClosed) this.#ws.close(code, reason);
  }

  terminate(): void {
    this.#ws.terminate();
  }
}
