// Binding a phone number, an e-mail address or an account name, in front of the real handle, user and session actors.
import test from "ava";
import { Handle } from "../../actors/handle/contract.ts";
import { User } from "../../actors/user/contract.ts";
import { nameClaimMs } from "../../actors/user/names.ts";
import { eventually } from "../suites/eventually.ts";
import { type Accounts, alice, logIn, register, startAccounts } from "./accounts-edge.ts";

const [phone1, phone2] = ["+8613800138000", "+8613900139000"];
const proof = { verifyCode: "123456", password: alice.password };
const put = (edge: Accounts, token: string, name: string, body: object, headers = {}) =>
  edge.ask("PUT", `/api/v1/users/me/${name}`, { token, body, headers });
const enters = async (edge: Accounts, account: string, deviceId = "check") =>
  (await logIn(edge, { account, deviceType: "Web", deviceId, verifyCode: undefined })).body;
const ownerOf = async (edge: Accounts, key: string) => (await edge.actors.get(Handle, key).find({})).userId;

test("a user binds a phone, an e-mail address and a name, logs in by each, and what was let go is free at once", async (t) => {
  await using edge = await startAccounts();
  const { userId, accessToken } = (await register(edge, { account: "" })).body.data;
  t.like((await put(edge, accessToken, "phone", { phoneNumber: "138 0013 8000", ...proof })).body, {
    code: 0,
    data: { userId, phone: phone1, email: alice.email },
  });
  t.like((await put(edge, accessToken, "email", { email: "New@Example.org", ...proof })).body.data, {
    email: "new@example.org",
  });
  t.like((await put(edge, accessToken, "account", { account: "Alice_99" })).body.data, { account: "alice_99" });
  for (const name of [phone1, "008613800138000", "new@example.org", "ALICE_99"]) {
    t.is((await enters(edge, name)).data?.userId, userId, name);
  }
  t.is((await enters(edge, alice.email)).code, 10102, "the old address leads nowhere");
  const other = (await register(edge, { account: "", email: alice.email, deviceId: "other" })).body;
  t.is(other.code, 0, "and belongs to whoever proves it");
  t.like((await put(edge, accessToken, "account", { account: "alice_100" })).body.data, { account: "alice_100" });
  t.is((await put(edge, other.data.accessToken, "account", { account: "alice_99" })).body.code, 0);
  t.like((await put(edge, accessToken, "phone", { phone: phone2, ...proof })).body.data, { phone: phone2 });
  t.is((await put(edge, other.data.accessToken, "phone", { phoneNumber: phone1, ...proof })).body.code, 0);
  t.deepEqual(edge.errorReports, []);
});

test("each refusal names its reason and changes nothing", async (t) => {
  await using edge = await startAccounts();
  const { userId, accessToken } = (await register(edge)).body.data;
  const bob = { email: "bob@example.org", account: "bob", deviceId: "bob" };
  await register(edge, bob);
  await register(edge, { email: undefined, account: "", phoneNumber: phone2, deviceId: "carl" });
  for (const [name, body, code] of [
    ["phone", { phoneNumber: phone1, ...proof, verifyCode: "999999" }, 10108],
    ["phone", { phoneNumber: phone1, ...proof, password: "Wrong1234" }, 10103],
    ["phone", { phoneNumber: "12", ...proof }, 10113],
    ["phone", { phoneNumber: phone2, ...proof }, 20109],
    ["phone", { phoneNumber: "8613900139000", ...proof }, 20109],
    ["phone", { phoneNumber: phone2, ...proof, verifyCode: "999999" }, 10108],
    ["phone", { ...proof }, 1],
    ["email", { email: "nobody", ...proof }, 10114],
    ["email", { email: "BOB@example.org", ...proof }, 20110],
    ["email", { email: "new@example.org", ...proof, password: "Wrong1234" }, 10103],
    ["email", { email: "", ...proof }, 1],
    ["account", { account: "bob" }, 10101],
    ["account", { account: "13800138000" }, 1],
    ["account", { account: "a@b.org" }, 1],
    ["account", { account: "x\u200by" }, 1],
    ["account", { account: "" }, 1],
  ] as const) {
    t.is((await put(edge, accessToken, name, body)).body.code, code, JSON.stringify([name, body]));
  }
  t.like(await edge.actors.get(User, userId).profile({}), { phone: "", email: alice.email, account: "alice" });
  t.is((await edge.ask("PUT", "/api/v1/users/me/phone", { body: { phoneNumber: phone1, ...proof } })).status, 401);
});

test("a retry is answered like the first try, with the code used up", async (t) => {
  const used = new Set<string>();
  const codes = {
    send: async () => ({ expiresInMs: 1 }),
    async verify({ target, purpose }: { target: string; purpose: string }) {
      if (used.has(`${purpose} ${target}`)) throw new Error("the code is used up");
      used.add(`${purpose} ${target}`);
    },
  };
  await using edge = await startAccounts({ codes });
  const { accessToken } = (await register(edge)).body.data;
  const headers = { "idempotency-key": "k" };
  for (const more of [headers, headers, {}]) {
    const answer = await put(edge, accessToken, "phone", { phoneNumber: phone1, ...proof }, more);
    t.like(answer.body, { code: 0, data: { phone: phone1 } });
  }
  t.deepEqual([...used], [`register ${alice.email}`, `bind ${phone1}`]);
});

test("of fifty users who claim one name at once, one gets it", async (t) => {
  await using edge = await startAccounts();
  const users = await Promise.all(
    Array.from({ length: 50 }, async (_, n) => {
      const made = await register(edge, { email: `u${n}@example.org`, account: "", deviceId: `d${n}` });
      return made.body.data as { userId: string; accessToken: string };
    }),
  );
  const answers = await Promise.all(users.map((each) => put(edge, each.accessToken, "account", { account: "Prize" })));
  const winners = users.filter((_, n) => answers[n]?.body.code === 0);
  t.is(winners.length, 1);
  t.is(answers.filter(({ body }) => body.code === 10101).length, 49);
  t.is(await ownerOf(edge, "account:prize"), winners[0]?.userId);
  const named = await Promise.all(users.map(({ userId }) => edge.actors.get(User, userId).profile({})));
  t.is(named.filter(({ account }) => account === "prize").length, 1);
});

test("a crash after the claim loses nothing: the old name stays, and the new one is free again in time", async (t) => {
  await using edge = await startAccounts();
  const { userId, accessToken } = (await register(edge)).body.data;
  const key = `phone:${phone1}`;
  // The gateway that changes the name ends between the claim and the change of the profile.
  await edge.actors.get(User, userId).beginName({ key });
  await edge.actors.get(Handle, key).claim({ userId });
  const bob = (await register(edge, { email: "bob@example.org", account: "", deviceId: "bob" })).body.data;
  const bind = () => put(edge, bob.accessToken, "phone", { phoneNumber: phone1, ...proof });
  t.is((await bind()).body.code, 20109);
  t.is((await enters(edge, "alice")).data?.userId, userId);
  edge.jump(nameClaimMs + 1);
  await eventually(async () => (await ownerOf(edge, key)) === undefined);
  t.is((await bind()).body.code, 0);
  t.like((await put(edge, accessToken, "phone", { phoneNumber: phone1, ...proof })).body, { code: 20109 });
});

test("the name of a registration that never ended can be taken by a user who exists", async (t) => {
  await using edge = await startAccounts();
  await edge.actors.get(Handle, "account:prize").reserve({ by: "email:gone@example.org" });
  const { accessToken } = (await register(edge)).body.data;
  t.is((await put(edge, accessToken, "account", { account: "prize" })).body.code, 10101);
  edge.time.offsetMs += nameClaimMs;
  t.is((await put(edge, accessToken, "account", { account: "prize" })).body.code, 0);
});

test("an account of an older release changes from its spelling to the number's one form", async (t) => {
  await using edge = await startAccounts();
  const old = "13800138000"; // as typed, without a country
  const passwordHash = `hash of ${alice.password}`;
  const person = { nickname: "Old", passwordHash, phone: old, email: "", account: "" };
  const { userId } = await edge.actors.get(Handle, `phone:${old}`).register(person);
  const { data } = await enters(edge, phone1);
  t.is(data?.userId, userId, "both spellings lead to the account");
  t.is((await register(edge, { email: undefined, account: "", phoneNumber: phone1 })).body.code, 10101);
  t.like((await put(edge, data.accessToken, "phone", { phoneNumber: old, ...proof })).body.data, { phone: phone1 });
  t.is(await ownerOf(edge, `phone:${phone1}`), userId);
  t.is(await ownerOf(edge, `phone:${old}`), undefined);
  t.is((await enters(edge, old)).data?.userId, userId);
});
