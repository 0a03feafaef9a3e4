// Without the host's lease nothing is read for any user (J5): a request waits a while, and is refused rather than answered
// from an outdated state.
import test from "ava";
import { leaseWaitMs } from "../../gateway/kit/held-lease.ts";
import { staysTrue } from "../suites/eventually.ts";
import { aliceId, profile, startEdge } from "./rest-edge.ts";

test("a request waits for a lapsed lease, and is answered when the lease is back", async (t) => {
  await using edge = await startEdge(profile);
  edge.state.leaseHeld = false;
  const asked = edge.ask("GET", "/api/v1/users/me", { token: edge.tokenOf(aliceId) });
  await staysTrue(() => edge.calls.length === 0, 100);
  edge.state.leaseHeld = true;
  const { status } = await asked;
  t.is(status, 200);
});

test("without the lease it is refused with 000006 after a bounded wait, and nothing was read", async (t) => {
  await using edge = await startEdge(profile);
  edge.state.leaseHeld = false;
  const began = performance.now();
  const { status, body } = await edge.ask("GET", "/api/v1/users/me", { token: edge.tokenOf(aliceId) });
  t.is(status, 503);
  t.is(body.codeStr, "000006");
  t.true(performance.now() - began >= leaseWaitMs);
  t.deepEqual(edge.calls, []);
});
