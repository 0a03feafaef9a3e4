// The tables of views.db. Addresses ("kind/key") are stored as integers; the address of a conversation is "conversation/<id>".
import type { MessagePatchRow } from "../../actors/runtime/ports.ts";
import { plainTables } from "./plain-tables.ts";

export const viewsFormat = "parley-views-1";

export const viewsSchema = `
CREATE TABLE IF NOT EXISTS addresses (id INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE) STRICT;

-- One row per run of records, appended in order of arrival. Clustered by actor the table cost 15 µs more per message.
CREATE TABLE IF NOT EXISTS actor_events (
  id INTEGER PRIMARY KEY, address INTEGER NOT NULL, first_n INTEGER NOT NULL, last_n INTEGER NOT NULL, records TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS actor_events_by_actor ON actor_events (address, first_n, last_n);

CREATE TABLE IF NOT EXISTS snapshots (
  address INTEGER PRIMARY KEY, n INTEGER NOT NULL, stamp INTEGER NOT NULL, state TEXT NOT NULL
) STRICT;

-- send_day and send_hash hold the message's send, because a table for the sends of all messages cost 6 to 17 µs per message.
CREATE TABLE IF NOT EXISTS messages (
  conversation INTEGER NOT NULL, bucket INTEGER NOT NULL, seq INTEGER NOT NULL, stamp INTEGER NOT NULL,
  patch_stamp INTEGER NOT NULL DEFAULT 0, status INTEGER NOT NULL DEFAULT 0, patched_at_ms INTEGER NOT NULL DEFAULT 0,
  send_day INTEGER, send_hash INTEGER,
  message_id TEXT NOT NULL, sender_id TEXT NOT NULL, version INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  content_type TEXT NOT NULL, terms TEXT NOT NULL, content TEXT NOT NULL, extra TEXT NOT NULL,
  PRIMARY KEY (conversation, bucket, seq)
) STRICT, WITHOUT ROWID;

-- Patches that were written before their message.
CREATE TABLE IF NOT EXISTS message_patches (
  conversation INTEGER NOT NULL, bucket INTEGER NOT NULL, seq INTEGER NOT NULL, stamp INTEGER NOT NULL,
  status INTEGER NOT NULL, at_ms INTEGER NOT NULL, terms TEXT NOT NULL, content TEXT NOT NULL,
  PRIMARY KEY (conversation, bucket, seq)
) STRICT, WITHOUT ROWID;

-- Sends that were written without their message.
CREATE TABLE IF NOT EXISTS sends (
  conversation INTEGER NOT NULL, day INTEGER NOT NULL, sender_id TEXT NOT NULL, client_msg_id TEXT NOT NULL,
  message_id TEXT NOT NULL, seq INTEGER NOT NULL, hash INTEGER NOT NULL, stamp INTEGER NOT NULL,
  PRIMARY KEY (conversation, day, sender_id, client_msg_id)
) STRICT, WITHOUT ROWID;

${Object.values(plainTables)
  .map(({ create }) => create)
  .join("\n")}

CREATE TABLE IF NOT EXISTS marks (shard INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, commit_id TEXT NOT NULL) STRICT;
`;

/** The position of a status is its number in the column `status`. Part of the format. */
export const statuses = ["normal", "edited", "recalled", "expired"] as const;
export function statusNumber(status: MessagePatchRow["status"]): number {
  return statuses.indexOf(status);
}

/** A subquery for the id of the address in the next parameter. */
export const addressId = "(SELECT id FROM addresses WHERE address = ?)";
export function addressOf(kind: string, key: string): string {
  return `${kind}/${key}`;
}
export function conversationAddress(conversationId: string): string {
  return `conversation/${conversationId}`;
}
