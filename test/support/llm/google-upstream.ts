// Google's Gemini API as scripts of the scripted upstream: streamGenerateContent with server-sent events, its header for the key,
// its error shape and usage fields (https://ai.google.dev/api/generate-content).
import { json } from "./openai-bytes.ts";
import type { Script, UpstreamCall } from "./script.ts";

type GooglePart = { text: string; thought?: true } | { functionCall: { name: string; args: object } };

export interface GoogleAnswer {
  parts: readonly GooglePart[];
  finishReason?: string;
  usage?: { prompt?: number; cached?: number; candidates?: number; thoughts?: number };
  ends?: "cut" | "without an end";
}

export interface GoogleBody {
  contents: { role: string; parts: Record<string, unknown>[] }[];
  systemInstruction?: { parts: { text: string }[] };
  generationConfig?: Record<string, unknown>;
  tools?: unknown;
  toolConfig?: unknown;
}

const event = (data: object) => `data: ${JSON.stringify(data)}\r\n\r\n`;

/** Answers a valid request of this key; refuses any other one as Google does. */
export function googleAnswer(answer: GoogleAnswer, key = "AIza-test"): Script {
  return async (call) => {
    const problem = problemOf(call, key);
    if (problem) return googleError(...problem)(call);
    const { prompt = 10, cached = 0, candidates = 5, thoughts = 0 } = answer.usage ?? {};
    const usageMetadata = {
      ...{
        promptTokenCount: prompt,
        candidatesTokenCount: candidates,
        totalTokenCount: prompt + candidates + thoughts,
      },
      ...(cached > 0 && { cachedContentTokenCount: cached }),
      ...(thoughts > 0 && { thoughtsTokenCount: thoughts }),
    };
    call.head(200, { "content-type": "text/event-stream" });
    for (const part of answer.parts) {
      const candidate = { content: { parts: [part], role: "model" }, index: 0 };
      await call.write(event({ candidates: [candidate], usageMetadata, modelVersion: "gemini-test-001" }));
    }
    if (answer.ends === "cut") return call.cut();
    if (answer.ends === undefined) {
      const candidate = {
        content: { parts: [], role: "model" },
        finishReason: answer.finishReason ?? "STOP",
        index: 0,
      };
      await call.write(event({ candidates: [candidate], usageMetadata, modelVersion: "gemini-test-001" }));
    }
    call.end();
  };
}

export function googleError(status: number, name: string, message: string, headers = {}): Script {
  return json({ error: { code: status, message, status: name } }, status, headers);
}

function problemOf({ request }: UpstreamCall, key: string): [number, string, string] | undefined {
  const invalid = (what: string): [number, string, string] => [400, "INVALID_ARGUMENT", what];
  if (!/^\/v1\/models\/[^/:]+:streamGenerateContent\?alt=sse$/.test(request.path))
    return [404, "NOT_FOUND", request.path];
  if (request.headers["x-goog-api-key"] !== key) return invalid("API key not valid. Please pass a valid API key.");
  const { contents } = request.json<GoogleBody>();
  if (!Array.isArray(contents) || contents.length === 0) return invalid("contents is not specified");
  for (const { role, parts } of contents) {
    if (role !== "user" && role !== "model") return invalid("Please use a valid role: user, model.");
    if (!Array.isArray(parts) || parts.length === 0) return invalid("parts must not be empty");
  }
  return undefined;
}
