// The adapters that a node uses: either the embedded storage, or the servers of a cluster. No code that uses a World knows
// which.
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
  /** Another id after the data was restored from a copy or the journal was made again from the views. */
  readonly storeId: string;
  readonly views: ViewStore;
  /** Runtime limits whose best values for these views differ from the defaults. */
  readonly runtimeLimits?: Partial<RuntimeLimits>;
  readonly heads: Heads;
  readonly sink: NotificationSink;
  createSource(): NotificationSource;
  readonly transport: HostTransport;
  readonly control: Control;
  readonly presence: Presence;
  readonly rateLimits: RateLimits;
  /** `secret` is the same on every gateway of this world. Codes are stored as hashes under a key derived from it. */
  createCodes(sender: CodeSender, secret: Uint8Array): VerificationCodes;
  /** A text that says which failures an acknowledged change survives (G1). */
  readonly durability: string;
  /** One probe per part. It rejects when the part does not work. */
  readonly probes: Readonly<Record<string, () => Promise<string>>>;
  /** Probes of parts without which the host works, only slower. */
  readonly sideProbes?: Readonly<Record<string, () => Promise<string>>>;
  /** True on the one host of the cluster that trims the journal. */
  isTrimmer(): boolean;
  /** Takes the lease: from then on other hosts send work to this one. */
  join(): Promise<void>;
  /** Gives the lease up, so that no other host waits for this one. */
  leave(): Promise<void>;
  /**
   * `handler` is called once, when this boot was closed: the process drops everything and joins again under a new boot (J5.3).
   */
  onClosed(handler: (reason: ClosedReason) => void): void;
}
