// The views as an adapter offers them: what the projector writes, and the readers over the same rows.
import type { SendReader } from "../../actors/conversation/contract.ts";
import type { BucketReader, ChangeReader, Directory, MessageReader } from "../../actors/reading/ports.ts";
import type { Mark, Views } from "../../actors/runtime/ports.ts";

export interface ViewStore {
  readonly views: Views;
  readonly messages: MessageReader;
  readonly buckets: BucketReader;
  readonly changes: ChangeReader;
  readonly directory: Directory;
  readonly sends: SendReader;
  /** The marks that survive a power cut, too: the journal may be trimmed up to these, and no further. */
  durableMarks(): Promise<Mark[]>;
  close(): Promise<void>;
}
