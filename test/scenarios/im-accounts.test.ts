// Accounts: registration, login, tokens, profiles and user search.
import test from "ava";
import { callApi, Person } from "../support/person.ts";
import { misfits } from "../support/shape.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";
import { isOf, TestDevice } from "../support/test-device.ts";

let chat: TestNode;
let phones = 0;
const tokens = { userId: "string", accessToken: "string", refreshToken: "string", expiresIn: "number" } as const;
const account = { userId: "string", nickname: "string", avatar: "string", phone: "string", email: "string" } as const;
const newPhone = () => `+86138${String(10_000_000 + ++phones)}`;

test.before(async () => {
  chat = await startTestNode();
});
test.after.always(() => chat.close());

const ask = (method: string, path: string, body?: unknown, token?: string) =>
  callApi(chat.port, method, path, { body, token });
const register = (fields: object) =>
  ask("POST", "/auth/register", {
    ...{ password: "Passw0rd1", verifyCode: "123456", deviceType: "ios", deviceId: "phone" },
    ...fields,
  });
const works = async (token: unknown) => (await ask("GET", "/users/me", undefined, String(token))).code;

test("users register with a code, once per address, and a weak password is refused", async (t) => {
  const phoneNumber = newPhone();
  const made = await register({ phoneNumber, nickname: "Alice" });
  t.is(made.status, 200);
  t.is(made.message, "success");
  t.deepEqual(misfits(made.data, { ...tokens, user: { fields: account } }), []);
  t.is(made.data.expiresIn, 7_200);
  t.is(await works(made.data.accessToken), 0);
  const again = await register({ phoneNumber });
  t.like(again, { status: 409, code: 10101, codeStr: "010101", data: null });
  const asked = newPhone();
  await ask("POST", "/auth/code", { phoneNumber: asked });
  for (const [fields, code] of [
    [{ phoneNumber: newPhone(), password: "short1" }, 10110],
    [{ phoneNumber: newPhone(), password: "onlyletters" }, 10110],
    [{ phoneNumber: asked, verifyCode: "wrong" }, 10108],
    [{ phoneNumber: newPhone(), verifyCode: "999999" }, 10108],
    [{ phoneNumber: "12" }, 10113],
    [{ email: "nobody" }, 10114],
    [{}, 1],
    [{ phoneNumber: newPhone(), deviceType: "toaster" }, 1],
  ] as const) {
    const refused = await register(fields);
    t.deepEqual([refused.status, refused.code], [400, code], JSON.stringify(fields));
  }
});

test("a code is sent on request, and the answer does not reveal whether the address has an account", async (t) => {
  const phone = newPhone();
  const stranger = await ask("POST", "/auth/code", { phoneNumber: phone, purpose: "login" });
  await register({ phoneNumber: phone });
  const known = await ask("POST", "/auth/code", { target: newPhone(), purpose: "reset" });
  t.deepEqual([stranger.code, known.code], [0, 0]);
  t.deepEqual(stranger.data, known.data);
});

test("users log in by phone, mail or account name, with password or code", async (t) => {
  const phoneNumber = newPhone();
  const name = `carol_${process.pid}`;
  const { data: made } = await register({ phoneNumber, account: name, nickname: "Carol" });
  const device = { deviceType: "PC", deviceId: "desk" };
  for (const who of [phoneNumber, name]) {
    const login = await ask("POST", "/auth/login", { account: who, password: "Passw0rd1", ...device });
    t.deepEqual(misfits(login.data, { ...tokens, user: { fields: account } }), [], who);
    t.like(login.data, { userId: made.userId, user: { nickname: "Carol", phone: phoneNumber } });
  }
  const byCode = await ask("POST", "/auth/login", { account: phoneNumber, verifyCode: "123456", ...device });
  t.is(byCode.data.userId, made.userId);
  const dave = await Person.registers(chat, "dave");
  t.is((await dave.posts("/auth/login", { account: dave.email, password: dave.password, ...device })).code, 0);
  const wrong = await ask("POST", "/auth/login", { account: phoneNumber, password: "Passw0rd2", ...device });
  t.like(wrong, { status: 401, code: 10103 });
  const nobody = await ask("POST", "/auth/login", { account: newPhone(), password: "Passw0rd1", ...device });
  t.like(nobody, { status: 404, code: 10102 });
  t.is((await ask("POST", "/auth/login", { account: phoneNumber, ...device })).code, 1);
});

test("a refresh token can be exchanged once; a second use ends the login everywhere", async (t) => {
  const erin = await Person.registers(chat, "erin");
  const socket = await erin.connects();
  const first = await ask("POST", "/auth/refresh", undefined, erin.refreshToken);
  t.deepEqual(misfits(first.data, { ...tokens }), []);
  t.not(first.data.refreshToken, erin.refreshToken);
  t.is(await works(first.data.accessToken), 0);
  const second = await ask("POST", "/auth/refresh", { refreshToken: first.data.refreshToken });
  t.is(second.code, 0);
  const theft = await ask("POST", "/auth/refresh", { refreshToken: erin.refreshToken });
  t.like(theft, { status: 401, code: 10106 });
  t.is((await socket.sees("FORCE_LOGOUT")).data.reason, "token_reused");
  t.is(await socket.closes(), 4403);
  for (const token of [erin.token, first.data.accessToken, second.data.accessToken]) t.is(await works(token), 10104);
  t.is((await ask("POST", "/auth/refresh", { refreshToken: second.data.refreshToken })).code, 10106);
  t.is((await ask("POST", "/auth/refresh", {})).code, 10106);
});

test("a logout ends the token, the refresh token and the socket", async (t) => {
  const frank = await Person.registers(chat, "frank");
  const pad = await frank.logsIn("Pad", "pad");
  const [desk, padSocket] = [await frank.connects(), await frank.opens(pad)];
  t.is((await frank.gets<{ devices: unknown[] }>("/auth/devices")).data.devices.length, 2);
  t.is((await frank.posts<null>("/auth/logout", {})).data, null);
  t.is(await desk.closes(), 4403);
  t.deepEqual(desk.seen("FORCE_LOGOUT"), [], "the user asked for the logout");
  t.is(await works(frank.token), 10104);
  t.is((await ask("POST", "/auth/refresh", { refreshToken: frank.refreshToken })).code, 10106);
  t.is(await works(pad.token), 0);
  t.is(padSocket.closeCode, undefined);
  t.is((await ask("GET", "/users/me")).status, 401);
});

test("a user ends the login of one device from another", async (t) => {
  const gina = await Person.registers(chat, "gina");
  const phone = await gina.logsIn("iOS", "phone");
  const socket = await gina.opens(phone);
  const { data } = await gina.gets<{ devices: Record<string, unknown>[] }>("/auth/devices");
  t.deepEqual(data.devices.map(({ deviceId, isCurrent }) => [deviceId, isCurrent]).toSorted(), [
    ["gina-desk", true],
    ["phone", false],
  ]);
  t.is((await gina.deletes("/auth/devices/phone")).code, 0);
  t.is(await socket.closes(), 4403);
  t.is(await works(phone.token), 10104);
  t.is(await works(gina.token), 0);
});

test("a password change ends every other login, and a reset ends all of them", async (t) => {
  const hugo = await Person.registers(chat, "hugo");
  const phone = await hugo.logsIn("iOS", "phone");
  const [desk, phoneSocket] = [await hugo.connects(), await hugo.opens(phone)];
  const change = (oldPassword: string, newPassword: string) =>
    hugo.posts("/auth/password/change", { oldPassword, newPassword });
  t.is((await change("nonsense1", "NewPassw0rd")).code, 10103);
  t.is((await change(hugo.password, "weak")).code, 10110);
  t.like(await change(hugo.password, "NewPassw0rd"), { code: 0, data: null });
  t.is((await phoneSocket.sees("FORCE_LOGOUT")).data.reason, "password_changed");
  t.is(await phoneSocket.closes(), 4403);
  t.is(await works(phone.token), 10104);
  await desk.sees("NOTIFICATION", ({ data }) => data.type === "auth.password_changed");
  t.is(await works(hugo.token), 0);
  const login = (password: string) =>
    ask("POST", "/auth/login", { account: hugo.email, password, deviceType: "Web", deviceId: "w" });
  t.is((await login(hugo.password)).code, 10103);
  t.is((await login("NewPassw0rd")).code, 0);
  const reset = (fields: object) =>
    ask("POST", "/auth/password/reset", { email: hugo.email, newPassword: "Forgotten1", ...fields });
  t.is((await reset({ verifyCode: "000001" })).code, 10108, "no code was sent");
  t.is((await reset({ verifyCode: "123456" })).code, 0);
  t.is(await desk.closes(), 4403);
  t.is(await works(hugo.token), 10104);
  t.is((await login("Forgotten1")).code, 0);
});

test("a user changes their own profile, and others see only the card", async (t) => {
  const [ida, jan] = [await Person.registers(chat, "ida"), await Person.registers(chat, "jan")];
  const mine = {
    userId: "string",
    nickname: "string",
    avatar: "string",
    signature: "string",
    gender: "number",
  } as const;
  const more = { birthday: "string", region: "string", phone: "string", email: "string" } as const;
  const me = await ida.gets("/users/me");
  t.deepEqual(misfits(me.data, { ...mine, ...more, qrcodeUrl: "string", createdAt: "time" }), []);
  const patch = {
    nickname: "Ida B.",
    avatar: "/a.png",
    signature: "hi",
    gender: 2,
    birthday: "1990-02-28",
    region: "Bern",
  };
  const changed = await ida.puts("/users/me", patch);
  t.like(changed.data, { userId: ida.userId, ...patch });
  t.like((await ida.gets("/users/me")).data, patch);
  t.is((await ida.puts("/users/me", { gender: 7 })).status, 400);
  const seen = await jan.gets(`/users/${ida.userId}`);
  t.deepEqual(misfits(seen.data, { ...mine, region: "string", isFriend: "boolean", isBlocked: "boolean" }), []);
  t.like(seen.data, { nickname: "Ida B.", isFriend: false, isBlocked: false });
  t.false("phone" in seen.data || "email" in seen.data || "birthday" in seen.data);
  await jan.befriends(ida);
  t.is((await jan.gets(`/users/${ida.userId}`)).data.isFriend, true);
  await jan.posts("/friends/blacklist", { userId: ida.userId });
  t.is((await jan.gets(`/users/${ida.userId}`)).data.isBlocked, true);
  for (const id of ["123456789", "nonsense"]) t.is((await jan.gets(`/users/${id}`)).status, 404);
});

test("a search finds users by exact phone number, mail address or id, as far as their settings allow", async (t) => {
  const phoneNumber = newPhone();
  const { data: made } = await register({ phoneNumber, nickname: "Kim" });
  const lea = await Person.registers(chat, "lea");
  const find = async (keyword: string) => (await lea.gets(`/users/search?keyword=${encodeURIComponent(keyword)}`)).data;
  const found = await find(phoneNumber);
  t.deepEqual(
    misfits(found, {
      total: "number",
      users: [{ userId: "string", nickname: "string", avatar: "string", signature: "string" }],
    }),
    [],
  );
  t.like(found, { total: 1, users: [{ userId: made.userId, nickname: "Kim" }] });
  t.like(await find(lea.email), { total: 1 });
  t.like(await find(String(made.userId)), { total: 1 });
  t.deepEqual((await find("Kim")).users, []);
  const hidden = await ask("PUT", "/users/settings", { searchByPhone: false }, String(made.accessToken));
  t.like(hidden.data, { userId: made.userId, searchByPhone: false, friendVerifyRequired: true });
  t.like((await ask("GET", "/users/me/settings", undefined, String(made.accessToken))).data, { searchByPhone: false });
  t.like(await find(phoneNumber), { total: 0, users: [] });
  t.is((await lea.gets("/users/search")).status, 400);
});

test("a name and a setting changed on one device reach the other, and friends see the new name", async (t) => {
  const [mia, nils] = [await Person.registers(chat, "mia"), await Person.registers(chat, "nils")];
  await mia.befriends(nils);
  await mia.connects();
  const phone = await mia.opens(await mia.logsIn("iOS", "phone"));
  await nils.connects();
  await mia.puts("/users/me", { nickname: "Mia M." });
  const notification = await phone.sees("NOTIFICATION", isOf("user.profile_updated"));
  t.like(notification.data, { nickname: "Mia M.", userId: mia.userId });
  t.is(typeof notification.data.userVersion, "number");
  const seen = await nils.device.sees("NOTIFICATION", isOf("user.friend_profile_changed"));
  t.like(seen.data, { userId: mia.userId, nickname: "Mia M." });
  await mia.puts("/users/settings", { soundEnabled: false });
  await phone.sees("NOTIFICATION", isOf("user.settings_updated"));
  t.is((await mia.says(nils, "it is me")).seq, 1);
  t.is((await nils.device.sees("NEW_MESSAGE")).data.senderName, "Mia M.");
});

test("a socket without a valid token gets CONNECT_ERROR and is closed", async (t) => {
  const otto = await Person.registers(chat, "otto");
  for (const query of [
    "token=nonsense&deviceId=d&platform=Web",
    `token=${otto.token}x&deviceId=otto-desk&platform=PC`,
  ]) {
    const socket = new TestDevice(`ws://127.0.0.1:${chat.port}/ws?${query}`);
    t.is((await socket.sees("CONNECT_ERROR")).code, 401);
    t.is(await socket.closes(), 4401);
  }
  const late = new TestDevice(`ws://127.0.0.1:${chat.port}/ws`);
  await late.opens();
  late.sends({ type: "AUTH", data: { token: otto.token, deviceId: otto.deviceId, platform: "PC" } });
  const hello = await late.sees("CONNECT_ACK");
  t.deepEqual(
    misfits(hello.data, {
      ...{ userId: "string", deviceId: "string", serverTime: "time", heartbeatInterval: "number" },
      ...{ cursor: "number", storeId: "string", retry: "object" },
    }),
    [],
  );
  t.is(hello.data.heartbeatInterval, 30);
  t.deepEqual(hello.data.retry, { delaysMs: [0, 2_000, 4_000, 8_000], jitter: 0.5, maxAttempts: 10 });
  late.sends({ type: "PING", timestamp: 1 });
  await late.sees("PONG");
  const fresh = await ask("POST", "/auth/refresh", { refreshToken: otto.refreshToken });
  t.is((await late.asks("AUTH_REFRESH", { token: fresh.data.accessToken })).type, "OK");
  t.is((await late.asks("AUTH_REFRESH", { token: "nonsense" })).type, "ERROR");
  t.like(await late.asks("DANCE", {}), { type: "ERROR", code: 90103 });
  t.is(late.closeCode, undefined);
});
