// What every server of the stack has in common: how its program is had, and what starting one process of it takes.
import type { Env } from "../config/env.ts";

export const serverNames = ["nats", "redis", "cassandra", "temporal", "livekit", "s3"] as const;
export type ServerName = (typeof serverNames)[number];

export interface Toolbox {
  /** PATH, HOME, XDG_CACHE_HOME and JAVA_HOME are read. */
  env: Env;
  /** Told a line at least every few seconds while something slow goes on. */
  say(line: string): void;
}

/** A program on this machine, ready to run. */
export interface Program {
  command: string;
  /** Go before all others. */
  args?: readonly string[];
  /** As it says itself, or of the recipe. */
  version: string;
  /** For people: "PATH", "cache" … */
  from: string;
}

/** One process to start. */
export interface ServerPlan {
  name: ServerName;
  command: string;
  args: readonly string[];
  /** Added to the environment of this process. */
  env?: Readonly<Record<string, string>>;
  /** Holds its configuration, its data and `<name>.log`. */
  dir: string;
  /** All that it listens on, the one that clients use first. */
  ports: readonly number[];
  /** Resolves when it serves; an error says what is not yet there. */
  check(): Promise<void>;
  startTimeoutMs: number;
}

/** This machine cannot give the server. */
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

/** It was started, and ended or did not serve in time. */
export class ServerStartError extends Error {
  override name = "ServerStartError";
}

/** Another process listens on a port that the server needs. */
export class PortTakenError extends ServerStartError {
  override name = "PortTakenError";
  readonly port: number;
  constructor(server: ServerName, port: number, holder: string | undefined) {
    super(
      `${server} needs port ${port}, which ${holder ?? "another process"} has. End that one, or let it be used: set its address in the environment or in .env.`,
    );
    this.port = port;
  }
}
