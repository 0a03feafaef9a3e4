// One server frame, encoded once and shared by every socket that gets it.
import { constants, deflateRawSync } from "node:zlib";

/** Shorter frames are not compressed: inflating them costs the client more than the bytes that it saves. */
export const minDeflateBytes = 1_024;

export class Frame {
  /** Header and payload for sockets without compression. */
  readonly plain: Buffer;
  #deflated: Buffer | undefined;

  constructor(json: string) {
    const payloadBytes = Buffer.byteLength(json);
    const headerBytes = headerBytesOf(payloadBytes);
    this.plain = Buffer.allocUnsafe(headerBytes + payloadBytes);
    writeHeader(this.plain, payloadBytes, 0);
    this.plain.write(json, headerBytes, "utf8");
  }

  /** Compressed at most once for all receivers, which works because compression keeps no context between frames. */
  bytes(deflates: boolean): Buffer {
    if (!deflates || this.plain.length <= minDeflateBytes) return this.plain;
    this.#deflated ??= deflated(this.plain);
    return this.#deflated;
  }
}

/** A ping without payload. */
export const pingBytes = Buffer.from([0x89, 0]);

const finText = 0x81;
const rsv1 = 0x40;

function deflated(plain: Buffer): Buffer {
  const payload = deflateRawSync(plain.subarray(headerBytesOfFrame(plain)), { finishFlush: constants.Z_SYNC_FLUSH });
  const trimmedBytes = payload.length - 4; // RFC 7692: the empty block's 00 00 ff ff is left out
  const headerBytes = headerBytesOf(trimmedBytes);
  const frame = Buffer.allocUnsafe(headerBytes + trimmedBytes);
  writeHeader(frame, trimmedBytes, rsv1);
  payload.copy(frame, headerBytes, 0, trimmedBytes);
  return frame;
}

function headerBytesOf(payloadBytes: number): number {
  if (payloadBytes < 126) return 2;
  return payloadBytes < 65_536 ? 4 : 10;
}

function headerBytesOfFrame(frame: Buffer): number {
  const length = frame[1];
  if (length === 127) return 10;
  return length === 126 ? 4 : 2;
}

function writeHeader(frame: Buffer, payloadBytes: number, flags: number): void {
  frame[0] = finText | flags;
  if (payloadBytes < 126) {
    frame[1] = payloadBytes;
  } else if (payloadBytes < 65_536) {
    frame[1] = 126;
    frame.writeUInt16BE(payloadBytes, 2);
  } else {
    frame[1] = 127;
    frame.writeUIntBE(0, 2, 2);
    frame.writeUIntBE(payloadBytes, 4, 6);
  }
}
