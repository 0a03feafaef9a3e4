// The guard on addresses that users give: a name is resolved once, every address that it resolves to is checked, and the
// connection goes to a checked address. A check before the request alone would not do: a name may resolve to another address
// when the connection is made.
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { buildConnector } from "undici";
import { isPublicAddress, plainAddress } from "./addresses.ts";
import type { Allowed } from "./allowed.ts";

export interface GuardDeps {
  allowed: Allowed;
  /** All addresses of a name, in the order to try. Default: the system's. */
  resolve?(name: string): Promise<readonly string[]>;
}

/**
 * One error for a closed address, an unknown name and a connection that fails, so that its text does not tell what listens
 * where. `cause` is for the log of the operator.
 */
export class UnreachableError extends Error {
  override name = "UnreachableError";
  readonly code = "unreachable";
  constructor(cause?: unknown) {
    super("The address cannot be reached.", { cause });
  }
}

/** Services that read commands from text, and ports that browsers refuse, too (https://fetch.spec.whatwg.org/#port-blocking). */
const closedPorts = new Set([
  ...[1_719, 1_720, 1_723, 2_049, 3_659, 4_045, 4_190, 5_060, 5_061, 6_000, 6_379, 6_566, 6_665, 6_666, 6_667],
  ...[6_668, 6_669, 6_679, 6_697, 10_080, 11_211],
]);
const connectTimeoutMs = 10_000;
/** Addresses of one name that are tried. */
const maxAddresses = 4;

/** Makes connections for undici: `new Agent({ connect: guardedConnect({ allowed }) })`. */
export function guardedConnect({ allowed, resolve = resolveBySystem }: GuardDeps): buildConnector.connector {
  const connect = buildConnector({ timeout: connectTimeoutMs });
  return (options, callback) => {
    openAddresses({ allowed, resolve }, options)
      .then((addresses) => connectToFirst(connect, options, addresses))
      .then(
        (socket) => callback(null, socket),
        (error: unknown) => callback(error instanceof UnreachableError ? error : new UnreachableError(error), null),
      );
  };
}

/** Whether the address has a scheme and a form that may be asked at all; where it leads is checked when it is connected to. */
export function isPlainHttp(url: URL): boolean {
  return /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
}

async function openAddresses(
  { allowed, resolve }: Required<GuardDeps>,
  { hostname, protocol, port }: buildConnector.Options,
): Promise<readonly string[]> {
  if (protocol !== "https:" && protocol !== "http:") throw new UnreachableError(`scheme ${protocol}`);
  const name = hostname.replace(/^\[|\]$/g, "");
  const portNumber = Number(port || (protocol === "https:" ? 443 : 80));
  const addresses = isIP(name) ? [plainAddress(name)] : await resolve(name);
  const isNameAllowed = allowed.hasName(name, portNumber);
  const isOpen = (address: string) =>
    isNameAllowed || allowed.hasAddress(address, portNumber) || (isOpenPort(portNumber) && isPublicAddress(address));
  // A name with one closed address is closed: which of them gets the connection would be chance.
  if (addresses.length === 0 || !addresses.every(isOpen)) throw new UnreachableError(`${name}:${portNumber} is closed`);
  return addresses.slice(0, maxAddresses);
}

function isOpenPort(port: number): boolean {
  return port === 80 || port === 443 || (port >= 1_024 && !closedPorts.has(port));
}

/** To the addresses themselves: no name is left to resolve. The certificate is checked against the name. */
async function connectToFirst(
  connect: buildConnector.connector,
  options: buildConnector.Options,
  addresses: readonly string[],
): Promise<Connected> {
  let failure: unknown;
  for (const address of addresses) {
    try {
      return await new Promise<Connected>((resolve, reject) => {
        connect({ ...options, hostname: address }, (error, socket) => (error ? reject(error) : resolve(socket!)));
      });
    } catch (error) {
      failure = error;
    }
  }
  throw new UnreachableError(failure);
}
type Connected = NonNullable<Parameters<buildConnector.Callback>[1]>;

async function resolveBySystem(name: string): Promise<readonly string[]> {
  const found = await lookup(name, { all: true, verbatim: true });
  return found.map(({ address }) => address);
}
