// Which models an OpenAI-compatible upstream lists: asked once in a while, and never for long.
import { type Dispatcher, request } from "undici";
import type { Clock } from "../../../actors/runtime/ports.ts";
import { readAtMost } from "../../system/read-at-most.ts";

export interface UpstreamModel {
  id: string;
  ownedBy?: string;
  createdS?: number;
}

const listFreshMs = 300_000;
/** After a failure the upstream is asked again. */
const listRetryMs = 30_000;
const timeoutMs = 3_000;
const maxBytes = 4 * 1_024 * 1_024;
const maxModels = 2_000;

/** Answers the newest list that the upstream gave; undefined: it has never given one. Never rejects. */
export function createUpstreamList(
  fetchModels: () => Promise<readonly UpstreamModel[]>,
  { clock, reportError }: { clock: Clock; reportError(message: string, cause: unknown): void },
) {
  let known: { models: readonly UpstreamModel[] | undefined; untilMs: number } | undefined;
  let asking: Promise<readonly UpstreamModel[] | undefined> | undefined;

  async function ask(): Promise<readonly UpstreamModel[] | undefined> {
    let models = known?.models;
    let freshMs = listFreshMs;
    try {
      models = await fetchModels();
    } catch (error) {
      freshMs = listRetryMs;
      reportError("catalog: the upstream gives no list of models", error);
    }
    known = { models, untilMs: clock.monotonicMs() + freshMs };
    asking = undefined;
    return models;
  }

  return {
    async models(): Promise<readonly UpstreamModel[] | undefined> {
      if (known && known.untilMs > clock.monotonicMs()) return known.models;
      asking ??= ask();
      return asking;
    },
  };
}

/** Rejects when the upstream gives no list. */
export async function fetchUpstreamModels(
  { baseUrl, apiKey }: { baseUrl: string; apiKey?: string },
  dispatcher: Dispatcher,
): Promise<UpstreamModel[]> {
  const { statusCode, body } = await request(`${baseUrl}/models`, {
    dispatcher,
    signal: AbortSignal.timeout(timeoutMs),
    headers: { accept: "application/json", ...(apiKey && { authorization: `Bearer ${apiKey}` }) },
  });
  if (statusCode !== 200) {
    await body.dump();
    throw new Error(`the list of models was answered with ${statusCode}`);
  }
  const bytes = await readAtMost(body, maxBytes, () => new Error("the list of models is too large"));
  return modelsIn(JSON.parse(bytes.toString("utf8")));
}

function modelsIn(answer: unknown): UpstreamModel[] {
  const { data } = (answer ?? {}) as { data?: unknown };
  if (!Array.isArray(data)) throw new Error("the list of models is no list");
  const models = data.flatMap((each: unknown): UpstreamModel[] => {
    const { id, owned_by: ownedBy, created } = (each ?? {}) as Record<string, unknown>;
    if (typeof id !== "string" || id === "" || id.length > 200) return [];
    return [
      {
        id,
        ...(typeof ownedBy === "string" && { ownedBy }),
        ...(Number.isSafeInteger(created) && { createdS: created as number }),
      },
    ];
  });
  return models.slice(0, maxModels);
}
