// Proves that the checker and the log reader can fail: each test gives them a violation that they must find.
import test from "ava";
import type { Commit } from "../../actors/runtime/record.ts";
import { defaultClientLimits } from "../../gateway/client/base/limits.ts";
import type { Message } from "../../gateway/client/base/wire.ts";
import { Replica } from "../../gateway/client/replica/replica.ts";
import { findUndelivered, findViolations, type HistoryMessage, type Witness } from "./checker.ts";
import type { Acked, Change } from "./device.ts";
import { LogReader } from "./log-reader.ts";

const room = "g_1";
const message = (seq: number, patch: Partial<HistoryMessage> = {}): HistoryMessage => ({
  messageId: `m${seq}`,
  clientMsgId: `pc-${seq}`,
  senderId: "1",
  seq,
  text: `text ${seq}`,
  status: "normal",
  ...patch,
});
const ack = (seq: number, patch: Partial<Acked> = {}): Acked => ({
  msgId: `pc-${seq}`,
  conversationId: room,
  messageId: `m${seq}`,
  seq,
  sentMs: seq,
  ackedMs: seq + 1,
  attempts: 1,
  socket: 1,
  ...patch,
});
const three = [message(1), message(2), message(3)];

interface Scenario {
  histories?: Record<string, HistoryMessage[]>;
  held?: HistoryMessage[];
  acked?: Acked[];
  changes?: Change[];
  denied?: string[];
  sent?: number[];
  contradictions?: string[];
}

function judge(scenario: Scenario): string[] {
  const { devices, histories } = witnessesOf(scenario);
  return findViolations(devices, histories);
}

function witnessesOf({
  histories = { 1: three, 2: three },
  held = three,
  acked = [],
  changes = [],
  ...rest
}: Scenario) {
  const device = (name: string, userId: string): Witness => {
    const replica = new Replica(defaultClientLimits);
    for (const { seq, messageId, clientMsgId, text } of held) {
      replica.take(received({ messageId, clientMsgId, seq, version: seq, content: text }));
    }
    return { name, userId, sent: [], acked: [], denied: new Set(), changes: [], contradictions: [], replica };
  };
  const sent = (rest.sent ?? []).map((seq) => ({
    conversationId: room,
    msgId: `pc-${seq}`,
    text: `text ${seq}`,
    sentMs: seq,
    attempts: 1,
    socket: 1,
  }));
  const denied = new Set(rest.denied);
  const first: Witness = {
    ...device("pc", "1"),
    sent,
    acked,
    denied,
    changes,
    contradictions: rest.contradictions ?? [],
  };
  const byConversation = new Map([[room, new Map(Object.entries(histories))]]);
  return { devices: [first, device("phone", "2")], histories: { byConversation } };
}

test("a run without violations passes", (t) => {
  t.deepEqual(judge({ acked: [ack(1), ack(2), ack(3)], sent: [1, 2, 3] }), []);
});

for (const [violation, guarantee, scenario] of [
  ["an acknowledged message is not there", "G1", { acked: [ack(4)] }],
  ["an acknowledged message stands elsewhere", "G1", { acked: [ack(1, { seq: 2 })] }],
  ["a retry was acknowledged as another message", "G2", { acked: [ack(1), ack(1, { messageId: "m9" })] }],
  [
    "a message is there twice",
    "G2",
    { sent: [1], histories: { 1: [message(1), message(2, { clientMsgId: "pc-1" })] } },
  ],
  ["a message is not there at all", "G2", { sent: [4] }],
  [
    "a denied message is there twice",
    "G2",
    { sent: [1], denied: ["pc-1"], histories: { 1: [message(1), message(2, { clientMsgId: "pc-1" })] } },
  ],
  ["there is a hole", "G3", { histories: { 1: [message(1), message(3)] } }],
  [
    "two members see another order",
    "G3",
    { histories: { 1: three, 2: [message(1), message(2), message(3, { messageId: "m8" })] } },
  ],
  ["one member sees less", "G3", { histories: { 1: three, 2: [message(1), message(2)] } }],
  ["sends of one socket changed places", "G3", { acked: [ack(2, { sentMs: 1 }), ack(1, { sentMs: 2 })] }],
  ["a frame contradicted another", "G3", { contradictions: ["two messages with one seq"] }],
  [
    "a confirmed recall does not hold",
    "G1",
    {
      changes: [{ kind: "MESSAGE_RECALL", conversationId: room, messageId: "m1", text: "", sentMs: 1, confirmedMs: 2 }],
    },
  ],
  [
    "a confirmed edit does not show",
    "G1",
    {
      changes: [
        { kind: "MESSAGE_EDIT", conversationId: room, messageId: "m1", text: "new", sentMs: 1, confirmedMs: 2 },
      ],
    },
  ],
  [
    "an older edit shows",
    "G1",
    {
      histories: { 1: [message(1, { text: "old" })] },
      changes: [
        { kind: "MESSAGE_EDIT", conversationId: room, messageId: "m1", text: "old", sentMs: 1, confirmedMs: 2 },
        { kind: "MESSAGE_EDIT", conversationId: room, messageId: "m1", text: "new", sentMs: 3, confirmedMs: 4 },
      ],
    },
  ],
  ["a device holds another text", "G6", { held: [message(1), message(2, { text: "another" }), message(3)] }],
  ["a device lacks a message", "G6", { held: [message(1), message(3)] }],
] as const satisfies readonly (readonly [string, string, Scenario])[]) {
  test(`found: ${violation}`, (t) => {
    const violations = judge(scenario as unknown as Scenario);
    t.true(
      violations.some((each) => each.startsWith(guarantee)),
      `${guarantee} is not among ${JSON.stringify(violations)}`,
    );
  });
}

test("found: a message was not delivered", (t) => {
  const { devices, histories } = witnessesOf({ held: [message(1), message(3)] });
  t.deepEqual(findUndelivered(devices, histories), [
    `G5 ${room}: pc did not receive 2`,
    `G5 ${room}: phone did not receive 2`,
  ]);
});

test("an edit without an answer may take effect late", (t) => {
  const edit = { kind: "MESSAGE_EDIT", conversationId: room, messageId: "m1" } as const;
  const changes = [
    { ...edit, text: "in doubt", sentMs: 1 },
    { ...edit, text: "certain", sentMs: 2, confirmedMs: 3 },
  ];
  const shown = [message(1, { text: "in doubt" })];
  t.deepEqual(judge({ histories: { 1: shown, 2: shown }, held: shown, changes }), []);
});

test("a device that syncs keeps the newer edit, whatever waited for the answer", (t) => {
  const replica = new Replica(defaultClientLimits);
  replica.take(received({ messageId: "m1", seq: 1, version: 1, content: "as sent" }));
  const edited = { type: "edited", seq: 1, messageId: "m1", content: "second", timestamp: 20 };
  const changes = [{ version: 3, ...edited }];
  const change = { type: "conversation", sessionId: room, fromVersion: 1, version: 3, seq: 1, full: false } as const;
  replica.sync({ changes: [{ ...change, messages: [], changes }], hasMore: false, full: false, storeId: "s" });
  replica.take(received({ messageId: "m1", seq: 1, version: 1, content: "first", editedAt: 10 }));
  t.is(replica.find(room)?.messages.get(1)?.content, "second");
});

function received(message: Partial<Message>) {
  const data = { sessionId: room, senderId: "1", contentType: "text", timestamp: 1, ...message };
  return { type: "NEW_MESSAGE", data };
}

function fence(sequence: number, prev: number, epoch: number, boot: string): [number, Commit] {
  const head = { format: 1, id: `7/${epoch}/${boot}/1`, epoch, stamp: sequence, prev };
  return [sequence, { ...head, type: "fence", host: `host of ${boot}`, boot }];
}
function records(sequence: number, prev: number, epoch: number, boot: string, ns: number[] = []): [number, Commit] {
  const actor = { kind: "conversation", key: room, atMs: 0, events: [] } as const;
  const all = ns.map((n, i) => ({ ...actor, n, stamp: sequence * 10 + i }));
  const head = { format: 1, id: `7/${epoch}/${boot}/${sequence}`, epoch, stamp: sequence * 10 + 9, prev };
  return [sequence, { ...head, type: "records", records: all }];
}
function read(...commits: [number, Commit][]): string[] {
  const reader = new LogReader();
  return commits.flatMap(([sequence, commit]) => reader.read(7, sequence, commit));
}

test("a log that keeps the protocol passes", (t) => {
  t.deepEqual(
    read(fence(1, 0, 1, "a"), records(2, 1, 1, "a", [1, 2]), fence(30, 2, 2, "b"), records(31, 30, 2, "b", [3])),
    [],
  );
});

test("reading continues in a trimmed log, and violations after the trim are found", (t) => {
  const reader = new LogReader();
  for (const [sequence, commit] of [fence(1, 0, 1, "a"), records(2, 1, 1, "a", [1])]) reader.read(7, sequence, commit);
  const [at, next] = records(40, 39, 3, "c", [9, 10]);
  reader.resume(7, next);
  t.deepEqual(reader.read(7, at, next), []);
  t.is(reader.read(7, ...records(41, 40, 3, "c", [12])).length, 1);
  t.is(reader.read(7, ...records(44, 42, 3, "c", [13])).length, 1);
});

for (const [violation, rule, commits] of [
  [
    "an owner commits behind another's fence",
    "G4",
    [fence(1, 0, 1, "a"), fence(2, 1, 2, "b"), records(3, 2, 2, "a", [1])],
  ],
  ["a commit is left out", "J2", [fence(1, 0, 1, "a"), records(3, 2, 1, "a", [1])]],
  ["an epoch is used twice", "J3", [fence(1, 0, 1, "a"), fence(2, 1, 1, "b")]],
  ["a record of an actor is missing", "J2", [fence(1, 0, 1, "a"), records(2, 1, 1, "a", [2])]],
  ["a record of an actor is there twice", "J2", [fence(1, 0, 1, "a"), records(2, 1, 1, "a", [1, 1])]],
] as const satisfies readonly (readonly [string, string, [number, Commit][]])[]) {
  test(`found in the log: ${violation}`, (t) => {
    const wrong = read(...(commits as unknown as [number, Commit][]));
    t.true(
      wrong.some((each) => each.startsWith(rule)),
      JSON.stringify(wrong),
    );
  });
}
