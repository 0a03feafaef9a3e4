// Azure OpenAI as scripts of the scripted upstream: OpenAI's format at the address of a deployment, with a version in the query, a
// header of its own for the key, and reports of its content filter between the chunks.
import { chunk, done, event, finish, json, text, usage } from "./openai-bytes.ts";
import type { Script, UpstreamCall } from "./script.ts";

interface AzureAnswer {
  deployment: string;
  version: string;
  key: string;
  pieces: readonly string[];
}

const filtered = { hate: { filtered: false, severity: "safe" } };

/** Answers a valid request of this key and deployment; refuses any other one as Azure does. */
export function azureAnswer({ deployment, version, key, pieces }: AzureAnswer): Script {
  return async (call) => {
    const problem = problemOf(call, { deployment, version, key });
    if (problem) return problem(call);
    const report = {
      choices: [],
      id: "",
      model: "",
      object: "",
      prompt_filter_results: [{ prompt_index: 0, filtered }],
    };
    await call.write(event(report));
    for (const piece of pieces) await call.write(text(piece));
    const offsets = {
      ...chunk(),
      choices: [{ index: 0, finish_reason: null, content_filter_offsets: { end_offset: 1 } }],
    };
    await call.write(event(offsets));
    await call.write(finish());
    await call.write(usage(12, pieces.length));
    await call.write(done);
    call.end();
  };
}

function azureError(status: number, code: string, message: string): Script {
  return json({ error: { code, message } }, status);
}

function problemOf(
  { request }: UpstreamCall,
  { deployment, version, key }: Omit<AzureAnswer, "pieces">,
): Script | undefined {
  if (request.headers["api-key"] !== key || request.headers.authorization !== undefined) {
    return azureError(401, "401", "Access denied due to invalid subscription key or wrong API endpoint.");
  }
  const path = `/openai/deployments/${encodeURIComponent(deployment)}/chat/completions?api-version=${version}`;
  if (request.path !== path) return azureError(404, "404", "Resource not found");
  const { messages } = request.json<{ messages?: unknown }>();
  return Array.isArray(messages) ? undefined : azureError(400, "BadRequest", "messages is required");
}
