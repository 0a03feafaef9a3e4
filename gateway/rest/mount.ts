// Serves the routes: trace, authenticate, limit, read, validate, answer. The expensive steps come last. Every answer is an
// envelope with the trace id.
import Koa from "koa";
import Router from "koa-router";
import type { CallOptions } from "../../actors/runtime/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { Caller } from "../auth/authenticator.ts";
import { parseJson } from "../input/json.ts";
import { networkOf } from "../kit/client-address.ts";
import { createEnvelopes } from "../kit/envelope.ts";
import { isHeldSoon } from "../kit/held-lease.ts";
import { acceptedLanguage } from "../kit/languages.ts";
import { written } from "../kit/raw-http.ts";
import { traceIdOf } from "../kit/trace.ts";
import { admitAddress, admitUser, serveSubject } from "./admission.ts";
import { hasSmallBody, readBody } from "./kit/body.ts";
import { clientOf } from "./kit/client.ts";
import { Picture } from "./kit/picture.ts";
import { apiPrefix, type Client, type Edge, type Route } from "./kit/route.ts";

/** `before`: what answers requests for other addresses. */
export function mountRoutes(edge: Edge, routes: readonly Route[], before: readonly Koa.Middleware[]): Koa {
  const app = new Koa();
  const envelopes = createEnvelopes(edge);
  const router = new Router<{ traceId: string; route?: string }>({ prefix: apiPrefix });
  // Fixed paths come before paths with parameters: in /users/search, "search" is no id.
  for (const each of routes.toSorted((a, b) => paramCount(a.path) - paramCount(b.path))) {
    router.register(each.path, [each.method], async (ctx) => {
      ctx.state.route = each.path;
      const data = await answer(edge, each, ctx);
      if (data === written) ctx.respond = false;
      else if (data instanceof Picture) sendPicture(ctx, data);
      else ctx.body = envelopes.success(data, ctx.state.traceId);
    });
  }
  app.on("error", (error: Error) => edge.log.warn("request: connection broken", { error: error.message }));
  app.use(async (ctx, next) => {
    const startedMs = edge.clock.monotonicMs();
    const given = ctx.get("X-Trace-Id") || ctx.get("X-Request-Id");
    const traceId = traceIdOf({ traceId: given, traceparent: ctx.get("traceparent") }, edge.random);
    ctx.state.traceId = traceId;
    ctx.set("X-Trace-Id", traceId);
    ctx.set("X-Request-Id", traceId);
    ctx.set("X-Content-Type-Options", "nosniff");
    try {
      ctx.url = originFormOf(ctx.url);
      await next();
    } catch (error) {
      // Half an answer was sent: the client sees that it is broken.
      if (ctx.res.headersSent) return void ctx.res.destroy();
      const language = await edge.languages.of(ctx.state.userId ?? "", acceptedLanguage(ctx.get("Accept-Language")));
      const failure = envelopes.failure(error, traceId, `${ctx.method} ${ctx.state.route ?? "?"}`, language);
      ctx.status = failure.status;
      ctx.set(failure.headers);
      // Node drops the rest of a body that has not come; one that may be large is not awaited.
      if (!ctx.req.complete && !hasSmallBody(ctx.req, edge.limits.maxBodyBytes)) ctx.set("Connection", "close");
      ctx.body = failure.body;
    }
    edge.metrics.request(`${ctx.method} ${ctx.state.route ?? "?"}`, ctx.status, edge.clock.monotonicMs() - startedMs);
  });
  for (const each of before) app.use(each);
  app.use(async (ctx, next) => {
    const { route, path } = router.match(ctx.path, ctx.method);
    ctx.set("Cache-Control", "no-store");
    if (route) return next();
    if (path.length === 0) throw new DomainError("common.not_found");
    ctx.state.route = "wrong method";
    const allowed = [...new Set(path.flatMap((layer) => layer.methods))];
    throw new DomainError("common.method_not_allowed", { details: { allowed } });
  });
  app.use(router.routes());
  return app;
}

function sendPicture(ctx: Koa.Context, { mediaType, bytes }: Picture): void {
  ctx.set("Content-Security-Policy", "default-src 'none'; sandbox");
  ctx.type = mediaType;
  ctx.body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

async function answer(edge: Edge, route: Route, ctx: Koa.Context & { params: Record<string, string> }) {
  const client = clientOf(ctx, edge.trustedProxies ?? 0);
  const caller = needsCaller(route, client, ctx) ? await authenticate(edge, client) : undefined;
  const network = networkOf(client.ip);
  ctx.state.userId = caller?.userId;
  if (caller) await admitUser(edge, route, caller.userId);
  else await admitAddress(edge, route, network);
  const maxBytes = Math.max(route.maxBodyBytes ?? 0, edge.limits.maxBodyBytes);
  const hasBody = route.method !== "GET" && route.reads !== "stream";
  const bytes = hasBody ? await readBody(ctx.req, maxBytes) : undefined;
  const body =
    route.signedBody === undefined
      ? jsonOf(bytes, maxBytes, edge.limits.maxJsonDepth)
      : (bytes?.toString("utf8") ?? "");
  const subject = route.subject?.({ edge, body, client });
  const serve = () => {
    const call: CallOptions = {
      deadlineMs: edge.clock.nowMs() + edge.limits.callDeadlineMs,
      traceId: ctx.state.traceId,
      sizeBytes: 256 + (bytes?.length ?? 0),
    };
    // A key counts for its user or address only. Without a key the runtime deduplicates its own retries.
    if (client.idempotencyKey !== undefined)
      call.commandId = `rest:${caller?.userId ?? network}:${client.idempotencyKey}`;
    const http = { request: ctx.req, response: ctx.res };
    return route.answer({ caller, params: ctx.params, query: { ...ctx.query }, body, edge, call, client, http });
  };
  return caller ? serve() : serveSubject(edge, route, { network, subject }, serve);
}

/** A signature in the query stands for a token. */
function needsCaller({ auth }: Route, { bearer }: Client, ctx: Koa.Context): boolean {
  return auth === "user" || (auth === "signed" && bearer !== undefined && ctx.query.sig === undefined);
}

async function authenticate(edge: Edge, client: Client): Promise<Caller> {
  if (client.bearer === undefined) throw new DomainError("auth.token_invalid");
  // Without the host's lease a revocation might not have been read yet (J5).
  if (!(await isHeldSoon(edge))) throw new DomainError("common.unavailable");
  return edge.authenticator.verify(client.bearer);
}

function jsonOf(bytes: Buffer | undefined, maxBytes: number, maxDepth: number): unknown {
  return bytes && bytes.length > 0 ? parseJson(bytes, { maxBytes, maxDepth }) : {};
}

/** The path and query of a target, which may name scheme and host, too (RFC 9112, 3.2.2). */
function originFormOf(target: string): string {
  if (target.startsWith("/") || target === "*") return target;
  const url = URL.parse(target);
  if (!url) throw new DomainError("gateway.malformed", { details: { reason: "the target is no URL" } });
  return url.pathname + url.search;
}

function paramCount(path: string): number {
  return path.split("/:").length;
}
