import type { Random } from "../../actors/runtime/ports.ts";

/** The caller's X-Trace-Id when it is a plain token, else a fresh one: it goes into logs, so it is never free text. */
export function traceIdOf(header: string | undefined, random: Random): string {
  return header !== undefined && /^[\w-]{1,64}$/.test(header) ? header : random.hex(128);
}
