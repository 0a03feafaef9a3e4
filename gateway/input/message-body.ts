// What a message is sent with, by POST /messages and by SEND_MESSAGE alike: one check serves both.
import { id, optionalId, optionalIds, optionalTime } from "./rules.ts";
import { type Target, targetShape } from "./target.ts";

export interface MessageBody extends Target {
  contentType: string;
  content: unknown;
  replyTo?: string;
  mentions?: string[];
  burnAfterReadMs?: number;
  expireAt?: number;
}

export const messageShape = {
  ...targetShape,
  contentType: id,
  content: "any",
  replyTo: optionalId,
  mentions: optionalIds,
  burnAfterReadMs: optionalTime,
  expireAt: optionalTime,
} as const;
