// What a route cannot do is refused with a code of its own, and nothing of a request is dropped in silence.
import test from "ava";
import { aliceId, aliceProfile, bobId, pair, startEdge } from "./rest-edge.ts";

const groupId = "250000000000000";
const settings = { userId: aliceId, language: "en", soundEnabled: false };

test("an unknown address, a wrong method and a forbidden act each have their own code", async (t) => {
  await using edge = await startEdge();
  const token = edge.tokenOf(aliceId);
  const nowhere = await edge.ask("GET", "/api/v1/nothing", { token });
  t.like(nowhere, { status: 404, body: { code: 11, codeStr: "000011" } });
  const wrong = await edge.ask("DELETE", "/api/v1/users/me", { token });
  t.like(wrong, { status: 405, body: { code: 12, codeStr: "000012" } });
  t.true(["GET", "PUT"].every((method) => wrong.body.data.allowed.includes(method)));
  t.is(wrong.headers.get("allow"), wrong.body.data.allowed.join(", "));
  const large = await edge.ask("PUT", "/api/v1/users/me", { token, body: { signature: "x".repeat(200_000) } });
  t.like(large, { status: 413, body: { code: 13, codeStr: "000013" } });
});

test("a setting that does not exist is refused, and the others are left as they are", async (t) => {
  await using edge = await startEdge({ "user.updateSettings": ({ input }) => input.patch });
  const token = edge.tokenOf(aliceId);
  const put = (body: object) => edge.ask("PUT", "/api/v1/users/settings", { token, body });
  const refused = await put({ soundEnabled: false, friendVerify: false });
  t.like(refused, { status: 400, body: { code: 20_107, data: [{ field: "friendVerify" }] } });
  t.deepEqual(edge.callsOf("user.updateSettings"), []);
  t.is((await put(settings)).body.code, 0, "the settings as they were answered are taken back");
  t.deepEqual(edge.callsOf("user.updateSettings")[0]?.input.patch, { language: "en", soundEnabled: false });
});

/** The caller has no own name for the group. */
const noRemark = { "user.entry": () => ({ deleted: [], remark: "" }) };

test("a group setting that is not supported is refused", async (t) => {
  await using edge = await startEdge({ "conversation.updateGroup": () => ({ groupId }), ...noRemark });
  const token = edge.tokenOf(aliceId);
  const put = (body: object) => edge.ask("PUT", `/api/v1/groups/${groupId}/settings`, { token, body });
  t.like(await put({ allowEverything: false }), {
    status: 400,
    body: { code: 20_107, data: [{ field: "allowEverything" }] },
  });
  t.is((await put({ joinVerify: true })).body.code, 0);
});

test("a profile or a group is not changed by a field that does not exist, but by one that was answered", async (t) => {
  const group = { groupId, ownerId: aliceId, memberCount: 2, name: "Hikers" };
  await using edge = await startEdge({
    "user.updateProfile": () => aliceProfile,
    "conversation.updateGroup": () => group,
    ...noRemark,
  });
  const token = edge.tokenOf(aliceId);
  for (const [path, answered] of [
    ["/users/me", { userId: aliceId, email: aliceProfile.email, createdAt: 1, nickname: "Alice" }],
    [`/groups/${groupId}`, { ...group, myRole: "owner" }],
    [`/groups/${groupId}/settings`, { ...group, myRole: "owner" }],
  ] as const) {
    const put = (body: object) => edge.ask("PUT", `/api/v1${path}`, { token, body });
    const refused = await put({ nick: "Al" });
    t.like(refused, { status: 400, body: { data: [{ field: "nick", expected: "no such field" }] } }, path);
    t.is((await put(answered)).body.code, 0, path);
  }
  t.deepEqual(
    edge.calls.filter(({ method }) => method.includes("update")).map(({ input }) => input.patch),
    [{ nickname: "Alice" }, { name: "Hikers" }, { name: "Hikers" }],
  );
});

test("a query parameter that a route does not have is refused", async (t) => {
  await using edge = await startEdge({ "user.profile": () => aliceProfile });
  const token = edge.tokenOf(aliceId);
  for (const [path, field] of [
    ["/users/me?verbose=1", "verbose"],
    ["/sessions?limits=5", "limits"],
    [`/groups/${groupId}/members?sort=name`, "sort"],
  ]) {
    const { status, body } = await edge.ask("GET", `/api/v1${path}`, { token });
    t.deepEqual([status, body.code, body.data], [400, 1, [{ field, expected: "no such parameter" }]]);
  }
  t.is((await edge.ask("GET", "/api/v1/users/me", { token })).body.code, 0);
});

test("members are found by a part of their names", async (t) => {
  const members = [
    { userId: aliceId, role: "owner", groupNickname: "", joinedAtMs: 1, mutedUntilMs: 0 },
    { userId: bobId, role: "member", groupNickname: "Bobby T.", joinedAtMs: 2, mutedUntilMs: 0 },
  ];
  await using edge = await startEdge(
    {
      "conversation.members": ({ input }) => ({
        total: members.length,
        members: members.slice(input.from.offset, input.from.offset + input.limit),
        hasMore: false,
      }),
    },
    {
      directory: {
        findMany: async () =>
          new Map([
            [aliceId, { nickname: "Alice", avatar: "" }],
            [bobId, { nickname: "bob", avatar: "" }],
          ]),
        searchMembers: async () => ({ known: 0, total: 0, userIds: [] }),
      },
    },
  );
  const token = edge.tokenOf(aliceId);
  const find = async (keyword: string) => {
    const path = `/api/v1/groups/${groupId}/members?keyword=${encodeURIComponent(keyword)}`;
    const { body } = await edge.ask("GET", path, { token });
    return body.data.members.map(({ userId }: { userId: string }) => userId);
  };
  t.deepEqual(await find("LIC"), [aliceId]);
  t.deepEqual(await find("bobby"), [bobId]);
  t.deepEqual(await find("ＢＯＢ"), [bobId]);
  t.deepEqual(await find("zzz"), []);
});

test("an acknowledgement of no message has nothing to do", async (t) => {
  await using edge = await startEdge();
  const body = { sessionId: pair, messageIds: [] };
  const answer = await edge.ask("POST", "/api/v1/messages/ack", { token: edge.tokenOf(aliceId), body });
  t.like(answer, { status: 200, body: { code: 0, data: null } });
});
