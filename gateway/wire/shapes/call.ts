import {
  choice,
  count,
  flag,
  id,
  list,
  nullable,
  object,
  optional,
  seconds,
  text,
  time,
  type ValueOf,
} from "./fields.ts";
import { address, name } from "./message.ts";

const callId = text(48);
const callType = choice("audio", "video");
const status = choice("calling", "connected", "ended", "rejected");
const outcome = choice("completed", "rejected", "busy", "missed", "cancelled", "failed");

const progressProps = {
  outcome: optional(outcome),
  connectedAt: optional(time),
  endedAt: optional(time),
  duration: optional(seconds),
  answeredBy: optional(id),
};
const factProps = {
  callId,
  roomName: text(128),
  callType,
  callerId: id,
  calleeId: id,
  sessionId: id,
  startedAt: time,
};

/** A call as both its users see it. */
export const callShape = object({ ...factProps, status, ...progressProps }, "Call");
export type WireCall = ValueOf<typeof callShape>;

/** A call, and the token with which a device enters its room. */
export const callWithTokenShape = object(
  {
    ...callShape.props,
    token: text(4_096),
    expiresIn: seconds,
    url: text(2_048),
  },
  "CallWithToken",
);

/** A call as it stands in the list of one of its users. */
export const callRecordShape = object(
  {
    callId,
    roomName: text(128),
    callType,
    direction: choice("outgoing", "incoming"),
    userId: id,
    sessionId: id,
    status,
    isMissed: flag,
    startedAt: time,
    ringUntil: time,
    ...progressProps,
    callerName: optional(name),
    callerAvatar: optional(address),
  },
  "CallRecord",
);
export type WireCallRecord = ValueOf<typeof callRecordShape>;

/** An entry of the call list, with the present name of the other user. */
export const listedCallShape = object({ ...callRecordShape.props, nickname: name, avatar: address }, "ListedCall");
export const callListShape = object({
  total: count(),
  page: count(),
  pageSize: count(),
  nextCursor: nullable(text(128)),
  calls: list(listedCallShape),
});
export const callEndShape = object({ duration: seconds });

/** Payloads of livekit.call_invite, call_status and call_rejected. */
export const callInviteProps = { ...factProps, callerName: name, callerAvatar: address, ringUntil: time };
export const callStatusProps = { ...factProps, status, ...progressProps, isMissed: optional(flag) };
export const callRejectedProps = { callId, roomName: text(128), calleeId: id, reason: choice("busy", "reject") };
