// A gateway that stops: sockets are closed a few at a time, so that clients which come to another gateway do not wait for
// each other there.
import type { Clock } from "../../actors/runtime/ports.ts";
import { sleep } from "../../actors/shared/sleep.ts";
import type { Client } from "./intake/client.ts";
import type { Writer } from "./socket/writer.ts";
import { closeCodes } from "./wire/close-codes.ts";

interface DrainDeps {
  readonly writer: Pick<Writer, "flush">;
  readonly clock: Pick<Clock, "after">;
  readonly sendDeadlineMs: number;
  elapsedMs(): number;
  /** Other hosts have closed this boot: no client can be answered any more. */
  isClosedByOthers(): boolean;
}

/** How often the drain looks whether the last answer has left. */
const lookMs = 20;
const minClosedAtOnce = 20;
/** However many sockets there are, all are closed after about so many rounds of `lookMs`. */
const rounds = 150;

export async function drainClients(deps: DrainDeps, clients: readonly Client[]): Promise<void> {
  const atOnce = Math.max(minClosedAtOnce, Math.ceil(clients.length / rounds));
  const closing: Promise<void>[] = [];
  for (let i = 0; i < clients.length; i += atOnce) {
    if (i > 0 && !deps.isClosedByOthers()) await sleep(deps.clock, lookMs);
    closing.push(closeAnswered(deps, clients.slice(i, i + atOnce))); // a client that waits for an answer delays no other
  }
  await Promise.all(closing);
}

/** Reads no more frames, answers those that were read, and closes. */
async function closeAnswered(deps: DrainDeps, clients: readonly Client[]): Promise<void> {
  for (const client of clients) client.ws.pause();
  if (!deps.isClosedByOthers()) {
    await awaitAnswers(deps, clients);
    deps.writer.flush();
  }
  for (const client of clients) client.close(closeCodes.goingAway);
}

async function awaitAnswers(deps: DrainDeps, clients: readonly Client[]): Promise<void> {
  const untilMs = deps.elapsedMs() + deps.sendDeadlineMs;
  const isWaiting = () => clients.some(({ isAwaitingAnswers }) => isAwaitingAnswers);
  while (isWaiting() && deps.elapsedMs() < untilMs && !deps.isClosedByOthers()) await sleep(deps.clock, lookMs);
}
