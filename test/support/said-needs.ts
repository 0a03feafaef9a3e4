// Keeps the servers that the test file of this process declared with needs(…).
import type { NeedName } from "./need-names.ts";

/** Undefined in a process that runs no test file: a benchmark, a fault run, `npm test` itself. */
let said: Set<NeedName> | undefined;

export function sayNeeds(servers: readonly NeedName[]): void {
  said = new Set([...(said ?? []), ...servers]);
}

/** Throws when a test file starts or uses a server that it did not declare with needs(…). */
export function checkNeed(server: NeedName): void {
  if (said === undefined || said.has(server)) return;
  throw new Error(
    `This test file uses ${server} without naming it: write needs("${server}", …) in place of ava's test.`,
  );
}
