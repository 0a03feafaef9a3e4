// The embedded server killed with -9 at random moments under load; what the clients saw decides.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BenchUser, befriend, callRest, createGroup, inParallel } from "../bench/load/people.ts";
import { freePort, type ServerProcess, startServer } from "../support/server-process.ts";
import { findUndelivered, findViolations, type Histories, type HistoryMessage } from "./checker.ts";
import { Device } from "./device.ts";
import { historyMessage } from "./judge.ts";

export interface CrashSummary {
  rounds: number;
  sent: number;
  acked: number;
  violations: string[];
}
interface Crew {
  users: BenchUser[];
  devices: Device[];
  conversations: { id: string; members: number[] }[];
}

const people = 6;
const settleTimeoutMs = 30_000;
/** Unacknowledged messages are sent again after 5 s and 15 s. */
const deliveryTimeoutMs = 20_000;
/** Small, so that the group of six already travels on its own subject. */
const env = { PER_USER_FANOUT_MAX: "4" };

export async function runCrashes(options: {
  rounds: number;
  random: () => number;
  onProgress?: (line: string) => void;
}): Promise<CrashSummary> {
  const { rounds, random, onProgress = () => {} } = options;
  const dataDir = mkdtempSync(join(tmpdir(), "parley-crash-"));
  const port = await freePort();
  let server = await startServer({ dataDir, port, env });
  const crew = await gather(port);
  const load = startLoad(crew, random);
  try {
    for (let round = 1; round <= rounds; round += 1) {
      await pause(300 + random() * 1_200);
      await server.kill9();
      await pause(random() * 200);
      server = await startServer({ dataDir, port, env });
      const acked = crew.devices.reduce((sum, device) => sum + device.acked.length, 0);
      onProgress(`round ${round} of ${rounds}: ${acked} acknowledged so far`);
    }
    await pause(500);
    load.stop();
    return await judge(rounds, crew, server);
  } finally {
    load.stop();
    for (const device of crew.devices) device.stop();
    await server.kill9();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Six people, two devices each; three pairs, a group of three, a group of six. */
async function gather(port: number): Promise<Crew> {
  const place = { port, run: "crash" };
  const phones: BenchUser[] = [];
  const users = await inParallel(Array.from({ length: people }), 3, async (_, i) => {
    const account = `crash-${i}@example.test`;
    const password = "Passw0rd1";
    const register = {
      email: account,
      password,
      verifyCode: "123456",
      nickname: `person ${i}`,
      deviceType: "PC",
      deviceId: `pc-${i}`,
    };
    const made = await callRest<{ userId: string; accessToken: string }>(
      port,
      "POST",
      "/auth/register",
      undefined,
      register,
    );
    const login = { account, password, deviceType: "iOS", deviceId: `phone-${i}` };
    const phone = await callRest<{ accessToken: string }>(port, "POST", "/auth/login", undefined, login);
    phones[i] = { userId: made.userId, token: phone.accessToken, deviceId: login.deviceId };
    return { userId: made.userId, token: made.accessToken, deviceId: register.deviceId };
  });
  const conversations: Crew["conversations"] = [];
  for (const [a, b] of [
    [0, 1],
    [2, 3],
    [4, 5],
  ] as const) {
    conversations.push({ id: await befriend(place, users[a]!, users[b]!), members: [a, b] });
  }
  conversations.push({ id: await createGroup(place, users.slice(0, 3)), members: [0, 1, 2] });
  conversations.push({ id: await createGroup(place, users), members: [0, 1, 2, 3, 4, 5] });
  const device = ({ userId, token, deviceId }: BenchUser, platform: string) =>
    new Device({
      name: deviceId,
      userId,
      gateway: () => ({
        name: "server",
        url: `ws://127.0.0.1:${port}/ws?token=${token}&deviceId=${deviceId}&platform=${platform}`,
      }),
      reconnectMs: 50,
    });
  const devices = [...users.map((user) => device(user, "PC")), ...phones.map((phone) => device(phone, "iOS"))];
  for (const each of devices) each.connect();
  await until("all devices are connected", () => devices.every(({ isOpen }) => isOpen));
  return { users, devices, conversations };
}

function startLoad({ devices, conversations }: Crew, random: () => number): { stop(): void } {
  const timer = setInterval(() => {
    const device = devices[Math.floor(random() * devices.length)]!;
    const mine = conversations.filter(({ members }) => members.includes(devices.indexOf(device) % people));
    const { id } = mine[Math.floor(random() * mine.length)]!;
    const dice = random();
    if (dice < 0.8) {
      if (device.pendingCount < 20) device.say(id);
    } else if (dice < 0.87) device.change("MESSAGE_RECALL");
    else if (dice < 0.94) device.change("MESSAGE_EDIT");
    else device.read(id);
  }, 4);
  return { stop: () => clearInterval(timer) };
}

async function judge(rounds: number, crew: Crew, server: ServerProcess): Promise<CrashSummary> {
  const { devices, users, conversations } = crew;
  await until(
    "every send is acknowledged",
    () => devices.every(({ pendingCount, isOpen }) => isOpen && pendingCount === 0),
    () =>
      devices.map((each) => `${each.name}: open ${each.isOpen}, ${each.pendingCount} pending, ${each.refusals.at(-1)}`),
  );
  const histories: Histories = { byConversation: new Map() };
  for (const { id, members } of conversations) {
    const views = new Map<string, HistoryMessage[]>();
    for (const member of members)
      views.set(users[member]!.userId, await readAll(server.port, users[member]!.token, id));
    histories.byConversation.set(id, views);
  }
  const undelivered = () => findUndelivered(devices, histories);
  const endMs = performance.now() + deliveryTimeoutMs;
  while (undelivered().length > 0 && performance.now() < endMs) await pause(100);
  const missing = undelivered();
  for (const device of devices) await device.sync();
  return {
    rounds,
    sent: devices.reduce((sum, { sent }) => sum + sent.length, 0),
    acked: devices.reduce((sum, { acked }) => sum + acked.length, 0),
    violations: [...missing, ...findViolations(devices, histories)],
  };
}

async function readAll(port: number, token: string, conversationId: string): Promise<HistoryMessage[]> {
  const all: HistoryMessage[] = [];
  for (let startSeq = 1; ; ) {
    const query = `sessionId=${conversationId}&startSeq=${startSeq}&limit=100&direction=forward`;
    const page = await callRest<{ messages: Record<string, unknown>[]; hasMore: boolean }>(
      port,
      "GET",
      `/messages/history?${query}`,
      token,
    );
    for (const each of page.messages) all.push(historyMessage(each));
    if (!page.hasMore || page.messages.length === 0) return all;
    startSeq = all.at(-1)!.seq + 1;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function until(what: string, condition: () => boolean, explain: () => string[] = () => []): Promise<void> {
  const endMs = performance.now() + settleTimeoutMs;
  while (!condition()) {
    if (performance.now() > endMs) {
      throw new Error(`Waited ${settleTimeoutMs} ms in vain until ${what}\n${explain().join("\n")}`);
    }
    await pause(20);
  }
}
