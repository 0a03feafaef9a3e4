// A whole node as the clients of one seed document have it: on the port of their own, beside a scripted upstream of models.
import { type ModelNode, startModelNode } from "../llm/model-node.ts";
import { SurfaceClient } from "../surface-client.ts";
import type { Seed } from "./endpoints.ts";
import { lowPort } from "./port.ts";

export interface SeedNode extends AsyncDisposable {
  /** Of the seed's clients alone. */
  readonly port: number;
  readonly model: ModelNode;
  readonly upstream: ModelNode["upstream"];
  client(): SurfaceClient;
}

export async function startSeedNode(seed: Seed, env: Record<string, string> = {}): Promise<SeedNode> {
  const port = await lowPort();
  const model = await startModelNode({ env: { COMPAT_PORTS: `${seed}:${port}`, ...env } });
  return {
    ...{ port, model, upstream: model.upstream },
    client: () => new SurfaceClient({ port }),
    [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
  };
}
