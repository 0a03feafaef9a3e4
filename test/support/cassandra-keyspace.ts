// A keyspace of a test file's own, on the Cassandra that all files share.
import type { Log } from "../../gateway/ports.ts";
import { systemRandom } from "../../infra/random.ts";

export function freshKeyspace(name: string): string {
  return `test_${name}_${systemRandom.hex(32)}`;
}

export const silentLog: Log = { info() {}, warn() {}, error() {} };
