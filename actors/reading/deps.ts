import type { Actors } from "../runtime/actors.ts";
import type { Clock, Heads } from "../runtime/ports.ts";
import type { ReadingLimits } from "./limits.ts";
import type { BucketReader, ChangeReader, Directory, MessageReader } from "./ports.ts";

export interface ReadingDeps {
  actors: Actors;
  messages: MessageReader;
  buckets: BucketReader;
  changes: ChangeReader;
  directory: Pick<Directory, "findMany">;
  heads: Heads;
  clock: Clock;
  storeId: string;
  limits: ReadingLimits;
}
