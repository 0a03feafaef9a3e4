// Bundles the app of the admin pages with esbuild, at the first request for a page: most hosts are never asked for one.
import { fileURLToPath } from "node:url";
import type { AdminApp } from "../../gateway/ports.ts";

type Bundle = Awaited<ReturnType<AdminApp["bundle"]>>;

const folder = fileURLToPath(new URL("../../gateway/admin/app/", import.meta.url));
/** The browsers of the last years. */
const targets = ["chrome111", "firefox113", "safari16.4"];

/** Of this process: two builds at once would share, and stop, one bundler. */
let bundle: Promise<Bundle> | undefined;

export function createAdminApp(): AdminApp {
  return {
    bundle() {
      bundle ??= build().catch((error: unknown) => {
        bundle = undefined;
        throw error;
      });
      return bundle;
    },
  };
}

async function build(): Promise<Bundle> {
  const esbuild = await import("esbuild");
  try {
    const { outputFiles } = await esbuild.build({
      absWorkingDir: folder,
      entryPoints: { boot: "boot.ts", script: "main.tsx", style: "style/app.css" },
      outdir: "out",
      write: false,
      bundle: true,
      minify: true,
      format: "iife",
      charset: "utf8",
      target: targets,
      jsx: "automatic",
      jsxImportSource: "preact",
      tsconfigRaw: {},
      logLevel: "silent",
    });
    const textOf = (name: string): string => {
      const file = outputFiles.find(({ path }) => path.endsWith(name));
      if (!file) throw new Error(`the bundler wrote no ${name}`);
      return file.text;
    };
    return { boot: textOf("boot.js"), script: textOf("script.js"), style: textOf("style.css") };
  } finally {
    // Its process would stay.
    await esbuild.stop();
  }
}
