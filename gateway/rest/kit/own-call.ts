import type { CallOptions } from "../../../actors/runtime/contract.ts";
import type { Edge } from "./route.ts";

/** A call that begins now: with the deadline of a request, and without the client's key. */
export function ownCall({ clock, limits }: Pick<Edge, "clock" | "limits">): CallOptions {
  return { deadlineMs: clock.nowMs() + limits.callDeadlineMs };
}
