import { ConfigError } from "../config/config.ts";
import { NatsError } from "../nats/errors.ts";
import { RedisMissingError } from "../redis/errors.ts";
import { DataDirLockedError } from "../sqlite/errors.ts";
import { StorageError } from "../views/storage-error.ts";

/** Why a start failed, and what the operator can do. Undefined for a bug: then the caller prints the error with its stack. */
export function explainStart(error: unknown): string | undefined {
  if (error instanceof ConfigError) return error.message;
  if (error instanceof DataDirLockedError) {
    return `${error.message}\nStop that process first, or start this one with another folder and port: DATA_DIR=./data2 PORT=8081 npm start`;
  }
  if (error instanceof StorageError) return error.message;
  if (error instanceof NatsError) return `NATS: ${error.message}`;
  if (error instanceof RedisMissingError) return error.message;
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return undefined;
  if (error.syscall === "listen" || error.syscall === "getaddrinfo") {
    return `${error.message}\n${listenAdvice[String(error.code)] ?? "Set HOST and PORT to a free address of this machine."}`;
  }
  return `${error.message}\nThe data folder cannot be used. Set DATA_DIR to a folder that this user can write to.`;
}

const listenAdvice: Readonly<Record<string, string>> = {
  EADDRINUSE: "Another program listens on this port. Set PORT to a free port, for example: PORT=8081 npm start",
  EACCES: "Ports below 1024 need special rights. Set PORT to a higher port.",
  EADDRNOTAVAIL:
    "HOST is not an address of this machine. Leave HOST unset for 127.0.0.1, or set 0.0.0.0 for all addresses.",
  ENOTFOUND: "The name in HOST has no address. Leave HOST unset for 127.0.0.1, or set 0.0.0.0 for all addresses.",
};
