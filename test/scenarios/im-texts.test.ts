// Every text that a client may send, on every route and in every frame: signs that break programs, lengths at the limit, and
// ids that are none. The routes and frames are read from their tables, so that a new one is tested from its first day.
import test from "ava";
import { routes } from "../../gateway/rest/routes.ts";
import type { Field } from "../../gateway/wire/shapes/fields.ts";
import { clientFrames } from "../../gateway/ws/frames.ts";
import { frameShapes } from "../../gateway/ws/wire/frame-shapes.ts";
import { PoisonedWorld } from "../support/fuzz/poisoned-world.ts";
import { inputWith, type TextPlace, textPlaces } from "../support/fuzz/text-places.ts";
import type { Envelope } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode({ limits: { maxMalformedFrames: 10_000 } });
});
test.after.always(() => chat.close());

type Row = Record<string, unknown>;
const broken = { "a lone half": "a\ud800b", "a reversed pair": "\udc00\ud800" };
const whole = {
  ...{ NUL: "a\u0000b", "a byte order mark": "na\ufeffme", "bidi overrides": "\u202etxet\u2066" },
  ...{ "combining marks": `e${"\u0301".repeat(10_000)}`, family: "👨‍👩‍👧‍👦", "key of Object": "__proto__" },
};
const fieldOf = ({ path }: TextPlace) => path.filter((key) => typeof key === "string").join(".");
const isRefusal = (status: number) => status >= 400 && status < 500;
/** No media server is configured, and no issuer of logins. */
const isUnavailable = (path: string, status: number) => status === 503 && /^\/(calls|rtc|auth\/oidc)/.test(path);
const bodies = routes.filter(({ body, signedBody }) => body && !signedBody);

test("texts that break programs are refused or kept, on every route, and everybody is served on", async (t) => {
  const world = await PoisonedWorld.starts(chat);
  const problems: string[] = [];
  for (const route of bodies) {
    const shape = route.body!.shape;
    for (const place of textPlaces(shape)) {
      await Promise.all(
        Object.entries({ ...broken, ...whole }).map(async ([what, text]) => {
          const body = inputWith(shape, place, text, world.known(route.path));
          const answer = await world.asks(route, world.addressOf(route.path), body);
          const title = `${route.method} ${route.path} ${fieldOf(place)}: ${what}: ${answer.status} ${JSON.stringify(answer)}`;
          if (answer.status >= 500 && !isUnavailable(route.path, answer.status)) problems.push(title);
          if (!(what in broken)) return;
          if (answer.status !== 400 || (answer.data as Row).field !== place.path.join(".")) problems.push(title);
        }),
      );
    }
  }
  t.deepEqual(problems, []);
  await isServed(world);
});

test("queries and addresses with odd signs are refused or find nothing", async (t) => {
  const world = await PoisonedWorld.starts(chat);
  const odd = ["%00", "a%00b", "%ED%A0%80", "%C0%80", "%F4%90%80%80", "%EF%BB%BF", "%E2%80%AE", "%CC%81".repeat(500)];
  const problems: string[] = [];
  for (const route of routes) {
    const address = world.addressOf(route.path);
    for (const place of textPlaces(route.query?.shape ?? {})) {
      for (const text of odd) {
        const answer = await world.asks(route, `${address}?${place.path[0]}=${text}`, {}).catch((error) => error);
        if (!(answer.status < 500) && !isUnavailable(route.path, answer.status)) {
          problems.push(
            `${route.method} ${route.path} ${fieldOf(place)}: ${text.slice(0, 20)}: ${answer.status} ${answer}`,
          );
        }
      }
    }
  }
  t.deepEqual(problems, []);
});

test("an id that is none names nothing, on every route", async (t) => {
  const world = await PoisonedWorld.starts(chat);
  const odd = ["9223372036854775808", "-1", "1.5", "1e3", "%D9%A1%D9%A2%D9%A3", "%00", "%ED%A0%80", "0", "00", "+1"];
  const problems: string[] = [];
  // A device has the id that its client chose, and ending an unknown login is done already.
  for (const route of routes.filter(({ path }) => path.includes(":") && path !== "/auth/devices/:id")) {
    for (const id of odd) {
      const [first = ""] = route.path.match(/:\w+/) ?? [];
      const address = world.addressOf(route.path.replace(first, id));
      const body = route.body ? inputWith(route.body.shape, { path: [], max: 0 }, "", world.known(route.path)) : {};
      const answer = await world
        .asks(route, address, body)
        .catch((error: Error) => ({ status: 0, message: error.message }));
      if (!isRefusal(answer.status))
        problems.push(`${route.method} ${route.path} ${id}: ${answer.status} ${JSON.stringify(answer)}`);
    }
  }
  t.deepEqual(problems, []);
});

test("an id is a text: a number in its place is refused by every route and frame", async (t) => {
  const world = await PoisonedWorld.starts(chat);
  const problems: string[] = [];
  for (const route of bodies) {
    for (const place of textPlaces(route.body!.shape).filter(({ max }) => max !== undefined)) {
      const body = inputWith(route.body!.shape, place, 4711, world.known(route.path));
      const answer = await world.asks(route, world.addressOf(route.path), body);
      if (answer.status !== 400) problems.push(`${route.method} ${route.path} ${fieldOf(place)}: ${answer.status}`);
    }
  }
  t.deepEqual(problems, []);
});

test("a text has one limit in code points: at the limit each script is taken alike, and one more is refused", async (t) => {
  const world = await PoisonedWorld.starts(chat);
  const problems: string[] = [];
  const scripts = { ascii: "a", cjk: "字", emoji: "😀", quotes: '"' };
  for (const route of bodies) {
    for (const place of textPlaces(route.body!.shape)) {
      const { max } = place;
      // An account is made of letters, digits and a few signs.
      if (max === undefined || fieldOf(place) === "account") continue;
      const field = place.path
        .map((key) => (key === 0 ? "[0]" : `.${key}`))
        .join("")
        .slice(1);
      const taken = new Set<boolean>();
      for (const sign of Object.values(scripts)) {
        const asks = (count: number) =>
          world.asks(
            route,
            world.addressOf(route.path),
            inputWith(route.body!.shape, place, sign.repeat(count), world.known(route.path)),
          );
        taken.add((await asks(max)).code !== 1);
        const over = await asks(max + 1);
        if (over.status === 400 && JSON.stringify(over).includes(`"field":"${field}"`)) continue;
        problems.push(`${route.method} ${route.path} ${field}: ${sign}: ${max} + 1: ${JSON.stringify(over)}`);
      }
      if (taken.size > 1) problems.push(`${route.method} ${route.path} ${field}: one script of ${max} is refused`);
    }
  }
  t.deepEqual(problems, []);
});

test("a text that was taken comes back as it was written", async (t) => {
  const world = await PoisonedWorld.starts(chat);
  const { ana, bo, groupId, circleId } = world;
  const group = `/groups/${groupId}`;
  const ways: Record<string, [(text: string) => Promise<Envelope>, () => Promise<Envelope>]> = {
    "group name": [(name) => ana.puts(group, { name }), () => bo.gets(group)],
    announcement: [(text) => ana.puts(`${group}/announcement`, { announcement: text }), () => bo.gets(group)],
    "nickname in the group": [
      (nickname) => ana.puts(`${group}/nickname`, { nickname }),
      () => bo.gets(`${group}/members`),
    ],
    "remark of the group": [(remark) => ana.puts(`${group}/remark`, { remark }), () => ana.gets(group)],
    "remark of a friend": [
      (remark) => ana.puts(`/friends/${bo.userId}/remark`, { remark }),
      () => ana.gets("/friends"),
    ],
    circle: [(name) => ana.puts(`/friends/groups/${circleId}`, { name }), () => ana.gets("/friends/groups")],
    signature: [(signature) => ana.puts("/users/me", { signature }), () => ana.gets("/users/me")],
    nickname: [(nickname) => ana.puts("/users/me", { nickname }), () => ana.gets("/users/me")],
    message: [
      (content) => ana.posts("/messages", { sessionId: `g_${groupId}`, contentType: "text", content }),
      () => bo.gets(`/messages/history?sessionId=g_${groupId}&limit=100`),
    ],
    "keys of a custom message": [
      (text) =>
        ana.posts("/messages", { sessionId: `g_${groupId}`, contentType: "custom", content: { [`k${text}`]: text } }),
      () => bo.gets(`/messages/history?sessionId=g_${groupId}&limit=100`),
    ],
  };
  const harmless = { emoji: "a 😀 b", Arabic: "مرحبا", quotes: 'a "quoted" \\ line' };
  for (const [way, [write, read]] of Object.entries(ways)) {
    let kept = 0;
    for (const [what, text] of Object.entries({ ...whole, ...harmless })) {
      const { code, status } = await write(text);
      t.true(code === 0 || isRefusal(status), `${way}: ${what}`);
      if (code !== 0) continue;
      kept += 1;
      const answer = JSON.stringify((await read()).data);
      t.true(answer.includes(JSON.stringify(text).slice(1, -1)), `${way}: ${what}: ${answer.slice(0, 300)}`);
    }
    t.true(kept >= 3, way);
  }
  await isServed(world);
});

test("no number of an answer or a frame is beyond those that every client keeps", (t) => {
  const unbounded = (field: Field, path: string): string[] => {
    const { type, max, props = {}, items, value, rules = [] } = field;
    const parts = [
      ...Object.entries(props),
      ...(items ? [["[]", items] as const] : []),
      ...rules.map((rule) => ["", rule] as const),
    ];
    if (type === "record" && value) parts.push(["{}", value]);
    const own = type === "number" && !(max !== undefined && max <= Number.MAX_SAFE_INTEGER) ? [path] : [];
    return [...own, ...parts.flatMap(([name, part]) => unbounded(part, `${path}.${name}`))];
  };
  t.deepEqual(
    routes.flatMap(({ method, path, answers }) => unbounded(answers, `${method} ${path}`)),
    [],
  );
  t.deepEqual(
    frameShapes.flatMap(({ type, shape }) => unbounded(shape, type)),
    [],
  );
});

test("frames with texts that break programs get their answer, and every socket stays open", async (t) => {
  const world = await PoisonedWorld.starts(chat);
  const device = await world.ana.connects();
  let count = 0;
  for (const [type, { schema }] of clientFrames) {
    if (type === "AUTH") continue;
    for (const place of textPlaces(schema.shape)) {
      for (const text of Object.values({ ...broken, ...whole })) {
        count += 1;
        device.sends({ type, msgId: `m${count}`, data: inputWith(schema.shape, place, text, world.known("")) });
      }
    }
  }
  await device.asks("SYNC", { cursor: 0 });
  t.true(count > 100, `${count} frames`);
  t.is(device.closeCode, undefined);
  const failed = device.seen("ERROR", ({ code }) => code === 5 || code === 6);
  t.deepEqual(failed, []);
  await isServed(world);
});

/** The receiver of the texts is still connected, and both users can read everything again from the beginning. */
async function isServed(world: PoisonedWorld): Promise<void> {
  if (world.bo.device.closeCode !== undefined) throw new Error(`a receiver was closed: ${world.bo.device.closeCode}`);
  for (const person of [world.ana, world.bo]) {
    const again = await person.connects();
    const answer = await again.asks("SYNC", { cursor: 0 });
    if (answer.type === "ERROR") throw new Error(`${person.name} cannot sync: ${JSON.stringify(answer)}`);
    await person.history(`g_${world.groupId}`);
  }
}
