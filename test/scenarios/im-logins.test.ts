// Where a user is logged in: devices and their names, the history of logins, logins that give way, and unusual ones.
import test from "ava";
import { callApi, Person } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";
import { isOf } from "../support/test-device.ts";

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode({ env: { TRUSTED_PROXIES: "1" } });
});
test.after.always(() => chat.close());

type Row = Record<string, unknown>;
type Page = { logins: Row[]; cursor: string | null };
const login = (person: Person, device: object, ip = "192.0.2.1", at: { port: number } = chat) =>
  callApi(at.port, "POST", "/auth/login", {
    body: { account: person.email, password: person.password, ...device },
    headers: { "x-forwarded-for": ip },
  });
const reasons = ({ logins }: Page) => logins.map(({ deviceId, endReason }) => [deviceId, endReason]);

test("a device shows its name and the version of its client, and hidden characters in them are refused", async (t) => {
  const ana = await Person.registers(chat, "ana");
  const names = { deviceName: "Ana’s 手机 📱", clientVersion: "3.2.1 (beta)" };
  t.is((await login(ana, { deviceType: "iOS", deviceId: "phone", ...names })).code, 0);
  const { data } = await ana.gets<{ devices: Row[] }>("/auth/devices");
  t.like(
    data.devices.find(({ deviceId }) => deviceId === "phone"),
    { ...names, deviceType: "iOS", isCurrent: false },
  );
  t.like(
    data.devices.find(({ isCurrent }) => isCurrent),
    { deviceName: "", clientVersion: "" },
  );
  for (const wrong of [
    { deviceName: "a".repeat(65) },
    { clientVersion: "1".repeat(33) },
    { deviceName: "phone\u202e" },
    { deviceName: "nul\u0000" },
    { clientVersion: "\u200b1" },
    { deviceName: 7 },
  ]) {
    const refused = await login(ana, { deviceType: "iOS", deviceId: "phone", ...wrong });
    t.deepEqual([refused.status, refused.code], [400, 1], JSON.stringify(wrong));
  }
});

test("the history shows how each login ended, page by page, over a restart", async (t) => {
  await using node = await startTestNode();
  const bo = await Person.registers(node, "bo");
  const first = await bo.logsIn("iOS", "phone-1");
  await bo.logsIn("Android", "phone-2");
  await bo.logsIn("Web", "browser");
  t.is((await bo.deletes("/auth/devices/browser")).code, 0);
  await bo.logsIn("Pad", "pad");
  await bo.posts("/auth/password/change", { oldPassword: bo.password, newPassword: "Passw0rd2" });
  const expected = [
    ["pad", "password_changed"],
    ["browser", "logout"],
    ["phone-2", "password_changed"],
    ["phone-1", "multi_login"],
    ["bo-desk", ""],
  ];
  const { data: all } = await bo.gets<Page>("/auth/logins");
  t.deepEqual(reasons(all), expected);
  t.is(all.cursor, null);
  t.like(all.logins.at(-1), { isCurrent: true, endedAt: 0, deviceType: "PC" });
  t.true(all.logins.slice(0, -1).every(({ endedAt, createdAt }) => Number(endedAt) >= Number(createdAt)));
  await node.restart();
  const pages: Row[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const { data }: { data: Page } = await bo.gets<Page>(`/auth/logins?limit=2&cursor=${cursor}`);
    t.true(data.logins.length <= 2);
    pages.push(...data.logins);
    cursor = data.cursor;
  }
  t.deepEqual(reasons({ logins: pages, cursor: null }), expected);
  for (const query of ["cursor=nonsense", "limit=0", "limit=101", "limit=x"]) {
    t.like(await bo.gets(`/auth/logins?${query}`), { status: 400, code: 1 }, query);
  }
  t.is((await callApi(node.port, "GET", "/auth/logins", { token: first.token })).status, 401);
});

test("a login on a new device from a new network is shown to the user's other devices", async (t) => {
  const cy = await Person.registers(chat, "cy");
  t.is((await login(cy, { deviceType: "PC", deviceId: cy.deviceId }, "198.51.100.7")).code, 0);
  t.is((await login(cy, { deviceType: "Pad", deviceId: "pad" }, "198.51.100.8")).code, 0);
  const relogged = await login(cy, { deviceType: "PC", deviceId: cy.deviceId }, "198.51.100.7");
  cy.token = String(relogged.data.accessToken);
  const desk = await cy.connects();
  const thief = { deviceType: "Web", deviceId: "thief", deviceName: "Firefox" };
  const entered = await login(cy, thief, "203.0.113.9");
  const seen = await desk.sees("NOTIFICATION", isOf("auth.unusual_login"));
  t.like(seen.data, { deviceId: "thief", deviceType: "Web", deviceName: "Firefox", ip: "203.0.113.9" });
  const browser = await cy.opens({ token: String(entered.data.accessToken), deviceId: "thief", platform: "Web" });
  t.is((await login(cy, { deviceType: "Pad", deviceId: "pad" }, "203.0.114.1")).code, 0);
  t.is((await login(cy, { deviceType: "iOS", deviceId: "phone" }, "2001:db8:1::1")).code, 0);
  await browser.sees("NOTIFICATION", ({ data }) => data.type === "auth.unusual_login" && data.deviceId === "phone");
  t.deepEqual(
    browser.seen("NOTIFICATION", isOf("auth.unusual_login")).map(({ data }) => data.deviceId),
    ["phone"],
  );
});

test("KICK_PRESET: refuse_new answers 010115, and a stricter preset takes hold at the next login after a restart", async (t) => {
  const env: Record<string, string> = { KICK_PRESET: "refuse_new" };
  await using node = await startTestNode({ env });
  const di = await Person.registers(node, "di");
  const second = await login(di, { deviceType: "iOS", deviceId: "phone" }, "192.0.2.1", node);
  t.like(second, { status: 403, code: 10115, codeStr: "010115" });
  t.is((await login(di, { deviceType: "PC", deviceId: di.deviceId }, "192.0.2.1", node)).code, 0);
  env.KICK_PRESET = "unlimited";
  await node.restart();
  for (const n of [1, 2, 3]) {
    t.is((await login(di, { deviceType: "iOS", deviceId: `phone-${n}` }, "192.0.2.1", node)).code, 0);
  }
  const kept = await login(di, { deviceType: "Android", deviceId: "phone-4" }, "192.0.2.1", node);
  di.token = String(kept.data.accessToken);
  t.is((await di.gets<{ devices: Row[] }>("/auth/devices")).data.devices.length, 5);
  env.KICK_PRESET = "single";
  await node.restart();
  t.is((await di.gets<{ devices: Row[] }>("/auth/devices")).data.devices.length, 5, "a restart kicks nobody");
  const last = await login(di, { deviceType: "Web", deviceId: "browser" }, "192.0.2.1", node);
  t.is((await di.gets("/auth/devices")).code, 10104);
  di.token = String(last.data.accessToken);
  t.deepEqual(
    (await di.gets<{ devices: Row[] }>("/auth/devices")).data.devices.map(({ deviceId }) => deviceId),
    ["browser"],
  );
});
