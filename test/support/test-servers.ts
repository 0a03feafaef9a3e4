// What `npm test` does about servers: which ones the chosen test files need, those made ready once, and what is told of
// tests that could not run.
// S1: a run of files that need no server touches none.
// S2: Cassandra and Temporal are started once for all files; of the small ones, which files start, the program is made
//     ready, so that no test waits for an installation.
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { obtainLiveKit } from "../../infra/stack/livekit.ts";
import { obtainNats } from "../../infra/stack/nats.ts";
import { obtainRedis } from "../../infra/stack/redis.ts";
import { obtainS3 } from "../../infra/stack/s3.ts";
import { ServerMissingError, type ServerName, serverNames } from "../../infra/stack/server-kind.ts";
import type { GivenStack, NotRun } from "./given-stack.ts";
import { startCassandra, startTemporal } from "./stack.ts";

const allTests = "test/**/*.test.ts";
const stackModule = join("test", "support", "stack.ts");

/** The test files that ava takes for these arguments. Paths from the root, which is the working directory. */
export function chosenFiles(args: readonly string[]): string[] {
  const all = globSync(allTests);
  const patterns = args
    .filter((arg) => !arg.startsWith("-"))
    .map((arg) => arg.replace(/:[\d,-]+$/, "")) // lines in a file
    .map((arg) => (existsSync(arg) && statSync(arg).isDirectory() ? join(arg, "**", "*.test.ts") : arg));
  const chosen = new Set(patterns.flatMap((pattern) => globSync(pattern)).filter((path) => all.includes(path)));
  // Without a pattern all; the value of a flag looks like a pattern that fits no file.
  return chosen.size > 0 ? [...chosen] : all;
}

/** By what it says itself with `needs(…)`; else by what it takes from test/support/stack.ts, also through others. */
export function serversOf(file: string): ServerName[] {
  const text = readFileSync(file, "utf8");
  const said = [...text.matchAll(/\bneeds(?:<[^>]*>)?\(([^)]*)\)/g)].map(([, names]) => names ?? "").join(" ");
  if (said !== "") return serverNames.filter((name) => said.includes(`"${name}"`));
  const code = textOfAll(file, new Set());
  return serverNames.filter((name) => starters[name].test(code));
}

const starters: Record<ServerName, RegExp> = {
  nats: /\bstartNats\(/,
  redis: /\bstartRedis\(/,
  cassandra: /\buseCassandra\(/,
  temporal: /\buseTemporal\(/,
  livekit: /\bstartLiveKit\(/,
  s3: /\bstartS3\(/,
};

/** With the modules of test/ that it imports. */
function textOfAll(file: string, seen: Set<string>): string {
  if (seen.has(file) || !existsSync(file)) return "";
  seen.add(file);
  const text = readFileSync(file, "utf8");
  const imported = [...text.matchAll(/\bfrom\s*"(\.[^"]+)"/g)]
    .map(([, specifier]) => join(dirname(file), specifier ?? ""))
    .filter((path) => path.startsWith("test") && path !== stackModule);
  return [text, ...imported.map((path) => textOfAll(path, seen))].join("\n");
}

export interface TestServers {
  given: GivenStack;
  /** One line per server for want of which tests were not run. */
  notRun(): string[];
  close(): Promise<void>;
}

/** `given` already: those are not started again. */
export async function prepareServers(
  servers: readonly ServerName[],
  given: GivenStack,
  say: (line: string) => void,
): Promise<TestServers> {
  const folder = mkdtempSync(join(tmpdir(), "parley-test-run-"));
  const notRunPath = join(folder, "not-run");
  const closing: (() => Promise<void>)[] = [];
  const all: GivenStack = { ...given, missing: { ...given.missing }, broken: { ...given.broken }, notRunPath };
  const tools = { env: process.env, say };
  const prepare: Record<ServerName, () => Promise<unknown>> = {
    nats: () => obtainNats(tools),
    redis: () => obtainRedis(tools),
    livekit: () => obtainLiveKit(tools),
    s3: () => obtainS3(tools),
    async cassandra() {
      if (all.cassandra) return;
      const { close, ...address } = await startCassandra(say);
      closing.push(close);
      all.cassandra = address;
    },
    async temporal() {
      if (all.temporal) return;
      const { close, ...address } = await startTemporal(say);
      closing.push(close);
      all.temporal = address;
    },
  };
  await Promise.all(
    servers.map((name) =>
      prepare[name]().catch((error: Error) => {
        const kind = error instanceof ServerMissingError ? "missing" : "broken";
        all[kind] = { ...all[kind], [name]: error.message };
        say(error.message);
      }),
    ),
  );
  return {
    given: all,
    notRun: () => describeNotRun(readNotRun(notRunPath), all),
    async close() {
      await Promise.all(closing.map((close) => close()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function readNotRun(path: string): NotRun[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as NotRun);
}

export function describeNotRun(notRun: readonly NotRun[], given: GivenStack): string[] {
  return serverNames.flatMap((server) => {
    const tests = notRun.filter((each) => each.server === server);
    if (tests.length === 0) return [];
    const files = [...new Set(tests.map(({ file }) => file))].sort();
    const reason = (given.missing?.[server] ?? "").replace(`${server}: `, "").replaceAll("\n", " ");
    const count = `${tests.length} ${tests.length === 1 ? "test" : "tests"}`;
    return [`not run: ${server} (${reason}) — ${count} in ${files.join(", ")}`];
  });
}
