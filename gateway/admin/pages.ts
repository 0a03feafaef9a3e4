// The admin pages at /admin/ and /admin/login.html: one document, whose script draws the page that the address names. The
// routes that the script calls are in gateway/surfaces/admin/.
import { hash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type Koa from "koa";
import type { AdminApp } from "../ports.ts";

/** No inline script, no inline style, no eval, nothing from elsewhere, in no frame. Text never becomes HTML. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const pagePaths = ["/admin/", "/admin/index.html", "/admin/login.html"];
const assets = "/admin/assets/";
/** Their names change with their content. */
const assetSeconds = 31_536_000;

const types = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
} as const;
const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="#3553d1"/><path d="M9 22V11.5A2.5 2.5 0 0 1 11.5 9h9a2.5 2.5 0 0 1 2.5 2.5v5a2.5 2.5 0 0 1-2.5 2.5H13z" fill="none" stroke="#fff" stroke-width="2.4" stroke-linejoin="round"/></svg>`;

interface Asset {
  type: string;
  text: string;
  packed: Buffer;
}
interface Site {
  document: string;
  assets: ReadonlyMap<string, Asset>;
}

export function serveAdminPages(app: AdminApp | undefined): Koa.Middleware {
  let site: Promise<Site> | undefined;
  const siteOf = (app: AdminApp): Promise<Site> => {
    const building = site ?? app.bundle().then(layOut);
    site = building;
    // The next request tries again.
    building.catch(() => {
      site = undefined;
    });
    return building;
  };
  return async (ctx, next) => {
    const { path, method } = ctx;
    if (!app || (method !== "GET" && method !== "HEAD")) return next();
    if (path === "/admin") {
      ctx.state.route = "/admin/";
      return ctx.redirect("/admin/");
    }
    const isDocument = pagePaths.includes(path);
    if (!isDocument && !path.startsWith(assets)) return next();
    const { document, assets: files } = await siteOf(app);
    const asset = files.get(path);
    if (!isDocument && !asset) return next();
    ctx.state.route = isDocument ? path : assets;
    ctx.set("Referrer-Policy", "no-referrer");
    ctx.set("Cross-Origin-Resource-Policy", "same-origin");
    if (asset) return sendAsset(ctx, asset);
    ctx.set("Content-Security-Policy", policy);
    ctx.set("Cross-Origin-Opener-Policy", "same-origin");
    ctx.set("Cache-Control", "no-cache");
    ctx.type = "text/html; charset=utf-8";
    ctx.body = document;
  };
}

function sendAsset(ctx: Koa.Context, { type, text, packed }: Asset): void {
  ctx.set("Cache-Control", `public, max-age=${assetSeconds}, immutable`);
  ctx.vary("Accept-Encoding");
  ctx.type = type;
  if (ctx.acceptsEncodings("gzip", "identity") === "gzip") {
    ctx.set("Content-Encoding", "gzip");
    ctx.body = packed;
  } else ctx.body = text;
}

function layOut({ boot, script, style }: Awaited<ReturnType<AdminApp["bundle"]>>): Site {
  const files = new Map<string, Asset>();
  const add = (name: string, ending: keyof typeof types, text: string): string => {
    const path = `${assets}${name}-${hash("sha256", text, "hex").slice(0, 12)}.${ending}`;
    files.set(path, { type: types[ending], text, packed: gzipSync(text) });
    return path;
  };
  // The small first script waits for nothing and sets the colors before anything is drawn.
  const document = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Parley administration</title>
<link rel="icon" type="image/svg+xml" href="${add("icon", "svg", icon)}">
<script src="${add("boot", "js", boot)}"></script>
<link rel="stylesheet" href="${add("app", "css", style)}">
<script src="${add("app", "js", script)}" defer></script>
</head>
<body><noscript>These pages need JavaScript.</noscript></body>
</html>
`;
  return { document, assets: files };
}
