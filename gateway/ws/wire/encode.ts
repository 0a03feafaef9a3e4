// Makes the JSON of every server frame. Callers encode a frame once, and share the text among the sockets that get it.
import type { FrameType } from "../../../actors/shared/notification.ts";
import { termsOf } from "../../wire/notification.ts";
import type { ValueOf } from "../../wire/shapes/fields.ts";
import type { gatewayNotifications, noticeProps } from "./notification-payloads.ts";
import type { DataOf, ErrorFrameType, ServerFrameType } from "./server-frames.ts";

interface Head {
  /** Ms since 1970. */
  readonly timestamp: number;
  /** Of the client frame that is answered. */
  readonly msgId?: string;
}
interface ErrorHead extends Head {
  readonly code: number;
  readonly codeStr: string;
  readonly message: string;
}
type HeadOf<T> = T extends ErrorFrameType ? ErrorHead : Head;

/** A frame whose data the gateway makes. */
export function encodeFrame<T extends ServerFrameType>(type: T, data: DataOf<T>, head: HeadOf<T>): string {
  const { timestamp, msgId } = head;
  const beside = "code" in head ? errorFields(head) : "";
  const answered = msgId === undefined ? "" : `,"msgId":${JSON.stringify(msgId)}`;
  const text = type === "SEND_ACK" ? sendAckData(data as unknown as DataOf<"SEND_ACK">) : JSON.stringify(data);
  const dataField = text === undefined ? "" : `,"data":${text}`;
  return `{"type":"${type}"${answered}${beside},"timestamp":${timestamp}${dataField}}`;
}

/** A frame whose data comes from a notification. */
export function encodePublished(type: FrameType, timestamp: number, data: object): string {
  return `{"type":"${type}","timestamp":${timestamp},"data":${JSON.stringify(data)}}`;
}

export type GatewayNotifications = typeof gatewayNotifications;

/** Of a NOTIFICATION that the gateway makes itself. */
export type GatewayNotificationData<T extends keyof GatewayNotifications> = Omit<
  ValueOf<GatewayNotifications[T]["data"][number]>,
  keyof typeof noticeProps
> & { timestamp: number };

/** A NOTIFICATION: its data begins with its type, its id and the terms of its type. */
export function encodeNotification(type: string, notificationId: string, timestamp: number, data: object): string {
  return encodePublished("NOTIFICATION", timestamp, { type, notificationId, ...termsOf(type), ...data });
}

function errorFields({ code, codeStr, message }: ErrorHead): string {
  return `,"code":${code},"codeStr":"${codeStr}","message":${JSON.stringify(message)}`;
}

/** Takes half the time of JSON.stringify, on every send. Ids are letters, digits and underscores: none needs an escape. */
function sendAckData({ messageId, sessionId, seq, version, timestamp, replyId }: DataOf<"SEND_ACK">): string {
  const reply = replyId === undefined ? "" : `,"replyId":"${replyId}"`;
  return `{"messageId":"${messageId}","sessionId":"${sessionId}","seq":${seq},"version":${version},"timestamp":${timestamp}${reply}}`;
}
