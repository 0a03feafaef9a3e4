// Cryptographically secure random numbers. They are taken from a pool, so that one system call serves hundreds of small ids.
import { randomFillSync } from "node:crypto";
import type { Random } from "../../actors/runtime/ports.ts";

const poolBytes = 4_096;
const pool = Buffer.alloc(poolBytes);
let used = poolBytes;

export const systemRandom: Random = {
  hex(bits) {
    const bytes = bits / 8;
    if (!Number.isInteger(bytes) || bytes < 1 || bytes > poolBytes) {
      throw new RangeError(`bits must be a multiple of 8 up to ${poolBytes * 8}, not ${bits}`);
    }
    const start = draw(bytes);
    const hex = pool.toString("hex", start, start + bytes);
    pool.fill(0, start, start + bytes); // the pool must not keep a copy of a secret
    return hex;
  },
  unit() {
    return pool.readUIntBE(draw(6), 6) / 2 ** 48;
  },
};

function draw(bytes: number): number {
  if (used + bytes > poolBytes) {
    randomFillSync(pool);
    used = 0;
  }
  const start = used;
  used += bytes;
  return start;
}
