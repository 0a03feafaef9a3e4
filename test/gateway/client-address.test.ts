import test from "ava";
import { networkOf } from "../../gateway/kit/client-address.ts";

test("limits count an IPv4 address as it is, and of IPv6 the network of 64 bits", (t) => {
  for (const [address, network] of [
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:db8:1:2::6", "2001:db8:1:2"],
    ["2001:db8::6", "2001:db8:0:0"],
    ["::1", "0:0:0:0"],
    ["", ""],
  ] as const) {
    t.is(networkOf(address), network, address);
  }
});
