// Where a listener stands between "behind" and "live", as a state machine.

/** Every phase but "live" has the position up to which the device holds, or was sent, the conversation's events. */
export type Phase =
  /** The handshake has not compared the device with the present yet. `recheck`: confirm membership before going on. */
  | { readonly kind: "syncing"; readonly position: number; readonly recheck: boolean }
  /** Follows the channel: from the ring, or by a pull. */
  | { readonly kind: "behind"; readonly position: number }
  /** Membership must be rechecked: nothing is sent until a pull as this user, or the conversation, has confirmed it. */
  | { readonly kind: "checking"; readonly position: number }
  /** A pull is under way. `confirms`: it confirms membership. `recheck`: membership must be rechecked after it. */
  | { readonly kind: "pulling"; readonly position: number; readonly confirms: boolean; readonly recheck: boolean }
  /**
   * A burst was too large for the socket when the channel was at `pausedAt`: the rest follows from the ring at the
   * socket's pace. The listener had been live since `liveFrom`.
   */
  | { readonly kind: "paused"; readonly position: number; readonly pausedAt: number; readonly liveFrom: number }
  /** Shares the channel's position and frames, since version `liveFrom`; earlier events were sent to it alone. */
  | { readonly kind: "live"; readonly liveFrom: number };

export type PhaseEvent =
  | { readonly type: "synced" }
  /** The device holds everything up to `position`. */
  | { readonly type: "moved"; readonly position: number }
  /** Membership must be rechecked. `position`: of the channel, for a live listener. */
  | { readonly type: "recheck"; readonly position: number }
  /** The conversation is asked about membership (subject.ts); the listener waits outside of its phases. */
  | { readonly type: "asked"; readonly position: number }
  | { readonly type: "pull_started" }
  | { readonly type: "pull_answered" }
  | { readonly type: "pull_failed" }
  | { readonly type: "paused"; readonly position: number; readonly pausedAt: number }
  | { readonly type: "caught_up"; readonly version: number };

/** An event that does not apply to the phase changes nothing. */
export function transition(phase: Phase, event: PhaseEvent): Phase {
  switch (event.type) {
    case "synced":
      return phase.kind === "syncing" ? waiting(phase.position, phase.recheck) : phase;
    case "moved":
      return phase.kind === "live" ? phase : { ...phase, position: event.position };
    case "recheck":
      if (phase.kind === "syncing" || phase.kind === "pulling") return { ...phase, recheck: true };
      return { kind: "checking", position: positionOf(phase, event.position) };
    case "asked":
      if (phase.kind === "syncing" || phase.kind === "pulling") return phase;
      return { kind: "behind", position: positionOf(phase, event.position) };
    case "pull_started": {
      if (phase.kind === "live" || phase.kind === "pulling" || phase.kind === "syncing") return phase;
      return { kind: "pulling", position: phase.position, confirms: phase.kind === "checking", recheck: false };
    }
    case "pull_answered":
      return phase.kind === "pulling" ? waiting(phase.position, phase.recheck) : phase;
    case "pull_failed":
      return phase.kind === "pulling" ? waiting(phase.position, phase.recheck || phase.confirms) : phase;
    case "paused": {
      if (phase.kind !== "live") return phase;
      return { kind: "paused", position: event.position, pausedAt: event.pausedAt, liveFrom: phase.liveFrom };
    }
    case "caught_up":
      if (phase.kind === "paused") return { kind: "live", liveFrom: phase.liveFrom };
      return phase.kind === "behind" ? { kind: "live", liveFrom: event.version } : phase;
  }
}

/** `channelPosition` is the position of a live listener. */
export function positionOf(phase: Phase, channelPosition: number): number {
  return phase.kind === "live" ? channelPosition : phase.position;
}

function waiting(position: number, mustRecheck: boolean): Phase {
  return { kind: mustRecheck ? "checking" : "behind", position };
}
