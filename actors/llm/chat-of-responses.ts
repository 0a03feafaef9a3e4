// A request of /v1/responses as a chat completion, for upstreams that know no other form.
import type { ChatMessage, ChatRequest, ContentPart, ToolCall } from "./chat.ts";

/** The request has no such form. */
export class NoChatForm extends Error {
  override name = "NoChatForm";
  /** The field that cannot be said. */
  readonly param: string;
  constructor(param: string, message: string) {
    super(message);
    this.param = param;
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** Fields that chat completions have under another name, or that are this server's. Every other one is kept. */
const ownFields = new Set([
  ...[
    "instructions",
    "input",
    "tools",
    "tool_choice",
    "text",
    "reasoning",
    "max_output_tokens",
    "stream",
    "stream_options",
  ],
  ...["background", "store", "metadata", "include", "truncation", "previous_response_id", "conversation", "prompt"],
  ...["max_tool_calls"],
]);

/** Without `stream` and a maximum of tokens. Throws NoChatForm. */
export function chatOfResponses(body: Fields): ChatRequest {
  for (const field of ["previous_response_id", "conversation", "prompt"]) {
    if (body[field] !== undefined && body[field] !== null) {
      throw new NoChatForm(field, `The model's server keeps no responses, so it cannot take ${field}.`);
    }
  }
  const kept = Object.fromEntries(Object.entries(body).filter(([name]) => !ownFields.has(name)));
  const { effort } = objectOf(body.reasoning);
  const { format, verbosity } = objectOf(body.text);
  const responseFormat = formatOf(objectOf(format));
  const tools = Array.isArray(body.tools) ? body.tools.map(toolOf) : [];
  return {
    ...kept,
    model: String(body.model),
    messages: messagesOf(body),
    ...(tools.length > 0 && { tools }),
    ...(tools.length > 0 && isGiven(body.tool_choice) && { tool_choice: toolChoiceOf(body.tool_choice) }),
    ...(responseFormat && { response_format: responseFormat }),
    ...(isGiven(effort) && { reasoning_effort: effort }),
    ...(isGiven(verbosity) && { verbosity }),
  };
}

function messagesOf({ instructions, input }: Fields): ChatMessage[] {
  const messages: ChatMessage[] = [];
  if (typeof instructions === "string" && instructions !== "") messages.push({ role: "system", content: instructions });
  if (typeof input === "string") messages.push({ role: "user", content: input });
  else if (Array.isArray(input)) for (const item of input) addItem(messages, objectOf(item));
  return messages;
}

function addItem(messages: ChatMessage[], item: Fields): void {
  const { type = "message", role, content, call_id: callId, name, arguments: args, output } = item;
  if (type === "message" && typeof role === "string") {
    messages.push({ role, content: contentOf(role, content) });
  } else if (type === "function_call") {
    const call: ToolCall = {
      id: String(callId),
      type: "function",
      function: { name: String(name), arguments: typeof args === "string" ? args : "{}" },
    };
    const last = messages.at(-1);
    if (last?.role === "assistant") last.tool_calls = [...(last.tool_calls ?? []), call];
    else messages.push({ role: "assistant", content: null, tool_calls: [call] });
  } else if (type === "function_call_output") {
    messages.push({ role: "tool", tool_call_id: String(callId), content: contentOf("tool", output) });
  } else if (type !== "reasoning") {
    throw new NoChatForm("input", `The model's server takes no items of the type ${String(type).slice(0, 64)}.`);
  }
}

/** One text, where there is nothing but texts: many servers take no lists. */
function contentOf(role: string, content: unknown): string | ContentPart[] {
  if (!Array.isArray(content)) return typeof content === "string" ? content : "";
  const parts = content.map((part) => partOf(objectOf(part)));
  const texts = parts.flatMap((part) => (part.type === "text" ? [(part as { text: string }).text] : []));
  if (texts.length === parts.length && (role !== "user" || texts.length < 2)) return texts.join("");
  return parts;
}

function partOf(part: Fields): ContentPart {
  const { type, text, refusal, image_url: url, detail, file_data, filename } = part;
  if (type === "input_text" || type === "output_text" || type === "text") return { type: "text", text: String(text) };
  if (type === "refusal") return { type: "text", text: String(refusal) };
  if (type === "input_image" && typeof url === "string") {
    return { type: "image_url", image_url: { url, ...(typeof detail === "string" && { detail }) } };
  }
  if (type === "input_file" && typeof file_data === "string") return { type: "file", file: { file_data, filename } };
  if (type === "input_audio") return { type: "input_audio", input_audio: part.input_audio };
  throw new NoChatForm("input", `The model's server takes no content of the type ${String(type).slice(0, 64)} here.`);
}

function toolOf(tool: unknown): object {
  const { type, name, description, parameters, strict } = objectOf(tool);
  if (type !== "function") {
    throw new NoChatForm("tools", `The model's server has no tool of the type ${String(type).slice(0, 64)}.`);
  }
  return {
    type: "function",
    function: {
      name,
      ...(isGiven(description) && { description }),
      ...(isGiven(parameters) && { parameters }),
      ...(isGiven(strict) && { strict }),
    },
  };
}

function toolChoiceOf(choice: unknown): unknown {
  if (typeof choice === "string") return choice;
  const { type, name } = objectOf(choice);
  if (type === "function") return { type: "function", function: { name } };
  throw new NoChatForm("tool_choice", "The model's server takes no such choice of tools.");
}

function formatOf({ type, ...schema }: Fields): object | undefined {
  if (type === "json_schema") return { type, json_schema: schema };
  return type === "json_object" ? { type } : undefined;
}

function objectOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
