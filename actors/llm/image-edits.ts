// Pictures that a model makes of pictures. Each call costs money: it is not sent again when it is unknown whether it ran.
import type { UserId } from "../shared/ids.ts";
import type { Surface, UpstreamTarget } from "./contract.ts";

export interface ImageEditRequest {
  /** One settle per request id. Also the upstream's idempotency key. */
  requestId: string;
  payer: { userId: UserId };
  surface: Surface;
  model: string;
  targets: readonly UpstreamTarget[];
  conversationId: string;
  prompt: string;
  images: readonly { mime: string; bytes: Uint8Array }[];
  mask?: { mime: string; bytes: Uint8Array };
  /** size, quality and the like, as the upstream names them. */
  options: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

export type ImageEditEnd =
  | { kind: "made"; bytes: Uint8Array; model: string; provider: string }
  | { kind: "stopped" }
  /** For people, without secrets. */
  | { kind: "failed"; error: { code: string; message: string } };

export interface ImageEdits {
  /** Throws only DomainError, before an upstream was asked: llm.budget_spent, llm.rate_limited, common.unavailable. */
  edit(request: ImageEditRequest): Promise<ImageEditEnd>;
}
