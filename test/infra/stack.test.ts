// Installing, starting, finding and ending servers. A small program takes the place of a real server.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import { isAlive, readStartTime } from "../../infra/stack/alive.ts";
import { cacheFolder, installOnce } from "../../infra/stack/cache.ts";
import { down, status } from "../../infra/stack/down.ts";
import { type GoRecipe, obtainGoProgram } from "../../infra/stack/go-program.ts";
import type { LocalServer } from "../../infra/stack/local-stack.ts";
import { findFreePorts, findHolder, isFree } from "../../infra/stack/ports.ts";
import { startOwn } from "../../infra/stack/process.ts";
import { PortTakenError, ServerMissingError, type ServerPlan, type Toolbox } from "../../infra/stack/server-kind.ts";
import { isSameProcess, readState, writeState } from "../../infra/stack/state.ts";
import { isAtLeast, parseVersion, runTool } from "../../infra/stack/tools.ts";
import { up, writeEnvironment } from "../../infra/stack/up.ts";
import { eventually } from "../suites/eventually.ts";
import { decideNeeds, isCi } from "../support/needs.ts";
import { createTestFolder } from "../support/temp-folder.ts";
import { chosenFiles, describeNotRun, serversOf } from "../support/test-servers.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const startTimeoutMs = 30_000;
const endTimeoutMs = 20_000;

test("of two installers at once, one installs and the other waits", async (t) => {
  const tools = toolsWithCache(t);
  let builds = 0;
  const build = async (folder: string) => {
    builds += 1;
    writeFileSync(join(folder, "half"), "");
    await eventually(() => tools.lines.length > 0, endTimeoutMs); // the other installer waits for the lock
    writeFileSync(join(folder, "whole"), "");
  };
  const folders = await Promise.all([
    installOnce("thing-1.0.0", tools, build),
    installOnce("thing-1.0.0", tools, build),
  ]);
  t.is(builds, 1);
  t.is(folders[0], folders[1]);
  t.deepEqual(readdirSync(folders[0] ?? ""), ["half", "whole"]);
  t.true(tools.lines.some((line) => line.includes(String(process.pid)) && line.includes("installs thing-1.0.0")));
  await installOnce("thing-1.0.0", tools, build);
  t.is(builds, 1, "an installed server is not built again");
});

test("the lock of a killed installer is removed", async (t) => {
  const tools = toolsWithCache(t);
  const dead = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(dead, "exit");
  mkdirSync(cacheFolder(tools.env), { recursive: true });
  writeFileSync(join(cacheFolder(tools.env), "thing-1.0.0.lock"), String(dead.pid));
  const folder = await installOnce("thing-1.0.0", tools, async (fresh) => writeFileSync(join(fresh, "whole"), ""));
  t.deepEqual(readdirSync(folder), ["whole"]);
  t.deepEqual(readdirSync(cacheFolder(tools.env)), ["thing-1.0.0"]);
});

test("a failed installation leaves no files, and the next one can succeed", async (t) => {
  const tools = toolsWithCache(t);
  const failing = installOnce("thing-1.0.0", tools, async (folder) => {
    writeFileSync(join(folder, "half"), "");
    throw new Error("no network");
  });
  await t.throwsAsync(failing, { message: "no network" });
  t.deepEqual(readdirSync(cacheFolder(tools.env)), []);
  await installOnce("thing-1.0.0", tools, async () => {});
  t.deepEqual(readdirSync(cacheFolder(tools.env)), ["thing-1.0.0"]);
});

// Official releases are downloaded on Linux only.
if (process.platform === "linux") {
  test("without Go the official release is downloaded and cached", async (t) => {
    const tools = toolsWithCache(t);
    const folder = createTestFolder(t, "stack");
    mkdirSync(join(folder, "thing-v1.0.0"));
    writeFileSync(join(folder, "thing-v1.0.0", "thing"), "#!/bin/sh\necho thing v1.0.0\n", { mode: 0o755 });
    await runTool("Packing", "tar", ["-czf", "thing.tar.gz", "thing-v1.0.0"], {
      say() {},
      cwd: folder,
      timeoutMs: 10_000,
    });
    const { url, requests } = await serveFile(t, join(folder, "thing.tar.gz"));
    const program = await obtainGoProgram(recipe(`${url}/thing.tar.gz`), tools);
    t.is(program.command, join(cacheFolder(tools.env), "thing-1.0.0", "bin", "thing"));
    t.true(existsSync(program.command));
    await obtainGoProgram(recipe(`${url}/thing.tar.gz`), tools);
    t.is(requests(), 1, "the second time the release is in the cache");
    const inPath = { ...tools, env: { ...tools.env, PATH: join(folder, "thing-v1.0.0") } };
    t.like(await obtainGoProgram(recipe(url), inPath), { from: "PATH", version: "1.0.0" });
  });
}

test("a server that cannot be installed says why, and what to do", async (t) => {
  const tools = toolsWithCache(t);
  const { url } = await serveFile(t, join(root, "no such file"));
  const error = await t.throwsAsync(obtainGoProgram(recipe(`${url}/thing.tar.gz`), tools), {
    instanceOf: ServerMissingError,
  });
  t.regex(
    error?.message ?? "",
    /^nats: Go is not in PATH, and .*; install Go, or put thing 0\.9\.0 or newer into PATH/,
  );
});

test("versions are compared by number", (t) => {
  t.is(parseVersion("nats-server: v2.15.2"), "2.15.2");
  t.is(parseVersion("none"), undefined);
  t.true(isAtLeast("2.15.2", "2.12.0"));
  t.true(isAtLeast("7.0.15", "7.0.15"));
  t.false(isAtLeast("2.9.10", "2.12.0"));
});

test("a server can be killed, started again at the same address, stopped for a while, and ended", async (t) => {
  const plan = await echoPlan(t);
  const server = await startOwn(plan, { dirIsOurs: true });
  const firstPid = server.pid;
  await eventually(() => answers(plan), endTimeoutMs);
  await server.kill9();
  t.false(isAlive(firstPid));
  await eventually(async () => !(await answers(plan)), endTimeoutMs);
  await server.restart();
  t.not(server.pid, firstPid);
  await eventually(() => answers(plan), endTimeoutMs);
  server.pause();
  await eventually(async () => !(await answers(plan)), endTimeoutMs); // the server is paused
  server.resume();
  await eventually(() => answers(plan), endTimeoutMs);
  await server.close();
  t.false(isAlive(server.pid));
  t.false(existsSync(plan.dir));
});

test("two restarts at one time leave one server, and the handle knows it", async (t) => {
  const plan = await echoPlan(t);
  const server = await startOwn(plan, { dirIsOurs: true });
  await Promise.all([server.restart(), server.restart()]);
  t.true(await answers(plan));
  await server.close();
  await eventually(async () => !(await answers(plan)), endTimeoutMs);
});

test("when the process that started a server is killed, the server ends and its files are removed", async (t) => {
  const plan = await echoPlan(t);
  const { starter, pid } = await startInAnotherProcess(plan);
  t.true(isAlive(pid));
  t.true(await answers(plan));
  starter.kill("SIGKILL");
  await eventually(() => !isAlive(pid), endTimeoutMs);
  await eventually(() => !existsSync(plan.dir), endTimeoutMs);
});

test("a server does not keep the process that started it alive", async (t) => {
  const { starter, pid } = await startInAnotherProcess(await echoPlan(t));
  starter.stdin?.end(); // the starter has no work left
  if (starter.exitCode === null) await once(starter, "exit");
  t.is(starter.exitCode, 0);
  await eventually(() => !isAlive(pid), endTimeoutMs);
});

test("the error about a taken port names the process that holds it", async (t) => {
  const plan = await echoPlan(t);
  const holder = await startInAnotherProcess({ ...plan, dir: createTestFolder(t, "stack") });
  t.false(await isFree(plan.ports[0] ?? 0));
  const error = await t.throwsAsync(
    startOwn({ ...plan, check: () => Promise.reject(new Error("not yet")) }, { dirIsOurs: false }),
    {
      instanceOf: PortTakenError,
    },
  );
  const named = findHolder(plan.ports[0] ?? 0);
  if (process.platform === "linux") t.regex(named ?? "", new RegExp(`\\(process ${holder.pid}\\)$`));
  t.true(error?.message.includes(`needs port ${plan.ports[0]}, and ${named ?? "another process"} holds it`));
  holder.starter.kill("SIGKILL");
});

test("a server that ends at once shows the end of its log", async (t) => {
  const plan = { ...(await echoPlan(t)), args: ["-e", "console.error('the disk is full'); process.exit(3)"] };
  const error = await t.throwsAsync(startOwn(plan, { dirIsOurs: true }));
  t.regex(error?.message ?? "", /ended at once.*the disk is full/s);
  t.false(existsSync(plan.dir));
});

test("a running server is found again, shown by status, and ended by down", async (t) => {
  const folder = createTestFolder(t, "stack");
  const server = localServer(await echoPlan(t, join(folder, "nats")));
  const options = { folder, natsServers: 1 as const, appPort: 8080 };
  const tools = { env: {}, say() {} };
  t.teardown(() => down([server], folder, tools.say));

  t.like((await up([server], options, tools))[0], { outcome: "started" });
  const [first] = readState(folder).servers;
  t.true(first !== undefined && isSameProcess(first));
  t.like((await up([server], options, tools))[0], { outcome: "running" });
  t.is(readState(folder).servers[0]?.pid, first?.pid);
  t.like((await status([server], options, tools))[0], { isServing: true });
  const { path } = writeEnvironment(await up([server], options, tools), folder);
  t.is(readFileSync(path, "utf8"), "NATS_URL=nats://127.0.0.1:4222\n");

  await down([server], folder, tools.say);
  t.false(isAlive(first?.pid ?? 0));
  t.deepEqual(readState(folder).servers, []);
  t.like((await status([server], options, tools))[0], { isServing: false, text: "is down" });
});

test("status reports a server that ended by itself, and up starts it again", async (t) => {
  const folder = createTestFolder(t, "stack");
  const server = localServer(await echoPlan(t, join(folder, "nats")));
  const options = { folder, natsServers: 1 as const, appPort: 8080 };
  const tools = { env: {}, say() {} };
  t.teardown(() => down([server], folder, tools.say));
  await up([server], options, tools);
  const pid = readState(folder).servers[0]?.pid ?? 0;
  process.kill(pid, "SIGKILL");
  await eventually(() => !isAlive(pid), endTimeoutMs);
  t.regex((await status([server], options, tools))[0]?.text ?? "", /^ended by itself: .*nats\.log$/);
  t.like((await up([server], options, tools))[0], { outcome: "started" });
});

test("a server whose address is given is used, not started", async (t) => {
  const plan = await echoPlan(t);
  const server = localServer(plan);
  const options = { folder: createTestFolder(t, "stack"), natsServers: 1 as const, appPort: 8080 };
  const tools = { env: { NATS_URL: "nats://elsewhere:4222" }, say() {} };
  t.like((await up([server], options, tools))[0], { outcome: "given", addresses: ["nats://elsewhere:4222"] });
  t.false(await answers(plan));
  const silent = { ...server, checkGiven: () => Promise.reject(new Error("nobody there")) };
  t.like((await up([silent], options, tools))[0], {
    outcome: "failed",
    text: "NATS_URL=nats://elsewhere:4222 does not serve: nobody there",
  });
});

test("another process that has the pid of an ended server is left alone", async (t) => {
  const folder = createTestFolder(t, "stack");
  const stranger = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  const pid = stranger.pid ?? 0;
  t.teardown(() => stranger.kill("SIGKILL"));
  t.is(readStartTime(pid), readStartTime(pid));
  const dir = join(folder, "nats");
  const kept = { name: "nats" as const, pid, startTime: "long ago", ports: [1], version: "1.0.0", dir };
  writeState(folder, { servers: [kept] });
  await down([localServer(await echoPlan(t, dir))], folder, () => {});
  t.true(isAlive(pid));
  t.deepEqual(readState(folder).servers, []);
});

test("tests whose server is missing are not run, and with CI=true they fail", (t) => {
  const given = {
    missing: { cassandra: "cassandra: no Java; install Java 17" },
    broken: { redis: "redis did not start" },
  };
  t.deepEqual(decideNeeds(["nats"], given, { isCi: false }), { kind: "run" });
  t.deepEqual(decideNeeds(["nats", "cassandra"], given, { isCi: false }), { kind: "notRun", server: "cassandra" });
  t.deepEqual(decideNeeds(["nats", "cassandra"], given, { isCi: true }), {
    kind: "fail",
    reason: "cassandra: no Java; install Java 17",
  });
  // A server that is installed and does not start is a failure, not a missing server.
  t.like(decideNeeds(["cassandra", "redis"], given, { isCi: false }), { kind: "fail", reason: "redis did not start" });
  t.deepEqual([isCi("true"), isCi("1"), isCi("false"), isCi(""), isCi(undefined)], [true, true, false, false, false]);
  const files = ["test/infra/b.test.ts", "test/infra/a.test.ts", "test/infra/b.test.ts"];
  t.deepEqual(
    describeNotRun(
      files.map((file) => ({ server: "cassandra" as const, file })),
      given,
    ),
    ["not run: cassandra (no Java; install Java 17) — 3 tests in test/infra/a.test.ts, test/infra/b.test.ts"],
  );
});

test("a run of some test files prepares only their servers", (t) => {
  const own = "test/infra/stack-servers.test.ts";
  t.deepEqual(chosenFiles([own]), [own]);
  t.deepEqual(chosenFiles([`${own}:12`, "--verbose"]), [own]);
  t.true(chosenFiles(["test/infra"]).includes(own));
  t.true(chosenFiles(["--match", "*nothing*"]).length > 20, "no file named: all");
  t.deepEqual(serversOf(own), ["nats", "redis", "cassandra", "temporal", "livekit", "s3"]);
  t.deepEqual(serversOf("test/actors/handle.test.ts"), []);
});

function toolsWithCache(t: ExecutionContext): Toolbox & { lines: string[] } {
  const lines: string[] = [];
  return { env: { XDG_CACHE_HOME: createTestFolder(t, "stack"), PATH: "" }, say: (line) => lines.push(line), lines };
}

function recipe(url: string): GoRecipe {
  return {
    server: "nats",
    name: "thing",
    version: "1.0.0",
    module: "example.test/thing",
    binary: "thing",
    inPath: { names: ["thing"], versionMin: "0.9.0" },
    release: () => ({ url, binary: "thing" }),
  };
}

async function serveFile(t: ExecutionContext, path: string): Promise<{ url: string; requests(): number }> {
  let count = 0;
  const server: Server = createServer((_, answer) => {
    count += 1;
    if (existsSync(path)) answer.end(readFileSync(path));
    else answer.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests: () => count };
}

/** An HTTP server that answers "yes". */
async function echoPlan(t: ExecutionContext, dir = join(createTestFolder(t, "stack"), "data")): Promise<ServerPlan> {
  const [port = 0] = await findFreePorts(1);
  const plan: ServerPlan = {
    name: "nats",
    command: process.execPath,
    args: ["-e", `require("http").createServer((_, answer) => answer.end("yes")).listen(${port}, "127.0.0.1")`],
    dir,
    ports: [port],
    async check() {
      if (!(await answers(plan))) throw new Error("no answer");
    },
    startTimeoutMs,
  };
  return plan;
}

function answers({ ports: [port] }: ServerPlan): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/`, {
    signal: AbortSignal.timeout(500),
    headers: { connection: "close" },
  }).then(
    (answer) => answer.ok,
    () => false,
  );
}

/** A process that starts the server as its own, and ends when its input ends. */
async function startInAnotherProcess(plan: ServerPlan): Promise<{ starter: ChildProcess; pid: number }> {
  const script = `
    import { startOwn } from ${JSON.stringify(join(root, "infra/stack/process.ts"))};
    const check = async () => { await fetch("http://127.0.0.1:${plan.ports[0]}/", { headers: { connection: "close" } }); };
    const server = await startOwn({ ...${JSON.stringify(plan)}, check }, { dirIsOurs: true });
    process.stdin.resume();
    console.log("pid " + server.pid);`;
  const starter = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  let output = "";
  starter.stdout?.on("data", (chunk) => {
    output += chunk;
  });
  await eventually(() => /pid \d+/.test(output), startTimeoutMs);
  const pid = Number(/pid (\d+)/.exec(output)?.[1]);
  return { starter, pid };
}

function localServer(plan: ServerPlan): LocalServer {
  return {
    name: "nats",
    obtain: async () => ({ command: plan.command, version: "1.0.0", from: "cache" }),
    plan: () => [plan],
    addressVariable: "NATS_URL",
    checkGiven: async () => {},
    variables: () => ({ NATS_URL: "nats://127.0.0.1:4222" }),
    addresses: () => ["nats://127.0.0.1:4222"],
  };
}
