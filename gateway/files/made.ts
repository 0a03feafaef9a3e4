// Waits until a file is made from stored bytes.
import { File, type FileView } from "../../actors/file/contract.ts";
import type { CallOptions } from "../../actors/runtime/contract.ts";
import { Backoff } from "../../actors/shared/backoff.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { sleep } from "../../actors/shared/sleep.ts";
import type { GatewayDeps } from "../ports.ts";

/** A request waits so long for a file to be made. */
const makeWaitMs = 60_000;
const lookMs = { minMs: 15, maxMs: 250 };

/** The file when it is available, or as it is when the time is over. Throws the error that the file was refused with. */
export async function waitUntilMade(
  { actors, clock }: Pick<GatewayDeps, "actors" | "clock">,
  fileId: string,
  call: CallOptions,
): Promise<FileView> {
  const untilMs = clock.monotonicMs() + makeWaitMs;
  const pauses = new Backoff(lookMs);
  for (;;) {
    const view = await actors.get(File, fileId).view({}, call);
    if (view.refusal) throw new DomainError(view.refusal.error, { message: view.refusal.message });
    if (view.state === "available" || clock.monotonicMs() >= untilMs) return view;
    await sleep(clock, pauses.next());
  }
}
