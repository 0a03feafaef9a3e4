// Counts by the ids of the files, because the commands of a process may come twice.
import { Process } from "../process/contract.ts";
import { defineActor } from "../runtime/contract.ts";
import { Blob, maxSharingFiles } from "./contract.ts";

interface BlobState {
  /** Of the newest object; 0: there was none. */
  newest: number;
  /** The files of each object that has any, by its number. */
  holders: Map<number, Set<string>>;
}
type BlobEvent = { type: "held" | "released"; number: number; fileId: string };

export const blob = defineActor(Blob, {
  initial: (): BlobState => ({ newest: 0, holders: new Map() }),

  apply(state: BlobState, { type, number, fileId }: BlobEvent): void {
    const files = state.holders.get(number) ?? new Set();
    if (type === "held") {
      state.newest = Math.max(state.newest, number);
      state.holders.set(number, files.add(fileId));
    } else {
      files.delete(fileId);
      if (files.size === 0) state.holders.delete(number);
    }
  },

  commands: {
    hold(turn, { fileId }) {
      const { newest, holders } = turn.state;
      const known = numberOf(holders, fileId);
      if (known !== undefined) return { object: objectName(turn.key, known) };
      const sharing = holders.get(newest);
      const number = sharing && sharing.size < maxSharingFiles ? newest : newest + 1;
      turn.emit({ type: "held", number, fileId });
      return { object: objectName(turn.key, number) };
    },
    release(turn, { fileId }) {
      const number = numberOf(turn.state.holders, fileId);
      if (number === undefined) return null;
      turn.emit({ type: "released", number, fileId });
      if (turn.state.holders.get(number)?.size === 1) {
        const object = objectName(turn.key, number);
        turn.tell(Process, `intake:${turn.key}-${number}`).start({ input: { job: "erase", object } });
      }
      return null;
    },
  },

  queries: {
    find: ({ key, state: { newest, holders } }) =>
      holders.has(newest) ? { object: objectName(key, newest) } : undefined,
  },

  encode: ({ newest, holders }) => ({ newest, holders: [...holders].map(([number, files]) => [number, [...files]]) }),
  decode(plain) {
    const { newest, holders } = plain as { newest: number; holders: [number, string[]][] };
    return { newest, holders: new Map(holders.map(([number, files]) => [number, new Set(files)])) };
  },
});

function objectName(sha256: string, number: number): string {
  return `blobs/${sha256}/${number}`;
}

function numberOf(holders: BlobState["holders"], fileId: string): number | undefined {
  for (const [number, files] of holders) if (files.has(fileId)) return number;
  return undefined;
}
