// Anthropic's Messages API as scripts of the scripted upstream: strict about headers and required fields, with the event names,
// error shapes and usage fields of the real one (https://docs.anthropic.com/en/api/messages-streaming).
import { json } from "./openai-bytes.ts";
import type { Script, UpstreamCall } from "./script.ts";

type AnthropicBlock =
  | { type: "text"; pieces: readonly string[] }
  | { type: "thinking"; pieces: readonly string[] }
  | { type: "tool_use"; id: string; name: string; pieces: readonly string[] };

export interface AnthropicAnswer {
  blocks: readonly AnthropicBlock[];
  stopReason?: string;
  usage?: { input?: number; cacheRead?: number; cacheWrite?: number; output?: number };
  /** Instead of the end: an error event, or a closed connection. */
  ends?: { error: string } | "cut" | "without an end";
}

export interface AnthropicBody {
  model: string;
  max_tokens: number;
  stream?: boolean;
  system?: { type: string; text: string }[];
  messages: { role: string; content: Record<string, unknown>[] }[];
  tools?: { name: string; input_schema: object }[];
  tool_choice?: object;
  [parameter: string]: unknown;
}

const event = (type: string, more: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;

/** Answers a valid request of this key; refuses any other one as Anthropic does. */
export function anthropicAnswer(answer: AnthropicAnswer, key = "sk-ant-test"): Script {
  return async (call) => {
    const problem = problemOf(call, key);
    if (problem) return anthropicError(...problem)(call);
    const { model } = call.request.json<AnthropicBody>();
    const { input = 10, cacheRead = 0, cacheWrite = 0, output = 5 } = answer.usage ?? {};
    const usage = { input_tokens: input, cache_read_input_tokens: cacheRead, cache_creation_input_tokens: cacheWrite };
    call.head(200, { "content-type": "text/event-stream; charset=utf-8", "request-id": "req_1" });
    const message = { id: "msg_1", type: "message", role: "assistant", model, content: [], stop_reason: null };
    await call.write(event("message_start", { message: { ...message, usage: { ...usage, output_tokens: 1 } } }));
    await call.write(event("ping"));
    for (const [index, block] of answer.blocks.entries()) await writeBlock(call, index, block);
    if (answer.ends === "cut") return call.cut();
    if (answer.ends === "without an end") return call.end();
    if (answer.ends) {
      await call.write(event("error", { error: { type: answer.ends.error, message: "It failed." } }));
      return call.end();
    }
    const delta = { stop_reason: answer.stopReason ?? "end_turn", stop_sequence: null };
    await call.write(event("message_delta", { delta, usage: { ...usage, output_tokens: output } }));
    await call.write(event("message_stop"));
    call.end();
  };
}

export function anthropicError(status: number, type: string, message: string, headers = {}): Script {
  return json({ type: "error", error: { type, message }, request_id: "req_1" }, status, headers);
}

async function writeBlock(call: UpstreamCall, index: number, block: AnthropicBlock): Promise<void> {
  const starts = {
    text: { type: "text", text: "" },
    thinking: { type: "thinking", thinking: "", signature: "" },
    tool_use: { type: "tool_use", ...(block.type === "tool_use" && { id: block.id, name: block.name }), input: {} },
  };
  await call.write(event("content_block_start", { index, content_block: starts[block.type] }));
  for (const piece of block.pieces) {
    const deltas = {
      text: { type: "text_delta", text: piece },
      thinking: { type: "thinking_delta", thinking: piece },
      tool_use: { type: "input_json_delta", partial_json: piece },
    };
    await call.write(event("content_block_delta", { index, delta: deltas[block.type] }));
  }
  if (block.type === "thinking") {
    await call.write(event("content_block_delta", { index, delta: { type: "signature_delta", signature: "c2ln" } }));
  }
  await call.write(event("content_block_stop", { index }));
}

function problemOf({ request }: UpstreamCall, key: string): [number, string, string] | undefined {
  const invalid = (what: string): [number, string, string] => [400, "invalid_request_error", what];
  if (request.path !== "/v1/messages" || request.method !== "POST") return [404, "not_found_error", request.path];
  if (request.headers["x-api-key"] !== key) {
    return [401, "authentication_error", `invalid x-api-key ${request.headers["x-api-key"]}`];
  }
  if (request.headers.authorization !== undefined) return invalid("two kinds of authorization");
  if (request.headers["anthropic-version"] !== "2023-06-01") return invalid("anthropic-version: header is required");
  const { model, max_tokens: max, stream, messages, system = [] } = request.json<AnthropicBody>();
  if (typeof model !== "string" || !Number.isInteger(max) || max < 1) return invalid("model or max_tokens is missing");
  if (stream !== true || !Array.isArray(messages) || messages.length === 0)
    return invalid("messages or stream is wrong");
  if (system.some(({ text }) => !text)) return invalid("system: text content blocks must be non-empty");
  return problemIn(messages, invalid);
}

function problemIn(
  messages: AnthropicBody["messages"],
  invalid: (what: string) => [number, string, string],
): [number, string, string] | undefined {
  let open: unknown[] = [];
  for (const [index, { role, content }] of messages.entries()) {
    if (role !== (index % 2 === 0 ? "user" : "assistant")) return invalid("roles must alternate, the user's first");
    if (content.length === 0 || content.some(({ type, text }) => type === "text" && !text)) {
      return invalid("text content blocks must be non-empty");
    }
    const results = content.filter(({ type }) => type === "tool_result").map((block) => block.tool_use_id);
    if (JSON.stringify(results) !== JSON.stringify(open))
      return invalid("tool_use and tool_result do not belong together");
    open = content.filter(({ type }) => type === "tool_use").map(({ id }) => id);
  }
  return undefined;
}
