// Pages in a real browser. What a page does wrong is kept: errors on its console, exceptions, breaches of its policy.
import { existsSync } from "node:fs";
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

interface BrowserPage {
  page: Page;
  /** Everything that the page did wrong so far. */
  problems: readonly string[];
}

/** A busy machine draws a page slowly. */
const stepMsMax = 90_000;

let launched: Promise<Browser> | undefined;

/** Opens a page with a storage and cookies of its own. A refused request is no problem: pages ask before they know. */
export async function openPage(options: BrowserContextOptions = {}): Promise<BrowserPage> {
  launched ??= chromium.launch({ executablePath: findChromium(process.env), args: ["--no-sandbox"] });
  const browser = await launched;
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 860 }, ...options });
  context.setDefaultTimeout(stepMsMax);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    const isRefusal = /^Failed to load resource: .* status of 4\d\d/.test(message.text());
    if (["error", "warning"].includes(message.type()) && !isRefusal) problems.push(message.text());
  });
  return { page, problems };
}

/** A file that opens pages calls it in `test.after.always`. */
export async function closeChromium(): Promise<void> {
  await (await launched)?.close();
}
