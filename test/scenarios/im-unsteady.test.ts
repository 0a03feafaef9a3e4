// Clients whose connection breaks, whose clock is wrong, whose token runs out, and who page through lists that move meanwhile.
import test from "ava";
import { eventually, staysTrue } from "../suites/eventually.ts";
import { people } from "../support/people.ts";
import { callApi, Person } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode();
});
test.after.always(() => chat.close());

type Row = Record<string, unknown>;
async function friends(): Promise<{ ana: Person; bo: Person; id: string }> {
  const [ana, bo] = await people(chat, "ana", "bo");
  await ana.befriends(bo);
  await Promise.all([ana.connects(), bo.connects()]);
  return { ana, bo, id: ana.chatWith(bo) };
}
const contents = (messages: Row[]) => messages.map(({ content }) => content);

test("a send whose ack was lost with the connection is one message, though the token is another one afterwards", async (t) => {
  const { ana, bo, id } = await friends();
  const data = { sessionId: id, contentType: "text", content: "once" };
  ana.device.sends({ type: "SEND_MESSAGE", msgId: "K", data });
  await bo.device.sees("NEW_MESSAGE");
  ana.device.socket.terminate();
  const refreshed = await callApi(chat.port, "POST", "/auth/refresh", { body: { refreshToken: ana.refreshToken } });
  ana.token = String(refreshed.data.accessToken);
  const device = await ana.connects();
  for (let n = 0; n < 3; n += 1) device.sends({ type: "SEND_MESSAGE", msgId: "K", data });
  const overRest = await Promise.all([1, 2].map(() => ana.posts("/messages", { ...data, clientMsgId: "K" })));
  await eventually(() => device.seen("SEND_ACK").length === 3);
  const answers = [...overRest, ...device.seen("SEND_ACK")].map((answer) => answer.data as Row);
  t.is(new Set(answers.map(({ messageId, seq }) => `${messageId} ${seq}`)).size, 1);
  t.deepEqual(contents(await bo.history(id)), ["once"]);
  t.is(bo.device.seen("NEW_MESSAGE").length, 1);
  t.like((await bo.gets(`/sessions/${id}`)).data, { unreadCount: 1 });
});

test("times are the server's, whatever clock a client claims, and the order is that of the server", async (t) => {
  const { ana, bo, id } = await friends();
  const startedMs = Date.now();
  const hours = 5 * 3_600_000;
  for (const [index, shift] of [hours, -hours, 0].entries()) {
    const atMs = Date.now() + shift;
    const claimed = { sendTime: atMs, timestamp: atMs, createdAt: atMs, clientTime: atMs };
    const message = { sessionId: id, contentType: "text", content: `${index}`, ...claimed };
    t.is((await ana.device.asks("SEND_MESSAGE", message)).type, "SEND_ACK");
    t.is((await bo.posts("/messages", { ...message, content: `${index}'` })).code, 0);
  }
  const history = await ana.history(id);
  t.deepEqual(contents(history), ["0", "0'", "1", "1'", "2", "2'"]);
  const times = history.map(({ timestamp }) => Number(timestamp));
  t.true(
    times.every((time) => time >= startedMs && time <= Date.now()),
    `${times}`,
  );
  t.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
});

test("pages of the conversation list hold each conversation, though some jump to the top between them", async (t) => {
  const [ana, bo] = await people(chat, "ana", "bo");
  await ana.connects();
  const groups: string[] = [];
  for (let n = 0; n < 9; n += 1) groups.push(await ana.createsGroup(`Group ${n}`, [bo]));
  for (const group of groups) await ana.says(group, "hello");
  type Page = { sessions: { sessionId: string }[]; nextCursor?: string | null };
  const startedMs = Date.now();
  const listed: string[] = [];
  const moved = new Set<string>();
  for (let cursor: string | null | undefined = ""; typeof cursor === "string"; ) {
    const { data }: { data: Page } = await bo.gets<Page>(`/sessions?limit=2&cursor=${cursor}`);
    listed.push(...data.sessions.map(({ sessionId }) => sessionId));
    cursor = data.nextCursor;
    // A conversation that was listed, and one that was not.
    for (const group of [listed[0], groups.find((each) => !listed.includes(each) && !moved.has(each))]) {
      if (group) await ana.says(group, "meanwhile");
      if (group) moved.add(group);
    }
    t.true(listed.length <= 40, "the pages end");
  }
  t.is(new Set(listed).size, listed.length, "no conversation is listed twice");
  t.true(listed.length >= 4 && moved.size >= 3, "several pages");
  t.deepEqual(
    groups.filter((group) => !listed.includes(group) && !moved.has(group)),
    [],
    "each that stayed where it was is listed",
  );
  const { data } = await bo.gets<Page>(`/sessions?lastUpdateTime=${startedMs - 1}`);
  const changed = data.sessions.map(({ sessionId }) => sessionId);
  t.deepEqual(
    [...moved].filter((group) => !changed.includes(group)),
    [],
    "each that jumped is among what changed since",
  );
});

test("pages of members hold each member of the whole time once, though others join and leave between them", async (t) => {
  const [ana, ...others] = await people(chat, "ana", "b", "c", "d", "e", "f", "g");
  const comers = await people(chat, "h", "i", "j", "k");
  const groupId = (await ana.createsGroup("Moving", others)).slice(2);
  const listed: string[] = [];
  const left = new Set<string>();
  for (let cursor: string | null = ""; cursor !== null; ) {
    type Page = { members: { userId: string }[]; nextCursor: string | null };
    const path: string = `/groups/${groupId}/members?pageSize=2&cursor=${cursor}`;
    const { data }: { data: Page } = await ana.gets<Page>(path);
    listed.push(...data.members.map(({ userId }) => userId));
    cursor = data.nextCursor;
    const comer = comers.pop();
    if (comer) t.is((await comer.posts(`/groups/${groupId}/join`)).code, 0);
    const leaver = others.findLast(({ userId }) => !left.has(userId));
    if (leaver && left.size < 2) {
      left.add(leaver.userId);
      t.is((await leaver.posts(`/groups/${groupId}/exit`)).code, 0);
    }
  }
  t.is(new Set(listed).size, listed.length);
  for (const { userId } of [ana, ...others]) t.true(listed.includes(userId) || left.has(userId));
});

test("a phone that was away counts others' messages after its user's own last one, and a sync from zero the same", async (t) => {
  const [ana, bo] = await people(chat, "ana", "bo");
  await ana.connects();
  const laptop = await bo.connects();
  const group = await ana.createsGroup("Counting", [bo]);
  const phone = await bo.logsIn("iOS", "phone");
  const unread = async () => (await bo.gets(`/sessions/${group}`)).data.unreadCount;
  const read = await ana.says(group, "read by the answer");
  // A user who writes has read what stands before: the server's rule for all devices.
  await bo.says(group, "own 1");
  await bo.says(group, "own 2");
  const said: Row[] = [];
  for (let n = 1; n <= 5; n += 1) said.push(await ana.says(group, `${n}`));
  t.is(await unread(), 5);
  for (const index of [0, 1]) await ana.posts(`/messages/${said[index]!.messageId}/recall`);
  await ana.puts(`/messages/${said[2]!.messageId}`, { content: "edited" });
  await ana.puts(`/groups/${group.slice(2)}/announcement`, { announcement: "Hear" });
  const woken = await bo.opens(phone);
  for (const device of [laptop, woken]) {
    const { data } = await device.asks("SYNC", { cursor: 0 });
    t.like(
      (data.changes as Row[]).find(({ sessionId }) => sessionId === group),
      { unreadCount: 3 },
    );
  }
  t.is(await unread(), 3, "edits and notices do not count");
  t.is((await bo.gets("/sessions/unread/total")).data.totalUnread, 3);
  await ana.posts(`/messages/${read.messageId}/recall`);
  t.is(await unread(), 3, "the recall of a read message changes nothing");
  await Promise.all([
    ...[2, 3, 4].map((index) => ana.posts(`/messages/${said[index]!.messageId}/recall`)),
    bo.posts(`/sessions/${group}/read`, { seq: said[4]!.seq }),
  ]);
  t.is(await unread(), 0);
});

test("an open socket ends with its token, unless it was given a newer one", async (t) => {
  await using node = await startTestNode({ env: { ACCESS_TOKEN_MS: "3000" } });
  const [ana, bo] = await Promise.all([Person.registers(node, "ana"), Person.registers(node, "bo")]);
  const [expiring, renewed] = await Promise.all([ana.connects(), bo.connects()]);
  const refreshed = async () => {
    const answer = await callApi(node.port, "POST", "/auth/refresh", { body: { refreshToken: bo.refreshToken } });
    bo.refreshToken = String(answer.data.refreshToken);
    return String(answer.data.accessToken);
  };
  let renewedMs = 0;
  await eventually(async () => {
    if (Date.now() - renewedMs < 500) return expiring.closeCode !== undefined;
    renewedMs = Date.now();
    t.is((await renewed.asks("AUTH_REFRESH", { token: await refreshed() })).type, "OK");
    return expiring.closeCode !== undefined;
  });
  t.is(expiring.closeCode, 4401);
  t.is(renewed.closeCode, undefined);
  t.is((await ana.gets("/users/me")).status, 401);
});

test("typing is for those who are there: nobody is shown it after coming back", async (t) => {
  const { ana, bo, id } = await friends();
  ana.device.sends({ type: "TYPING", data: { sessionId: id, sessionType: "single" } });
  await bo.device.sees("USER_TYPING");
  ana.device.socket.terminate();
  bo.device.socket.terminate();
  const back = await bo.connects();
  await staysTrue(() => back.seen("USER_TYPING").length === 0, 500);
  const synced = await back.asks("SYNC", { cursor: 0 });
  t.false(/typing/i.test(JSON.stringify(synced.data)));
});

test("letters of two alphabets are two accounts, and a dotted capital I is one with its small form", async (t) => {
  const register = (account: string, n: number) =>
    callApi(chat.port, "POST", "/auth/register", {
      body: {
        ...{ account, email: `twin${n}.unsteady.${process.pid}@example.test`, password: "Passw0rd1" },
        ...{ verifyCode: "123456", deviceType: "PC", deviceId: "d" },
      },
    });
  const latin = await register(`karla_${process.pid}`, 1);
  const cyrillic = await register(`k\u0430rla_${process.pid}`, 2);
  t.is(latin.code, 0);
  t.is(cyrillic.code, 0);
  t.not(cyrillic.data.userId, latin.data.userId);
  t.is((await register(`\u0130sa_${process.pid}`, 3)).code, 0);
  t.is((await register(`i\u0307sa_${process.pid}`, 4)).code, 10101);
});
