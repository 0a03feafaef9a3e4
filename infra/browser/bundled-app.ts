// Bundles the apps for browsers with esbuild, each at the first request for one of its pages: most hosts are never asked.
import { fileURLToPath } from "node:url";
import type { BrowserApp } from "../../gateway/ports.ts";

type Bundle = Awaited<ReturnType<BrowserApp["bundle"]>>;

const folders = {
  admin: fileURLToPath(new URL("../../gateway/admin/app/", import.meta.url)),
  web: fileURLToPath(new URL("../../gateway/web/app/", import.meta.url)),
} as const;
/** The oldest browsers for which the apps are built. */
const targets = ["chrome119", "firefox121", "safari17.4"];

/**
 * Each app is bundled once per process. One build follows the other: two builds at once would share one bundler process, and
 * the first to end would stop it.
 */
const bundles = new Map<keyof typeof folders, Promise<Bundle>>();
let last: Promise<unknown> = Promise.resolve();

export function createBundledApp(name: keyof typeof folders): BrowserApp {
  return {
    bundle() {
      const known = bundles.get(name);
      if (known) return known;
      const bundle = last.then(() => build(folders[name]));
      bundles.set(name, bundle);
      last = bundle.catch(() => bundles.delete(name));
      return bundle;
    },
  };
}

/** The boot script is one file. Parts of the main script that are loaded when they are needed have files of their own. */
async function build(folder: string): Promise<Bundle> {
  const esbuild = await import("esbuild");
  const common = {
    absWorkingDir: folder,
    outdir: "out",
    chunkNames: "part-[hash]",
    bundle: true,
    minify: true,
    charset: "utf8",
    target: targets,
    jsx: "automatic",
    jsxImportSource: "preact",
    tsconfigRaw: {},
    logLevel: "silent",
  } as const;
  try {
    const builds = await Promise.all([
      esbuild.build({
        ...common,
        write: false,
        entryPoints: { boot: "boot.ts", style: "style/app.css" },
        format: "iife",
      }),
      esbuild.build({ ...common, write: false, entryPoints: { script: "main.tsx" }, format: "esm", splitting: true }),
    ]);
    const files = builds.flatMap(({ outputFiles }) => outputFiles);
    const texts = new Map(files.map(({ path, text }) => [path.slice(path.lastIndexOf("/") + 1), text]));
    const textOf = (name: string): string => {
      const text = texts.get(name);
      if (text === undefined) throw new Error(`the bundler wrote no ${name}`);
      texts.delete(name);
      return text;
    };
    const bundle = { boot: textOf("boot.js"), script: textOf("script.js"), style: textOf("style.css") };
    const parts = [...texts].map(([name, text]) => [name.replace(/\.js$/, ""), text] as const);
    return { ...bundle, parts: Object.fromEntries(parts) };
  } finally {
    // Its process would stay.
    await esbuild.stop();
  }
}
