// Behind one address stand many people: what one of them does wrong costs the others nothing.
import test from "ava";
import { createMemoryRateLimits } from "../../infra/memory/rate-limits.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { alice, logIn, register, startAccounts } from "./accounts-edge.ts";

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
