// What a node stands on: the embedded storage, or the servers of a cluster. Nobody behind it asks which.

import type { ClosedReason, HostLease, Place } from "../../actors/runtime/lease/lease.ts";
import type { RuntimeLimits } from "../../actors/runtime/limits.ts";
import type { Control, Heads, HostTransport, Journal, NotificationSink } from "../../actors/runtime/ports.ts";
import type { NotificationSource, Presence, RateLimits, VerificationCodes } from "../../gateway/ports.ts";
import type { CodeSender } from "../codes/sender.ts";
import type { Trimmable } from "../retention/trimmer.ts";
import type { ViewStore } from "../views/view-store.ts";

export interface World {
  readonly place: Place;
  readonly lease: HostLease;
  readonly journal: Journal & Trimmable;
  /** Changes after a restore or re-seed. */
  readonly storeId: string;
  readonly views: ViewStore;
  /** Where these views want other sizes than the default. */
  readonly runtimeLimits?: Partial<RuntimeLimits>;
  readonly heads: Heads;
  readonly sink: NotificationSink;
  createSource(): NotificationSource;
  readonly transport: HostTransport;
  readonly control: Control;
  readonly presence: Presence;
  readonly rateLimits: RateLimits;
  /** `secret`: one that every gateway of this world has; codes are kept as hashes under a key made of it. */
  createCodes(sender: CodeSender, secret: Uint8Array): VerificationCodes;
  /** In words: what an acknowledged change survives (G1). */
  readonly durability: string;
  /** Each part by name; rejects when the part cannot answer. */
  readonly probes: Readonly<Record<string, () => Promise<string>>>;
  /** Parts without which the host goes on, slower. */
  readonly sideProbes?: Readonly<Record<string, () => Promise<string>>>;
  /** One host of many trims the journal. */
  isTrimmer(): boolean;
  /** From here on others count on this host. */
  join(): Promise<void>;
  /** Nobody need wait for this host any more. */
  leave(): Promise<void>;
  /** Called once, when this boot was closed: the process drops everything and joins again under a new boot (J5.3). */
  onClosed(handler: (reason: ClosedReason) => void): void;
}
