// What holds on every page: each control has a name, text has contrast, and nothing is wider than the screen.
import type { Page } from "playwright-core";

/** The least contrast of text to its ground (WCAG 2.2, AA). */
const minContrast = 4.5;

/** A line for each thing that is wrong. */
export async function faultsOf(page: Page): Promise<string[]> {
  const faults: string[] = await page.evaluate(`(${inPage.toString()})(${minContrast})`);
  return faults;
}

/** Runs in the page. */
function inPage(minContrast: number): string[] {
  // biome-ignore lint/suspicious/noExplicitAny: this side has no types of the browser
  const { document, getComputedStyle, innerWidth, NodeFilter } = globalThis as any;
  // biome-ignore lint/suspicious/noExplicitAny: the same
  type Any = any;
  const faults: string[] = [];
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  /** Any color that a browser writes, as [red, green, blue, alpha]. */
  const read = (color: string): number[] => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = ([r = 0, g = 0, b = 0, alpha = 1]: number[], [R = 0, G = 0, B = 0]: number[]): number[] => [
    r * alpha + R * (1 - alpha),
    g * alpha + G * (1 - alpha),
    b * alpha + B * (1 - alpha),
  ];
  const groundOf = (element: Any): number[] => {
    if (!element) return read(getComputedStyle(document.body).backgroundColor);
    const own = read(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, groundOf(element.parentElement));
  };
  const light = (color: number[]): number => {
    const [r = 0, g = 0, b = 0] = color.slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const isSeen = (element: Any) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const root = document.querySelector("dialog[open]") ?? document.body;

  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    const text = node.textContent.trim();
    const isOff = element.closest(":disabled, noscript, .off-screen, .waiting") !== null;
    if (text === "" || isOff || !isSeen(element)) continue;
    const style = getComputedStyle(element);
    const ground = groundOf(element);
    const ink = over(read(element.closest("svg") ? style.fill : style.color), ground);
    const [low = 0, high = 0] = [light(ink), light(ground)].sort((a, b) => a - b);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < minContrast) faults.push(`contrast ${contrast.toFixed(2)} of “${text.slice(0, 40)}”`);
  }

  for (const control of root.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")) {
    if (!isSeen(control)) continue;
    const labels = [...(control.labels ?? [])].map((label: Any) => label.textContent).join("");
    const refs = (control.getAttribute("aria-labelledby") ?? "").split(" ").filter(Boolean);
    const named = refs.map((id: string) => document.getElementById(id)?.textContent ?? "").join("");
    const own = control.matches("input, select, textarea") ? "" : control.textContent;
    const name = control.getAttribute("aria-label") || named || labels || own;
    if (!name.trim()) faults.push(`no name: ${control.outerHTML.slice(0, 120)}`);
  }

  const ids = [...document.querySelectorAll("[id]")].map(({ id }: Any) => id);
  for (const id of ids.filter((each, i) => ids.indexOf(each) !== i)) faults.push(`two elements have the id ${id}`);
  if (document.documentElement.scrollWidth > innerWidth) {
    faults.push(`the page is ${document.documentElement.scrollWidth} px wide`);
  }
  if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
  return faults;
}
