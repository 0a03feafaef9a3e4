import type { Reading } from "../../../actors/reading/contract.ts";
import type { Actors } from "../../../actors/runtime/actors.ts";
import type { Clock } from "../../../actors/runtime/ports.ts";
import type { Operation } from "../../../actors/shared/authorization.ts";
import type { ErrorName } from "../../../actors/shared/errors.ts";
import type { Authenticator } from "../../auth/authenticator.ts";
import type { Validator } from "../../input/validate.ts";
import type { GatewayLimits } from "../../limits.ts";
import type { GatewayDeps, RateLimits } from "../../ports.ts";
import type { Acks } from "../delivery/acks.ts";
import type { Channels } from "../delivery/channels.ts";
import type { Client } from "../intake/client.ts";
import type { SendDeps } from "../intake/send-queues.ts";
import type { Notices } from "../user/notices.ts";
import type { PresenceWatch } from "../user/presence.ts";
import type { ReadMarks } from "../user/read-marks.ts";
import type { SyncProofs } from "../user/sync-proof.ts";
import type { DataOf, ServerFrameType } from "../wire/server-frames.ts";

/** Everything that handlers of client frames use; each takes what it needs. */
export interface FrameDeps {
  readonly actors: Actors;
  readonly reading: Reading;
  readonly rateLimits: RateLimits;
  readonly objects?: GatewayDeps["objects"];
  readonly log: GatewayDeps["log"];
  readonly clock: Pick<Clock, "nowMs">;
  readonly limits: GatewayLimits;
  readonly authenticator: Pick<Authenticator, "readToken">;
  readonly sends: SendDeps;
  readonly channels: Pick<Channels, "find">;
  readonly acks: Acks;
  readonly readMarks: ReadMarks;
  readonly presence: PresenceWatch;
  readonly syncProofs: SyncProofs;
  readonly notices: Pick<Notices, "confirm">;
}

/** One frame of an authenticated client. */
export interface Incoming<Body> {
  readonly client: Client;
  readonly body: Body;
  readonly msgId: string | undefined;
  readonly sizeBytes: number;
}

/** What the OK of a frame says beside that it took effect. */
export type OkData = DataOf<"OK">;

/** A handler that throws, or whose promise rejects, is answered with ERROR. */
export interface ClientFrame<Body = unknown> {
  readonly type: string;
  readonly summary: string;
  /** Besides ERROR. "OK" is sent when the handler is done; the handler itself sends other answers. */
  readonly answers: readonly ServerFrameType[];
  readonly schema: Validator<Body & object>;
  /** What the frame does, as the table of rights calls it: the refusals that stand there are documented. */
  readonly does?: readonly Operation[];
  /** Errors besides those, and besides what every frame may be answered. */
  readonly errors?: readonly ErrorName[];
  handle(incoming: Incoming<Body>, deps: FrameDeps): void | Promise<void> | Promise<OkData>;
}

/** Ties body and schema together, and forgets their type for the table. */
export function clientFrame<Body extends object>(frame: ClientFrame<Body>): ClientFrame {
  return frame as unknown as ClientFrame;
}
