// What a scripted upstream answers when no script says otherwise: the prompt again, as a model could answer it.
import { completion, json, stream } from "./openai-bytes.ts";
import type { UpstreamCall } from "./script.ts";

/** A PNG of one pixel. */
export const onePixel =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const vectorLength = 8;

interface ChatBody {
  stream?: boolean;
  messages?: { role: string; content?: unknown }[];
}

export function plausibleAnswer(call: UpstreamCall): Promise<void> | void {
  const path = call.request.path.split("?")[0] ?? "";
  if (path.endsWith("/models")) return json({ object: "list", data: models.map(modelRow) })(call);
  if (path.endsWith("/chat/completions")) return chat(call);
  if (path.endsWith("/embeddings")) return json(embeddings(call.request.json()))(call);
  if (path.includes("/images/")) {
    return json({ created: 1, data: [{ b64_json: onePixel }], usage: { input_tokens: 20, output_tokens: 100 } })(call);
  }
  return json({ error: { message: `nothing at ${path}`, type: "invalid_request_error" } }, 404)(call);
}

const models = ["up-model-1", "up-model-2"];
const modelRow = (id: string) => ({ id, object: "model", created: 1_700_000_000, owned_by: "upstream" });

function chat(call: UpstreamCall): Promise<void> | void {
  const body = call.request.json<ChatBody>();
  const answer = `You said: ${promptOf(body)}`;
  const words = answer.split(/(?<=\s)/);
  const prompt = JSON.stringify(body.messages ?? []).length;
  if (body.stream) return stream(words, { prompt })(call);
  return json(completion(answer, { prompt, output: words.length }))(call);
}

function promptOf({ messages = [] }: ChatBody): string {
  const content = messages.findLast(({ role }) => role === "user")?.content;
  if (typeof content === "string") return content;
  const parts = Array.isArray(content) ? (content as { type: string; text?: string }[]) : [];
  return parts.map((part) => part.text ?? `[${part.type}]`).join(" ");
}

function embeddings({ input, encoding_format: format }: { input: unknown; encoding_format?: string }): object {
  const inputs = Array.isArray(input) && typeof input[0] !== "number" ? input : [input];
  const data = inputs.map((each, index) => {
    const vector = vectorOf(JSON.stringify(each));
    const base64 = Buffer.from(new Float32Array(vector).buffer).toString("base64");
    return { object: "embedding", index, embedding: format === "base64" ? base64 : vector };
  });
  const tokens = inputs.length * 4;
  return { object: "list", data, model: "up-embed-1", usage: { prompt_tokens: tokens, total_tokens: tokens } };
}

/** Numbers that a float of 32 bits holds exactly, other ones for another text. */
function vectorOf(text: string): number[] {
  return Array.from({ length: vectorLength }, (_, n) => ((text.charCodeAt(n % text.length) * (n + 1)) % 256) / 256);
}
