import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import test from "ava";
import { openScreen } from "../../gateway/client/terminal/screen.ts";
import { heldAfter, role, stallAfter, text } from "../support/llm/openai-bytes.ts";
import { startScriptedUpstream } from "../support/llm/scripted-upstream.ts";
import { freePort, type ServerProcess, startServer } from "../support/server-process.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const main = fileURLToPath(new URL("../../gateway/client/terminal/main.ts", import.meta.url));
const waitMsMax = 30_000;

const terminals = new Set<ChildProcess>();
const servers = new Set<ServerProcess>();
test.after.always(async () => {
  for (const child of terminals) child.kill("SIGKILL");
  for (const server of servers) await server.kill9();
});

async function serve(options: Parameters<typeof startServer>[0]): Promise<ServerProcess> {
  const server = await startServer(options);
  servers.add(server);
  return server;
}

/** A terminal whose lines are written and read by the test. */
function terminal(port: number, ...args: string[]) {
  const url = ["--url", `ws://127.0.0.1:${port}`];
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main, ...url, ...args]);
  let output = "";
  let read = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
    });
  }
  terminals.add(child);
  const ended = once(child, "close").then(([code]) => code as number | null);
  return {
    ended,
    output: () => output,
    types: (line: string) => void child.stdin.write(`${line}\n`),
    endsInput: () => void child.stdin.end(),
    /** The next lines that fit, after those seen before. */
    async sees(pattern: RegExp): Promise<void> {
      const match = await until(pattern, () => output.slice(read));
      read += match.index + match[0].length;
    },
    /** Anywhere, whatever was seen before. */
    async shows(pattern: RegExp): Promise<void> {
      await until(pattern, () => output);
    },
    async quits() {
      child.stdin.write("/quit\n");
      return ended;
    },
  };
}
async function until(pattern: RegExp, look: () => string): Promise<RegExpExecArray> {
  for (const beganMs = Date.now(); Date.now() - beganMs < waitMsMax; await pause(20)) {
    const match = pattern.exec(look());
    if (match) return match;
  }
  throw new Error(`${pattern} did not appear in:\n${look()}`);
}
const freshData = () => createTempFolder("chat");

async function friends(port: number) {
  const alice = terminal(port, "--as", "alice");
  const bob = terminal(port, "--as", "bob");
  await Promise.all([alice.sees(/\/quit: end/), bob.sees(/\/quit: end/)]);
  alice.types("/add bob");
  await bob.sees(/\* alice asks to be your friend: \/accept alice/);
  bob.types("/accept");
  await Promise.all([alice.sees(/you and bob are friends/), bob.sees(/you and alice are friends/)]);
  // Then either types: the conversation with the first friend is open.
  await Promise.all([alice.sees(/-- bob --/), bob.sees(/-- alice --/)]);
  return { alice, bob };
}

test.serial("two people meet, talk, see receipts and typing, make a group, and find it all again", async (t) => {
  const server = await serve({ dataDir: freshData(), port: await freePort() });
  const { alice, bob } = await friends(server.port);
  alice.types("hello bob");
  await alice.sees(/\d\d:\d\d you: hello bob ✓/);
  await bob.sees(/alice: hello bob/);
  await alice.sees(/✓✓ read by bob/);
  bob.types("/typing");
  await alice.sees(/\* bob is typing/);
  bob.types("hi alice");
  await alice.sees(/bob: hi alice/);

  alice.types("/group team bob");
  await alice.sees(/-- team --/);
  alice.types("welcome");
  await bob.sees(/alice: welcome {2}\(in team\)/);
  await alice.sees(/you: welcome ✓/);
  bob.types("/open team");
  await bob.sees(/-- team --\n[\s\S]*alice: welcome/);
  await alice.sees(/✓✓ read by 1/);
  alice.types("/who");
  await alice.sees(/bob: friend, online[\s\S]*you: owner of team[\s\S]*bob: member of team/);
  bob.types("/nonsense");
  await bob.sees(/There is no \/nonsense/);
  t.is(await bob.quits(), 0);
  await alice.sees(/\* bob is offline/);
  alice.types("are you there?");
  await alice.sees(/you: are you there\? ✓/);

  const again = terminal(server.port, "--as", "bob");
  await again.sees(/Logged in\.\n[\s\S]*alice \(single\)[\s\S]*team \(group, 1 unread\)/);
  again.types("/open team");
  await again.sees(/alice: welcome[\s\S]*alice: are you there\?/);
  again.types("/history 1");
  await again.sees(/alice: are you there\?/);
  t.notRegex(again.output(), /are you there\?[\s\S]*are you there\?[\s\S]*are you there\?/);
  t.is(await again.quits(), 0);
  t.is(await alice.quits(), 0);
  await server.stop();
});

test.serial(
  "a conversation in two terminals survives kill -9 of the server, and what was typed meanwhile arrives once",
  async (t) => {
    const dataDir = freshData();
    const port = await freePort();
    let server = await serve({ dataDir, port });
    const { alice, bob } = await friends(port);
    alice.types("before 1");
    await bob.sees(/alice: before 1/);
    for (let round = 1; round <= 2; round += 1) {
      await server.kill9();
      await alice.sees(/connection lost, coming back/);
      alice.types(`down ${round} a`);
      alice.types(`down ${round} b`);
      bob.types(`down ${round} c`);
      server = await serve({ dataDir, port });
      await bob.shows(new RegExp(`alice: down ${round} a\\n[\\s\\S]*alice: down ${round} b\\n`));
      await alice.shows(new RegExp(`you: down ${round} a ✓[\\s\\S]*you: down ${round} b ✓`));
      await alice.shows(new RegExp(`bob: down ${round} c`));
    }
    for (const text of ["before 1", "down 1 a", "down 1 b", "down 2 a", "down 2 b"]) {
      t.is(bob.output().split(`alice: ${text}\n`).length - 1, 1, `bob sees "${text}" once`);
    }
    for (const text of ["down 1 c", "down 2 c"]) {
      t.is(alice.output().split(`bob: ${text}\n`).length - 1, 1, `alice sees "${text}" once`);
    }
    t.deepEqual([await alice.quits(), await bob.quits()], [0, 0]);
    await server.stop();
  },
);

test.serial(
  "a script says its lines and ends when they are sent; --with asks, and opens when they are friends",
  async (t) => {
    const port = await freePort();
    const bob = terminal(port, "--as", "bob", "--with", "alice");
    await bob.sees(/There is no server at .* Waiting for it/);
    const server = await serve({ dataDir: freshData(), port });
    await bob.sees(/There is nobody called alice yet/);
    const alice = terminal(port, "--as", "alice", "--with", "bob");
    await bob.sees(/alice asks to be your friend/);
    bob.types("/accept alice");
    await Promise.all([alice.sees(/-- bob --/), bob.sees(/-- alice --/)]);
    t.is(await alice.quits(), 0);

    const script = terminal(port, "--as", "alice");
    for (const line of ["/open bob", "one", "two", "three"]) script.types(line);
    script.endsInput();
    t.is(await script.ended, 0, script.output());
    await bob.sees(/alice: one\n[\s\S]*alice: two\n[\s\S]*alice: three\n/);
    t.is(await bob.quits(), 0);
    await server.stop();
  },
);

test.serial("a wrong password ends with a sentence, and a second terminal of the same device takes over", async (t) => {
  const server = await serve({ dataDir: freshData(), port: await freePort() });
  const first = terminal(server.port, "--as", "alice");
  await first.sees(/\/quit: end/);
  const stranger = terminal(server.port, "--as", "alice", "--password", "wr0ngpassword");
  t.is(await stranger.ended, 1);
  t.regex(stranger.output(), /The password is wrong\./);
  const second = terminal(server.port, "--as", "alice");
  await second.sees(/\/quit: end/);
  t.is(await first.ended, 1);
  t.regex(first.output(), /connected in another terminal|login was ended/);
  t.is(await second.quits(), 0);
  await server.stop();
  const unnamed = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main], { stdio: "ignore" });
  t.deepEqual(await once(unnamed, "exit"), [1, null]);
});

test("on a terminal the prompt stays below what arrives, and keys report typing", async (t) => {
  const input = Object.assign(new PassThrough(), { isTTY: true }) as unknown as NodeJS.ReadStream;
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: 80 }) as unknown as NodeJS.WriteStream;
  let written = "";
  output.on("data", (chunk) => {
    written += chunk;
  });
  const reported: string[] = [];
  const screen = openScreen(input, output, {
    line: (text) => reported.push(`line ${text}`),
    typing: () => reported.push("typing"),
    ended: () => reported.push("ended"),
  });
  screen.prompt("bob> ");
  (input as unknown as PassThrough).write("hel");
  await pause(20);
  screen.print("12:00 bob: hi");
  (input as unknown as PassThrough).write("lo\r");
  await pause(20);
  t.deepEqual([reported[0], reported.at(-1)], ["typing", "line hello"]);
  const shown = written.slice(written.indexOf("12:00 bob: hi"));
  t.regex(shown, /bob> .*hel/s, "the half-typed line is drawn again below");
  screen.close();
  t.is(reported.at(-1), "ended");
});

test.serial("a terminal whose server came back with other data says so, and ends", async (t) => {
  const port = await freePort();
  const first = await serve({ dataDir: freshData(), port });
  const { alice } = await friends(port);
  await first.kill9();
  await alice.sees(/connection lost/);
  const second = await serve({ dataDir: freshData(), port });
  await alice.sees(/This server has other data now/);
  t.is(await alice.ended, 1);
  await second.stop();
});

test("arguments that make no sense end with a sentence and the usage", async (t) => {
  for (const [args, why] of [
    [["--foo"], /Unknown option '--foo'[\s\S]*npm run chat -- --as alice/],
    [["--as", "alice", "--url", "htp:/x"], /--url htp:\/x is no http:\/\/ or ws:\/\/ address[\s\S]*npm run chat/],
  ] as const) {
    const wrong = terminal(1, ...args);
    t.is(await wrong.ended, 1);
    t.regex(wrong.output(), why);
    t.notRegex(wrong.output(), /\n {4}at /, "no stack");
  }
});

test.serial("/ai opens a chat with a model, whose answer is shown while it is written", async (t) => {
  const upstream = await startScriptedUpstream();
  const env = { OPENAI_BASE_URL: upstream.url, OPENAI_API_KEY: "sk-of-the-system" };
  const server = await serve({ dataDir: freshData(), port: await freePort(), env });
  const alice = terminal(server.port, "--as", "alice");
  await alice.sees(/\/quit: end/);
  alice.types("/ai parrot");
  await alice.sees(/There is no model called parrot\. There are: .*up-model-1/);
  alice.types("/ai up-model-1");
  await alice.sees(/-- up-model-1 --/);
  const { script, goOn } = heldAfter(["First line\nSecond"], [" line"]);
  upstream.next(script);
  alice.types("two lines, please");
  await alice.sees(/you: two lines, please/);
  await alice.sees(/up-model-1: First line\n/);
  goOn();
  await alice.sees(/ {2}Second line\n/);
  upstream.always(stallAfter(role + text("endless\n")));
  alice.types("and now for ever");
  await alice.sees(/up-model-1: endless/);
  alice.types("/stop");
  await alice.sees(/\* stopped/);
  t.is(alice.output().match(/Second line/g)?.length, 1, "the message is not shown once more");
  t.is(await alice.quits(), 0);
  await server.stop();
  await upstream.close();
});
