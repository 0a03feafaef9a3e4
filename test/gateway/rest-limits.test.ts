// Behind one address stand many people: what one of them does wrong costs the others nothing.
import test from "ava";
import { createMemoryRateLimits } from "../../infra/memory/rate-limits.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { type Accounts, alice, logIn, register, startAccounts } from "./accounts-edge.ts";

const limited = () => startAccounts({ rateLimits: createMemoryRateLimits(systemClock) });
const bob = { email: "bob@example.org", account: "", deviceId: "bob" };

test("guesses at one account spend the account's own tries, and others behind the address log in", async (t) => {
  await using edge = await limited();
  await register(edge, bob);
  await register(edge);
  const guess = (n: number) => logIn(edge, { account: alice.email, verifyCode: "", password: `wrong${n}pass` });
  const guesses = await Promise.all(Array.from({ length: 60 }, (_, n) => guess(n)));
  const codes = guesses.map(({ body }) => body.code);
  t.true(codes.filter((code) => code === 10_103).length <= 10);
  t.true(codes.filter((code) => code === 9).length >= 50);
  for (let n = 0; n < 5; n += 1) {
    t.is((await logIn(edge, { ...bob, account: bob.email, verifyCode: "" })).body.code, 0);
  }
});

test("devices with dead refresh tokens that ask on and on take nothing from others behind the address", async (t) => {
  await using edge = await limited();
  const { refreshToken } = (await register(edge, bob)).body.data;
  const dead = Array.from({ length: 25 }, (_, n) => `${240_000_000_000_001 + n}.login-1.${"s".repeat(43)}`);
  const refresh = (token: string) => edge.ask("POST", "/api/v1/auth/refresh", { token });
  for (let round = 0; round < 8; round += 1) {
    const answers = await Promise.all(dead.map(refresh));
    for (const { body } of answers) t.true([10_106, 9].includes(body.code), `${body.code}`);
  }
  t.is((await logIn(edge, { ...bob, account: bob.email, verifyCode: "" })).body.code, 0);
  t.is((await refresh(refreshToken)).body.code, 10_106, "the login above replaced this one");
  const { data } = (await logIn(edge, { ...bob, account: bob.email, verifyCode: "" })).body;
  t.is((await refresh(data.refreshToken)).body.code, 0);
});

test("codes asked for one target, and resets of one account, leave those of others alone", async (t) => {
  await using edge = await limited();
  await register(edge, bob);
  const code = (email: string) => edge.ask("POST", "/api/v1/auth/code", { body: { email, purpose: "login" } });
  await Promise.all(Array.from({ length: 20 }, () => code("impatient@example.org")));
  t.is((await code(bob.email)).body.code, 0);
  const reset = (email: string, verifyCode: string) =>
    edge.ask("POST", "/api/v1/auth/password/reset", { body: { email, verifyCode, newPassword: "abcdefg2" } });
  await Promise.all(Array.from({ length: 20 }, () => reset("impatient@example.org", "000000")));
  t.is((await reset(bob.email, "123456")).body.code, 0);
});

/** Requests of a client at this address, through the one trusted proxy. */
function at(edge: Accounts, address: string) {
  const post = (path: string, change: object) =>
    edge.ask("POST", `/api/v1/auth/${path}`, {
      body: { ...alice, ...change },
      headers: { "x-forwarded-for": address },
    });
  return {
    register: () => post("register", {}),
    logIn: (change: object = {}) => post("login", { account: alice.email, verifyCode: "", ...change }),
    reset: (verifyCode: string) => post("password/reset", { verifyCode, newPassword: "abcdefg2" }),
  };
}
const behindProxy = () => startAccounts({ rateLimits: createMemoryRateLimits(systemClock), trustedProxies: 1 });
const codeOf = ({ body }: { body: { code: number } }) => body.code;

test("strangers who guess at an account do not lock out its owner, at a device or in a network that it knows", async (t) => {
  await using edge = await behindProxy();
  t.is(codeOf(await at(edge, "10.0.0.1").register()), 0);
  for (let n = 0; n < 30; n += 1) {
    await at(edge, `10.1.0.${n}`).logIn({ password: `wrong${n}pass`, deviceId: `stranger${n}` });
  }
  const stranger = await at(edge, "10.2.0.1").logIn({ deviceId: "new" });
  t.is(codeOf(stranger), 9, "the account has no tries left");
  t.is(codeOf(await at(edge, "10.0.0.1").logIn({ deviceId: "pad", deviceType: "Pad" })), 0, "at home, a new device");
  t.is(codeOf(await at(edge, "10.0.0.2").logIn()), 0, "the phone, at another address");
  const guesses = await Promise.all(
    Array.from({ length: 60 }, (_, n) => at(edge, "10.0.0.1").logIn({ password: `wrong${n}pass` })),
  );
  t.true(guesses.filter((answer) => codeOf(answer) !== 9).length <= 10, "who knows such a place guesses no faster");
});

test("strangers who try codes for an account do not use up the tries of its owner", async (t) => {
  await using edge = await behindProxy();
  await at(edge, "10.0.0.1").register();
  for (let n = 0; n < 30; n += 1) await at(edge, "10.1.0.1").reset("000000");
  t.is(codeOf(await at(edge, "10.1.0.1").reset("123456")), 9);
  t.is(codeOf(await at(edge, "10.0.0.1").reset("123456")), 0);
});
