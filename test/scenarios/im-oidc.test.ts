// Login by OpenID Connect at a real provider: whose account it is, and what is refused.
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { type Answered, type Claims, type OidcIssuer, redirectUri, startOidcIssuer } from "../support/oidc-issuer.ts";
import { callApi, Person } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";

let issuer: OidcIssuer;
let chat: TestNode;
test.before(async () => {
  issuer = await startOidcIssuer();
  chat = await startTestNode({ env: issuer.env });
});
test.after.always(async () => {
  await chat?.close();
  await issuer?.[Symbol.asyncDispose]();
});

const device = { deviceType: "Web", deviceId: "browser" };
const ask = (path: string, body: unknown, at: { port: number } = chat, token?: string) =>
  callApi(at.port, "POST", `/auth/oidc/${path}`, { body, token });
let subjects = 0;
/** A new account at the provider. */
function enroll(claims: Claims, at = issuer): string {
  const subject = `subject-${process.pid}-${++subjects}`;
  at.accounts.set(subject, claims);
  return subject;
}
async function begin(at: { port: number } = chat): Promise<{ url: string; state: string }> {
  const { data } = await ask("start", { redirectUri }, at);
  return data as { url: string; state: string };
}
async function signedIn(subject: string, at: { port: number } = chat, by = issuer): Promise<Answered> {
  const { url, state } = await begin(at);
  const answered = await by.signIn(url, subject);
  if (answered.state !== state) throw new Error("the provider changed the state");
  return answered;
}
const enter = async (subject: string, more: object = {}) =>
  ask("login", { ...(await signedIn(subject)), ...device, ...more });

test("a user who is new here gets an account, and comes back to it", async (t) => {
  const subject = enroll({ email: `Zoe.${process.pid}@example.test`, email_verified: true, name: "Zoë  Müller" });
  const first = await enter(subject, { deviceName: "Firefox" });
  t.like(first, { status: 200, code: 0, data: { isNewUser: true } });
  t.like(first.data.user, { nickname: "Zoë Müller", email: `zoe.${process.pid}@example.test` });
  const me = await callApi(chat.port, "GET", "/users/me", { token: String(first.data.accessToken) });
  t.is(me.data.userId, first.data.userId);
  issuer.accounts.set(subject, { email: "other@example.test", email_verified: true, name: "Another" });
  const second = await enter(subject);
  t.like(second.data, { userId: first.data.userId, isNewUser: false, user: { nickname: "Zoë Müller" } });
  const devices = await callApi<{ devices: { deviceName: string }[] }>(chat.port, "GET", "/auth/devices", {
    token: String(second.data.accessToken),
  });
  t.is(devices.data.devices.length, 1, "the same device replaces its own login");
});

test("the address of the provider carries PKCE and a nonce, and the verifier stays here", async (t) => {
  const { url, state } = await begin();
  const { searchParams: given, origin } = new URL(url);
  t.is(origin, issuer.url);
  t.like(Object.fromEntries(given), { response_type: "code", code_challenge_method: "S256", state });
  t.is(given.get("code_challenge")?.length, 43);
  t.true((given.get("nonce")?.length ?? 0) >= 32);
  t.not((await begin()).state, state);
  t.like(await ask("start", { redirectUri: "https://evil.example.test/" }), { status: 400, code: 1 });
});

test("a verified address links to the account that has it here; an unverified one never does", async (t) => {
  const ana = await Person.registers(chat, "ana");
  const unverified = await enter(enroll({ email: ana.email, email_verified: false }));
  t.like(unverified.data, { isNewUser: true, user: { email: "" } });
  t.not(unverified.data.userId, ana.userId);
  const silent = await enter(enroll({ email: ana.email }));
  t.like(silent.data, { isNewUser: true, user: { email: "" } });
  const subject = enroll({ email: ana.email.toUpperCase(), email_verified: true });
  const linked = await enter(subject);
  t.like(linked.data, { userId: ana.userId, isNewUser: false });
  t.is((await ana.gets("/users/me")).code, 0, "her other devices stay");
  const text = enroll({ email: ana.email, email_verified: "true" as unknown as boolean });
  t.not((await enter(text)).data.userId, ana.userId, "only the claim itself counts");
});

test("an address that nobody proved here is not linked to", async (t) => {
  const email = `claimed.${process.pid}@example.test`;
  const body = { username: `claimed_${process.pid}`, email, password: "Passw0rd1" };
  const answer = await fetch(`http://127.0.0.1:${chat.port}/api/users`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  t.true(answer.ok, "a registration of a surface proves no address");
  const { data } = await enter(enroll({ email, email_verified: true }));
  t.like(data, { isNewUser: true, user: { email, account: "" } });
});

test("two accounts are never merged: an identity stays where it is, whatever its address becomes", async (t) => {
  const bo = await Person.registers(chat, "bo");
  const subject = enroll({});
  const first = await enter(subject);
  t.like(first.data, { isNewUser: true });
  issuer.accounts.set(subject, { email: bo.email, email_verified: true });
  t.is((await enter(subject)).data.userId, first.data.userId);
  const link = async (token: string) => ask("link", await signedIn(subject), chat, token);
  t.like(await link(bo.token), { status: 409, code: 10101 });
  t.is((await enter(subject)).data.userId, first.data.userId);
});

test("a logged-in user links an identity, once or twice, and logs in by it", async (t) => {
  const cy = await Person.registers(chat, "cy");
  const subject = enroll({ email: "somebody@else.test", email_verified: true });
  for (const _ of [1, 2]) t.like(await ask("link", await signedIn(subject), chat, cy.token), { code: 0, data: null });
  t.like((await enter(subject)).data, { userId: cy.userId, isNewUser: false });
  t.like(await ask("link", await signedIn(subject)), { status: 401 });
});

test("of many first logins of one person at once, all come to one account", async (t) => {
  for (const claims of [{ email: `twins.${process.pid}@example.test`, email_verified: true }, {}]) {
    const subject = enroll(claims);
    const answered: Answered[] = [];
    for (const _ of [1, 2, 3, 4]) answered.push(await signedIn(subject));
    const entered = await Promise.all(
      answered.map((each, n) => ask("login", { ...each, ...device, deviceId: `d${n}` })),
    );
    t.deepEqual(
      entered.map(({ code }) => code),
      [0, 0, 0, 0],
    );
    t.is(new Set(entered.map(({ data }) => data.userId)).size, 1);
    t.is(entered.filter(({ data }) => data.isNewUser).length, 1);
  }
});

test("a state works once, only for its own code, and only if it was made here", async (t) => {
  const subject = enroll({});
  const used = await signedIn(subject);
  t.is((await ask("login", { ...used, ...device })).code, 0);
  t.like(await ask("login", { ...used, ...device }), { status: 400, code: 10108 });
  const [one, two] = [await signedIn(subject), await signedIn(subject)];
  t.is((await ask("login", { ...one, code: two.code, ...device })).code, 10108, "another attempt's code");
  t.is((await ask("login", { ...one, ...device })).code, 10108, "the state was used by the try");
  t.is((await ask("login", { ...two, code: "nonsense", ...device })).code, 10108);
  const forged = await signedIn(subject);
  for (const state of ["nonsense", `${forged.state}x`, forged.state.slice(0, -2)]) {
    t.is((await ask("login", { ...forged, state, ...device })).code, 10108);
  }
  const twice = await signedIn(subject);
  const racing = await Promise.all([1, 2, 3, 4].map(() => ask("login", { ...twice, ...device })));
  t.is(racing.filter(({ code }) => code === 0).length, 1);
});

test("an answer that names another issuer, or none, is refused", async (t) => {
  await using evil = await startOidcIssuer();
  const subject = enroll({});
  const mixedUp = await signedIn(subject);
  t.is((await ask("login", { ...mixedUp, iss: evil.url, ...device })).code, 10108);
  const { iss: _, ...without } = await signedIn(subject);
  t.is((await ask("login", { ...without, ...device })).code, 10108, "this provider always names itself");
  const { url, state } = await begin();
  const elsewhere = await evil.signIn(url.replace(issuer.url, evil.url), enroll({}, evil));
  t.is((await ask("login", { ...elsewhere, state, iss: issuer.url, ...device })).code, 10108, "a code of another one");
});

test("a code that has expired at the provider is refused", async (t) => {
  await using brief = await startOidcIssuer({ codeLifeS: 1 });
  await using node = await startTestNode({ env: brief.env });
  const answered = await signedIn(enroll({}, brief), node, brief);
  await eventually(async () => (await brief.provider.AuthorizationCode.find(answered.code))?.isExpired !== false);
  t.is((await ask("login", { ...answered, ...device }, node)).code, 10108);
});

test("without a provider, or while it cannot be reached, the login is unavailable and others work", async (t) => {
  await using without = await startTestNode();
  t.like(await ask("start", { redirectUri }, without), { status: 503, code: 6 });
  t.like(await ask("login", { code: "c", state: "s", ...device }, without), { status: 503, code: 6 });
  const { env, ...gone } = await startOidcIssuer();
  await using closed = await startTestNode({ env: { ...env, OUTBOUND_ALLOW: "" } });
  t.like(await ask("start", { redirectUri }, closed), { status: 503, code: 6 }, "the guard closes this machine");
  await gone[Symbol.asyncDispose]();
  await using alone = await startTestNode({ env });
  t.like(await ask("start", { redirectUri }, alone), { status: 503, code: 6 });
  t.is((await (await Person.registers(alone, "dora")).gets("/users/me")).code, 0);
});

test("a wrong device or missing fields are refused before the state is used", async (t) => {
  const answered = await signedIn(enroll({}));
  for (const wrong of [
    { deviceType: "toaster" },
    { deviceId: "" },
    { code: "" },
    { state: "" },
    { deviceName: "\u202e" },
  ]) {
    t.like(await ask("login", { ...answered, ...device, ...wrong }), { status: 400, code: 1 }, JSON.stringify(wrong));
  }
  t.is((await ask("login", { ...answered, ...device })).code, 0);
});
