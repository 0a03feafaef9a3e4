// What the acknowledgements of a device are worth. They are cumulative, so they say nothing about a hole that the device
// was asked to fill by SYNC; the hole is closed when the device has read the complete answer, not when it was written.
import type { Vector } from "../../../actors/session/contract.ts";

export type AckTrust =
  /** The device holds everything up to what it acknowledges. */
  | { readonly kind: "complete" }
  /** The device pulls by itself (`sync=client`): its acknowledgements never count as progress. */
  | { readonly kind: "own" }
  /** The device was asked to sync, and has not asked yet. */
  | { readonly kind: "hole" }
  /** SYNC came. `vector`: what the device holds once it has read the answer; unknown while the answer is made. */
  | { readonly kind: "proving"; readonly payload: Buffer; readonly vector: Vector | undefined };

/** Shared by all connections. */
export const complete: AckTrust = { kind: "complete" };
export const own: AckTrust = { kind: "own" };
export const hole: AckTrust = { kind: "hole" };
