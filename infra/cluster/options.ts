// The command line of `npm run start:cluster`.
import { parseArgs } from "node:util";
import { roles as allRoles, ConfigError, type Role } from "../config/config.ts";

export interface ClusterOptions {
  readonly hosts: number;
  readonly roles: readonly Role[];
  /** Port of the first host; each further host takes the next port. */
  readonly port: number;
  /** Hosts are `<name>-1`, `<name>-2`, … */
  readonly name: string;
}

const maxHosts = 32;
export const usage = `npm run start:cluster -- [--hosts 3] [--roles gateway,actors,workflows] [--port 8080] [--name parley]

Starts hosts of one cluster on this machine. They use the servers of NATS_URL, CASSANDRA_HOSTS and REDIS_URL, or those of
"npm run stack up". A host that ends is started again. kill -HUP <pid> restarts every host, one after another.`;

/** Throws ConfigError. */
export function readOptions(args: readonly string[]): ClusterOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hosts: { type: "string", default: "1" },
      roles: { type: "string", default: allRoles.join() },
      port: { type: "string", default: "8080" },
      name: { type: "string", default: "parley" },
    },
  });
  const problems: string[] = [];
  const hosts = Number(values.hosts);
  if (!Number.isInteger(hosts) || hosts < 1 || hosts > maxHosts) problems.push(`--hosts is 1 to ${maxHosts}.`);
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port + hosts > 65_536) problems.push("--port is a port number.");
  const roles = values.roles.split(",") as Role[];
  if (roles.some((role) => !allRoles.includes(role))) problems.push(`--roles are some of ${allRoles.join(", ")}.`);
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,40}$/.test(values.name)) problems.push("--name is letters, digits, - and _.");
  if (problems.length > 0) throw new ConfigError(problems);
  return { hosts, roles, port, name: values.name };
}
