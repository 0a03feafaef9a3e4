import { need, optionalFlag, optionalTime } from "../../input/rules.ts";
import { msOfWireTime } from "../../input/times.ts";
import { schema } from "../../input/validate.ts";

interface MuteBody {
  muted?: boolean;
  isMuted?: boolean;
  /** How long from now, in ms or, in the second spelling, in seconds; or until when. Without any: until lifted. */
  durationMs?: number;
  duration?: number;
  until?: number;
}

export const muteBody = schema<MuteBody>(
  {
    muted: optionalFlag,
    isMuted: optionalFlag,
    durationMs: optionalTime,
    duration: optionalTime,
    until: optionalTime,
  },
  { example: { isMuted: true, durationMs: 3_600_000 } },
);

const foreverMs = Number.MAX_SAFE_INTEGER;

/** When the mute ends, in ms; 0: now. */
export function muteUntil(body: MuteBody, nowMs: number): number {
  const muted = body.muted ?? body.isMuted;
  if (muted === false) return 0;
  if (body.until !== undefined) return msOfWireTime(body.until);
  const durationMs = body.durationMs ?? (body.duration === undefined ? undefined : body.duration * 1_000);
  if (durationMs === undefined) return need("muted", muted) ? foreverMs : 0;
  return durationMs === 0 ? 0 : Math.min(nowMs + durationMs, foreverMs);
}

/** In a group's state 0 stands for a mute without an end. */
export function finite(untilMs: number): number {
  return untilMs === foreverMs ? 0 : untilMs;
}
