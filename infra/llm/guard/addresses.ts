// Which IP addresses are open to addresses that users give: public unicast ones. Everything else is closed: this machine, private
// and link-local networks, cloud metadata, multicast, documentation, and the ways to write an IPv4 address as an IPv6 one.
import { BlockList, isIPv4, isIPv6 } from "node:net";

const closed4 = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["168.63.129.16", 32], // Azure's host, which answers inside of a virtual machine
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const) {
  closed4.addSubnet(network, prefix, "ipv4");
}

const unicast6 = new BlockList();
unicast6.addSubnet("2000::", 3, "ipv6");

const closed6 = new BlockList();
for (const [network, prefix] of [
  ["2001::", 23], // protocol assignments; Teredo carries an IPv4 address
  ["2001:db8::", 32],
  ["2002::", 16], // 6to4 carries an IPv4 address
  ["3fff::", 20],
] as const) {
  closed6.addSubnet(network, prefix, "ipv6");
}

/** False for a closed address, and for a text that is no address. */
export function isPublicAddress(address: string): boolean {
  const plain = plainAddress(address);
  if (isIPv4(plain)) return !closed4.check(plain, "ipv4");
  return isIPv6(plain) && unicast6.check(plain, "ipv6") && !closed6.check(plain, "ipv6");
}

/** One spelling per address: without a zone, and an IPv4 address mapped into IPv6 as IPv4. */
export function plainAddress(address: string): string {
  const [bare = ""] = address.split("%");
  if (!isIPv6(bare)) return bare;
  const canonical = URL.parse(`http://[${bare}]/`)?.hostname.slice(1, -1) ?? bare;
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (!mapped) return canonical;
  const [high, low] = mapped.slice(1).map((part) => Number.parseInt(part, 16)) as [number, number];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
