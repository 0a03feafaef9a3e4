// What test/run.ts has made ready for the test files, handed on in one environment variable.
import type { CassandraAddress } from "../../infra/stack/cassandra.ts";
import type { ServerName } from "../../infra/stack/server-kind.ts";

export const givenStackVariable = "PARLEY_TEST_STACK";

export interface GivenStack {
  cassandra?: CassandraAddress;
  temporal?: { address: string; uiUrl: string };
  /** Cannot be had on this machine: why, and what to do. */
  missing?: Partial<Record<ServerName, string>>;
  /** Could be had, and did not start. */
  broken?: Partial<Record<ServerName, string>>;
  /** A file: each test that is not run for want of a server gets one line there. */
  notRunPath?: string;
}

/** A `NotRun` as one line of JSON. */
export interface NotRun {
  server: ServerName;
  /** Path of the test file. */
  file: string;
}

export function readGivenStack(): GivenStack {
  const json = process.env[givenStackVariable];
  return json ? (JSON.parse(json) as GivenStack) : {};
}
