import type { Random } from "../../actors/runtime/ports.ts";

/**
 * The trace id of a request: X-Trace-Id, or the one of `traceparent` (W3C Trace Context), or a new one. A trace id goes into
 * logs, so it is a plain token and never free text.
 */
export function traceIdOf(
  { traceId, traceparent }: { traceId: string | undefined; traceparent: string | undefined },
  random: Random,
): string {
  if (traceId !== undefined && /^[\w-]{1,64}$/.test(traceId)) return traceId;
  return traceIdOfParent(traceparent) ?? random.hex(128);
}

/** `version-trace-parent-flags`; later versions may append fields. All zeros and version ff are invalid. */
function traceIdOfParent(traceparent: string | undefined): string | undefined {
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/.exec(traceparent ?? "");
  const [, version, traceId = "", parentId = "", more] = match ?? [];
  if (!match || version === "ff" || (version === "00" && more !== undefined)) return undefined;
  return /^0+$/.test(traceId) || /^0+$/.test(parentId) ? undefined : traceId;
}
