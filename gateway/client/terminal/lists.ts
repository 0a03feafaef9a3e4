// Looks at the lists when something changed: conversations, requests, friends, and the user to talk to at the start.
import type { SessionEntry } from "../api/objects.ts";
import type { Client } from "../client.ts";
import type { Book } from "./book.ts";
import type { People } from "./people.ts";
import type { Screen } from "./screen.ts";

interface ListsDeps {
  readonly client: Client;
  readonly book: Book;
  readonly people: People;
  readonly screen: Screen;
  /** A friend was made. */
  befriended(userId: string): Promise<void>;
  /** The user named by --with is a friend, or (`ask`) is to be asked. */
  meet(name: string, step: "open" | "ask"): Promise<void>;
  explain(error: unknown): void;
}

export class ListWatch {
  readonly #deps: ListsDeps;
  #wanted: string | undefined;
  #hasAskedWanted = false;
  #looking: Promise<void> | undefined;
  #isStale = false;
  /** Whether the server knows whose presence this socket wants. */
  #isWatching = false;
  readonly #knownRequests = new Set<string>();
  #knownFriends: ReadonlySet<string> | undefined;

  constructor(deps: ListsDeps, wanted: string | undefined) {
    this.#deps = deps;
    this.#wanted = wanted;
    deps.client.on("opened", () => {
      this.#isWatching = false;
    });
  }

  /** The conversations of the first start count as seen. */
  async adopt(): Promise<void> {
    for (const session of await this.#learn()) this.#deps.client.replica.open(session.sessionId).adopt(session);
  }

  /** Conversations, and what was missed of them. */
  async refresh(): Promise<void> {
    const { client } = this.#deps;
    const sessions = await this.#learn();
    const isBehind = ({ sessionId, version }: SessionEntry) =>
      (client.replica.find(sessionId)?.versions.upTo ?? 0) < version;
    if (client.isOpen && sessions.some(isBehind)) client.sync().catch(this.#deps.explain);
  }

  /** One look at a time; a change during it brings another. */
  changed(): Promise<void> {
    this.#isStale = true;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #learn(): Promise<SessionEntry[]> {
    const sessions = await this.#deps.client.api.sessions.list();
    for (const session of sessions) this.#deps.book.learn(session);
    return sessions;
  }

  async #look(): Promise<void> {
    try {
      while (this.#isStale) {
        this.#isStale = false;
        await this.refresh();
        await this.#lookAtRequests();
        await this.#lookAtFriends();
      }
    } catch (error) {
      if (this.#deps.client.isOpen) this.#deps.explain(error);
    }
  }

  async #lookAtRequests(): Promise<void> {
    const { people, screen } = this.#deps;
    for (const { requestId, nickname } of await people.requests()) {
      if (this.#knownRequests.has(requestId)) continue;
      this.#knownRequests.add(requestId);
      screen.print(`* ${nickname} asks to be your friend: /accept ${nickname}`);
    }
  }

  async #lookAtFriends(): Promise<void> {
    const { people, screen, book, befriended } = this.#deps;
    const userIds = (await people.friends()).map(({ userId }) => userId);
    const known = this.#knownFriends ?? new Set(userIds);
    const fresh = userIds.filter((userId) => !known.has(userId));
    for (const userId of fresh) screen.print(`* you and ${book.nameOf(userId)} are friends`);
    if (userIds.length > 0 && (fresh.length > 0 || !this.#isWatching)) await this.#watch(userIds);
    this.#knownFriends = new Set(userIds);
    if (this.#wanted !== undefined) await this.#meet(this.#wanted, userIds);
    else if (fresh[0] !== undefined) await befriended(fresh[0]);
  }

  async #watch(userIds: string[]): Promise<void> {
    await this.#deps.client.watchPresence(userIds);
    this.#isWatching = true;
  }

  async #meet(name: string, friendIds: readonly string[]): Promise<void> {
    const { people, meet, explain } = this.#deps;
    const { userId } = await people.find(name);
    if (friendIds.includes(userId)) {
      this.#wanted = undefined;
      await meet(name, "open");
    } else if (!this.#hasAskedWanted) {
      this.#hasAskedWanted = true;
      // Not awaited: asking ends with a look at the lists, and this is one.
      meet(name, "ask").catch(explain);
    }
  }
}
