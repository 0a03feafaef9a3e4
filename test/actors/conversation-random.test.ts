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
import { createDice, type Dice } from "../support/dice.ts";

const people = [alice, bob, carol, dave, "1005", "1006"];
const steps = 250;

type Step = (rig: ChatRig, dice: Dice) => unknown;

const chatSteps: Step[] = [
  (rig, dice) => rig.run("send", message(dice.pick(people), `text ${dice.below(5)}`, key(dice))),
  (rig, dice) => rig.run("send", message(dice.pick(people), `text ${dice.below(5)}`, key(dice))),
  (rig, dice) =>
    rig.run("send", message(dice.pick(people), "x", { ...key(dice), mentions: [dice.pick(people), "all"] })),
  (rig, dice) =>
    rig.run("send", message(dice.pick(people), "x", { ...key(dice), expireAtMs: rig.nowMs + 1 + dice.below(9_000) })),
  (rig, dice) =>
    rig.run("send", message(dice.pick(people), "x", { ...key(dice), burnAfterReadMs: 1 + dice.below(9_000) })),
  (rig, dice) =>
    rig.run("send", message("system", { text: "s" }, { ...key(dice), contentType: "system", origin: "service" })),
  (rig, dice) => rig.run("markRead", { userId: dice.pick(people), seq: dice.below(rig.state.seq + 2) }),
  (rig, dice) =>
    rig.run("markMany", {
      marks: people.slice(dice.below(4)).map((userId) => ({
        userId,
        readSeq: dice.below(rig.state.seq + 2),
        deliveredSeq: dice.below(rig.state.seq + 2),
      })),
    }),
  (rig, dice) => rig.run("recall", { by: dice.pick(people), message: anyMessage(rig, dice) }),
  (rig, dice) =>
    rig.run("edit", { by: dice.pick(people), message: anyMessage(rig, dice), content: `new ${dice.below(9)}` }),
  (rig, dice) => {
    rig.nowMs += dice.pick([0, 1, 300, 2_000, 60_000, 700_000, 700_000, 86_400_000]);
  },
  (rig) => rig.wake(),
];
const pairSteps: Step[] = [
  (rig, dice) => rig.run("requestFriend", { from: dice.pick(people), message: "", source: "" }),
  (rig, dice) => rig.run("requestFriend", { from: dice.pick([alice, bob]), message: "", source: "" }),
  (rig, dice) => {
    const requestId = rig.state.pair?.requests[dice.below(2)]?.requestId ?? "0";
    return rig.run("handleFriendRequest", { by: dice.pick(people), requestId, accept: dice.below(3) > 0 });
  },
  (rig, dice) => dice.below(4) === 0 && rig.run("deleteFriend", { by: dice.pick(people) }),
  (rig, dice) => dice.below(4) === 0 && rig.run("block", { by: dice.pick(people) }),
  (rig, dice) => rig.run("unblock", { by: dice.pick(people) }),
];
const groupSteps: Step[] = [
  (rig, dice) => rig.run("invite", { by: dice.pick(people), userIds: [dice.pick(people), dice.pick(people)] }),
  (rig, dice) => rig.run("join", { userId: dice.pick(people), message: "" }),
  (rig, dice) => {
    const requestId = dice.pick([...(rig.state.group?.requests.keys() ?? []), "0"]);
    return rig.run("handleJoinRequest", { by: dice.pick(people), requestId, accept: dice.below(2) > 0 });
  },
  (rig, dice) => rig.run("removeMember", { by: dice.pick(people), userId: dice.pick(people) }),
  (rig, dice) => rig.run("exit", { userId: dice.pick(people) }),
  (rig, dice) => rig.run("transfer", { by: dice.pick(people), newOwnerId: dice.pick(people) }),
  (rig, dice) =>
    rig.run("setRole", { by: dice.pick(people), userId: dice.pick(people), role: dice.pick(["admin", "member"]) }),
  (rig, dice) =>
    rig.run("muteMember", {
      by: dice.pick(people),
      userId: dice.pick(people),
      untilMs: dice.pick([0, rig.nowMs + 500]),
    }),
  (rig, dice) => rig.run("setGroupNickname", { userId: dice.pick(people), nickname: `n${dice.below(3)}` }),
  (rig, dice) =>
    rig.run("updateGroup", {
      by: dice.pick(people),
      patch: {
        isMuted: dice.below(3) === 0,
        joinVerify: dice.below(2) === 0,
        allowViewHistory: dice.below(2) === 0,
        name: `g${dice.below(3)}`,
      },
    }),
];

function key(dice: Dice): { clientMsgId: string } {
  return { clientMsgId: `k-${dice.below(15)}` };
}

function anyMessage(rig: ChatRig, dice: Dice) {
  const seq = 1 + dice.below(rig.state.seq + 1);
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

async function runSteps(rig: ChatRig, dice: Dice, choices: Step[], eachStep: () => unknown): Promise<void> {
  for (let i = 0; i < steps; i += 1) {
    await refusal(() => dice.pick(choices)(rig, dice));
    await eachStep();
  }
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`a pair in any order of things, seed ${seed}: dense numbers, one message per key, exact snapshots`, async (t) => {
    const dice = createDice(seed);
    const { rig, people: settings } = createChatRig(undefined, { rules: { requireFriend: seed % 2 === 0 } });
    if (seed % 3 === 0) settings.askFirst.clear();
    rig.projectedN = 0;
    await runSteps(rig, dice, [...chatSteps, ...pairSteps], () => undefined);
    t.is(check(rig), undefined);
    t.is(checkTold(rig), undefined);
    const snapshot = rig.behaviour.encode(rig.state);
    for (let i = 0; i < 10; i += 1) {
      t.deepEqual(rig.behaviour.encode(rig.refold(dice.below(rig.records.length))), snapshot);
    }
  });

  test(`a group in any order of things, seed ${seed}: dense numbers, and nothing for those who left`, async (t) => {
    const dice = createDice(seed);
    const { rig } = await createGroupOf([bob, carol, dave], {
      rules: { perUserFanoutMax: 3 + (seed % 4), bucketMessagesMax: 7 },
    });
    const created = rig.behaviour.notify?.(rig.state, rig.events[0]!, {
      key: rig.key,
      n: 1,
      stamp: 1,
      atMs: rig.nowMs,
    });
    rig.notifications = (created ?? []).map(framed);
    await runSteps(rig, dice, [...chatSteps, ...groupSteps], async () => {
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
      t.deepEqual(rig.behaviour.encode(rig.refold(dice.below(rig.records.length))), snapshot);
    }
  });
}
