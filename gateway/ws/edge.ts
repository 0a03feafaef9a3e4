// What the parts of the socket edge know of each other: one of each per gateway.

import type { Gate } from "../../actors/shared/gate.ts";
import type { Authenticator } from "../auth/authenticator.ts";
import type { Envelopes } from "../kit/envelope.ts";
import type { GatewayDeps } from "../ports.ts";
import type { Channels } from "./delivery/channels.ts";
import type { Writer } from "./socket/writer.ts";
import type { GoneReports } from "./user/gone-reports.ts";
import type { Hub } from "./user/hub.ts";
import type { PresenceWatch } from "./user/presence.ts";
import type { ReadMarks } from "./user/read-marks.ts";

export interface Edge {
  readonly deps: GatewayDeps;
  readonly authenticator: Authenticator;
  readonly envelopes: Envelopes;
  readonly writer: Writer;
  readonly hub: Hub;
  readonly channels: Channels;
  readonly readMarks: ReadMarks;
  readonly presence: PresenceWatch;
  readonly gone: GoneReports;
  /** Reads no more frames. */
  isDraining: boolean;
  /** Pulls under way: after a gap of the bell thousands may be due. */
  readonly pulls: Gate;
  /** Whole ms since this gateway began, never back: what sockets remember of time fits into a small integer. */
  elapsedMs(): number;
}
