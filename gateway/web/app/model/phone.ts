// The call of this page: one at a time, from ringing to its end.
import type { CallType, JoinableCall, PhoneCall } from "../../../client/api/phone.ts";
import type { ServerFrame } from "../../../client/base/wire.ts";
import type { Client } from "../../../client/client.ts";
import { Source } from "../base/source.ts";
import { joinRoom, type MediaRoom } from "../device/room.ts";

type Facts = Pick<PhoneCall, "callId" | "callType" | "callerId" | "calleeId">;

export type PhoneState =
  | { readonly kind: "quiet" }
  | { readonly kind: "incoming"; readonly call: Facts }
  /** The invitation, or the room, is being asked for. */
  | { readonly kind: "starting"; readonly peerId: string; readonly callType: CallType }
  | { readonly kind: "outgoing"; readonly call: JoinableCall; readonly room: MediaRoom }
  | { readonly kind: "talking"; readonly call: JoinableCall; readonly room: MediaRoom; readonly sinceMs: number };

interface PhoneDeps {
  readonly client: Client;
  userId(): string;
  failed(thrown: unknown): void;
  /** Why an outgoing call ended without an answer. */
  ended(outcome: PhoneCall["outcome"]): void;
}

export class Phone extends Source {
  state: PhoneState = { kind: "quiet" };
  isMuted = false;
  hasCamera = false;
  readonly #deps: PhoneDeps;
  /** The last status of a call that the server delivered. */
  #lastStatus: PhoneCall | undefined;

  constructor(deps: PhoneDeps) {
    super();
    this.#deps = deps;
    deps.client.on("frame", (frame) => this.#note(frame));
  }

  /** The other user of the call. */
  get peerId(): string | undefined {
    const { state } = this;
    if (state.kind === "quiet") return undefined;
    if (state.kind === "starting") return state.peerId;
    return state.call.callerId === this.#deps.userId() ? state.call.calleeId : state.call.callerId;
  }

  async call(peerId: string, callType: CallType): Promise<void> {
    if (this.state.kind !== "quiet") return;
    this.#set({ kind: "starting", peerId, callType });
    await this.#attempt(async () => {
      const call = await this.#deps.client.api.phone.invite(peerId, callType);
      const room = await this.#join(call);
      this.#set({ kind: "outgoing", call, room });
      // The other side may have answered, or declined, while the room was entered.
      if (this.#lastStatus?.callId === call.callId) this.#take(this.#lastStatus);
    });
  }

  async accept(): Promise<void> {
    const { state } = this;
    if (state.kind !== "incoming") return;
    const { callId, callerId: peerId, callType } = state.call;
    this.#set({ kind: "starting", peerId, callType });
    await this.#attempt(async () => {
      const call = await this.#deps.client.api.phone.accept(callId);
      const room = await this.#join(call);
      this.#set({ kind: "talking", call, room, sinceMs: Date.now() });
    });
  }

  /** Declines, cancels or hangs up. */
  async end(): Promise<void> {
    const { state } = this;
    const { phone } = this.#deps.client.api;
    this.#set({ kind: "quiet" });
    if (state.kind === "incoming") await phone.reject(state.call.callId).catch(() => {});
    if (state.kind === "outgoing" || state.kind === "talking") {
      await Promise.allSettled([phone.hangUp(state.call.callId), state.room.leave()]);
    }
  }

  async mute(isMuted: boolean): Promise<void> {
    await this.#inRoom((room) => room.mute(isMuted));
    this.isMuted = isMuted;
    this.changed();
  }

  async film(isOn: boolean): Promise<void> {
    await this.#inRoom((room) => room.film(isOn));
    this.hasCamera = isOn;
    this.changed();
  }

  #inRoom(act: (room: MediaRoom) => Promise<void>): Promise<void> {
    const { state } = this;
    if (state.kind !== "outgoing" && state.kind !== "talking") return Promise.resolve();
    return act(state.room).catch((thrown: unknown) => this.#deps.failed(thrown));
  }

  async #join({ url, token, callType }: JoinableCall): Promise<MediaRoom> {
    this.isMuted = false;
    this.hasCamera = callType === "video";
    const hasCamera = this.hasCamera;
    return joinRoom({ url, token, hasCamera, changed: () => this.changed(), left: () => this.#left() });
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      this.#set({ kind: "quiet" });
      this.#deps.failed(thrown);
    }
  }

  #note({ type, data = {} }: ServerFrame): void {
    if (type !== "NOTIFICATION") return;
    const call = data as unknown as PhoneCall;
    if (data.type === "livekit.call_invite" && call.callerId !== this.#deps.userId()) this.#rings(call);
    if (data.type === "livekit.call_status") this.#take(call);
    if (data.type === "livekit.call_rejected") {
      this.#take({ ...call, status: "rejected", outcome: data.reason === "busy" ? "busy" : "rejected" });
    }
  }

  #rings(call: Facts): void {
    if (this.state.kind === "quiet") this.#set({ kind: "incoming", call });
  }

  #take(call: PhoneCall): void {
    const { state } = this;
    const { callId, status, outcome, connectedAt } = call;
    this.#lastStatus = call;
    if (status === "ended" || status === "rejected") this.#over(callId, outcome);
    else if (status === "connected" && state.kind === "outgoing" && state.call.callId === callId) {
      this.#set({ kind: "talking", call: state.call, room: state.room, sinceMs: connectedAt ?? Date.now() });
    } else if (status === "connected" && state.kind === "incoming" && state.call.callId === callId) {
      // Another device, or another tab, has answered.
      this.#set({ kind: "quiet" });
    }
  }

  #over(callId: string, outcome: PhoneCall["outcome"]): void {
    const { state } = this;
    if (!("call" in state) || state.call.callId !== callId) return;
    this.#set({ kind: "quiet" });
    if (state.kind === "outgoing") this.#deps.ended(outcome);
    if ("room" in state) void state.room.leave();
  }

  #left(): void {
    if (this.state.kind === "talking" || this.state.kind === "outgoing") void this.end();
  }

  #set(state: PhoneState): void {
    this.state = state;
    this.changed();
  }
}
