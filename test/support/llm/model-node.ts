// A whole node beside a scripted upstream that it may reach, as users of the model surfaces have it.
import { startTestNode, type TestNode } from "../start-node.ts";
import { type ScriptedUpstream, startScriptedUpstream } from "./scripted-upstream.ts";

export interface ModelNode extends AsyncDisposable {
  readonly port: number;
  readonly upstream: ScriptedUpstream;
  readonly node: TestNode;
}

export async function startModelNode(options: { env?: Record<string, string> } = {}): Promise<ModelNode> {
  const upstream = await startScriptedUpstream();
  const node = await startTestNode({ env: { OUTBOUND_ALLOW: "127.0.0.0/8", ...options.env } });
  return {
    upstream,
    node,
    get port() {
      return node.port;
    },
    async [Symbol.asyncDispose]() {
      await node.close();
      await upstream.close();
    },
  };
}
