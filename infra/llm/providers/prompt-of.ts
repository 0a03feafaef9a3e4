// Messages in OpenAI's format as a prompt of the AI SDK. What cannot be said there is refused, not left out.
import type { ChatMessage, ContentPart, ToolCall } from "../../../actors/llm/chat.ts";
import { ProviderRefusal } from "../../../actors/llm/contract.ts";
import type { Prompt } from "./model.ts";

type Message = Prompt[number];
type UserPart = Extract<Message, { role: "user" }>["content"][number];
type FilePart = Extract<UserPart, { type: "file" }>;
type AssistantPart = Extract<Message, { role: "assistant" }>["content"][number];

/** A picture as the provider takes it: by its address, or fetched. */
export type PictureAt = (url: string) => Promise<{ bytes: Uint8Array; mime: string } | { url: URL }>;

export async function promptOf(messages: readonly ChatMessage[], pictureAt: PictureAt): Promise<Prompt> {
  const isSystem = ({ role }: ChatMessage) => role === "system" || role === "developer";
  const system = messages
    .filter(isSystem)
    .map(textOf)
    .filter((text) => text !== "");
  const prompt: Prompt = system.length > 0 ? [{ role: "system", content: system.join("\n\n") }] : [];
  const toolNames = new Map<string, string>();
  for (const message of messages) {
    if (isSystem(message)) continue;
    if (message.role === "user") prompt.push({ role: "user", content: await userParts(message.content, pictureAt) });
    else if (message.role === "assistant") {
      for (const call of message.tool_calls ?? []) toolNames.set(call.id, call.function.name);
      const content = [...textParts(message), ...(message.tool_calls ?? []).map(callPart)];
      if (content.length > 0) prompt.push({ role: "assistant", content });
    } else if (message.role === "tool") addResult(prompt, message, toolNames);
    else throw refusal(`a message has the role ${message.role}, which this provider does not know`);
  }
  return prompt.filter(({ content }) => content.length > 0);
}

/** Results of one turn stand in one message. */
function addResult(prompt: Prompt, message: ChatMessage, toolNames: ReadonlyMap<string, string>): void {
  const { tool_call_id: toolCallId = "" } = message;
  const toolName = toolNames.get(toolCallId);
  if (toolName === undefined) throw refusal("a tool's result names no call before it");
  const part = { type: "tool-result", toolCallId, toolName, output: { type: "text", value: textOf(message) } } as const;
  const last = prompt.at(-1);
  if (last?.role === "tool") last.content.push(part);
  else prompt.push({ role: "tool", content: [part] });
}

function callPart({ id, function: { name, arguments: text } }: ToolCall): AssistantPart {
  return { type: "tool-call", toolCallId: id, toolName: name, input: argumentsOf(name, text) };
}

function argumentsOf(name: string, text: string): unknown {
  try {
    return text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    throw refusal(`the arguments of a call of ${name} are no JSON`);
  }
}

/** Providers refuse empty texts. */
function textParts(message: ChatMessage): AssistantPart[] {
  const text = textOf(message);
  return text.trim() === "" ? [] : [{ type: "text", text }];
}

async function userParts(content: ChatMessage["content"], pictureAt: PictureAt): Promise<UserPart[]> {
  const parts: readonly ContentPart[] =
    typeof content === "string" ? [{ type: "text", text: content }] : (content ?? []);
  const found = await Promise.all(parts.map((part) => userPart(part, pictureAt)));
  return found.filter((part) => part.type !== "text" || part.text !== "");
}

async function userPart(part: ContentPart, pictureAt: PictureAt): Promise<UserPart> {
  if (part.type === "text" && typeof part.text === "string") return { type: "text", text: part.text };
  if (part.type === "image_url") return picturePart(part.image_url, pictureAt);
  throw refusal(`this provider takes no content of the type ${part.type}`);
}

async function picturePart(picture: unknown, pictureAt: PictureAt): Promise<FilePart> {
  const url = typeof picture === "string" ? picture : (picture as { url?: unknown } | null)?.url;
  if (typeof url !== "string") throw refusal("a picture has no address");
  const inline = /^data:(image\/[\w.+-]+)(?:;[\w=.-]+)*;base64,([A-Za-z0-9+/=\s]+)$/.exec(url);
  if (inline) {
    const [, mediaType = "", data = ""] = inline;
    return { type: "file", mediaType, data: { type: "data", data: data.replace(/\s/g, "") } };
  }
  if (!/^https?:\/\//i.test(url)) throw refusal("a picture's address is neither http(s) nor base64 data of an image");
  const found = await pictureAt(url);
  if ("url" in found) return { type: "file", mediaType: "image/*", data: { type: "url", url: found.url } };
  return { type: "file", mediaType: found.mime, data: { type: "data", data: found.bytes } };
}

function textOf({ content }: ChatMessage): string {
  if (typeof content === "string") return content;
  return (content ?? [])
    .map((part) => {
      if (part.type === "text" && typeof part.text === "string") return part.text;
      if (part.type === "refusal" && typeof part.refusal === "string") return part.refusal;
      throw refusal(`content of the type ${part.type} stands where this provider takes text alone`);
    })
    .join("\n");
}

export function refusal(what: string): ProviderRefusal {
  return new ProviderRefusal(400, `The request cannot be made at this provider: ${what}.`, {
    code: "invalid_request_error",
  });
}
