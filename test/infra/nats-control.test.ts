// CONTROL on JetStream, on one server and on three.
import test from "ava";
import { controlSuite } from "../suites/control.ts";
import { sharedWorld, sizeName } from "../support/nats-world.ts";

const sizes = [1, 3] as const;
const worlds = { 1: sharedWorld(1), 3: sharedWorld(3) };
test.after.always("the servers end", async () => {
  for (const size of sizes) await worlds[size].close();
});

for (const size of sizes) {
  controlSuite(test.serial, sizeName(size), async () => {
    const world = await worlds[size].cleared();
    return { control: await world.control(), close: () => world.closeHosts() };
  });
}
