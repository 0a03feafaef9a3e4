// Requests with an Idempotency-Key: a repeat while the first one runs waits for it, and a later one gets the same bytes. The first
// one runs to its end also when its client has left.
import { hash } from "node:crypto";
import type { KeptAnswer } from "../../actors/once/contract.ts";
import { maxPartChars, maxParts, Once } from "../../actors/once/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { Clock } from "../../actors/runtime/ports.ts";
import { sleep } from "../../actors/shared/sleep.ts";
import type { V1Caller } from "./caller.ts";
import { type Exchange, invalid } from "./exchange.ts";

interface KeyedDeps {
  actors: Actors;
  clock: Clock;
  /** Of this process. */
  boot: string;
  reportError(message: string, cause: unknown): void;
}

/** ms between two looks at a request that runs at another gateway. */
const lookEveryMs = 200;

/** Runs the request, or answers what another run of it has answered. */
export async function runOnce(
  deps: KeyedDeps,
  exchange: Exchange,
  { payer }: V1Caller,
  {
    idempotencyKey,
    path,
    bytes,
    run,
  }: { idempotencyKey: string; path: string; bytes: Buffer; run: () => Promise<void> },
): Promise<void> {
  if (!/^[\x21-\x7e]{1,255}$/.test(idempotencyKey))
    throw invalid("Idempotency-Key", "1 to 255 visible ASCII characters");
  const { actors, clock, boot, reportError } = deps;
  const { requestId } = exchange;
  const name = hash("sha256", `${payer.userId} ${payer.keyId ?? ""} ${idempotencyKey}`, "base64url");
  const requestHash = hash("sha256", Buffer.concat([Buffer.from(`${path}\n`), bytes]), "base64url");
  const once = actors.get(Once, name);
  for (;;) {
    const begun = await once.begin({ hash: requestHash, requestId, boot });
    if (begun.kind === "done") return replay(actors, exchange, name, begun.answer);
    if (begun.kind === "run") break;
    if (exchange.gone.aborted) return;
    await sleep(clock, lookEveryMs);
  }
  exchange.record();
  try {
    await run();
    await keep(deps, exchange, name);
  } catch (error) {
    await once.forget({ requestId }).catch((cause) => reportError("v1: a keyed request is not forgotten", cause));
    throw error;
  } finally {
    // A client that has the whole answer may send the request again at once, and this host may die: the answer is kept by then.
    exchange.release();
  }
}

async function keep({ actors }: KeyedDeps, exchange: Exchange, name: string): Promise<void> {
  const { requestId, attempts } = exchange;
  const once = actors.get(Once, name);
  const recorded = exchange.recorded();
  const text = recorded?.body.toString("base64") ?? "";
  const parts = Math.ceil(text.length / maxPartChars);
  if (!recorded || parts > maxParts) {
    await once.forget({ requestId });
    return;
  }
  for (let n = 0; n < parts; n += 1) {
    const part = text.slice(n * maxPartChars, (n + 1) * maxPartChars);
    await actors.get(Once, partOf(name, n)).putPart({ text: part }, { sizeBytes: part.length });
  }
  const { status, contentType } = recorded;
  await once.finish({ requestId, answer: { status, contentType, requestId, attempts, parts } });
}

async function replay(actors: Actors, exchange: Exchange, name: string, answer: KeptAnswer): Promise<void> {
  const numbers = Array.from({ length: answer.parts }, (_, n) => n);
  const parts = await Promise.all(numbers.map((n) => actors.get(Once, partOf(name, n)).part({})));
  const body = Buffer.from(parts.map(({ text = "" }) => text).join(""), "base64");
  exchange.attempts = answer.attempts;
  exchange.replay(answer, body);
}

function partOf(name: string, n: number): string {
  return `${name}.${n}`;
}
