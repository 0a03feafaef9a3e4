// What `npm test` does about servers: it makes ready those that the chosen test files name, and reports the tests that could
// not run for want of one. A run of files that name no server starts none. Cassandra and Temporal are started once for all
// files; of the small servers, which the files start themselves, only the program is installed, so that no test waits for that.
import { existsSync, globSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { obtainLiveKit } from "../../infra/stack/livekit.ts";
import { obtainNats } from "../../infra/stack/nats.ts";
import { obtainRedis } from "../../infra/stack/redis.ts";
import { obtainS3 } from "../../infra/stack/s3.ts";
import { ServerMissingError } from "../../infra/stack/server-kind.ts";
import { obtainChromium } from "./chromium.ts";
import type { GivenStack, NotRun } from "./given-stack.ts";
import { NeedMissingError, type NeedName, needNames } from "./need-names.ts";
import { obtainProgram } from "./packaged-program.ts";
import { obtainPythonOpenAi } from "./python-openai.ts";
import { startCassandra, startTemporal } from "./stack.ts";
import { createTempFolder } from "./temp-folder.ts";

const allTests = "test/**/*.test.ts";

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

/** The servers that the file names in needs(…). */
export function serversOf(file: string): NeedName[] {
  const text = readFileSync(file, "utf8");
  const said = [...text.matchAll(/\bneeds(?:<[^>]*>)?\(([^)]*)\)/g)].map(([, names]) => names ?? "").join(" ");
  return needNames.filter((name) => said.includes(`"${name}"`));
}

export interface TestServers {
  given: GivenStack;
  /** One line per missing server, with the number of tests that were not run. */
  notRun(): string[];
  close(): Promise<void>;
}

/** `given`: servers that are running already and are not started again. */
export async function prepareServers(
  servers: readonly NeedName[],
  given: GivenStack,
  say: (line: string) => void,
): Promise<TestServers> {
  const folder = createTempFolder("test-run");
  const notRunPath = join(folder, "not-run");
  const closing: (() => Promise<void>)[] = [];
  const all: GivenStack = { ...given, missing: { ...given.missing }, broken: { ...given.broken }, notRunPath };
  const tools = { env: process.env, say };
  const prepare: Record<NeedName, () => Promise<unknown>> = {
    nats: () => obtainNats(tools),
    redis: () => obtainRedis(tools),
    livekit: () => obtainLiveKit(tools),
    s3: () => obtainS3(tools),
    "python-openai": () => obtainPythonOpenAi(tools),
    chromium: () => obtainChromium(tools),
    ffmpeg: () => obtainProgram({ name: "ffmpeg" }, tools),
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
        const isMissing = error instanceof ServerMissingError || error instanceof NeedMissingError;
        const kind = isMissing ? "missing" : "broken";
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
  return needNames.flatMap((server) => {
    const tests = notRun.filter((each) => each.server === server);
    if (tests.length === 0) return [];
    const files = [...new Set(tests.map(({ file }) => file))].sort();
    const reason = (given.missing?.[server] ?? "").replace(`${server}: `, "").replaceAll("\n", " ");
    const count = `${tests.length} ${tests.length === 1 ? "test" : "tests"}`;
    return [`not run: ${server} (${reason}) — ${count} in ${files.join(", ")}`];
  });
}
