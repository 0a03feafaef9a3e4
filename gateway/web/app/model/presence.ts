// Who is online, and who is typing where.
import type { ServerFrame } from "../../../client/base/wire.ts";
import { Source } from "../base/source.ts";

/** The sign of typing is shown for so long after the last USER_TYPING. */
const typingMs = 4_000;

export class Presence extends Source {
  readonly #online = new Set<string>();
  readonly #typing = new Map<string, Map<string, ReturnType<typeof setTimeout>>>();

  isOnline(userId: string | undefined): boolean {
    return userId !== undefined && this.#online.has(userId);
  }

  typingIn(sessionId: string): string[] {
    return [...(this.#typing.get(sessionId)?.keys() ?? [])];
  }

  set(userId: string, isOnline: boolean): void {
    if (this.#online.has(userId) === isOnline) return;
    if (isOnline) this.#online.add(userId);
    else this.#online.delete(userId);
    this.changed();
  }

  take({ type, data = {} }: ServerFrame): void {
    const userId = String(data.userId);
    if (type === "USER_ONLINE" || type === "USER_OFFLINE") this.set(userId, type === "USER_ONLINE");
    if (type === "USER_TYPING") this.#types(String(data.sessionId), userId);
    // A user who has sent the message types it no longer.
    if (type === "NEW_MESSAGE") this.#stops(String(data.sessionId), String(data.senderId));
  }

  #types(sessionId: string, userId: string): void {
    const here = this.#typing.get(sessionId) ?? new Map<string, ReturnType<typeof setTimeout>>();
    this.#typing.set(sessionId, here);
    clearTimeout(here.get(userId));
    here.set(
      userId,
      setTimeout(() => this.#stops(sessionId, userId), typingMs),
    );
    this.changed();
  }

  #stops(sessionId: string, userId: string): void {
    const here = this.#typing.get(sessionId);
    if (!here?.has(userId)) return;
    clearTimeout(here.get(userId));
    here.delete(userId);
    this.changed();
  }
}
