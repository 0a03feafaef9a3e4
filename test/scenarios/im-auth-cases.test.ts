// Logins under bad luck: a kicked device that comes back, refreshes that race, sockets that outlive their login, and names that
// look alike.
import test from "ava";
import { callApi, Person } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";
import { TestDevice } from "../support/test-device.ts";

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode({ env: { KICK_PRESET: "one_mobile", PHONE_REGION: "DE" } });
});
test.after.always(() => chat.close());

type Login = Awaited<ReturnType<Person["logsIn"]>>;
const ask = (path: string, body?: unknown, token?: string) => callApi(chat.port, "POST", path, { body, token });
const me = async (token: string) => (await callApi(chat.port, "GET", "/users/me", { token })).code;
const refresh = (refreshToken: string) => ask("/auth/refresh", { refreshToken });
const socketOf = ({ token, deviceId, platform }: Omit<Login, "refreshToken">) =>
  new TestDevice(`ws://127.0.0.1:${chat.port}/ws?token=${token}&deviceId=${deviceId}&platform=${platform}`);

/** A request, a refresh and a new socket are refused with the tokens of this login. */
async function isDead(login: Login): Promise<boolean> {
  const socket = socketOf(login);
  return (
    (await me(login.token)) === 10104 &&
    (await refresh(login.refreshToken)).code === 10106 &&
    (await socket.closes()) === 4401
  );
}

test("a phone that slept through its kick cannot strike back at the one that took its place", async (t) => {
  const ana = await Person.registers(chat, "ana");
  const asleep = await ana.logsIn("iOS", "phone-a");
  const next = await ana.logsIn("Android", "phone-b");
  const socket = await ana.opens(next);
  for (let n = 0; n < 20; n += 1) t.true(await isDead(asleep), `try ${n}`);
  t.is(socket.closeCode, undefined);
  t.is(await me(next.token), 0);
  t.is(await me(ana.token), 0, "a computer is outside of the rule");
});

test("of ten phones that log in at once, each is answered, and one lives on", async (t) => {
  const bo = await Person.registers(chat, "bo");
  const phones = await Promise.all(Array.from({ length: 10 }, (_, n) => bo.logsIn("iOS", `phone-${n}`)));
  t.true(phones.every(({ token }) => token !== "undefined"));
  const codes = await Promise.all(phones.map(({ token }) => me(token)));
  t.is(codes.filter((code) => code === 0).length, 1);
  const refreshed = await Promise.all(phones.map(async ({ refreshToken }) => (await refresh(refreshToken)).code));
  t.deepEqual(
    refreshed.map((code) => code === 0),
    codes.map((code) => code === 0),
  );
});

test("a lost answer to a refresh logs nobody out: repeats get the same tokens, and one chain lives on", async (t) => {
  const cy = await Person.registers(chat, "cy");
  const many = await Promise.all(Array.from({ length: 20 }, () => refresh(cy.refreshToken)));
  t.deepEqual([...new Set(many.map(({ code }) => code))], [0]);
  t.is(new Set(many.map(({ data }) => data.refreshToken)).size, 1, "one chain");
  t.is((await refresh(cy.refreshToken)).code, 0, "the answer was lost again");
  const second = String(many[0]?.data.refreshToken);
  const third = await refresh(second);
  t.is(third.code, 0);
  t.is(await me(String(third.data.accessToken)), 0);
});

test("an old refresh token that comes back after its successor was used ends this chain, and no other device", async (t) => {
  const di = await Person.registers(chat, "di");
  const pad = await di.logsIn("Pad", "pad");
  const socket = await di.opens(pad);
  const next = await refresh(pad.refreshToken);
  t.is(await me(String(next.data.accessToken)), 0, "the successor's answer has arrived");
  t.is((await refresh(pad.refreshToken)).code, 10106);
  t.is((await socket.sees("FORCE_LOGOUT")).data.reason, "token_reused");
  t.is(await me(String(next.data.accessToken)), 10104);
  t.is((await refresh(String(next.data.refreshToken))).code, 10106);
  t.is(await me(di.token), 0);
  const { data } = await di.gets<{ logins: Record<string, unknown>[] }>("/auth/logins");
  t.like(data.logins[0], { deviceId: "pad", endReason: "token_reused" });
});

test("a refresh that races with a logout or a new password leaves no token that works", async (t) => {
  const eve = await Person.registers(chat, "eve");
  for (let round = 0; round < 10; round += 1) {
    const pad = await eve.logsIn("Pad", "pad");
    const end =
      round % 2 === 0
        ? ask("/auth/logout", {}, pad.token)
        : eve.posts("/auth/password/change", { oldPassword: eve.password, newPassword: eve.password });
    const [raced] = await Promise.all([refresh(pad.refreshToken), end]);
    t.is(await me(pad.token), 10104);
    t.is((await refresh(pad.refreshToken)).code, 10106);
    if (raced.code !== 0) continue;
    const next = { ...pad, token: String(raced.data.accessToken), refreshToken: String(raced.data.refreshToken) };
    t.true(await isDead(next), `round ${round}`);
  }
});

test("open sockets end with their login, and one device id of two users is two devices", async (t) => {
  const [fay, gus] = await Promise.all([Person.registers(chat, "fay"), Person.registers(chat, "gus")]);
  await fay.befriends(gus);
  await gus.connects();
  const [pad, web] = [await fay.logsIn("Pad", "shared"), await fay.logsIn("Web", "web")];
  const [desk, padSocket, webSocket] = [await fay.connects(), await fay.opens(pad), await fay.opens(web)];
  const foreign = await gus.logsIn("Pad", "shared");
  t.is(await me(foreign.token), 0);
  t.is(await me(pad.token), 0, "another user's login with the same device id changes nothing");
  t.is(padSocket.closeCode, undefined);
  const again = await fay.logsIn("Pad", "shared");
  t.is(await padSocket.closes(), 4010);
  t.true(await isDead(pad), "the older token of the same device id");
  const againSocket = await fay.opens(again);
  await ask("/auth/logout", {}, web.token);
  t.is(await webSocket.closes(), 4403);
  t.true(await isDead(web));
  await fay.posts("/auth/password/change", { oldPassword: fay.password, newPassword: "Passw0rd2" });
  t.is(await againSocket.closes(), 4403);
  await gus.says(fay, "are you there?");
  await desk.sees("NEW_MESSAGE");
  t.deepEqual([...webSocket.seen("NEW_MESSAGE"), ...againSocket.seen("NEW_MESSAGE")], []);
  t.is(await me(foreign.token), 0);
});

const register = (fields: object) =>
  ask("/auth/register", { password: "Passw0rd1", verifyCode: "123456", deviceType: "PC", deviceId: "d", ...fields });
const mailOf = (name: string) => `${name}.${process.pid}@example.test`;

test("names that look alike are one name, for registration, login, reset, search and change", async (t) => {
  const name = `karl_${process.pid}`;
  const karl = await register({ email: mailOf("karl"), account: name });
  t.is(karl.code, 0);
  const token = String(karl.data.accessToken);
  const twins = {
    "upper case": name.toUpperCase(),
    "the Kelvin sign": name.replace("k", "\u212a"),
    "full width": [...name].map((c) => (c === "_" ? c : String.fromCodePoint(c.codePointAt(0)! + 0xfee0))).join(""),
    "outer space": `  ${name} `,
  };
  let n = 0;
  for (const [what, twin] of Object.entries(twins)) {
    n += 1;
    t.is((await register({ email: mailOf(`twin${n}`), account: twin })).code, 10101, what);
    const login = { account: twin, password: "Passw0rd1", deviceType: "Web", deviceId: "w" };
    t.is((await ask("/auth/login", login)).data.userId, karl.data.userId, what);
    const found = await callApi<{ total: number }>(
      chat.port,
      "GET",
      `/users/search?keyword=${encodeURIComponent(twin)}`,
      {
        token,
      },
    );
    t.is(found.data.total, 1, what);
  }
  for (const hidden of ["\u200b", "\u202e", "\u2066"]) {
    const refused = await register({ email: mailOf("hidden"), account: `ka${hidden}rl` });
    t.like(refused, { status: 400, code: 1 }, JSON.stringify(hidden));
    t.regex(JSON.stringify(refused), /account/);
  }
  const accented = `\u00e9lan_${process.pid}`;
  t.is((await register({ email: mailOf("nfc"), account: accented })).code, 0);
  t.is((await register({ email: mailOf("nfd"), account: accented.normalize("NFD") })).code, 10101);
  const racing = await Promise.all(
    Array.from({ length: 50 }, (_, i) => {
      const mixed = [..."racing_name"].map((c, at) => ((i >> (at % 6)) & 1 ? c.toUpperCase() : c)).join("");
      return register({ email: mailOf(`race${i}`), account: `${mixed}_${process.pid}`, deviceId: `r${i}` });
    }),
  );
  t.is(racing.filter(({ code }) => code === 0).length, 1);
});

test("an e-mail address is one in any case, and a plus tag is kept apart", async (t) => {
  const mail = mailOf("ida");
  const ida = await register({ email: mail });
  t.is((await register({ email: mail.toUpperCase() })).code, 10101);
  const tagged = await register({ email: mail.replace("@", "+chat@") });
  t.is(tagged.code, 0);
  t.not(tagged.data.userId, ida.data.userId);
  t.is(
    (await ask("/auth/password/reset", { email: mail.toUpperCase(), verifyCode: "123456", newPassword: "Passw0rd9" }))
      .code,
    0,
  );
  const login = { account: mail, password: "Passw0rd9", deviceType: "Web", deviceId: "w" };
  t.is((await ask("/auth/login", login)).data.userId, ida.data.userId);
});

test("a phone number is one account however it is typed, also in address books and search", async (t) => {
  const national = `30${String(10_000_000 + (process.pid % 900_000))}`;
  const jan = await register({ phoneNumber: `0${national}` });
  t.like(jan.data.user, { phone: `+49${national}` });
  const spaced = `+49 ${national.slice(0, 2)} ${national.slice(2)}`;
  const wide = [...`+49${national}`].map((c) => String.fromCodePoint(c.codePointAt(0)! + 0xfee0)).join("");
  const spellings = [`+49${national}`, `+49 0${national}`, `0049${national}`, `0049 (0)${national}`, spaced, wide];
  const lea = await Person.registers(chat, "lea");
  for (const phoneNumber of spellings) {
    const again = await register({ phoneNumber });
    t.true(again.code === 10101 || (again.status === 400 && again.code === 10113), phoneNumber);
    if (again.code !== 10101) continue;
    const login = { account: phoneNumber, password: "Passw0rd1", deviceType: "Web", deviceId: "w" };
    t.is((await ask("/auth/login", login)).data.userId, jan.data.userId, phoneNumber);
    const found = await lea.gets<{ total: number }>(`/users/search?keyword=${encodeURIComponent(phoneNumber)}`);
    t.is(found.data.total, 1, phoneNumber);
    const matched = await lea.posts("/friends/contacts", { phones: [phoneNumber] });
    t.true(JSON.stringify(matched.data).includes(String(jan.data.userId)), phoneNumber);
  }
  for (const text of ["+49", "12", "+49 30 x", "++4930123456"]) {
    t.like(await register({ phoneNumber: text }), { status: 400, code: 10113 }, text);
  }
});
