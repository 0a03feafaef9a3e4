// The bytes of /v1/responses, for scripts of an upstream.
import type { Script } from "./script.ts";

export const upstreamId = "resp_up_1234567890";

export function response(status: string, more: object = {}): object {
  return {
    id: upstreamId,
    object: "response",
    created_at: 1,
    model: "up-model-1",
    status,
    error: null,
    output: [],
    ...more,
  };
}

export function responseEvent(type: string, seq: number, fields: object = {}): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: seq, ...fields })}\n\n`;
}

export const created = responseEvent("response.created", 0, { response: response("in_progress") });
export const running = responseEvent("response.in_progress", 1, { response: response("in_progress") });
export const part = (seq: number, delta: string): string =>
  responseEvent("response.output_text.delta", seq, { item_id: "msg_1", output_index: 0, content_index: 0, delta });

export function completed(seq: number, text: string, status = "completed"): string {
  const content = [{ type: "output_text", text, annotations: [] }];
  const output = [{ type: "message", id: "msg_1", role: "assistant", status, content }];
  const usage = { input_tokens: 7, output_tokens: 2, total_tokens: 9 };
  return responseEvent(`response.${status}`, seq, { response: response(status, { output, usage }) });
}

/** A whole streamed response, one piece after the other. */
export function streamedResponse(pieces: readonly string[], { everyMs = 0 } = {}): Script {
  return async (call) => {
    await call.write(created + running);
    for (const [n, piece] of pieces.entries()) {
      if (everyMs > 0) await call.pause(everyMs);
      await call.write(part(n + 2, piece));
    }
    await call.write(completed(pieces.length + 2, pieces.join("")));
    call.end();
  };
}
