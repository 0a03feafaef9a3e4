import { need, optionalFlag, optionalTime } from "../../input/rules.ts";
import { msOfWireTime } from "../../input/times.ts";
import { schema } from "../../input/validate.ts";

interface MuteBody {
  muted?: boolean;
  isMuted?: boolean;
  /** From now, in ms or (as other clients count) in seconds; or until when. All missing: until lifted. */
  durationMs?: number;
  duration?: number;
  until?: number;
}

export const muteBody = schema<MuteBody>({
  muted: optionalFlag,
  isMuted: optionalFlag,
  durationMs: optionalTime,
  duration: optionalTime,
  until: optionalTime,
});

const foreverMs = Number.MAX_SAFE_INTEGER;

/** When the silence ends, in ms; 0: it is lifted now. */
export function muteUntil(body: MuteBody, nowMs: number): number {
  const muted = body.muted ?? body.isMuted;
  if (muted === false) return 0;
  if (body.until !== undefined) return msOfWireTime(body.until);
  const durationMs = body.durationMs ?? (body.duration === undefined ? undefined : body.duration * 1_000);
  if (durationMs === undefined) return need("muted", muted) ? foreverMs : 0;
  return durationMs === 0 ? 0 : Math.min(nowMs + durationMs, foreverMs);
}

/** A group's silence without an end is said by 0. */
export function finite(untilMs: number): number {
  return untilMs === foreverMs ? 0 : untilMs;
}
