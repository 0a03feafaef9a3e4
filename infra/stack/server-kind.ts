// The types and errors that all servers of the stack share: the installed program, and the plan of one process.
import type { Env } from "../config/env.ts";

export const serverNames = ["nats", "redis", "cassandra", "temporal", "livekit", "s3"] as const;
export type ServerName = (typeof serverNames)[number];

export interface Toolbox {
  /** PATH, HOME, XDG_CACHE_HOME, JAVA_HOME and the servers' address variables are read from it. */
  env: Env;
  /** Prints a progress line. Slow steps call it at least every five seconds. */
  say(line: string): void;
}

/** A program on this machine, ready to run. */
export interface Program {
  command: string;
  /** Arguments that come before those of the plan. */
  args?: readonly string[];
  /** The version that the program reports, or that the recipe installs. */
  version: string;
  /** Where the program was found, for the operator: "PATH", "cache" … */
  from: string;
}

/** One process to start. */
export interface ServerPlan {
  name: ServerName;
  command: string;
  args: readonly string[];
  /** Added to the environment of this process. */
  env?: Readonly<Record<string, string>>;
  /** Contains the server's configuration, its data and `<name>.log`. */
  dir: string;
  /** All ports that the server listens on; the first one is for clients. */
  ports: readonly number[];
  /** Resolves when the server serves; the error says what is still missing. */
  check(): Promise<void>;
  startTimeoutMs: number;
}

/** The server's program is not on this machine and could not be installed. */
export class ServerMissingError extends Error {
  override name = "ServerMissingError";
  readonly server: ServerName;
  readonly why: string;
  readonly whatToDo: string;
  constructor(server: ServerName, why: string, whatToDo: string, cause?: unknown) {
    super(`${server}: ${why}; ${whatToDo}`, { cause });
    this.server = server;
    this.why = why;
    this.whatToDo = whatToDo;
  }
}

/** The server was started, and then ended or did not serve in time. */
export class ServerStartError extends Error {
  override name = "ServerStartError";
}

/** Another process listens on a port that the server needs. */
export class PortTakenError extends ServerStartError {
  override name = "PortTakenError";
  readonly port: number;
  constructor(server: ServerName, port: number, holder: string | undefined) {
    super(
      `${server} needs port ${port}, and ${holder ?? "another process"} holds it. End that process, or set the server's address in the environment or in .env to use that server.`,
    );
    this.port = port;
  }
}
