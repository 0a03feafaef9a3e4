// OUTBOUND_ALLOW: what is open although the guard closes it. An entry is a host name, an address or a network (CIDR), with a port
// or without.
import { BlockList, isIP, isIPv6 } from "node:net";
import { plainAddress } from "./addresses.ts";

interface Entry {
  /** Absent: all ports. */
  port?: number;
  /** In small letters. */
  name?: string;
  network?: BlockList;
}

export interface Allowed {
  /** The name that a user wrote, whatever it resolves to. */
  hasName(name: string, port: number): boolean;
  hasAddress(address: string, port: number): boolean;
}

/** Throws for an entry that is not understood. */
export function parseAllowed(entries: readonly string[]): Allowed {
  const parsed = entries.map(parseEntry);
  const on = (port: number) => parsed.filter((entry) => entry.port === undefined || entry.port === port);
  return {
    hasName: (name, port) => on(port).some((entry) => entry.name === withoutDot(name)),
    hasAddress(address, port) {
      const plain = plainAddress(address);
      const family = isIPv6(plain) ? "ipv6" : "ipv4";
      return on(port).some(({ network }) => network?.check(plain, family));
    },
  };
}

function parseEntry(text: string): Entry {
  const match = /^(?:\[([^\]]+)\]|([^:\s/]+|[^\s/[\]]*:[^\s/[\]]*:[^\s/[\]]*))(?:\/(\d{1,3}))?(?::(\d{1,5}))?$/.exec(
    text,
  );
  const [, bracketed, bare, prefix, port] = match ?? [];
  const host = bracketed ?? bare ?? "";
  const family = isIP(host);
  const isNumber = (value: string | undefined, max: number) => value === undefined || Number(value) <= max;
  const isWrong =
    !isNumber(port, 65_535) ||
    !isNumber(prefix, family === 6 ? 128 : 32) ||
    (family === 0 && (prefix !== undefined || !/^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/i.test(host)));
  if (!match || isWrong) throw new Error(`"${text}" is no host, host:port, address or network`);
  const ofPort = port === undefined ? {} : { port: Number(port) };
  if (family === 0) return { ...ofPort, name: withoutDot(host) };
  const network = new BlockList();
  const kind = family === 6 ? "ipv6" : "ipv4";
  network.addSubnet(host, Number(prefix ?? (family === 6 ? 128 : 32)), kind);
  return { ...ofPort, network };
}

function withoutDot(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}
