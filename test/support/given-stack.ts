// The servers that test/run.ts has prepared for the test files. One environment variable passes them on.
import type { CassandraAddress } from "../../infra/stack/cassandra.ts";
import type { NeedName } from "./need-names.ts";

export const givenStackVariable = "PARLEY_TEST_STACK";

export interface GivenStack {
  cassandra?: CassandraAddress;
  temporal?: { address: string; uiUrl: string };
  /** By server that cannot be installed on this machine: why, and what to do. */
  missing?: Partial<Record<NeedName, string>>;
  /** By server that is installed and did not start: the error. */
  broken?: Partial<Record<NeedName, string>>;
  /** The path of a file with one line for each test that was not run because a server is missing. */
  notRunPath?: string;
}

/** A `NotRun` as one line of JSON. */
export interface NotRun {
  server: NeedName;
  /** Path of the test file. */
  file: string;
}

export function readGivenStack(): GivenStack {
  const json = process.env[givenStackVariable];
  return json ? (JSON.parse(json) as GivenStack) : {};
}
