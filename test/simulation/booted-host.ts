import type { Reading } from "../../actors/reading/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { Host } from "../../actors/runtime/host/host.ts";
import type { ControlLease, HostLease } from "../../actors/runtime/lease/lease.ts";
import type { Machine } from "./machine.ts";

/** One boot of one host, without its gateway. */
export interface BootedHost {
  readonly machine: Machine;
  /** The lease as the host sees it: a weakness may replace `control` here. */
  readonly lease: HostLease;
  readonly control: ControlLease;
  readonly host: Host;
  readonly actors: Actors;
  readonly reading: Reading;
}
