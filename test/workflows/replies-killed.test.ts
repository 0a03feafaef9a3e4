// The same server with Temporal: its workflows run the replies.
import { Client, Connection } from "@temporalio/client";
import { connectWorkflows } from "../../workflows/client.ts";
import { eventually } from "../suites/eventually.ts";
import { killedReplies } from "../suites/killed-replies.ts";
import { needs } from "../support/needs.ts";
import { useTemporal } from "../support/stack.ts";

const test = needs("temporal");

test.serial(
  "a server that is killed while Temporal runs its replies ends every one after its start, once",
  async (t) => {
    const { address } = await useTemporal();
    const startedMs = Date.now();
    await killedReplies(t, { TEMPORAL_ADDRESS: address });
    await using workflows = await connectWorkflows({ address });
    const replies = async () =>
      (await workflows.processes.list({ kind: "reply" })).filter((each) => each.startedMs >= startedMs);
    await eventually(async () => (await replies()).length >= 7, 30_000);

    const client = new Client({ connection: await Connection.connect({ address }) });
    for (const { key } of await replies()) {
      const history = textsIn(await client.workflow.getHandle(key).fetchHistory()).join("\n");
      t.true(history.includes(key.slice("reply:".length)), "the texts of the history are read");
      t.notRegex(history, /sk-test|whole answer/, "neither keys nor texts stand in a history");
      t.true(history.length < 64 * 1024);
    }
    await client.connection.close();
  },
);

/** Every text, and every value in bytes, of a history. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString("utf8")];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
