// Serves the routes of the surfaces: resolve the dialect, authenticate, limit, read, validate, answer; or pass the request on
// when its address is none of theirs.
import type Koa from "koa";
import Router from "koa-router";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { isStampId } from "../../../actors/shared/ids.ts";
import { parseJson } from "../../input/json.ts";
import { addressOf, networkOf } from "../../kit/client-address.ts";
import { createEnvelopes, headersFor } from "../../kit/envelope.ts";
import { takeWhereItHolds } from "../../kit/rate-limit.ts";
import { written } from "../../kit/raw-http.ts";
import type { Dialect } from "../../ports.ts";
import { admitAddress, admitUser, serveSubject } from "../../rest/admission.ts";
import { hasSmallBody, readBody } from "../../rest/kit/body.ts";
import { clientOf } from "../../rest/kit/client.ts";
import { apiPrefix, type Edge } from "../../rest/kit/route.ts";
import { isAudited } from "./audit.ts";
import { type DialectFacts, findDialect, resolveDialect, splitPrefix } from "./dialect.ts";
import { withWireNames } from "./field-names.ts";
import { authenticate, credentialsOf, type Principal } from "./principal.ts";
import type { RawSurfaceRequest, SurfaceRoute } from "./route.ts";
import { maxJsonDepth } from "./shapes.ts";
import { chat, gpt2api, image, nextchat, type Part, type Surface, statusOn, v1 } from "./surface.ts";

interface State {
  traceId: string;
  route?: string;
  /** The user of an authenticated request. */
  userId?: string;
  facts?: DialectFacts;
  /** The same as `facts` and all that was learned of the request since. */
  known?: DialectFacts;
}
type Context = Koa.ParameterizedContext<State> & { params: Record<string, string> };

/** Takes the prefix off the path, before anything is looked up by it. */
export function readDialect(portDialect: (port: number) => Dialect | undefined): Koa.Middleware<State> {
  return (ctx, next) => {
    const { prefix, path } = splitPrefix(ctx.path);
    if (prefix) ctx.path = path;
    const header = ctx.get("X-API-Dialect") || undefined;
    ctx.state.facts = { path, prefix, header, port: portDialect(ctx.req.socket.localPort ?? 0) };
    return next();
  };
}

export function serveSurfaces(edge: Edge, routes: readonly SurfaceRoute[]): Koa.Middleware<State> {
  const envelopes = createEnvelopes(edge);
  const router = new Router<State>();
  for (const each of routes.toSorted((a, b) => paramCount(a.path) - paramCount(b.path))) {
    router.register(each.path, [each.method], async (ctx) => {
      ctx.state.route = each.path;
      try {
        await run(edge, each, ctx as Context);
      } catch (thrown) {
        fail(ctx as Context, thrown, each);
      }
      if (isAudited(each)) audit(ctx as Context, each);
    });
  }
  const dispatch = router.routes() as unknown as Koa.Middleware<State>;
  return async (ctx, next) => {
    if (ctx.path.startsWith(`${apiPrefix}/`)) return next();
    const { route, path } = router.match(ctx.path, ctx.method);
    if (!route && path.length === 0 && !isOfSurfaces(ctx.path)) return passOn(ctx as Context, next);
    const startedMs = edge.clock.monotonicMs();
    ctx.set("Cache-Control", "no-store");
    if (route) await dispatch(ctx, next);
    else if (path.length === 0) fail(ctx as Context, new DomainError("common.not_found"));
    else {
      ctx.state.route = "wrong method";
      const allowed = [...new Set(path.flatMap((layer) => layer.methods))];
      fail(ctx as Context, new DomainError("common.method_not_allowed", { details: { allowed } }));
    }
    if (ctx.respond === false || ctx.res.headersSent) return;
    if (!ctx.res.hasHeader("X-Attempts")) ctx.set("X-Attempts", "0");
    if (!ctx.res.hasHeader("X-Overhead-Ms")) {
      ctx.set("X-Overhead-Ms", String(Math.round(edge.clock.monotonicMs() - startedMs)));
    }
  };

  /** Who did what, from where, and whether it was done. Bodies hold secrets, and are left out. */
  function audit(ctx: Context, { method, path }: SurfaceRoute): void {
    const { traceId, userId } = ctx.state;
    const ip = addressOf(ctx.req, edge.trustedProxies ?? 0);
    // A client may put a key or a code where an id belongs.
    const params = Object.fromEntries(
      Object.entries(ctx.params).map(([name, value]) => [name, isStampId(value) ? value : "not an id"]),
    );
    edge.log.info("audit: request", { action: `${method} ${path}`, params, userId, ip, status: ctx.status, traceId });
  }

  /** On the port or below the prefix of a surface, an address of nobody's is answered in its shape, too. */
  async function passOn(ctx: Context, next: Koa.Next): Promise<void> {
    const { port, prefix } = factsOf(ctx);
    try {
      await next();
    } catch (thrown) {
      const isNowhere = thrown instanceof DomainError && thrown.error === "common.not_found";
      if (!isNowhere || (port === undefined && prefix === undefined)) throw thrown;
      fail(ctx, thrown);
    }
  }

  function fail(ctx: Context, thrown: unknown, route?: SurfaceRoute): void {
    const { traceId } = ctx.state;
    const error = withWireNames(route, envelopes.explain(thrown, traceId, `${ctx.method} ${ctx.state.route ?? "?"}`));
    if (ctx.res.headersSent) return void ctx.res.destroy();
    const surface = surfaceFor(route, ctx);
    const status = statusOn(surface, error);
    ctx.respond = true;
    ctx.status = status;
    ctx.set(headersFor(error));
    if (!ctx.req.complete && !hasSmallBody(ctx.req, edge.limits.maxBodyBytes)) ctx.set("Connection", "close");
    ctx.body = surface.failure({ error, status, partOf: (field) => partOf(route, field) });
  }
}

async function run(edge: Edge, route: SurfaceRoute, ctx: Context): Promise<void> {
  const client = clientOf(ctx as unknown as Koa.Context, edge.trustedProxies ?? 0);
  const network = networkOf(client.ip);
  const principal = await authenticate(edge, route.auth, credentialsOf(ctx.req, client.bearer), network);
  ctx.state.userId = principal?.userId;
  const claim = principal?.login?.dialect;
  learn(ctx, { claim });
  if (principal) await admitPrincipal(edge, route, principal);
  else await admitAddress(edge, route, network);
  const { body, sizeBytes } = await bodyOf(edge, route, ctx);
  learn(ctx, { claim, body });
  const subject = route.subject?.({ edge, body, client });
  const serve = () => {
    const call: CallOptions = {
      deadlineMs: edge.clock.nowMs() + edge.limits.callDeadlineMs,
      traceId: ctx.state.traceId,
      sizeBytes: 256 + sizeBytes,
    };
    if (client.idempotencyKey !== undefined)
      call.commandId = `rest:${principal?.userId ?? network}:${client.idempotencyKey}`;
    const request: RawSurfaceRequest = {
      ...{ principal, params: ctx.params, query: { ...ctx.query }, body, edge, call, client },
      ...{ dialect: resolveDialect(factsOf(ctx)), namedDialect: findDialect(factsOf(ctx)) },
      requestId: ctx.state.traceId,
      http: {
        request: ctx.req,
        response: ctx.res,
        status: (status) => {
          ctx.status = status;
        },
        header: (name, value) => ctx.set(name, value),
        isSecure: (edge.trustedProxies ?? 0) > 0 && ctx.get("X-Forwarded-Proto") === "https",
      },
    };
    ctx.status = route.status;
    return route.answer(request);
  };
  const answer = await (principal ? serve() : serveSubject(edge, route, { network, subject }, serve));
  if (answer === written) ctx.respond = false;
  else ctx.body = route.status === 204 ? null : answer;
}

async function admitPrincipal(edge: Edge, route: SurfaceRoute, { userId }: Principal): Promise<void> {
  await admitUser(edge, route, userId);
  const { userLimit } = route.surfaces[0];
  if (userLimit) await takeWhereItHolds(edge.rateLimits, userLimit, userId);
}

async function bodyOf(edge: Edge, route: SurfaceRoute, ctx: Context): Promise<{ body: unknown; sizeBytes: number }> {
  if (route.method === "GET" || route.reads === "stream") return { body: undefined, sizeBytes: 0 };
  const maxBytes = route.maxBodyBytes ?? edge.limits.maxBodyBytes;
  const bytes = await readBody(ctx.req, maxBytes);
  const sizeBytes = bytes.length;
  if (route.reads === "bytes") return { body: bytes, sizeBytes };
  return { body: sizeBytes > 0 ? parseJson(bytes, { maxBytes, maxDepth: maxJsonDepth }) : {}, sizeBytes };
}

function learn(ctx: Context, facts: Partial<DialectFacts>): void {
  ctx.state.known = { ...factsOf(ctx), ...facts };
}

function factsOf({ state, path }: Context): DialectFacts {
  return state.known ?? state.facts ?? { path };
}

/** A route of one surface keeps its shape; an address without a route has that of its family. */
function surfaceFor(route: SurfaceRoute | undefined, ctx: Context): Surface {
  const dialect = resolveDialect(factsOf(ctx));
  if (route) return route.surfaces.find(({ name }) => name === dialect) ?? route.surfaces[0];
  return ctx.path.startsWith("/v1/") ? v1 : surfaceByDialect[dialect];
}
const surfaceByDialect: Readonly<Record<Dialect, Surface>> = { nextchat, chat, gpt2api, image };

/** Addresses that are answered in a surface's shape when there is nothing at them. */
function isOfSurfaces(path: string): boolean {
  return /^\/(auth|conversations|v1|api)\//.test(path);
}

function partOf(route: SurfaceRoute | undefined, field: string): Part {
  const [name = ""] = field.split(/[.[]/);
  if (route && new RegExp(`:${name}(/|$)`).test(route.path)) return "path";
  return route?.query && Object.hasOwn(route.query.shape, name) ? "query" : "body";
}

function paramCount(path: string): number {
  return path.split("/:").length;
}
