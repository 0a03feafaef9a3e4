// Options of a client, and its events.
import type { DeviceType, Session, Tokens } from "./api/session.ts";
import type { ClientError } from "./base/errors.ts";
import type { ClientLimits } from "./base/limits.ts";
import type { Platform } from "./base/platform.ts";
import type { ClientFrame, ServerFrame } from "./base/wire.ts";
import type { OutboxStorage } from "./outbox.ts";
import type { ReplicaEvents } from "./replica/replica.ts";
import type { RepliesEvents } from "./replica/replies.ts";
import type { ConnectionOptions } from "./socket/connection.ts";

export interface ClientOptions extends Pick<ConnectionOptions, "retry" | "heartbeat"> {
  /** `http://host:port`, asked before every attempt to connect: `attempt` counts the failures since the last CONNECT_ACK. */
  readonly url: string | ((attempt: number) => string);
  /** The same for each start on this device: the server keeps what the device has seen under it. */
  readonly deviceId: string;
  readonly deviceType: DeviceType;
  /** Shown in the user's list of devices and logins. */
  readonly deviceName?: string;
  readonly clientVersion?: string;
  /**
   * pull (default): after every connect, and when a version is missing, the client asks for what it lacks. push: the
   * server pushes what this device has not acknowledged.
   */
  readonly mode?: "pull" | "push";
  /** Logs in from the start when the refresh token is refused. Without it the login is over then. */
  readonly logInAgain?: (session: Session) => Promise<unknown>;
  /** The newest tokens that the application keeps: another instance of the program, another tab, may have renewed them. */
  readonly keptTokens?: () => Tokens | undefined;
  /** Keeps unsent messages over a restart of the program; without it they are lost with it. */
  readonly storage?: OutboxStorage;
  /** In place of the global WebSocket, fetch, timers and random numbers. */
  readonly platform?: Platform;
  readonly limits?: Partial<ClientLimits>;
}

export interface ClientEvents
  extends Required<Pick<ReplicaEvents, "messages" | "changed" | "left" | "lists" | "replaced">>,
    RepliesEvents {
  /** CONNECT_ACK: the socket is served. */
  opened(ack: ServerFrame): void;
  /** After `opened`: what was missed is held, and unsent messages are on their way. */
  ready(): void;
  /** The connection is gone, and is being restored. `code` is undefined when this side gave it up. */
  lost(code: number | undefined): void;
  /** The server does not want this device back: see `code` and `message`. */
  ended(error: ClientError): void;
  /** New tokens, to be kept; undefined: the login is over. */
  tokens(tokens: Tokens | undefined): void;
  /** Every frame that is received, before it is used: typing, presence and notifications are found here only. */
  frame(frame: ServerFrame): void;
  /** Every frame that is sent. */
  sent(frame: ClientFrame): void;
  /** Something went wrong that no call of the application can report: a contradiction of the server, a failing storage. */
  problem(error: ClientError): void;
}
