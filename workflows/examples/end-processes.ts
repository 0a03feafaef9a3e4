// Ends all running replies of a user, or another kind of process: what was written so far is kept.
// node workflows/examples/end-processes.ts 127.0.0.1:7233 <userId> [reply|title|upload|edit]
import { connectWorkflows, type ProcessFilter } from "../client.ts";

const [address, userId = "", kind = "reply"] = process.argv.slice(2);
await using workflows = await connectWorkflows({ address });
const { processes } = workflows;

for (const { key } of await processes.list({ userId, kind: kind as ProcessFilter["kind"], isRunning: true })) {
  await processes.end(key);
  console.log(`${key}: ended`);
}
