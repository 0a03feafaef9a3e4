// A chat with a model and its replies in any order of things: users write, edit, delete, stop and ask again, workers begin,
// append, die and finish. Each message has at most one answer that is shown, one reply runs at a time, and nothing is left.
import test from "ava";
import type { AnswerRef, AssistantContent } from "../../actors/conversation/assistant/contract.ts";
import type { Sent } from "../../actors/conversation/model/events.ts";
import type { ReplyFacts } from "../../actors/reply/contract.ts";
import { maxSilenceMs } from "../../actors/reply/limits.ts";
import { reply } from "../../actors/reply/reply.ts";
import { alice, type ChatRig, createChatRig, message, refusal } from "../support/chat-rig.ts";
import { createSeededRandom, type SeededRandom } from "../support/seeded-random.ts";
import { ActorRig } from "../support/turn.ts";

const steps = 400;

class World {
  readonly rig: ChatRig;
  readonly replies = new Map<string, ActorRig<never, never, never, never>>();
  /** Processes that the conversation began: by reply, whether a worker holds an attempt. */
  readonly started = new Set<string>();
  readonly attempts = new Map<string, number>();
  readonly #random: SeededRandom;
  #keys = 0;

  constructor(rig: ChatRig, random: SeededRandom) {
    this.rig = rig;
    this.#random = random;
  }

  /** The outbox: in order, and once. */
  async delivers(): Promise<void> {
    for (let more = true; more; ) {
      more = false;
      for (const { kind, key, method, input } of this.rig.takeTells()) {
        more = true;
        if (kind === "process" && key.startsWith("reply:")) this.started.add(key.slice("reply:".length));
        if (kind !== "reply") continue;
        if (method === "create") this.replies.set(key, new ActorRig(reply as never, key, { atMs: this.rig.nowMs }));
        const actor = this.replies.get(key)!;
        actor.nowMs = this.rig.nowMs;
        await actor.run(method as never, input as ReplyFacts as never);
      }
      for (const actor of this.replies.values()) {
        for (const { input } of actor.takeTells()) {
          more = true;
          await this.rig.run("replyEnded", input as never);
        }
      }
    }
  }

  async says(): Promise<void> {
    this.#keys += 1;
    const answer = this.#random.below(4) === 0 ? { answer: false as const } : {};
    await this.rig.run("send", message(alice, `text ${this.#keys}`, { clientMsgId: `k${this.#keys}`, ...answer }));
  }

  async works(what: "begin" | "append" | "finish" | "silence"): Promise<void> {
    const [replyId] = [...this.started].filter((id) => this.rig.state.replies.some((each) => each.replyId === id));
    const actor = replyId === undefined ? undefined : this.replies.get(replyId);
    if (!actor || replyId === undefined) return;
    actor.nowMs = this.rig.nowMs;
    const attempt = this.attempts.get(replyId) ?? 0;
    if (what === "begin") {
      const begun = (await actor.run("begin" as never, {} as never)) as { attempt: number };
      this.attempts.set(replyId, begun.attempt);
    } else if (what === "append") {
      await actor.run("append" as never, { attempt, deltas: [`${this.#random.below(9)} `] } as never);
    } else if (what === "finish") {
      const status = this.#random.pick(["completed", "completed", "stopped", "failed"]);
      await actor.run("finish" as never, { attempt, status } as never);
    } else {
      actor.nowMs = this.rig.nowMs + maxSilenceMs;
      actor.wake();
    }
  }

  /** Messages by seq, as they are now. */
  sent(): Sent[] {
    return this.rig.events.filter((event) => event.type === "sent") as Sent[];
  }
  isGone({ seq }: Sent): boolean {
    return this.rig.state.changed.get(seq)?.status === "recalled";
  }
  shownAnswers(): Sent[] {
    return this.sent().filter(
      (each) => each.contentType === "assistant" && !this.isGone(each) && !this.rig.state.superseded.includes(each.seq),
    );
  }
  refOf({ messageId, seq, bucket, senderId, contentType }: Sent): AnswerRef {
    const asOf = { status: "normal" as const, asOfVersion: this.rig.state.version };
    return { messageId, seq, bucket, senderId, contentType, atMs: this.rig.nowMs, ...asOf };
  }

  async changes(what: "recall" | "edit" | "regenerate"): Promise<void> {
    const all = this.sent().slice(-6);
    if (all.length === 0) return;
    const chosen = this.#random.pick(all);
    if (what === "recall") await this.rig.run("recall", { by: alice, message: this.refOf(chosen) });
    else if (what === "edit") {
      const content = chosen.contentType === "text" ? "edited" : { ...(chosen.content as object), text: "edited" };
      await this.rig.run("edit", { by: alice, message: this.refOf(chosen), content });
    } else {
      const asked =
        chosen.contentType === "assistant" ? this.sent().find((each) => each.messageId === chosen.replyTo) : chosen;
      const answer = this.shownAnswers().find(({ replyTo }) => replyTo === asked!.messageId);
      const versionOf = (answer?.content as AssistantContent | undefined)?.versionOf;
      const ref = answer && { ...this.refOf(answer), ...(versionOf && { versionOf }) };
      const command = { userId: alice, message: this.refOf(asked!) };
      await this.rig.run("regenerate", ref ? { ...command, answer: ref } : command);
    }
  }
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`a chat in any order of things, seed ${seed}: one reply at a time, one answer shown, exact snapshots`, async (t) => {
    const random = createSeededRandom(seed);
    const { rig } = createChatRig("a_77");
    await rig.run("createChat", { ownerId: alice, assistantId: "model-parrot" });
    const world = new World(rig, random);
    const choices = [
      () => world.says(),
      ...(["begin", "append", "append", "finish", "finish", "silence"] as const).map((what) => () => world.works(what)),
      ...(["recall", "edit", "regenerate"] as const).map((what) => () => world.changes(what)),
      () => rig.run("stopReplies", { userId: alice }),
      async () => {
        rig.nowMs += random.pick([1, 600, 70_000]);
        for (const actor of world.replies.values()) {
          actor.nowMs = rig.nowMs;
          actor.wake();
        }
      },
    ];
    for (let i = 0; i < steps; i += 1) {
      await refusal(() => random.pick(choices)());
      await world.delivers();
      const { replies } = rig.state;
      t.deepEqual(
        replies.map(({ isRunning }) => isRunning),
        replies.map((_, at) => at === 0),
        `step ${i}`,
      );
      const [running] = replies;
      if (running) t.true(world.started.has(running.replyId), `step ${i}: the running reply has a process`);
      const answered = world.shownAnswers().map(({ replyTo }) => replyTo);
      t.is(new Set(answered).size, answered.length, `step ${i}: one answer of a message is shown`);
    }
    for (let left = rig.state.replies.length; left > 0; left -= 1) {
      await world.works("begin");
      await world.works("append");
      await world.works("finish");
      await world.delivers();
    }
    t.deepEqual(rig.state.replies, []);
    const shown = world.sent().filter((each) => !world.isGone(each) && !rig.state.superseded.includes(each.seq));
    t.is((await rig.query("chat", { userId: alice })).messageCount, shown.length);
    const versions = rig.events.flatMap((event) => ("version" in event ? [event.version] : []));
    t.deepEqual(
      versions,
      versions.map((_, at) => at + 1),
      "dense versions",
    );
    const snapshot = rig.behaviour.encode(rig.state);
    for (let i = 0; i < 10; i += 1) {
      t.deepEqual(rig.behaviour.encode(rig.refold(random.below(rig.records.length))), snapshot);
    }
  });
}
