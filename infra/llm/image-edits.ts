// Image edits over the relay: POST …/images/edits as a form, in the way of OpenAI's API.
import type { ImageEditEnd, ImageEditRequest, ImageEdits } from "../../actors/llm/image-edits.ts";
import { createPlainReader } from "../../actors/llm/reader.ts";
import type { Relay, RelayEnd } from "../../actors/relay/contract.ts";
import { measureImages } from "../../actors/relay/most.ts";

const path = "/images/edits";
/** They answer the picture itself, and refuse to be asked for it. */
const answersPictures = /^(gpt-image|chatgpt-image)/;

export function createImageEdits(relay: Relay): ImageEdits {
  return {
    async edit(request) {
      const { requestId, payer, surface, model, targets, conversationId, prompt, signal } = request;
      const forms = new Map<string, { bytes: Uint8Array; contentType: string }>();
      for (const { model: name } of targets) if (!forms.has(name)) forms.set(name, await formOf(request, name));
      const end = await relay.run(
        {
          ...{ requestId, payer, surface, endpoint: "/images/edits", path, model, targets, conversationId, signal },
          ...measureImages({ n: 1, prompt }),
          ...{ isStream: false, isPaidJob: true, repeats: false, idempotencyKey: requestId },
          bodyFor: (target) => forms.get(target.model) ?? { bytes: "", contentType: "" },
          createReader: createPlainReader,
        },
        { event: () => undefined },
      );
      return endOf(end);
    },
  };
}

async function formOf({ prompt, images, mask, options }: ImageEditRequest, model: string) {
  const form = new FormData();
  form.append("model", model);
  form.append("prompt", prompt);
  for (const [name, value] of Object.entries(options)) form.append(name, value);
  if (!answersPictures.test(model)) form.append("response_format", "b64_json");
  // One file has the plain name, which every upstream knows.
  const field = images.length > 1 ? "image[]" : "image";
  for (const [index, image] of images.entries())
    form.append(field, blobOf(image), `image-${index + 1}${endingOf(image)}`);
  if (mask) form.append("mask", blobOf(mask), `mask${endingOf(mask)}`);
  const whole = new Response(form);
  return { bytes: await whole.bytes(), contentType: whole.headers.get("content-type") ?? "" };
}

function blobOf({ mime, bytes }: { mime: string; bytes: Uint8Array }): Blob {
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: mime });
}

function endingOf({ mime }: { mime: string }): string {
  return `.${mime.slice("image/".length).replace("jpeg", "jpg")}`;
}

function endOf({ kind, failure, whole, model, provider }: RelayEnd): ImageEditEnd {
  if (kind === "left") return { kind: "stopped" };
  if (kind === "failed" || !whole) {
    const { code, type, message } = failure ?? { message: noPicture.message };
    return { kind: "failed", error: { code: code ?? type ?? noPicture.code, message } };
  }
  const bytes = pictureIn(JSON.parse(new TextDecoder().decode(whole.bytes)));
  return bytes ? { kind: "made", bytes, model, provider } : { kind: "failed", error: noPicture };
}

const noPicture = { code: "llm.upstream_failed", message: "The model's server answered no picture." };

function pictureIn(answer: { data?: { b64_json?: unknown; url?: unknown }[] }): Uint8Array | undefined {
  const [first] = Array.isArray(answer.data) ? answer.data : [];
  const inUrl =
    typeof first?.url === "string" ? /^data:image\/[a-z+.-]+;base64,(.+)$/s.exec(first.url)?.[1] : undefined;
  const base64 = typeof first?.b64_json === "string" ? first.b64_json : inUrl;
  return base64 ? Buffer.from(base64, "base64") : undefined;
}
