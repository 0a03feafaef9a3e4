// Cursors of lists in an order of (time, id): where a page ended, so that the next one begins right behind it when entries come
// or goes meanwhile. Opaque for clients; an empty one asks for the first page.
import { invalidField, optionalText } from "../../input/rules.ts";

export interface Place {
  readonly atMs: number;
  readonly id: string;
}

export const optionalCursor = optionalText(64);

export function encodeCursor({ atMs, id }: Place): string {
  return `${atMs}.${id}`;
}

/** Undefined: from the beginning. Throws common.invalid. */
export function parseCursor(cursor: string): Place | undefined {
  if (cursor === "") return undefined;
  const match = /^([0-9]{1,16})\.([a-z_0-9]{1,40})$/.exec(cursor);
  if (!match) throw invalidField("cursor", "a nextCursor of this list");
  return { atMs: Number(match[1]), id: match[2]! };
}
