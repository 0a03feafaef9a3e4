import test from "ava";
import { faultedEnv, faultedRequests } from "../suites/faulted-requests.ts";
import { freePort, startServer } from "../support/server-process.ts";
import { createTestFolder } from "../support/temp-folder.ts";

test("a server that is killed while its upstream fails in every way settles each request once", async (t) => {
  await faultedRequests(t, async (upstream) => {
    const options = {
      ...{ dataDir: createTestFolder(t, "ledger-killed"), port: await freePort() },
      env: faultedEnv(t, upstream),
    };
    let server = await startServer(options);
    t.teardown(() => server.kill9());
    const restart = async () => {
      await server.kill9();
      server = await startServer(options);
    };
    return { gateways: [options], faults: [restart, restart] };
  });
});
