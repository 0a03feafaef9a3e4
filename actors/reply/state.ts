// The state of a reply, and how events change it.
import type { RecordMeta } from "../runtime/contract.ts";
import type { MessageId, UserId } from "../shared/ids.ts";
import type { ReplyEnd, ReplyFacts, ReplyStatus } from "./contract.ts";

type Over = Pick<ReplyEnd, "status" | "error"> & {
  kind: "over";
  atMs: number;
  /** The conversation has taken it, or does not want it: the text may be forgotten. */
  isSettled: boolean;
  isForgotten: boolean;
  messageId?: MessageId;
};

export interface ReplyState {
  facts?: ReplyFacts;
  attempt: number;
  /** Of the present attempt: number n is at place n − 1. */
  deltas: string[];
  /** Of their text as JSON. */
  bytes: number;
  /** `startedAtMs` 0: others are answered first. */
  phase: { kind: "queued"; startedAtMs: number } | { kind: "running"; signAtMs: number; stopAskedAtMs: number } | Over;
}

export type ReplyEvent =
  | { type: "created"; facts: ReplyFacts; isWaiting?: true }
  | { type: "started" }
  /** `isReset`: deltas of an older attempt were seen. */
  | { type: "begun"; attempt: number; isReset: boolean }
  | { type: "appended"; attempt: number; firstSeq: number; deltas: string[]; bytes: number }
  | { type: "stop_asked"; by: UserId }
  /** `isDiscarded`: the conversation does not want it, and nothing is reported to it. */
  | ({ type: "ended"; isDiscarded?: true } & Pick<ReplyEnd, "status" | "error">)
  | { type: "stored"; messageId?: MessageId }
  | { type: "forgotten" };

export function initialReply(): ReplyState {
  return { attempt: 0, deltas: [], bytes: 0, phase: { kind: "queued", startedAtMs: 0 } };
}

export function applyReply(state: ReplyState, event: ReplyEvent, { atMs }: RecordMeta): void {
  const { phase } = state;
  switch (event.type) {
    case "created":
      state.facts = event.facts;
      if (!event.isWaiting && phase.kind === "queued") phase.startedAtMs = atMs;
      break;
    case "started":
      if (phase.kind === "queued") phase.startedAtMs = atMs;
      break;
    case "begun":
      state.attempt = event.attempt;
      state.deltas = [];
      state.bytes = 0;
      state.phase = { kind: "running", signAtMs: atMs, stopAskedAtMs: stopAskedAtMs(state) };
      break;
    case "appended":
      state.deltas.push(...event.deltas);
      state.bytes += event.bytes;
      if (phase.kind === "running") phase.signAtMs = atMs;
      break;
    case "stop_asked":
      if (phase.kind === "running") phase.stopAskedAtMs = atMs;
      break;
    case "ended": {
      const { status, error, isDiscarded = false } = event;
      state.phase = { kind: "over", status, atMs, isSettled: isDiscarded, isForgotten: false, ...(error && { error }) };
      break;
    }
    case "stored":
      if (phase.kind !== "over") break;
      phase.isSettled = true;
      if (event.messageId !== undefined) phase.messageId = event.messageId;
      break;
    case "forgotten":
      state.deltas = [];
      if (phase.kind === "over") phase.isForgotten = true;
      break;
  }
}

/** 0: nobody asked. */
export function stopAskedAtMs({ phase }: ReplyState): number {
  return phase.kind === "running" ? phase.stopAskedAtMs : 0;
}

export function statusOf({ phase }: ReplyState): ReplyStatus {
  return phase.kind === "over" ? phase.status : phase.kind;
}
