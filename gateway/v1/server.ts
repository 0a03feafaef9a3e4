// The surface of OpenAI's format, served beside Koa: a request passes as few hands as it can.
import type { IncomingMessage, ServerResponse } from "node:http";
import { DomainError } from "../../actors/shared/errors.ts";
import { createEnvelopes } from "../kit/envelope.ts";
import { isTooLarge, readBody } from "../rest/kit/body.ts";
import type { Edge } from "../rest/kit/route.ts";
import type { V1Deps } from "../v1-ports.ts";
import { callerOf, type V1Caller } from "./caller.ts";
import { completeChat } from "./chat-completions.ts";
import { embed } from "./embeddings.ts";
import { Exchange } from "./exchange.ts";
import { editImages, generateImages } from "./images.ts";
import { runOnce } from "./keyed-calls.ts";
import { listModels, showModel } from "./models.ts";
import { createResponse } from "./responses.ts";
import { cancelResponse, removeResponse, showResponse } from "./stored-responses.ts";

export interface V1Server {
  /** Whether the request is one of this surface, under any of its names. */
  serves(request: IncomingMessage): boolean;
  serve(request: IncomingMessage, response: ServerResponse): void;
  /** A client that waits for leave to send a body which is too large is refused before it sends. */
  refusesBody(request: IncomingMessage): boolean;
}

type Handler = (exchange: Exchange, caller: V1Caller, bytes: Buffer) => Promise<void>;

export function createV1Server(edge: Edge, llm: V1Deps): V1Server {
  const deps = { ...llm, clock: edge.clock };
  const exchangeDeps = { clock: edge.clock, envelopes: createEnvelopes(edge) };
  const reportError = (message: string, cause: unknown) => edge.log.error(message, { cause });
  const keyed = { actors: edge.actors, clock: edge.clock, boot: edge.identity.boot, reportError };
  const { maxBodyBytes } = llm.limits;
  const responses = { ...deps, ...keyed, feed: edge.feed };
  const posts: Readonly<Record<string, Handler>> = {
    "/v1/chat/completions": (exchange, caller, bytes) => completeChat(deps, exchange, caller, bytes),
    "/v1/responses": (exchange, caller, bytes) => createResponse(responses, exchange, caller, bytes),
    "/v1/embeddings": (exchange, caller, bytes) => embed(deps, exchange, caller, bytes),
    "/v1/images/generations": (exchange, caller, bytes) => generateImages(deps, exchange, caller, bytes),
    "/v1/images/edits": (exchange, caller, bytes) => editImages(deps, exchange, caller, bytes),
  };

  async function answer(exchange: Exchange, path: string): Promise<void> {
    const { request } = exchange;
    const post = Object.hasOwn(posts, path) ? posts[path] : undefined;
    const stored = /^\/v1\/(models|responses)(?:\/([^/]+)(\/cancel)?)?$/.exec(path);
    const [, family, name, action] = stored ?? [];
    const id = name === undefined ? undefined : decodeId(name);
    const methods = methodsOf({ isPost: post !== undefined, family, id, action });
    if (methods.length === 0) throw new DomainError("common.not_found");
    if (!methods.includes(request.method ?? "")) {
      throw new DomainError("common.method_not_allowed", { details: { allowed: methods } });
    }
    const caller = await callerOf(edge, request);
    if (post) return runPost(exchange, caller, path, post);
    if (family === "models")
      return id === undefined ? listModels(llm.catalog, exchange) : showModel(llm.catalog, exchange, id);
    if (id === undefined) throw new DomainError("common.not_found");
    if (action !== undefined) return cancelResponse(responses, exchange, caller, id);
    if (request.method === "DELETE") return removeResponse(responses, exchange, caller, id);
    const query = new URLSearchParams((request.url ?? "").split("?")[1]);
    return showResponse(responses, exchange, caller, { id, query });
  }

  async function runPost(exchange: Exchange, caller: V1Caller, path: string, post: Handler): Promise<void> {
    const bytes = await readBody(exchange.request, maxBodyBytes);
    const idempotencyKey = exchange.request.headers["idempotency-key"];
    const run = () => post(exchange, caller, bytes);
    if (typeof idempotencyKey !== "string" || idempotencyKey === "") return run();
    return runOnce(keyed, exchange, caller, { idempotencyKey, path, bytes, run });
  }

  return {
    serves: ({ url = "" }) => ownUrlOf(url) !== undefined,
    refusesBody: (request) => isTooLarge(request, maxBodyBytes),
    serve(request, response) {
      request.url = ownUrlOf(request.url ?? "");
      const exchange = new Exchange(exchangeDeps, request, response, edge.random.hex(128));
      const [path = ""] = (request.url ?? "").split("?", 1);
      const finished = () =>
        edge.metrics.request(
          `${request.method} ${routeOf(path)}`,
          response.statusCode,
          edge.clock.monotonicMs() - exchange.startedMs,
        );
      response.once("close", finished);
      answer(exchange, path).catch((thrown: unknown) => {
        exchange.refuse(thrown, `${request.method} ${routeOf(path)}`);
      });
    },
  };

  /** One name for each route in the metrics, whatever clients write into paths. */
  function routeOf(path: string): string {
    const [, family, action = ""] = /^\/v1\/(models|responses)\/[^/]+(\/cancel)?$/.exec(path) ?? [];
    if (family !== undefined) return `/v1/${family}/:id${action}`;
    return Object.hasOwn(posts, path) || path === "/v1/models" ? path : "/v1/?";
  }
}

/** Without what stands before /v1 in the routes' other names: the prefix of a surface, and as NextChat's pages call them. */
function ownUrlOf(url: string): string | undefined {
  return /^(?:\/compat\/[a-z0-9]+)?(?:\/api\/openai)?(\/v1\/.*)$/.exec(url)?.[1];
}

function decodeId(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function methodsOf({
  isPost,
  family,
  id,
  action,
}: {
  isPost: boolean;
  family: string | undefined;
  id: string | undefined;
  action: string | undefined;
}): string[] {
  if (isPost) return ["POST"];
  if (family === "models") return action === undefined ? ["GET"] : [];
  if (family !== "responses" || id === undefined) return [];
  return action === undefined ? ["GET", "DELETE"] : ["POST"];
}
