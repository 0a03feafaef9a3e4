// Encodes a message as three cells: `meta` never changes, `content` is replaced by a patch, and `send` identifies a retry of
// the message's send. Its earlier contents are cells of the table `edits`.
import type { StoredMessage } from "../../actors/conversation/contract.ts";
import type { MessagePatchRow, MessageRow, Row } from "../../actors/runtime/ports.ts";
import { hashText } from "../../actors/shared/hash.ts";
import { storedMessage } from "../views/stored-message.ts";
import { text } from "./cells.ts";

type SendRow = Extract<Row, { table: "sends" }>;
type EditRow = Extract<Row, { table: "edits" }>;

/** The status, as the first letter of the content cell. Part of the format. */
const letters = { normal: "n", edited: "e", recalled: "r", expired: "x" } as const;
const statuses: Record<string, MessagePatchRow["status"]> = { e: "edited", r: "recalled", x: "expired" };

export function metaCell({ messageId, senderId, version, atMs, contentType, extra }: MessageRow): Buffer {
  return text(`${messageId}\n${senderId}\n${version}\n${atMs}\n${contentType}\n${extra}`);
}
export function contentCell(content: string): Buffer {
  return text(letters.normal + content);
}
export function patchCell({ status, atMs, content }: MessagePatchRow): Buffer {
  return text(`${letters[status]}${atMs} ${content}`);
}
/** Of a content that an edited message had; empty when its message is gone. */
export function editCell({ atMs, content }: Pick<EditRow, "atMs" | "content">): Buffer {
  return text(content === "" ? "" : `${atMs} ${content}`);
}
/** Undefined: the message is gone. */
export function editOf(edit: string): { atMs: number; content: unknown } | undefined {
  if (edit === "") return undefined;
  const { atMs, content } = timed(edit);
  return { atMs, content: JSON.parse(content) };
}

/** Parses a time and a content. */
function timed(cell: string): { atMs: number; content: string } {
  const space = cell.indexOf(" ");
  return { atMs: Number(cell.slice(0, space)), content: cell.slice(space + 1) };
}

/** The columns of the table `messages` that readers select. */
export interface MessageColumns {
  readonly seq: number;
  readonly meta: string;
  readonly content: string;
  /** Null when nobody has reacted yet. */
  readonly reactions: string | null;
}

export function messageOf(
  conversationId: string,
  bucket: number,
  { seq, meta, content, reactions }: MessageColumns,
): StoredMessage {
  const parts = meta.split("\n");
  const [messageId = "", senderId = "", version, atMs, contentType = ""] = parts;
  const fields = {
    ...{ conversationId, bucket, seq, messageId, senderId, contentType },
    ...{ version: Number(version), atMs: Number(atMs), extra: parts.slice(5).join("\n"), content: content.slice(1) },
  };
  const status = statuses[content[0] ?? ""];
  if (!status) return storedMessage(fields, undefined, reactions);
  return storedMessage(fields, { status, ...timed(content.slice(1)) }, reactions);
}

/**
 * The hash of a send's key and its day. Its 53 bits rarely collide within a conversation; a reader compares the fields of the
 * message, too.
 */
export function sendHash(day: number, senderId: string, clientMsgId: string): number {
  return hashText(`${day} ${senderId} ${clientMsgId}`);
}
export function sendCell({ day, senderId, clientMsgId, hash }: SendRow): Buffer {
  const cell = Buffer.allocUnsafe(16);
  cell.writeDoubleBE(sendHash(day, senderId, clientMsgId), 0);
  cell.writeDoubleBE(hash, 8);
  return cell;
}
