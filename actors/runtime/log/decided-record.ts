import type { Head } from "../head.ts";
import type { Row } from "../ports.ts";
import type { ActorRecord } from "../record.ts";

/** A record with its one encoding, and with what its owner does once the log shows it. */
export interface DecidedRecord {
  readonly record: ActorRecord;
  /** JSON of `record`: made once, for the log and for the views. */
  readonly text: string;
  /** Rows beside those that the behaviour projects: snapshot, due time. */
  extraRows?: readonly Row[];
  /** The actor's head right after the record, if it has one. */
  head?: Head;
  /** Outbox entries that the reply waits for; undefined or 0: the reply waits for none. */
  unconfirmed?: number;
  /** Called when `unconfirmed` reaches 0. */
  onConfirmed?: () => void;
}
