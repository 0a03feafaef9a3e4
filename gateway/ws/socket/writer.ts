// The way out: what one tick wants to say to a socket leaves in one write.
// W1: no byte is written while the host's lease is not held (J5); it waits here, within `maxOutboundBytes` per socket.
// W2: a room's frames of one tick are concatenated once and shared by all its live listeners.
// W3: a socket that does not take what it is sent is closed as slow; nobody waits for it (G7).

import type { Clock } from "../../../actors/runtime/ports.ts";
import type { GatewayLimits } from "../../limits.ts";
import type { GatewayMetrics, Lease } from "../../ports.ts";
import { closeCodes } from "../wire/close-codes.ts";
import type { Frame } from "../wire/frame.ts";
import type { Connection } from "./connection.ts";

/** Gathers frames of one tick and hands them to `push` when told to. */
export interface Batch {
  flushBatch(): void;
}

/** Typing and presence are dropped for sockets with more than this waiting: they are worth nothing late. */
const lowLaneMaxBytes = 64 * 1024;
/** W1: a process that was stopped in the middle of a fan-out, and goes on when others serve, writes no more than these. */
const socketsPerLeaseCheck = 16;

export class Writer {
  #clock: Clock;
  #lease: Lease;
  #metrics: GatewayMetrics;
  #maxOutboundBytes: number;
  #batches: Batch[] = [];
  #dirty: Connection[] = [];
  #isScheduled = false;
  #frameCount = 0;

  constructor(deps: { clock: Clock; lease: Lease; metrics: GatewayMetrics; limits: GatewayLimits }) {
    this.#clock = deps.clock;
    this.#lease = deps.lease;
    this.#metrics = deps.metrics;
    this.#maxOutboundBytes = deps.limits.maxOutboundBytes;
  }

  /** `batch` is asked for its frames when this tick ends. */
  mark(batch: Batch): void {
    this.#batches.push(batch);
    this.#schedule();
  }

  send(connection: Connection, frame: Frame): void {
    this.push(connection, frame.bytes(connection.deflates), 1);
  }

  sendLow(connection: Connection, frame: Frame): void {
    if (connection.pendingBytes + connection.socket.writableLength > lowLaneMaxBytes) return;
    this.send(connection, frame);
  }

  /** `bytes` are whole frames. */
  push(connection: Connection, bytes: Buffer, frameCount: number): void {
    if (connection.state === "closing") return;
    if (connection.pendingBytes + bytes.length > this.#maxOutboundBytes) {
      connection.close(closeCodes.slow);
      return;
    }
    const { pending } = connection;
    if (pending === undefined) {
      connection.pending = bytes;
      this.#dirty.push(connection);
      this.#schedule();
    } else if (Array.isArray(pending)) pending.push(bytes);
    else connection.pending = [pending, bytes];
    connection.pendingBytes += bytes.length;
    this.#frameCount += frameCount;
  }

  /** Writes what waits for this socket, before it is closed. */
  finish(connection: Connection): void {
    if (this.#lease.isHeld()) this.#write(connection);
    connection.pending = undefined;
    connection.pendingBytes = 0;
  }

  flush(): void {
    this.#isScheduled = false;
    if (!this.#lease.isHeld()) return; // W1
    const batches = this.#batches;
    this.#batches = [];
    for (const batch of batches) batch.flushBatch();
    const dirty = this.#dirty;
    this.#dirty = [];
    const frameCount = this.#frameCount;
    this.#frameCount = 0;
    let bytes = 0;
    let written = 0;
    for (const connection of dirty) {
      if (written > 0 && written % socketsPerLeaseCheck === 0 && !this.#lease.isHeld()) break;
      bytes += this.#write(connection);
      written += 1;
    }
    if (written < dirty.length) this.#dirty = dirty.slice(written).concat(this.#dirty);
    if (frameCount > 0) this.#metrics.framesOut(frameCount, bytes);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // After all input of this turn of the loop: commits that return together leave together.
    this.#clock.soon(() => this.flush());
  }

  #write(connection: Connection): number {
    const { pending, socket } = connection;
    if (pending === undefined) return 0;
    const bytes = Array.isArray(pending) ? Buffer.concat(pending, connection.pendingBytes) : pending;
    connection.pending = undefined;
    connection.pendingBytes = 0;
    if (!socket.writable) return 0;
    if (socket.writableLength + bytes.length > this.#maxOutboundBytes) {
      connection.close(closeCodes.slow); // W3
      return 0;
    }
    socket.write(bytes);
    if (socket.writableCorked > 0) socket.uncork();
    if (connection.isThrottled) connection.written();
    return bytes.length;
  }
}
