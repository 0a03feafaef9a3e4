import { DomainError } from "../shared/errors.ts";
import type { Reading, VisibleMessage } from "./contract.ts";
import type { ReadingDeps } from "./deps.ts";
import { findWithView } from "./find-message.ts";
import { withNames } from "./names.ts";
import { withQuotes } from "./quotes.ts";
import { readRange } from "./rows.ts";
import { canSee, openView, show, type View, walkDown, walkUp, withoutVersions } from "./view.ts";

/** A page begins at `startSeq` and goes down or up by seq, so messages that arrive meanwhile do not move it. */
export async function readHistory(
  deps: ReadingDeps,
  input: Parameters<Reading["history"]>[0],
): Promise<{ messages: VisibleMessage[]; hasMore: boolean }> {
  const view = await openView(deps, input.userId, input.conversationId, input.withVersions);
  const limit = Math.max(1, Math.min(input.limit, deps.limits.maxPageMessages));
  const { fromSeq, toSeq, hasMore } = decidePage(view, input, limit);
  if (fromSeq > toSeq) return { messages: [], hasMore: false };
  return { messages: await showRange(deps, view, fromSeq, toSeq), hasMore };
}

export async function readContext(
  deps: ReadingDeps,
  { before, after, ...asked }: Parameters<Reading["context"]>[0],
): ReturnType<Reading["context"]> {
  const { view: all, message } = await findWithView(deps, asked);
  const view = message.status === "superseded" ? all : withoutVersions(all);
  const { conversationId } = view;
  const { seq } = message;
  // An answer that has a newer version and was recalled is shown nowhere.
  if (!canSee(view, seq)) throw new DomainError("message.not_found");
  const [fromSeq, toSeq] = [walkDown(view, seq, before + 1), walkUp(view, seq, after + 1)];
  const [older, newer] = [walkDown(view, fromSeq - 1, 1), walkUp(view, toSeq + 1, 1)];
  return {
    conversationId,
    messages: await showRange(deps, view, fromSeq, toSeq),
    hasBefore: older < fromSeq && canSee(view, older),
    hasAfter: newer > toSeq && canSee(view, newer),
  };
}

async function showRange(deps: ReadingDeps, view: View, fromSeq: number, toSeq: number): Promise<VisibleMessage[]> {
  const stored = (await readRange(deps, view, fromSeq, toSeq)).filter(({ seq }) => canSee(view, seq));
  const shown = (await withNames(deps, stored)).map((message) => show(view, message));
  return withQuotes(deps, view, shown, "now");
}

function decidePage(
  view: View,
  { startSeq, direction }: { startSeq: number; direction: "forward" | "backward" },
  limit: number,
): { fromSeq: number; toSeq: number; hasMore: boolean } {
  const { seq: lastSeq } = view.window.head;
  if (direction === "backward") {
    const toSeq = startSeq > 0 ? Math.min(startSeq, lastSeq) : lastSeq;
    const fromSeq = walkDown(view, toSeq, limit);
    const nextSeq = walkDown(view, fromSeq - 1, 1);
    return { fromSeq, toSeq, hasMore: nextSeq < fromSeq && canSee(view, nextSeq) };
  }
  const fromSeq = Math.max(startSeq, view.fromSeq);
  const toSeq = walkUp(view, fromSeq, limit);
  const nextSeq = walkUp(view, toSeq + 1, 1);
  return { fromSeq, toSeq, hasMore: nextSeq > toSeq && canSee(view, nextSeq) };
}
