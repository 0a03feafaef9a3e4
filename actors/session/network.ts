// The network of an address, as people move within one: an IPv4 address keeps 24 bits, an IPv6 address 48.

/** Addresses of one network have the same text. Any other text is a network of its own. */
export function networkOf(address: string): string {
  const ipv4 = /^(?:::ffff:)?(\d+\.\d+\.\d+)\.\d+$/i.exec(address)?.[1];
  if (ipv4 !== undefined) return ipv4;
  if (!address.includes(":")) return address;
  const [bare = ""] = address.split("%");
  const [left = "", right] = bare.toLowerCase().split("::");
  const groups = left === "" ? [] : left.split(":");
  const after = right === undefined || right === "" ? 0 : right.split(":").length;
  const zeros = Array<string>(right === undefined ? 0 : Math.max(0, 8 - groups.length - after)).fill("0");
  const all = [...groups, ...zeros, ...(right ?? "").split(":")].slice(0, 3);
  return all.map((group) => group.replace(/^0+(?=.)/, "")).join(":");
}
