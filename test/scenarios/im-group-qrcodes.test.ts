// QR codes of groups: members show them; a user who scans one sees the group and joins by its rules.
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { people } from "../support/people.ts";
import type { Person } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode();
});
test.after.always(() => chat.close());

interface Code {
  code: string;
  content: string;
  qrcodeUrl: string;
  expiresAt: number;
}

async function groupOf(owner: Person, member: Person, joinVerify: boolean): Promise<string> {
  const made = await owner.posts("/groups", { name: "Hikers", memberIds: [member.userId], joinVerify });
  return String(made.data.groupId);
}
const codeOf = async (person: Person, groupId: string) => (await person.gets<Code>(`/groups/${groupId}/qrcode`)).data;

test("members show the group's code, whoever scans it sees the group, and it has a picture", async (t) => {
  const [owner, member, guest] = await people(chat, "owner", "member", "guest");
  const groupId = await groupOf(owner, member, true);
  const made = await codeOf(member, groupId);
  t.true(made.content.includes(made.code));
  t.is((await codeOf(owner, groupId)).code, made.code, "one code for all members");
  t.like(await guest.gets(`/groups/${groupId}/qrcode`), { status: 403, code: 40105 });
  t.deepEqual((await guest.gets(`/groups/qrcode/${made.code}`)).data, {
    ...{ groupId, name: "Hikers", avatar: "", memberCount: 2, joinVerify: true, isMember: false },
  });
  t.like((await member.gets(`/groups/qrcode/${made.code}`)).data, { isMember: true });
  const picture = await fetch(made.qrcodeUrl);
  t.is(picture.status, 200);
  t.is(picture.headers.get("content-type"), "image/png");
});

test("joining by a code follows the group's rules, and a member does not join twice", async (t) => {
  const [owner, member, guest] = await people(chat, "owner", "member", "guest");
  const closed = await groupOf(owner, member, true);
  const open = await groupOf(owner, member, false);
  const [ofClosed, ofOpen] = [await codeOf(owner, closed), await codeOf(owner, open)];
  const asked = await guest.posts(`/groups/qrcode/${ofClosed.code}/join`, { message: "from the poster" });
  t.like(asked.data, { groupId: closed, needVerify: true });
  const { requests } = (await owner.gets<{ requests: object[] }>(`/groups/${closed}/requests`)).data;
  t.like(requests, [{ requestId: asked.data.requestId, userId: guest.userId, message: "from the poster" }]);
  t.deepEqual((await guest.posts(`/groups/qrcode/${ofOpen.code}/join`)).data, {
    ...{ groupId: open, needVerify: false, requestId: null },
  });
  t.like(await guest.posts(`/groups/qrcode/${ofOpen.code}/join`), { status: 409, code: 40106 });
});

test("a code that was replaced, never was, or whose group is dissolved admits nobody", async (t) => {
  const [owner, member, guest] = await people(chat, "owner", "member", "guest");
  const groupId = await groupOf(owner, member, false);
  const old = await codeOf(owner, groupId);
  t.like(await member.posts(`/groups/${groupId}/qrcode/refresh`), { status: 403, code: 40108 });
  const next = (await owner.posts<Code>(`/groups/${groupId}/qrcode/refresh`)).data;
  const forged = `${next.code.slice(0, -4)}0000`;
  const ofUser = (await owner.gets<Code>("/users/me/qrcode")).data.code;
  for (const code of [old.code, forged, ofUser, "nonsense", `g4711-${"0".repeat(32)}`]) {
    t.like(await guest.gets(`/groups/qrcode/${code}`), { status: 404, code: 20105 }, code);
    t.like(await guest.posts(`/groups/qrcode/${code}/join`), { status: 404, code: 20105 }, code);
  }
  t.is((await guest.gets(`/groups/qrcode/${next.code}`)).code, 0);
  await owner.deletes(`/groups/${groupId}`);
  t.like(await guest.gets(`/groups/qrcode/${next.code}`), { status: 410, code: 40102 });
  t.like(await guest.posts(`/groups/qrcode/${next.code}/join`), { status: 410, code: 40102 });
});

test("a code past its time says so, also after the next one was made", async (t) => {
  await using node = await startTestNode({ env: { QRCODE_MS: "1000" } });
  const [owner, member, guest] = await people(node, "owner", "member", "guest");
  const groupId = await groupOf(owner, member, false);
  const { code } = await codeOf(owner, groupId);
  await eventually(async () => (await guest.gets(`/groups/qrcode/${code}`)).code === 40117);
  t.is((await guest.gets(`/groups/qrcode/${code}`)).status, 410);
  t.not((await codeOf(owner, groupId)).code, code);
  t.like(await guest.posts(`/groups/qrcode/${code}/join`), { status: 410, code: 40117 });
});
