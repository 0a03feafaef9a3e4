// Calls of two users. The media go over LiveKit, whose client joins with `url` and `token`.
import type { Calls } from "./calls.ts";
import { queryOf } from "./request.ts";

export type CallType = "audio" | "video";

export interface PhoneCall {
  readonly callId: string;
  readonly roomName: string;
  readonly callType: CallType;
  readonly callerId: string;
  readonly calleeId: string;
  readonly sessionId: string;
  readonly startedAt: number;
  readonly status: "calling" | "connected" | "ended" | "rejected";
  readonly outcome?: "completed" | "rejected" | "busy" | "missed" | "cancelled" | "failed";
  readonly connectedAt?: number;
  readonly duration?: number;
  /** The device that has answered. */
  readonly answeredBy?: string;
}

/** With what a device enters the room. */
export interface JoinableCall extends PhoneCall {
  readonly token: string;
  readonly url: string;
  readonly expiresIn: number;
}

export function phoneCalls({ get, post, put }: Calls) {
  return {
    /** All devices of the user ring. */
    invite: (userId: string, callType: CallType) => post<JoinableCall>("/calls/invite", { userId, callType }),
    accept: (callId: string) => put<JoinableCall>(`/calls/${callId}/accept`, {}),
    reject: (callId: string, reason: "busy" | "reject" = "reject") => put(`/calls/${callId}/reject`, { reason }),
    /** Ends a call, or cancels one that still rings. */
    hangUp: (callId: string) => put<{ duration: number }>(`/calls/${callId}/hangup`, {}),
    /** Another token for a call that rings or runs: after a reload, or before the token ends. */
    token: (callId: string) => get<JoinableCall>(`/calls/token${queryOf({ callId })}`),
  };
}
