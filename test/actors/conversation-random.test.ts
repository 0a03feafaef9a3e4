// Random people doing random things: what must hold holds after every step, and a snapshot anywhere changes nothing.
import test from "ava";
import { changesOf } from "../../actors/conversation/model/changes.ts";
import type { ConversationEvent } from "../../actors/conversation/model/events.ts";
import { framed } from "../../gateway/wire/notification.ts";
import {
  alice,
  bob,
  type ChatRig,
  carol,
  createChatRig,
  createGroupOf,
  dave,
  message,
  refusal,
} from "../support/chat-rig.ts";
import { createSeededRandom, type SeededRandom } from "../support/seeded-random.ts";

const people = [alice, bob, carol, dave, "1005", "1006"];
const steps = 250;

type Step = (rig: ChatRig, random: SeededRandom) => unknown;

const chatSteps: Step[] = [
  (rig, random) => rig.run("send", message(random.pick(people), `text ${random.below(5)}`, key(random))),
  (rig, random) => rig.run("send", message(random.pick(people), `text ${random.below(5)}`, key(random))),
  (rig, random) =>
    rig.run("send", message(random.pick(people), "x", { ...key(random), mentions: [random.pick(people), "all"] })),
  (rig, random) =>
    rig.run(
      "send",
      message(random.pick(people), "x", { ...key(random), expireAtMs: rig.nowMs + 1 + random.below(9_000) }),
    ),
  (rig, random) =>
    rig.run("send", message(random.pick(people), "x", { ...key(random), burnAfterReadMs: 1 + random.below(9_000) })),
  (rig, random) =>
    rig.run("send", message("system", { text: "s" }, { ...key(random), contentType: "system", origin: "service" })),
  (rig, random) => rig.run("markRead", { userId: random.pick(people), seq: random.below(rig.state.seq + 2) }),
  (rig, random) =>
    rig.run("markMany", {
      marks: people.slice(random.below(4)).map((userId) => ({
        userId,
        readSeq: random.below(rig.state.seq + 2),
        deliveredSeq: random.below(rig.state.seq + 2),
      })),
    }),
  (rig, random) => rig.run("recall", { by: random.pick(people), message: anyMessage(rig, random) }),
  (rig, random) =>
    rig.run("edit", { by: random.pick(people), message: anyMessage(rig, random), content: `new ${random.below(9)}` }),
  (rig, random) => {
    const tap = { emoji: random.pick(["👍", "❤️", "ok"]), on: random.below(3) > 0 };
    return rig.run("react", { by: random.pick(people), message: anyMessage(rig, random), ...tap });
  },
  (rig, random) =>
    rig.run("pin", { by: random.pick(people), message: anyMessage(rig, random), on: random.below(3) > 0 }),
  (rig, random) => {
    rig.nowMs += random.pick([0, 1, 300, 2_000, 60_000, 700_000, 700_000, 86_400_000]);
  },
  (rig) => rig.wake(),
];
const pairSteps: Step[] = [
  (rig, random) => rig.run("requestFriend", { from: random.pick(people), message: "", source: "" }),
  (rig, random) => rig.run("requestFriend", { from: random.pick([alice, bob]), message: "", source: "" }),
  (rig, random) => {
    const requestId = rig.state.pair?.requests[random.below(2)]?.requestId ?? "0";
    return rig.run("handleFriendRequest", { by: random.pick(people), requestId, accept: random.below(3) > 0 });
  },
  (rig, random) => random.below(4) === 0 && rig.run("deleteFriend", { by: random.pick(people) }),
  (rig, random) => random.below(4) === 0 && rig.run("block", { by: random.pick(people) }),
  (rig, random) => rig.run("unblock", { by: random.pick(people) }),
];
const groupSteps: Step[] = [
  (rig, random) => rig.run("invite", { by: random.pick(people), userIds: [random.pick(people), random.pick(people)] }),
  (rig, random) => rig.run("join", { userId: random.pick(people), message: "" }),
  (rig, random) => {
    const requestId = random.pick([...(rig.state.group?.requests.keys() ?? []), "0"]);
    return rig.run("handleJoinRequest", { by: random.pick(people), requestId, accept: random.below(2) > 0 });
  },
  (rig, random) => {
    const userId = random.pick(people);
    const invitationId = rig.state.group?.invitations.get(userId)?.id ?? "0";
    return rig.run("answerInvitation", { userId, invitationId, accept: random.below(3) > 0 });
  },
  (rig, random) => rig.run("refreshGroupQrCode", { by: random.pick(people) }),
  (rig, random) => rig.run("removeMember", { by: random.pick(people), userId: random.pick(people) }),
  (rig, random) => rig.run("exit", { userId: random.pick(people) }),
  (rig, random) => rig.run("transfer", { by: random.pick(people), newOwnerId: random.pick(people) }),
  (rig, random) =>
    rig.run("setRole", {
      by: random.pick(people),
      userId: random.pick(people),
      role: random.pick(["admin", "member"]),
    }),
  (rig, random) =>
    rig.run("muteMember", {
      by: random.pick(people),
      userId: random.pick(people),
      untilMs: random.pick([0, rig.nowMs + 500]),
    }),
  (rig, random) => rig.run("setGroupNickname", { userId: random.pick(people), nickname: `n${random.below(3)}` }),
  (rig, random) =>
    rig.run("updateGroup", {
      by: random.pick(people),
      patch: {
        isMuted: random.below(3) === 0,
        joinVerify: random.below(2) === 0,
        allowViewHistory: random.below(2) === 0,
        name: `g${random.below(3)}`,
      },
    }),
];

function key(random: SeededRandom): { clientMsgId: string } {
  return { clientMsgId: `k-${random.below(15)}` };
}

function anyMessage(rig: ChatRig, random: SeededRandom) {
  const seq = 1 + random.below(rig.state.seq + 1);
  const recent = rig.state.recent.find((known) => known?.seq === seq);
  return {
    messageId: recent?.messageId ?? "1",
    seq,
    bucket: 1,
    senderId: recent?.senderId ?? bob,
    atMs: rig.nowMs,
    contentType: "text",
    status: "normal" as const,
    asOfVersion: rig.state.version,
  };
}

/** The versions that events took, and the sends by key. */
function check(rig: ChatRig): string | undefined {
  let version = 0;
  let seq = 0;
  const keys = new Map<string, string>();
  for (const record of rig.records) {
    for (const event of record.events as ConversationEvent[]) {
      const versions = event.type === "sent" ? [event.version] : changesOf(event, 0).map((change) => change.version);
      for (const next of versions) {
        if (next !== version + 1) return `version ${next} of ${event.type} after ${version}`;
        version = next;
      }
      if (event.type !== "sent") continue;
      if (event.seq !== seq + 1) return `seq ${event.seq} after ${seq}`;
      seq = event.seq;
      const name = `${event.senderId} ${event.clientMsgId}`;
      if (keys.has(name)) return `${name} sent ${event.messageId} and ${keys.get(name)}`;
      keys.set(name, event.messageId);
    }
  }
  if (rig.state.version !== version || rig.state.seq !== seq) return "the state's numbers are others";
  return undefined;
}

/** Every versioned event is told under its version, to whoever is a member. */
function checkTold(rig: ChatRig): string | undefined {
  const told = new Set(rig.notifications.map(({ versioned }) => versioned?.version));
  for (let version = 1; version <= rig.state.version; version += 1) {
    if (!told.has(version)) return `version ${version} was told to nobody`;
  }
  return undefined;
}

async function runSteps(rig: ChatRig, random: SeededRandom, choices: Step[], eachStep: () => unknown): Promise<void> {
  for (let i = 0; i < steps; i += 1) {
    await refusal(() => random.pick(choices)(rig, random));
    await eachStep();
  }
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`a pair in any order of things, seed ${seed}: dense numbers, one message per key, exact snapshots`, async (t) => {
    const random = createSeededRandom(seed);
    const { rig, people: settings } = createChatRig(undefined, { rules: { requireFriend: seed % 2 === 0 } });
    if (seed % 3 === 0) settings.askFirst.clear();
    rig.projectedN = 0;
    await runSteps(rig, random, [...chatSteps, ...pairSteps], () => undefined);
    t.is(check(rig), undefined);
    t.is(checkTold(rig), undefined);
    const snapshot = rig.behaviour.encode(rig.state);
    for (let i = 0; i < 10; i += 1) {
      t.deepEqual(rig.behaviour.encode(rig.refold(random.below(rig.records.length))), snapshot);
    }
  });

  test(`a group in any order of things, seed ${seed}: dense numbers, and nothing for those who left`, async (t) => {
    const random = createSeededRandom(seed);
    const { rig, people: settings } = await createGroupOf([bob, carol, dave], {
      rules: { perUserFanoutMax: 3 + (seed % 4), bucketMessagesMax: 7 },
    });
    for (const userId of people) if (random.below(2) === 0) settings.consent.add(userId);
    const created = rig.behaviour.notify?.(rig.state, rig.events[0]!, {
      key: rig.key,
      n: 1,
      stamp: 1,
      atMs: rig.nowMs,
    });
    rig.notifications = (created ?? []).map(framed);
    await runSteps(rig, random, [...chatSteps, ...groupSteps], async () => {
      t.is([...rig.state.group!.members.values()].filter(({ role }) => role === "owner").length, 1);
      for (const userId of people) {
        if (rig.state.group?.members.has(userId)) continue;
        t.is(await refusal(() => rig.query("window", { userId })), "group.not_member");
        t.is(
          await refusal(() => rig.run("send", message(userId, "x", { clientMsgId: "outside" }))),
          "group.not_member",
        );
      }
    });
    t.is(check(rig), undefined);
    t.is(checkTold(rig), undefined);
    const owners = [...rig.state.group!.members.values()].filter(({ role }) => role === "owner");
    t.is(owners.length, 1);
    t.is(rig.state.group?.members.get(rig.state.group.ownerId)?.role, "owner");
    const snapshot = rig.behaviour.encode(rig.state);
    for (let i = 0; i < 10; i += 1) {
      t.deepEqual(rig.behaviour.encode(rig.refold(random.below(rig.records.length))), snapshot);
    }
  });
}
