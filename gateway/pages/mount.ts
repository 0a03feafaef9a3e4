// Routes outside /api: health and metrics for machines, the documents, and two pages for people.
import type Koa from "koa";
import type { SocketDocument } from "../docs/asyncapi.ts";
import type { ApiDocument } from "../docs/openapi.ts";
import type { GatewayDeps } from "../ports.ts";
import { renderDocs } from "./docs.ts";
import { renderLanding } from "./landing.ts";

interface Reference {
  api: ApiDocument;
  socket: SocketDocument;
}
type Page = (ctx: Koa.Context) => Promise<void> | void;

export function servePages(
  deps: Pick<GatewayDeps, "health" | "identity">,
  describe: () => Reference,
  socketCount: () => number,
): Koa.Middleware {
  const reference = once(describe);
  const docs = once(() => renderDocs(reference().api, reference().socket));
  const landing = renderLanding(deps.identity);
  const pages: Record<string, Page> = {
    "/": (ctx) => html(ctx, landing),
    "/developers": (ctx) => html(ctx, landing),
    "/docs": (ctx) => html(ctx, docs()),
    "/openapi.json": json(() => reference().api),
    "/asyncapi.json": json(() => reference().socket),
    "/health": async (ctx) => {
      const { ready, draining, parts } = await deps.health.ready();
      // A host that drains answers, and its stores work.
      const isOk = ready || draining;
      ctx.status = isOk ? 200 : 503;
      const stores = Object.fromEntries(
        Object.entries(parts).map(([name, { ok }]) => [name, ok ? "ok" : "unavailable"]),
      );
      const { host, version } = deps.identity;
      ctx.body = { status: isOk ? "ok" : "unavailable", host, version, stores, sockets: socketCount() };
    },
    "/ready": async (ctx) => {
      const state = await deps.health.ready();
      ctx.status = state.ready ? 200 : 503;
      ctx.body = state;
    },
    "/metrics": async (ctx) => {
      const { contentType, body } = await deps.health.metrics();
      ctx.set("Content-Type", contentType);
      ctx.body = body;
    },
  };
  return async (ctx, next) => {
    const page = ctx.method === "GET" || ctx.method === "HEAD" ? pages[ctx.path] : undefined;
    if (!page) return next();
    ctx.state.route = ctx.path;
    ctx.set("Cache-Control", "no-cache");
    await page(ctx);
  };
}

/** Makes the value at the first request: most hosts are never asked for their documents. */
function once<T extends object | string>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function json(document: () => object): Page {
  const text = once(() => JSON.stringify(document()));
  return (ctx) => {
    ctx.type = "application/json";
    ctx.body = text();
  };
}

function html(ctx: Koa.Context, body: string): void {
  // No script runs on these pages, whatever text gets into them.
  ctx.set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
  ctx.type = "text/html; charset=utf-8";
  ctx.body = body;
}
