// A whole node beside a scripted upstream that it may reach, as users of the model surfaces have it.
import { startTestNode, type TestNode } from "../start-node.ts";
import { type ScriptedUpstream, startScriptedUpstream } from "./scripted-upstream.ts";

export interface ModelNode extends AsyncDisposable {
  readonly port: number;
  readonly upstream: ScriptedUpstream;
  readonly node: TestNode;
}

export async function startModelNode(
  options: { env?: Record<string, string>; isSystem?: boolean } = {},
): Promise<ModelNode> {
  await using opened = new AsyncDisposableStack();
  const upstream = await startScriptedUpstream();
  opened.defer(() => upstream.close());
  // The provider of all users, beside what they bring.
  const system: Record<string, string> = options.isSystem
    ? { OPENAI_BASE_URL: upstream.url, OPENAI_API_KEY: "sk-system" }
    : {};
  const node = opened.use(await startTestNode({ env: { OUTBOUND_ALLOW: "127.0.0.0/8", ...system, ...options.env } }));
  const all = opened.move();
  return {
    upstream,
    node,
    get port() {
      return node.port;
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
