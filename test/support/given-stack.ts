// What test/run.ts has made ready for the test files, handed on in one environment variable.
import type { CassandraAddress } from "../../infra/stack/cassandra.ts";
import type { ServerName } from "../../infra/stack/server-kind.ts";

export const givenStackVariable = "PARLEY_TEST_STACK";

export interface GivenStack {
  cassandra?: CassandraAddress;
  temporal?: { address: string; uiUrl: string };
  /** Cannot be had here: why, and what to do. */
  missing?: Partial<Record<ServerName, string>>;
}

export function readGivenStack(): GivenStack {
  const json = process.env[givenStackVariable];
  return json ? (JSON.parse(json) as GivenStack) : {};
}
