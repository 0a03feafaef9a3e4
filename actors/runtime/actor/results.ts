// Results of commands that carried a commandId, kept so that a retry gets the first answer (G2).
import type { Invocation, Reply } from "../invocation.ts";
import type { ActorRecord } from "../record.ts";

type Kept = NonNullable<ActorRecord["command"]> & { atMs: number };

export class Results {
  /** Most actors keep none. */
  #kept: Map<string, Kept> | undefined;
  readonly #keptMs: number;
  readonly #maxResults: number;

  constructor(keptMs: number, maxResults: number) {
    this.#keptMs = keptMs;
    this.#maxResults = maxResults;
  }

  /** The first answer; a conflict when the same id comes with another payload. */
  find(commandId: string, invocation: Invocation, nowMs: number): Reply | undefined {
    const kept = this.#kept?.get(commandId);
    if (!kept || kept.atMs + this.#keptMs < nowMs) return undefined;
    if (kept.hash === payloadHash(invocation)) return { kind: "ok", value: kept.result };
    return { kind: "refused", error: "common.conflict", message: "This id was used for another command" };
  }

  /** Beyond `maxResults` and `keptMs` the oldest results go. */
  keep(command: NonNullable<ActorRecord["command"]>, atMs: number): void {
    this.#kept ??= new Map();
    const kept = this.#kept;
    kept.set(command.id, { ...command, atMs });
    for (const [id, { atMs: keptAtMs }] of kept) {
      if (kept.size <= this.#maxResults && keptAtMs + this.#keptMs >= atMs) break;
      kept.delete(id);
    }
  }

  encode(): Kept[] {
    return this.#kept ? [...this.#kept.values()] : [];
  }

  load(kept: readonly Kept[]): void {
    if (kept.length > 0) this.#kept = new Map(kept.map((entry) => [entry.id, entry]));
  }

  static entry(invocation: Invocation, result: unknown): NonNullable<ActorRecord["command"]> {
    return { id: invocation.commandId!, hash: payloadHash(invocation), result: result ?? null };
  }
}

/** 32 bits (FNV-1a) are enough: the hash only tells an honest retry from a mistake. */
function payloadHash({ method, input }: Invocation): number {
  const text = `${method} ${JSON.stringify(input)}`;
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
