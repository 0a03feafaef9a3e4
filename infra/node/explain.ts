import { ConfigError } from "../config/config.ts";
import { NatsError } from "../nats/errors.ts";
import { RedisMissingError } from "../redis/errors.ts";
import { DataDirLockedError } from "../sqlite/errors.ts";
import { StorageError } from "../views/storage-error.ts";

/** Why a start failed, and what the operator can do; undefined for what he cannot mend: a bug, which shows where it is. */
export function explainStart(error: unknown): string | undefined {
  if (error instanceof ConfigError) return error.message;
  if (error instanceof DataDirLockedError) {
    return `${error.message}\nStop that one first, or give this one its own folder and port: DATA_DIR=./data2 PORT=8081 npm start`;
  }
  if (error instanceof StorageError) return error.message;
  if (error instanceof NatsError) return `NATS: ${error.message}`;
  if (error instanceof RedisMissingError) return error.message;
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return undefined;
  if (error.syscall === "listen" || error.syscall === "getaddrinfo") {
    return `${error.message}\n${listenAdvice[String(error.code)] ?? "Set HOST and PORT to an address of this machine that is free."}`;
  }
  return `${error.message}\nThe data folder cannot be used. Set DATA_DIR to a folder that this user may write to.`;
}

const listenAdvice: Readonly<Record<string, string>> = {
  EADDRINUSE: "Another program listens there. Set PORT to a free one, for example PORT=8081 npm start",
  EACCES: "Ports below 1024 need special rights. Set PORT to a higher one.",
  EADDRNOTAVAIL:
    "HOST is not an address of this machine. Leave it unset for 127.0.0.1, or set 0.0.0.0 for all of them.",
  ENOTFOUND: "HOST is a name that nobody knows. Leave it unset for 127.0.0.1, or set 0.0.0.0 for all addresses.",
};
