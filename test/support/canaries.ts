// Secrets planted by a test, and the search for them: whole, and in parts of 12 characters.
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const partChars = 12;

export class Canaries {
  readonly #parts = new Map<string, string>();

  /** A new secret; `prefix` is no part of it. */
  plant(name: string, prefix = ""): string {
    const secret = randomBytes(24).toString("hex");
    this.watch(name, secret);
    return prefix + secret;
  }

  /** Looks for this text, too. */
  watch(name: string, secret: string): void {
    for (let at = 0; at + partChars <= secret.length; at += 1) this.#parts.set(secret.slice(at, at + partChars), name);
  }

  /** Names of the secrets that stand in the text, each with the text around it. */
  foundIn(text: string): string[] {
    const found = new Map<string, string>();
    for (let at = 0; at + partChars <= text.length; at += 1) {
      const name = this.#parts.get(text.slice(at, at + partChars));
      if (name && !found.has(name)) found.set(name, text.slice(Math.max(0, at - 120), at + 60));
    }
    return [...found].map(([name, around]) => `${name}: …${around}…`);
  }

  /** The same in every file below the folder, with the file's name. */
  foundBelow(folder: string): string[] {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .flatMap((entry) => {
        const path = join(entry.parentPath, entry.name);
        return this.foundIn(readFileSync(path, "latin1")).map((found) => `${entry.name} has ${found}`);
      });
  }
}
