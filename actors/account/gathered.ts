// Settles of a payer wait for a moment, because the next hold of a busy payer comes within it: both are then one commit, in place
// of two that each sync the disk.
import type { Clock } from "../runtime/ports.ts";

/** ms that a settle waits at most. What its request held stays held so long. */
const gatherMs = 5;

interface GatheredSettles {
  /** `send` is called once: with the payer's next hold, or after `gatherMs`. */
  add<T>(userId: string, send: () => Promise<T>): Promise<T>;
  /** Before a hold of this payer, which must find the requests that have ended settled. */
  sendOf(userId: string): void;
  /** This process ends: those that wait are sent, and later ones at once. */
  close(): void;
}

export function gatherSettles(clock: Clock): GatheredSettles {
  const waiting = new Map<string, (() => void)[]>();
  let isClosed = false;
  const sendOf = (userId: string) => {
    const sends = waiting.get(userId);
    if (!sends) return;
    waiting.delete(userId);
    for (const send of sends) send();
  };
  return {
    add(userId, send) {
      if (isClosed) return send();
      return new Promise((resolve, reject) => {
        const sendNow = () => void send().then(resolve, reject);
        const sends = waiting.get(userId);
        if (sends) sends.push(sendNow);
        else {
          const gathered = [sendNow];
          waiting.set(userId, gathered);
          clock.after(gatherMs, () => {
            if (waiting.get(userId) === gathered) sendOf(userId);
          });
        }
      });
    },
    sendOf,
    close() {
      isClosed = true;
      for (const userId of [...waiting.keys()]) sendOf(userId);
    },
  };
}
