// The texts about a call that operators read in Temporal's UI.
import type { CallInput } from "./contract.ts";
import { presentIn, type Room } from "./room.ts";
import type { Call } from "./state.ts";

const textCharsMax = 100;

/** One line, shown in the list of workflows. */
export function summarizeCall({ callType, callerId, calleeId }: CallInput): string {
  return `${callType} call: ${callerId} → ${calleeId}`;
}

/** Shown on the workflow's page; fixed at the start. */
export function introduceCall({ callType, callerId, callerName, calleeId, conversationId }: CallInput): string {
  const caller = callerName ? `${asText(callerName)} (${callerId})` : callerId;
  return [
    `**${callType}** call of ${caller} to ${calleeId}, in conversation \`${conversationId}\`.`,
    "",
    "To end the call, use *Request Cancellation*: both users are notified, the room is closed, and the call is recorded.",
    "*Terminate* does none of this; the users' lines become free at the next call to them.",
  ].join("\n");
}

/** The current state of the call; shown on the workflow's page. */
export function describeCall(call: Call, room?: Room): string {
  const { phase, end, answeredBy, callType, input } = call;
  if (call.glareWith) {
    return `Ended in favour of call \`${call.glareWith}\`: the two users called each other at the same time.`;
  }
  if (end) return `**${end.outcome}**, ended by: ${end.by}, ${at(end.atMs)}.`;
  if (phase === "connected") {
    const present = room ? presentIn(room).join(", ") || "nobody" : "nobody";
    return `**Connected** (${callType}) since ${at(call.connectedMs)}; answered by device ${asText(answeredBy ?? "")}. In the room: ${present}.`;
  }
  return `**Ringing** since ${at(call.startedMs)}, for at most ${input.times.ringMs / 1000} s.`;
}

/** Quotes a text that a user has chosen, so that the UI does not read it as Markdown. */
function asText(text: string): string {
  return `\`${text.replace(/[`\s]+/g, " ").slice(0, textCharsMax)}\``;
}

function at(ms: number | undefined): string {
  return ms === undefined ? "never" : new Date(ms).toISOString();
}
