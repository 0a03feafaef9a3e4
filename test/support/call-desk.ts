// The port `Calls` without Temporal, for tests of the gateway. Users and one conversation of two are real actors; calls are kept
// in memory.
import { type CallType, type CallView, defaultRingMs } from "../../actors/shared/call.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { CallEvent, Calls, MediaRooms } from "../../gateway/ports.ts";
import { createChatRig } from "./chat-rig.ts";
import { LoneActor } from "./lone-actor.ts";
import { user } from "./user-behaviour.ts";

type Who = ReturnType<typeof person>;

function person(userId: string, nowMs: number) {
  const who = new LoneActor(user, userId, nowMs);
  who.run("create", { nickname: `name of ${userId}`, phone: "", email: "", account: "", atMs: nowMs });
  return who;
}

export class CallDesk implements Calls {
  readonly people = new Map<string, Who>();
  readonly pair: ReturnType<typeof createChatRig>;
  readonly views = new Map<string, CallView>();
  readonly events: CallEvent[] = [];
  #nowMs: number;

  constructor(userIds: readonly string[], pairKey: string, nowMs: number) {
    for (const userId of userIds) this.people.set(userId, person(userId, nowMs));
    this.pair = createChatRig(pairKey);
    this.#nowMs = nowMs;
  }

  passes(ms: number): void {
    this.#nowMs += ms;
    for (const who of this.people.values()) who.nowMs = this.#nowMs;
  }

  async invite({ callId, callerId, calleeId, callType, conversationId, ...caller }: Parameters<Calls["invite"]>[0]) {
    const known = this.views.get(callId);
    if (known) {
      const hasRung = known.state === "ringing" && this.#nowMs >= known.startedMs + defaultRingMs;
      return hasRung ? this.#end(known, "missed") : known;
    }
    const view: CallView = {
      ...{ callId, state: "ringing", callType, callerId, calleeId, conversationId, roomName: `call-${callId}` },
      startedMs: this.#nowMs,
    };
    const line = { ...view, ...caller, ringUntilMs: this.#nowMs + defaultRingMs };
    const own = this.#who(callerId).run("beginCall", { ...line, role: "caller", peerId: calleeId });
    if (own.kind === "busy") throw new DomainError("rtc.busy");
    this.views.set(callId, view);
    const other = this.#who(calleeId).run("beginCall", { ...line, role: "callee", peerId: callerId });
    if (other.kind === "begun") return view;
    await this.#end(view, "busy");
    throw new DomainError("rtc.busy");
  }

  async accept({ callId, userId, deviceId }: Parameters<Calls["accept"]>[0]) {
    const view = this.#open(callId, userId);
    if (view.answeredBy === deviceId) return view;
    if (view.state === "connected") throw new DomainError("common.conflict");
    return this.#change(view, { state: "connected", connectedMs: this.#nowMs, answeredBy: deviceId });
  }

  async reject({ callId, userId, reason }: Parameters<Calls["reject"]>[0]) {
    return this.#end(this.#open(callId, userId), reason === "busy" ? "busy" : "rejected");
  }

  async hangup({ callId, userId }: Parameters<Calls["hangup"]>[0]) {
    const view = this.#open(callId, userId);
    if (view.state === "connected") return this.#end(view, "completed");
    return this.#end(view, userId === view.callerId ? "cancelled" : "rejected");
  }

  async changeMode({ callId, userId, callType }: { callId: string; userId: string; callType: CallType }) {
    return this.#change(this.#open(callId, userId), { callType });
  }

  async participant(event: CallEvent): Promise<void> {
    this.events.push(event);
  }

  #who(userId: string): Who {
    const who = this.people.get(userId);
    if (!who) throw new DomainError("user.not_found");
    return who;
  }

  #open(callId: string, userId: string): CallView {
    const view = this.views.get(callId);
    if (!view || (userId !== view.callerId && userId !== view.calleeId)) throw new DomainError("rtc.call_not_found");
    if (view.state === "ended") throw new DomainError("rtc.call_ended");
    return view;
  }

  #change(view: CallView, change: Partial<CallView>): CallView {
    const next = { ...view, ...change };
    this.views.set(view.callId, next);
    const { callId, state, outcome, callType, connectedMs, endedMs, answeredBy } = next;
    for (const userId of [view.callerId, view.calleeId]) {
      if (state === "ringing") continue;
      const update = { callId, state, outcome, callType, connectedMs, endedMs, answeredBy };
      this.#who(userId).run("updateCall", update);
    }
    return next;
  }

  async #end(view: CallView, outcome: NonNullable<CallView["outcome"]>): Promise<CallView> {
    const ended = this.#change(view, { state: "ended", outcome, endedMs: this.#nowMs });
    const { callId, callerId, callType, startedMs, connectedMs } = ended;
    const durationMs = connectedMs === undefined ? 0 : this.#nowMs - connectedMs;
    await this.pair.rig.run("recordCall", { callId, callerId, callType, outcome, durationMs, startedMs });
    return ended;
  }
}

/** The port `MediaRooms` with tokens and signatures in plain text, so that a test can read them. */
export const readableRooms: MediaRooms = {
  url: "wss://live.example.test",
  issueToken: async ({ roomName, userId, name, deviceId, callType, ttlMs }) => ({
    token: [roomName, userId, name, deviceId, callType].join("|"),
    expiresInMs: ttlMs,
  }),
  async readWebhook(body, authorization) {
    if (authorization !== `signature of ${body}`) throw new DomainError("auth.token_invalid");
    const { event } = JSON.parse(body) as { event?: CallEvent };
    return event;
  },
  closeRoom: async () => {},
};
