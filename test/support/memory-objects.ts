// A store of objects in memory. A failure can be planned for the next calls of a method.
import { buffer } from "node:stream/consumers";
import type { Objects, PutFacts } from "../../actors/file/objects.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { countBytes } from "../../infra/objects/counted.ts";

export class MemoryObjects implements Objects {
  readonly stored = new Map<string, Buffer>();
  /** Names that were ever put. */
  readonly puts: string[] = [];
  /** How many of the next calls fail, by method. */
  readonly failures = { put: 0, get: 0, delete: 0 };

  async put(name: string, source: AsyncIterable<Uint8Array>, limits: PutFacts) {
    this.#fail("put");
    const { bytes, facts } = countBytes(source, limits);
    this.stored.set(name, await buffer(bytes));
    this.puts.push(name);
    return facts();
  }

  async get(name: string, range?: { first: number; last?: number }) {
    this.#fail("get");
    const whole = this.stored.get(name);
    if (!whole) throw new DomainError("file.not_found");
    const part = whole.subarray(range?.first ?? 0, range?.last === undefined ? undefined : range.last + 1);
    async function* bytes(): AsyncGenerator<Uint8Array> {
      yield part;
    }
    return { size: whole.length, bytes: bytes() };
  }

  async copy(from: string, to: string): Promise<void> {
    const whole = this.stored.get(from);
    if (!whole) throw new DomainError("file.not_found");
    this.stored.set(to, whole);
    this.puts.push(to);
  }

  async stat(name: string) {
    const whole = this.stored.get(name);
    return whole && { size: whole.length };
  }

  async delete(name: string): Promise<void> {
    this.#fail("delete");
    this.stored.delete(name);
  }

  #fail(method: keyof MemoryObjects["failures"]): void {
    if (this.failures[method] === 0) return;
    this.failures[method] -= 1;
    throw new Error("the store is away");
  }
}
