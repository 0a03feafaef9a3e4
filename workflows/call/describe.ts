// The lines that operators read in Temporal's UI.
import type { CallInput } from "./contract.ts";
import { presentIn, type Room } from "./room.ts";
import type { Call } from "./state.ts";

const wordsMax = 100;

/** One line, shown in lists. */
export function summarizeCall({ callType, callerId, calleeId }: CallInput): string {
  return `${callType} call: ${callerId} → ${calleeId}`;
}

/** Fixed at the start, shown on the call's page. */
export function introduceCall({ callType, callerId, callerName, calleeId, conversationId }: CallInput): string {
  const caller = callerName ? `${asText(callerName)} (${callerId})` : callerId;
  return [
    `**${callType}** call of ${caller} to ${calleeId}, in conversation \`${conversationId}\`.`,
    "",
    "To end it: *Request Cancellation*. Both users are told, the room is closed, and the call is recorded.",
    "*Terminate* does none of this; the users' lines are then freed at the next call to them.",
  ].join("\n");
}

/** Where the call stands. */
export function describeCall(call: Call, room?: Room): string {
  const { phase, end, answeredBy, callType, input } = call;
  if (call.glareWith) return `Gave way to call \`${call.glareWith}\`: the two called each other at the same time.`;
  if (end) return `**${end.outcome}**, ended by: ${end.by}, ${at(end.atMs)}.`;
  if (phase === "connected") {
    const present = room ? presentIn(room).join(", ") || "nobody" : "nobody";
    return `**Connected** (${callType}) since ${at(call.connectedMs)}; answered by device ${asText(answeredBy ?? "")}. In the room: ${present}.`;
  }
  return `**Ringing** since ${at(call.startedMs)}, for at most ${input.times.ringMs / 1000} s.`;
}

/** People choose these words: they are no markup. */
function asText(words: string): string {
  return `\`${words.replace(/[`\s]+/g, " ").slice(0, wordsMax)}\``;
}

function at(ms: number | undefined): string {
  return ms === undefined ? "never" : new Date(ms).toISOString();
}
