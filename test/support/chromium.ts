// Pages in a real browser. What a page does wrong is kept: errors on its console, exceptions, breaches of its policy.
import { existsSync } from "node:fs";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { chromium } from "playwright-core";
import type { Toolbox } from "../../infra/stack/server-kind.ts";
import { findInPath } from "../../infra/stack/tools.ts";
import { obtainProgram } from "./packaged-program.ts";

/** The path of the program: CHROMIUM, else that of PATH, else that of the package installed now. */
export function obtainChromium(tools: Toolbox): Promise<string> {
  return obtainProgram({ name: "chromium", find: findChromium, orElse: ", or set CHROMIUM to its path" }, tools);
}

function findChromium(env: NodeJS.ProcessEnv): string | undefined {
  const named = env.CHROMIUM;
  if (named !== undefined && existsSync(named)) return named;
  return ["chromium", "chromium-browser", "google-chrome"].map((name) => findInPath(name, env)).find(Boolean);
}

/** Calls have a camera and a microphone that need nobody's consent: a moving picture and a tone. */
const args = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];

interface BrowserPage {
  page: Page;
  /** Everything that the page did wrong so far. */
  problems: readonly string[];
}

/** A busy machine draws a page slowly. */
const stepMsMax = 90_000;

let launched: Promise<Browser> | undefined;

async function launch(): Promise<Browser> {
  const executablePath = await obtainChromium({ env: process.env, say: () => {} });
  return chromium.launch({ executablePath, args });
}

/** Opens a page with a storage and cookies of its own. */
export async function openPage(options: BrowserContextOptions = {}): Promise<BrowserPage> {
  launched ??= launch();
  const browser = await launched;
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 860 }, ...options });
  context.setDefaultTimeout(stepMsMax);
  const page = await context.newPage();
  return { page, problems: problemsOf(page) };
}

/** Everything that the page does wrong from now on. A refused request is no problem: pages ask before they know. */
export function problemsOf(page: Page): readonly string[] {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    const isRefusal = /^Failed to load resource: .* status of 4\d\d/.test(message.text());
    if (["error", "warning"].includes(message.type()) && !isRefusal) problems.push(message.text());
  });
  return problems;
}

/** A file that opens pages calls it in `test.after.always`. */
export async function closeChromium(): Promise<void> {
  await (await launched)?.close();
}
