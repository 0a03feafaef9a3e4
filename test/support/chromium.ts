// Pages in a real browser. What a page does wrong is kept: errors on its console, exceptions, breaches of its policy.
import { existsSync } from "node:fs";
import type { ExecutionContext } from "ava";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { findInPath } from "../../infra/stack/tools.ts";
import { NeedMissingError } from "./need-names.ts";

/** The path of the program: CHROMIUM, else that of PATH. */
export function findChromium(env: NodeJS.ProcessEnv): string {
  const named = env.CHROMIUM;
  if (named !== undefined && existsSync(named)) return named;
  const found = ["chromium", "chromium-browser", "google-chrome"].map((name) => findInPath(name, env)).find(Boolean);
  if (!found) throw new NeedMissingError("chromium: it is not in PATH; install it, or set CHROMIUM to its path");
  return found;
}

export interface BrowserPage {
  page: Page;
  /** Everything that the page did wrong so far. */
  problems: readonly string[];
}

/** Opens pages with a browser of this test's own. A refused request is no problem: pages ask before they know. */
export async function openChromium(t: ExecutionContext) {
  const browser: Browser = await chromium.launch({ executablePath: findChromium(process.env), args: ["--no-sandbox"] });
  t.teardown(() => browser.close());
  return async (options: BrowserContextOptions = {}): Promise<BrowserPage> => {
    const context = await browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 860 }, ...options });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => {
      const isRefusal = /^Failed to load resource: .* status of 4\d\d/.test(message.text());
      if (["error", "warning"].includes(message.type()) && !isRefusal) problems.push(message.text());
    });
    return { page, problems };
  };
}
