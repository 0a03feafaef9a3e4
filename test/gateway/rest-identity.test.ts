// One person is one account, however the e-mail address, the phone number or the account name is typed.
import test from "ava";
import { Handle, reservationMs } from "../../actors/handle/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { GatewayDeps } from "../../gateway/ports.ts";
import { type Accounts, alice, logIn, register, startAccounts } from "./accounts-edge.ts";

const zeroWidthSpace = "\u200b";
const rightToLeftOverride = "\u202e";
const leftToRightIsolate = "\u2066";

/** Without the account name, which would be taken by the first. */
const byMail = (edge: Accounts, email: string, change: object = {}) =>
  register(edge, { email, account: "", ...change });
const byPhone = (edge: Accounts, phoneNumber: string) => register(edge, { email: "", account: "", phoneNumber });
const codes = (answers: { body: { code: number } }[]) => answers.map(({ body }) => body.code);

test("an e-mail address in full width, in capitals or decomposed is the same address", async (t) => {
  await using edge = await startAccounts();
  t.is((await byMail(edge, "zoë@example.org")).body.code, 0);
  for (const twin of [
    "ZOË@EXAMPLE.ORG",
    "zoe\u0308@example.org",
    "ｚｏë@example.org",
    "zoë＠example．org",
    "zoë@example。org",
  ]) {
    t.is((await byMail(edge, twin)).body.code, 10_101, twin);
    t.is((await logIn(edge, { account: twin, verifyCode: "" })).body.code, 0, twin);
  }
});

test("an e-mail address with a character that nobody sees is refused", async (t) => {
  await using edge = await startAccounts();
  for (const hidden of [
    zeroWidthSpace,
    rightToLeftOverride,
    leftToRightIsolate,
    "\u0000",
    "\u00ad",
    "\u2060",
    "\u3164",
  ]) {
    const { status, body } = await byMail(edge, `zo${hidden}e@example.org`);
    t.deepEqual([status, body.code], [400, 10_114], `U+${hidden.charCodeAt(0).toString(16)}`);
  }
});

test("an account name in full width or in capitals is the same name, and has a letter", async (t) => {
  await using edge = await startAccounts();
  const named = (account: string, n: number) => register(edge, { email: `n${n}@example.org`, account });
  t.is((await named("straße.1", 1)).body.code, 0);
  for (const twin of ["STRASSE.1", "ｓｔｒaße.1", "Straße．1"]) t.is((await named(twin, 2)).body.code, 10_101, twin);
  t.is((await logIn(edge, { account: "ＳＴＲＡＳＳＥ.1", verifyCode: "" })).body.code, 0);
  for (const refused of [
    "12345",
    "１２３４５",
    "٣٤٥",
    "12-34.5",
    `ab${zeroWidthSpace}c`,
    `${rightToLeftOverride}abc`,
  ]) {
    t.deepEqual((await named(refused, 3)).body.data?.[0]?.field, "account", refused);
  }
});

test("a phone number with, without and with another prefix is one number", async (t) => {
  await using edge = await startAccounts();
  t.is((await byPhone(edge, "+8613960390085")).body.code, 0);
  for (const twin of [
    "13960390085",
    "8613960390085",
    "008613960390085",
    "+86 139-6039-0085",
    "１３９６０３９００８５",
  ]) {
    t.is((await byPhone(edge, twin)).body.code, 10_101, twin);
    const login = await logIn(edge, { account: twin, verifyCode: "" });
    t.deepEqual([login.body.code, login.body.data?.user.phone], [0, "+8613960390085"], twin);
  }
  t.is((await byPhone(edge, "+49 30 901820")).body.code, 0);
  for (const twin of ["004930901820", "+4930901820"]) t.is((await byPhone(edge, twin)).body.code, 10_101, twin);
  for (const nonsense of ["123456", "+999123456789", "139603900851396039"]) {
    t.is((await byPhone(edge, nonsense)).body.code, 10_113, nonsense);
  }
});

test("an account of an older release keeps its login under the spelling it was registered with", async (t) => {
  await using edge = await startAccounts();
  const person = {
    ...{ nickname: "Old", passwordHash: `hash of ${alice.password}` },
    phone: "",
    email: "",
    account: "",
  };
  for (const key of [
    "phone:13960390085",
    "email:ｚoe@example.org",
    "account:１２３４５",
    "account:１３９６０３９００９０",
    "account:139.6039.0091",
  ]) {
    const { userId } = await edge.actors.get(Handle, key).register(person, {});
    const account = key.slice(key.indexOf(":") + 1);
    const login = await logIn(edge, { account, verifyCode: "" });
    t.is(login.body.data?.userId, userId, account);
  }
  for (const account of ["+8613960390085", "8613960390085"]) {
    t.is((await logIn(edge, { account, verifyCode: "" })).body.code, 0, account);
    t.is((await byPhone(edge, account)).body.code, 10_101, account);
  }
});

test("a phone number that reads like an account name of an older release opens no such account by a code", async (t) => {
  await using edge = await startAccounts();
  const person = { nickname: "Old", passwordHash: "a hash", phone: "", email: "", account: "139.6039.0091" };
  await edge.actors.get(Handle, "account:139.6039.0091").register(person, {});
  t.is((await logIn(edge, { account: "139.6039.0091", password: "" })).body.code, 10_102);
});

test("an account that an older release kept decomposed is found composed, and has no twin", async (t) => {
  await using edge = await startAccounts();
  const passwordHash = `hash of ${alice.password}`;
  for (const key of ["email:zoe\u0308@example.org", "account:zoe\u0308"]) {
    const person = { nickname: "Old", passwordHash, phone: "", email: "", account: "" };
    const { userId } = await edge.actors.get(Handle, key).register(person, {});
    const composed = key.slice(key.indexOf(":") + 1).normalize("NFC");
    t.is((await logIn(edge, { account: composed, verifyCode: "" })).body.data?.userId, userId, composed);
  }
  t.is((await byMail(edge, "zoë@example.org")).body.code, 10_101);
  t.is((await register(edge, { email: "other@example.org", account: "zoë" })).body.code, 10_101);
});

test("people are found, and contacts matched, by any spelling", async (t) => {
  await using edge = await startAccounts();
  const { userId, accessToken: token } = (await byPhone(edge, "+8613960390085")).body.data;
  const { accessToken } = (await byMail(edge, "zoë@example.org", { deviceId: "z" })).body.data;
  for (const keyword of ["13960390085", "+86 139 6039 0085"]) {
    const found = await edge.ask("GET", `/api/v1/users/search?keyword=${encodeURIComponent(keyword)}`, {
      token: accessToken,
    });
    t.deepEqual(
      found.body.data.users.map((each: { userId: string }) => each.userId),
      [userId],
    );
  }
  const contacts = ["13960390085", { email: "ZOE\u0308@example.org" }, { phone: "8613960390085" }];
  const own = await edge.ask("POST", "/api/v1/friends/contacts", { token: accessToken, body: { contacts } });
  t.is(own.body.data.total, 1);
  const other = await edge.ask("POST", "/api/v1/friends/contacts", { token, body: { contacts } });
  t.is(other.body.data.total, 1);
});

test("an address book is matched whole or refused, however it is split", async (t) => {
  await using edge = await startAccounts();
  const { accessToken: token } = (await byMail(edge, "zoe@example.org")).body.data;
  const numbers = Array.from({ length: 150 }, (_, n) => `1396039${1_000 + n}`);
  const match = (body: object) => edge.ask("POST", "/api/v1/friends/contacts", { token, body });
  t.is((await match({ contacts: numbers.slice(0, 50), phones: numbers })).body.code, 0);
  t.is((await match({ contacts: numbers, phones: numbers })).body.data?.[0]?.field, "contacts");
});

test("a taken account name does not use up the code, and a code is sent to an address in any spelling", async (t) => {
  const sent = new Map<string, string>();
  const codes: GatewayDeps["codes"] = {
    async send({ target }) {
      sent.set(target, "123456");
      return { expiresInMs: 300_000 };
    },
    async verify({ target, code }) {
      if (sent.get(target) !== code) throw new DomainError("auth.code_wrong");
      sent.delete(target);
    },
  };
  await using edge = await startAccounts({ codes });
  const askCode = (target: string) => edge.ask("POST", "/api/v1/auth/code", { body: { target, purpose: "register" } });
  t.is((await askCode(alice.email)).body.code, 0);
  t.is((await register(edge)).body.code, 0);
  t.is((await askCode("bob＠example．org")).body.code, 0);
  const bob = { email: "bob@example.org", deviceId: "bob" };
  t.is((await register(edge, bob)).body.code, 10_101);
  t.is((await register(edge, { ...bob, account: "bob" })).body.code, 0);
});

test("a nickname that nobody can see or that turns the text around is refused", async (t) => {
  await using edge = await startAccounts();
  const { accessToken: token } = (await byMail(edge, "zoe@example.org")).body.data;
  const rename = (nickname: string) => edge.ask("PUT", "/api/v1/users/me", { token, body: { nickname } });
  for (const [n, nickname] of [
    zeroWidthSpace,
    "\u3164",
    "\u2800",
    `a${rightToLeftOverride}b`,
    "a\u0000b",
    "\u00a0",
  ].entries()) {
    t.is((await rename(nickname)).body.data?.[0]?.field, "nickname", `${n}`);
    const registered = await byMail(edge, `n${n}@example.org`, { nickname });
    t.is(registered.body.data?.[0]?.field, "nickname", `${n}`);
  }
  for (const nickname of ["👩‍👩‍👧", "❤️", "می‌خواهم", "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}"]) {
    t.is((await rename(nickname)).body.data.nickname, nickname);
  }
});

test("a password is counted in characters after its spelling is made one", async (t) => {
  await using edge = await startAccounts();
  const sevenAsNfc = "a\u0308o\u0308u\u0308abc1"; // 10 units, 7 characters
  t.is((await byMail(edge, "short@example.org", { password: sevenAsNfc })).body.code, 10_110);
  const thirtyTwo = `${"🙂".repeat(30)}a1`; // 62 units
  t.is((await byMail(edge, "long@example.org", { password: thirtyTwo })).body.code, 0);
  t.is((await byMail(edge, "longer@example.org", { password: `${thirtyTwo}1` })).body.code, 10_110);
  const nfc = "pässwörd1".normalize("NFC");
  t.is((await byMail(edge, "nfd@example.org", { password: nfc.normalize("NFD") })).body.code, 0);
  t.is((await logIn(edge, { account: "nfd@example.org", verifyCode: "", password: nfc })).body.code, 0);
});

test("a guess costs one hash, also in a spelling that is not the usual one", async (t) => {
  let hashes = 0;
  const passwords = {
    hash: async (password: string) => password,
    async verify(password: string, hash?: string) {
      hashes += 1;
      return password === hash;
    },
  };
  await using edge = await startAccounts({ passwords });
  await register(edge);
  const guess = "a\u0308bcdefg1";
  t.is((await logIn(edge, { verifyCode: "", password: guess })).body.code, 10_103);
  t.is(hashes, 1);
});

test("of two who register at once with one account name, the loser has no account and may try again", async (t) => {
  await using edge = await startAccounts();
  for (let round = 0; round < 10; round += 1) {
    const account = `name${round}`;
    const emails = [`a${round}@example.org`, `b${round}@example.org`];
    const answers = await Promise.all(emails.map((email) => register(edge, { email, account, deviceId: email })));
    t.deepEqual(codes(answers).toSorted(), [0, 10_101]);
    const loser = emails[answers.findIndex(({ body }) => body.code !== 0)];
    t.is((await logIn(edge, { account: loser, verifyCode: "" })).body.code, 10_102, "no account was made");
    t.is((await register(edge, { email: loser, account: `${account}b` })).body.code, 0);
  }
});

test("an account name whose registration died half way is free again after a while", async (t) => {
  await using edge = await startAccounts();
  await edge.actors.get(Handle, "account:alice").reserve({ by: "email:lost@example.org" }, {});
  t.is((await register(edge)).body.code, 10_101, "the other registration may still be under way");
  t.is((await logIn(edge, { verifyCode: "", account: "alice" })).body.code, 10_102);
  edge.time.offsetMs = reservationMs;
  t.is((await register(edge)).body.data?.user.account, "alice");
  edge.time.offsetMs *= 2;
  t.is((await register(edge, { email: "bob@example.org" })).body.code, 10_101);
});

test("a registration whose second step is refused leaves the account name free", async (t) => {
  // Somebody else registers the same e-mail address while the password of this registration is hashed.
  const passwords = {
    async hash() {
      await somebodyElse();
      return "a hash";
    },
    verify: async () => false,
  };
  await using edge = await startAccounts({ passwords });
  const other = { nickname: "Bob", passwordHash: "", phone: "", email: alice.email, account: "" };
  const somebodyElse = () => edge.actors.get(Handle, `email:${alice.email}`).register(other, {});
  t.is((await register(edge)).body.code, 10_101);
  t.like(await edge.actors.get(Handle, "account:alice").find({}), { userId: undefined });
});
