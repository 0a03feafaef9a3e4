// Serves an app for browsers: one document for all of its pages, and its files under names that change with their content.
import { hash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type Koa from "koa";
import type { BrowserApp } from "../ports.ts";

interface SiteOptions {
  /** Paths that show the document. */
  readonly pages: readonly string[];
  /** The folder of the files, with a slash at its end. */
  readonly assets: string;
  /** Content-Security-Policy of the document. */
  readonly policy: string;
  /** An SVG. */
  readonly icon: string;
  readonly title: string;
  /** Of the meta element of this name. */
  readonly viewport: string;
  /** Further meta elements. */
  readonly meta: readonly string[];
  /** Shown where scripts are turned off. */
  readonly noScript: string;
}

/** Paths of the files, as the document names them. */
interface SiteLinks {
  readonly icon: string;
  readonly boot: string;
  readonly script: string;
  readonly style: string;
}

const types = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
} as const;
/** The names of files change with their content. */
const assetSeconds = 31_536_000;

interface Asset {
  readonly type: string;
  readonly text: string;
  readonly packed: Buffer;
}
interface Site {
  readonly document: string;
  readonly assets: ReadonlyMap<string, Asset>;
}

export function serveSite(app: BrowserApp, options: SiteOptions): Koa.Middleware {
  let site: Promise<Site> | undefined;
  const build = (): Promise<Site> =>
    app
      .bundle()
      .then((bundle) => layOut(bundle, options))
      .catch((error: unknown) => {
        // The next request tries again.
        site = undefined;
        throw error;
      });
  return async (ctx, next) => {
    const { path, method } = ctx;
    const isDocument = options.pages.includes(path);
    if ((method !== "GET" && method !== "HEAD") || (!isDocument && !path.startsWith(options.assets))) return next();
    site ??= build();
    const { document, assets } = await site;
    const asset = assets.get(path);
    if (!isDocument && !asset) return next();
    ctx.state.route = isDocument ? path : options.assets;
    ctx.set("Referrer-Policy", "no-referrer");
    ctx.set("Cross-Origin-Resource-Policy", "same-origin");
    if (asset) return sendAsset(ctx, asset);
    ctx.set("Content-Security-Policy", options.policy);
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

type Bundle = Awaited<ReturnType<BrowserApp["bundle"]>>;

function layOut({ boot, script, style, parts = {} }: Bundle, options: SiteOptions): Site {
  const { assets: folder, icon } = options;
  const assets = new Map<string, Asset>();
  const put = (name: string, ending: keyof typeof types, text: string): string => {
    const path = `${folder}${name}.${ending}`;
    assets.set(path, { type: types[ending], text, packed: gzipSync(text) });
    return path;
  };
  const add = (name: string, ending: keyof typeof types, text: string): string =>
    put(`${name}-${hash("sha256", text, "hex").slice(0, 12)}`, ending, text);
  for (const [name, text] of Object.entries(parts)) put(name, "js", text);
  const document = render(options, {
    icon: add("icon", "svg", icon),
    boot: add("boot", "js", boot),
    style: add("app", "css", style),
    script: add("app", "js", script),
  });
  return { document, assets };
}

/** The small first script waits for nothing and sets the colors before anything is drawn. */
function render({ title, viewport, meta, noScript }: SiteOptions, { icon, boot, style, script }: SiteLinks): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="${viewport}">
<meta name="color-scheme" content="light dark">
${meta.join("\n")}
<title>${title}</title>
<link rel="icon" type="image/svg+xml" href="${icon}">
<script src="${boot}"></script>
<link rel="stylesheet" href="${style}">
<script src="${script}" type="module"></script>
</head>
<body><noscript>${noScript}</noscript></body>
</html>
`;
}
