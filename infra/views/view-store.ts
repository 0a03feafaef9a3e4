// The interface of a store of views: what the projector writes, and the readers of the same rows.
import type { UsageReader } from "../../actors/account/ports.ts";
import type { SendReader } from "../../actors/conversation/contract.ts";
import type { BucketReader, ChangeReader, Directory, MessageReader } from "../../actors/reading/ports.ts";
import type { Mark, Views } from "../../actors/runtime/ports.ts";

export interface ViewReaders {
  readonly messages: MessageReader;
  readonly buckets: BucketReader;
  readonly changes: ChangeReader;
  readonly directory: Directory;
  readonly sends: SendReader;
  readonly usage: UsageReader;
}

export interface ViewStore extends ViewReaders {
  readonly views: Views;
  /** The marks that survive a power loss. The journal may be trimmed up to these marks and no further. */
  durableMarks(): Promise<Mark[]>;
  close(): Promise<void>;
}
