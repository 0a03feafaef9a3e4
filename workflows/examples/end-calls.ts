// Ends all calls of a user: node workflows/examples/end-calls.ts 127.0.0.1:7233 <userId>
import { connectWorkflows } from "../client.ts";

const [address, userId = ""] = process.argv.slice(2);
await using workflows = await connectWorkflows({ address });

for (const state of ["ringing", "connected"]) {
  for (const { callId } of await workflows.calls.list({ userId, state })) {
    const { outcome } = await workflows.calls.end(callId);
    console.log(`${callId}: ${state}, now ${outcome}`);
  }
}
