// A user gets another phone number, e-mail address or account name.
import test from "ava";
import type { NameField } from "../../actors/user/contract.ts";
import { maxNameClaims, nameClaimMs } from "../../actors/user/names.ts";
import { LoneActor } from "../support/lone-actor.ts";
import { user } from "../support/user-behaviour.ts";

function newUser() {
  const alice = new LoneActor(user, "7");
  alice.run("create", { nickname: "Alice", phone: "+491", email: "a@x.org", account: "", atMs: alice.nowMs });
  return alice;
}
type Alice = ReturnType<typeof newUser>;
const released = (alice: Alice) => alice.told.filter(({ method }) => method === "release").map(({ key }) => key);
const begin = (alice: Alice, key: string) => alice.run("beginName", { key }).claimId;
const end = (alice: Alice, claimId: number, field: NameField, name: string, from: string, release: string[]) =>
  alice.run("endName", { claimId, change: { field, name, from, release } });

test("a new name stands in the profile, and every spelling of the old one is given up with the same record", (t) => {
  const alice = newUser();
  const claimId = begin(alice, "phone:+492");
  t.like(alice.ask("profile", {}), { phone: "+491" });
  const { version } = alice.ask("items", { sinceVersion: 0 });
  end(alice, claimId, "phone", "+492", "+491", ["phone:+491", "phone:01"]);
  t.deepEqual(released(alice), ["phone:+491", "phone:01"]);
  t.like(alice.ask("profile", {}), { phone: "+492", email: "a@x.org" });
  t.like(alice.notifications, [{ type: "user.profile_updated", data: { userId: "7", phone: "+492" } }]);
  t.like(alice.ask("items", { sinceVersion: version }).items, [{ type: "profile", profile: { phone: "+492" } }]);
  t.deepEqual(alice.state.nameClaims, []);
  t.is(user.due?.(alice.state), undefined);
});

test("a change that never ended gives its claim up in time, and not the name that the profile has", (t) => {
  const alice = newUser();
  begin(alice, "phone:+492");
  alice.nowMs += 1;
  begin(alice, "email:a@x.org");
  for (let n = 0; n <= alice.records.length; n += 1) t.deepEqual(alice.replayed(n), alice.state);
  alice.nowMs += nameClaimMs - 2;
  t.false(alice.wake());
  alice.nowMs += 1;
  t.true(alice.wake());
  t.deepEqual(released(alice), ["phone:+492"]);
  alice.nowMs += 1;
  t.true(alice.wake());
  t.deepEqual(released(alice), []);
  t.like(alice.ask("profile", {}), { phone: "+491", email: "a@x.org" });
});

test("a claim that was given up changes the profile no more", (t) => {
  const alice = newUser();
  const claimId = begin(alice, "phone:+492");
  alice.nowMs += nameClaimMs;
  alice.wake();
  t.throws(() => end(alice, claimId, "phone", "+492", "+491", ["phone:+491"]), { message: /Conflicts/ });
  t.like(alice.ask("profile", {}), { phone: "+491" });
});

test("of two changes at once the later one is refused, and what it claimed is free", (t) => {
  const alice = newUser();
  const [one, two] = [begin(alice, "phone:+492"), begin(alice, "phone:+493")];
  end(alice, one, "phone", "+492", "+491", ["phone:+491"]);
  t.throws(() => end(alice, two, "phone", "+493", "+491", ["phone:+491"]), { message: /Conflicts/ });
  alice.run("endName", { claimId: two });
  t.deepEqual(released(alice), ["phone:+493"]);
  t.like(alice.ask("profile", {}), { phone: "+492" });
});

test("the same change twice at once: the one that fails does not take the name from the other", (t) => {
  const alice = newUser();
  const [one, two] = [begin(alice, "account:al"), begin(alice, "account:al")];
  alice.run("endName", { claimId: one });
  t.deepEqual(released(alice), []);
  end(alice, two, "account", "al", "", []);
  t.like(alice.ask("profile", {}), { account: "al" });
  const [three, four] = [begin(alice, "account:al"), begin(alice, "account:al")];
  end(alice, three, "account", "al", "al", ["account:al"]);
  t.deepEqual(released(alice), []);
  alice.run("endName", { claimId: four });
  t.deepEqual(released(alice), []);
});

test("changes at once are bounded", (t) => {
  const alice = newUser();
  for (let n = 0; n < maxNameClaims; n += 1) begin(alice, `account:a${n}`);
  t.throws(() => begin(alice, "account:z"), { message: /Too many/ });
  alice.nowMs += nameClaimMs;
  t.true(alice.wake());
  t.is(released(alice).length, maxNameClaims);
  begin(alice, "account:z");
});
