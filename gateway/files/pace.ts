// Gives bytes out at a rate: a piece that is ahead of its time waits.
import type { Clock } from "../../actors/runtime/ports.ts";
import { sleep } from "../../actors/shared/sleep.ts";

/** The longest piece that is given out at once, as a time at the rate. */
const stepMs = 100;

export async function* pace(
  bytes: AsyncIterable<Uint8Array>,
  bytesPerS: number,
  clock: Pick<Clock, "monotonicMs" | "after">,
): AsyncGenerator<Uint8Array> {
  const startedMs = clock.monotonicMs();
  const stepBytes = Math.max(1, Math.floor((bytesPerS * stepMs) / 1_000));
  let sent = 0;
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length; at += stepBytes) {
      const aheadMs = (sent / bytesPerS) * 1_000 - (clock.monotonicMs() - startedMs);
      if (aheadMs > 0) await sleep(clock, aheadMs);
      const part = chunk.subarray(at, at + stepBytes);
      sent += part.length;
      yield part;
    }
  }
}
