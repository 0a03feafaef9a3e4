// Reads a matrix: a table of three columns, `| what the seed says | as | test |`. The first column names an endpoint in code
// marks, or quotes a rule; the third names tests as `file: title`, each in code marks, under test/, or says which part of the product
// is still to come: `to come: push`.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../source-files.ts";
import { endpoints, type Seed } from "./endpoints.ts";

interface Row {
  readonly says: string;
  readonly tests: readonly string[];
  readonly isToCome: boolean;
}

const toCome = /^to come: (push|meetings|administration|services|operation|archive)$/;

export function hasMatrix(seed: Seed): boolean {
  return existsSync(pathOf(seed));
}

/** One sentence for each row without a test, each named test that is not there, and each endpoint without a row. */
export function faultsOf(seed: Seed): string[] {
  const rows = readRows(seed);
  const missing = endpoints[seed].filter((endpoint) => !rows.some(({ says }) => says.includes(`\`${endpoint}\``)));
  return [
    ...missing.map((endpoint) => `${endpoint} has no row`),
    ...rows.filter(({ tests, isToCome }) => tests.length === 0 && !isToCome).map(({ says }) => `"${says}" has no test`),
    ...rows.flatMap(({ tests }) => tests.filter((test) => !isThere(test)).map((test) => `there is no test "${test}"`)),
  ];
}

function readRows(seed: Seed): Row[] {
  const lines = readFileSync(pathOf(seed), "utf8").split("\n");
  const cells = lines
    .filter((line) => line.startsWith("|") && !/^\|[\s|:-]+\|$/.test(line))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));
  return cells
    .filter(([, says]) => says !== "the seed says")
    .map(([, says = "", , tests = ""]) => ({
      says,
      tests: [...tests.matchAll(/`([^`]+)`/g)].map(([, test = ""]) => test),
      isToCome: toCome.test(tests),
    }));
}

/** `scenarios/seed-001.test.ts: title` */
function isThere(test: string): boolean {
  const [, file = "", title = ""] = /^(\S+\.test\.ts): (.+)$/.exec(test) ?? [];
  const path = join(root, "test", file);
  return file !== "" && existsSync(path) && readFileSync(path, "utf8").includes(title);
}

function pathOf(seed: Seed): string {
  return join(root, `test/seed-${seed}.md`);
}
