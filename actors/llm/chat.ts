// What goes to a model and what comes back, in the format of OpenAI's chat completions, which most upstreams speak
// (https://platform.openai.com/docs/api-reference/chat). Unknown fields are kept: an upstream may know more than this system.

export type ContentPart =
  | { type: "text"; text: string }
  | { type: "image_url"; image_url: { url: string; detail?: string } }
  | { type: string; [field: string]: unknown };

export interface ToolCall {
  id: string;
  type: "function";
  /** `arguments` is JSON as a text. */
  function: { name: string; arguments: string };
}

export interface ChatMessage {
  role: "system" | "developer" | "user" | "assistant" | "tool" | (string & {});
  content?: string | ContentPart[] | null;
  name?: string;
  tool_calls?: ToolCall[] | null;
  tool_call_id?: string;
  [field: string]: unknown;
}

export interface ChatRequest {
  model: string;
  messages: ChatMessage[];
  stream?: boolean;
  [parameter: string]: unknown;
}

/** A piece of an answer, whatever the upstream's format is. */
export type Delta =
  | { type: "text"; text: string }
  | { type: "reasoning"; text: string }
  | { type: "tool_call"; index: number; id?: string; name?: string; arguments?: string };
