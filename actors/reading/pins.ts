import { mapBounded } from "../shared/map-bounded.ts";
import type { PinnedView, Reading } from "./contract.ts";
import type { ReadingDeps } from "./deps.ts";
import { withNames } from "./names.ts";
import { readRange } from "./rows.ts";
import { canSee, openView, show } from "./view.ts";

/** Pins of a conversation as its viewer may see them, each message in its present state. */
export async function readPins(
  deps: ReadingDeps,
  { userId, conversationId }: Parameters<Reading["pins"]>[0],
): Promise<PinnedView[]> {
  const view = await openView(deps, userId, conversationId);
  const pins = (view.window.pins ?? []).filter(({ seq }) => canSee(view, seq)).toReversed();
  const stored = await mapBounded(pins, deps.limits.maxConcurrentAsks, ({ seq }) => readRange(deps, view, seq, seq));
  const named = await withNames(deps, stored.flat());
  const shown = named.map((message) => show(view, message));
  return pins.flatMap(({ by, atMs }, i): PinnedView[] => {
    const message = shown[i];
    // A message whose time is over is shown nowhere, though its tombstone is not made yet.
    return message && message.content !== null ? [{ message, by, atMs }] : [];
  });
}
