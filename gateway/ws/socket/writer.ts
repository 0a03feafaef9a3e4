// Writes frames to sockets: all frames of one tick for one socket leave in one write.
// writer/lease: no byte is written while the host's lease is not held (J5); frames wait, at most `maxOutboundBytes` a socket.
// writer/slow: a socket whose client does not read is closed as slow; no other socket waits for it (G7).
// writer/urgent: a socket is handed no more while the network takes nothing of it, so that urgent frames overtake what waits.

import type { Socket } from "node:net";
import type { Clock } from "../../../actors/runtime/ports.ts";
import type { GatewayLimits } from "../../limits.ts";
import type { GatewayMetrics, Lease } from "../../ports.ts";
import { type CloseCode, closeCodes } from "../wire/close-codes.ts";
import type { Frame } from "../wire/frame.ts";
import type { Outbound } from "./outbound.ts";

/** The writer's view of a connection. */
interface WriterTarget {
  readonly outbound: Outbound;
  readonly socket: Pick<
    Socket,
    "writable" | "writableLength" | "writableNeedDrain" | "writableCorked" | "write" | "uncork"
  >;
  readonly deflates: boolean;
  readonly isClosing: boolean;
  readonly outstandingBytes: number;
  close(code: CloseCode): void;
  /** Bytes that waited were handed to the socket. */
  written(): void;
  /** The socket takes no more now: `resume` is to be called at its next "drain". */
  awaitDrain(): void;
}

/** Gathers frames of one tick, and hands them to `push` in `flushBatch`. */
interface Batch {
  flushBatch(): void;
}

/** Typing and presence frames are dropped for sockets with more outstanding bytes: late ones are worthless. */
const lowPriorityMaxBytes = 64 * 1024;
/** Handed to a socket at one time; less than what Node buffers before it says that the network is slow (64 KiB). */
const pieceBytes = 48 * 1024;
/** writer/lease: a process that was suspended in the middle of a fan-out writes to at most so many sockets afterwards. */
const socketsPerLeaseCheck = 16;

export class Writer {
  #clock: Clock;
  #lease: Lease;
  #metrics: GatewayMetrics;
  #maxOutboundBytes: number;
  #batches: Batch[] = [];
  #dirty: WriterTarget[] = [];
  #isScheduled = false;
  #frameCount = 0;

  constructor(deps: { clock: Clock; lease: Lease; metrics: GatewayMetrics; limits: GatewayLimits }) {
    this.#clock = deps.clock;
    this.#lease = deps.lease;
    this.#metrics = deps.metrics;
    this.#maxOutboundBytes = deps.limits.maxOutboundBytes;
  }

  /** `batch.flushBatch` is called when this tick ends. */
  mark(batch: Batch): void {
    this.#batches.push(batch);
    this.#schedule();
  }

  send(connection: WriterTarget, frame: Frame): void {
    this.push(connection, frame.bytes(connection.deflates), 1);
  }

  sendLow(connection: WriterTarget, frame: Frame): void {
    if (connection.outstandingBytes > lowPriorityMaxBytes) return;
    this.send(connection, frame);
  }

  /** Overtakes what waits for this socket. Never for an event of a conversation: their order must hold. */
  sendUrgent(connection: WriterTarget, frame: Frame): void {
    const bytes = frame.bytes(connection.deflates);
    if (this.#admit(connection, bytes, 1)) connection.outbound.pushUrgent(bytes);
  }

  /** `bytes` are whole frames. */
  push(connection: WriterTarget, bytes: Buffer, frameCount: number): void {
    if (this.#admit(connection, bytes, frameCount)) connection.outbound.push(bytes);
  }

  /** Writes the frames that wait for this socket, before it is closed. */
  finish(connection: WriterTarget): void {
    if (this.#lease.isHeld()) this.#write(connection, true);
    connection.outbound.clear();
  }

  /** The socket was held back, and takes more now. */
  resume(connection: WriterTarget): void {
    if (connection.isClosing || connection.outbound.isEmpty) return;
    if (this.#lease.isHeld()) this.#metrics.framesOut(0, this.#write(connection));
    else this.#dirty.push(connection);
  }

  flush(): void {
    this.#isScheduled = false;
    if (!this.#lease.isHeld()) return; // writer/lease
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
    // After all input of this turn of the event loop, so that the answers of one commit leave in one write.
    this.#clock.soon(() => this.flush());
  }

  /** False: the connection is closed, or is closed now because the bytes do not fit. */
  #admit(connection: WriterTarget, bytes: Buffer, frameCount: number): boolean {
    if (connection.isClosing) return false;
    const { outbound, socket } = connection;
    if (outbound.byteCount + socket.writableLength + bytes.length > this.#maxOutboundBytes) {
      connection.close(closeCodes.slow); // writer/slow
      return false;
    }
    if (outbound.isEmpty) {
      this.#dirty.push(connection);
      this.#schedule();
    }
    this.#frameCount += frameCount;
    return true;
  }

  #write(connection: WriterTarget, isLast = false): number {
    const { socket, outbound } = connection;
    let written = 0;
    while (!outbound.isEmpty) {
      if (socket.writableNeedDrain && !isLast) {
        connection.awaitDrain(); // writer/urgent
        break;
      }
      const bytes = outbound.take(pieceBytes);
      if (bytes === undefined || !socket.writable) break;
      socket.write(bytes);
      if (socket.writableCorked > 0) socket.uncork();
      written += bytes.length;
    }
    if (written > 0) connection.written();
    return written;
  }
}
