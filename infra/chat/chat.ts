// The terminal client: one person, one terminal, conversations that survive every cut.
// T1: a message is shown as sent only when the server has acknowledged it; until then it is sent again (outbox).
// T2: after every connect the difference to what is held is pulled before anything is sent again.
import { type Account, type Api, createApi, Unreachable } from "./api.ts";
import { type Book, createBook, type Entry } from "./book.ts";
import { commands, openWith, printHelp, showLast } from "./commands.ts";
import { type Link, openLink } from "./link.ts";
import { createNews, type News } from "./news.ts";
import { createOutbox, type Outbox } from "./outbox.ts";
import { createPeople, type People } from "./people.ts";
import type { Screen } from "./screen.ts";
import type { WireSession, WireSync } from "./wire.ts";

export interface ChatOptions {
  baseUrl: string;
  account: Account;
  /** Opened as soon as they are friends. */
  with?: string;
  screen: Screen;
  ended(exitCode: number): void;
}

const ackEveryMs = 1_000;
const typingEveryMs = 3_000;
const holeWaitMs = 1_000;
const retrySendMs = 1_000;
const serverLookEveryMs = 1_000;
const settleMsMax = 15_000;
const shownAtOpen = 10;

export class Chat {
  readonly api: Api;
  readonly book: Book = createBook();
  readonly people: People;
  readonly screen: Screen;
  readonly news: News;
  current: Entry | undefined;
  userId = "";
  readonly #options: ChatOptions;
  readonly #outbox: Outbox = createOutbox((frame) => this.#link?.send(frame));
  #link: Link | undefined;
  #wanted: string | undefined;
  #hasAskedWanted = false;
  #storeId = "";
  #userVersion = 0;
  #lastTypingMs = Number.NEGATIVE_INFINITY;
  #ready = Promise.withResolvers<void>();
  #typed = this.#ready.promise;
  #listing: Promise<void> | undefined;
  #isListStale = false;
  #isWatching = false;
  readonly #toAck = new Map<string, number>();
  readonly #knownRequests = new Set<string>();
  #knownFriends: ReadonlySet<string> | undefined;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(options: ChatOptions) {
    this.#options = options;
    this.#wanted = options.with;
    this.screen = options.screen;
    this.api = createApi(options.baseUrl, options.account);
    this.people = createPeople(this.api, this.book);
    this.news = createNews({
      book: this.book,
      outbox: this.#outbox,
      screen: this.screen,
      me: () => this.userId,
      current: () => this.current,
      received: (entry, seq) => this.#received(entry, seq),
      seen: (entry, seq) => void this.#link?.send({ type: "MESSAGE_READ", data: { sessionId: entry.id, seq } }),
      pull: () => this.#later("pull", holeWaitMs, () => void this.#catchUp()),
      retryLater: () => this.#later("send", retrySendMs, () => this.#outbox.sendAll()),
      listChanged: () => void this.listChanged(),
    });
  }

  async start(): Promise<void> {
    const { account, baseUrl } = this.#options;
    this.screen.print(
      `Parley at ${baseUrl}: you are ${account.name} (${account.email}, password ${account.password}).`,
    );
    const { userId, isNew } = await this.#login();
    this.userId = userId;
    this.book.names.set(userId, account.name);
    this.screen.print(isNew ? "Registered: this is your first login." : "Logged in.");
    for (const session of await this.#listSessions()) this.book.learn(session, "held");
    await commands.list?.run(this, []);
    printHelp(this.screen);
    this.#connect();
  }

  /** A line that was typed: a command, or a message for the open conversation. Done in the order typed. */
  line(text: string): void {
    this.#typed = this.#typed.then(() => this.#obey(text.trim()));
  }

  typing(): void {
    if (!this.current || performance.now() - this.#lastTypingMs < typingEveryMs) return;
    this.#lastTypingMs = performance.now();
    const { id: sessionId, type: sessionType } = this.current;
    this.#link?.send({ type: "TYPING", data: { sessionId, sessionType } });
  }

  /** Makes it the conversation that lines go to, shows its last messages and marks them read. */
  async show(entry: Entry, again = true): Promise<void> {
    this.current = entry;
    this.screen.prompt(`${entry.name}> `);
    this.screen.print(`-- ${entry.name} --`);
    await showLast(this, shownAtOpen, again);
  }

  async refreshList(): Promise<void> {
    for (const session of await this.#listSessions()) {
      // What came into being after the start is pulled from its beginning: nothing of it was shown yet.
      if (this.book.learn(session, "new").versions.upTo < session.version) {
        this.#later("pull", holeWaitMs, () => void this.#catchUp());
      }
    }
  }

  /** Somebody asked, accepted, invited or left. One look at a time; a change during it brings another. */
  listChanged(): Promise<void> {
    this.#isListStale = true;
    this.#listing ??= this.#lookAtLists().finally(() => {
      this.#listing = undefined;
    });
    return this.#listing;
  }

  /** Resolves when what was sent is acknowledged, or cannot be. */
  async quit(): Promise<void> {
    if (this.#outbox.size > 0) this.screen.print(`Waiting for ${this.#outbox.size} messages to be sent.`);
    await this.#outbox.settle(settleMsMax);
    const left = this.#outbox.size;
    if (left > 0) this.screen.print(`${left} of your messages were not sent.`);
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#acknowledge();
    this.#link?.close();
    this.#options.ended(left > 0 ? 1 : 0);
  }

  async #login(): Promise<{ userId: string; isNew: boolean }> {
    const { baseUrl } = this.#options;
    for (let looks = 0; ; looks += 1) {
      try {
        return await this.api.login();
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        if (looks === 0) {
          this.screen.print(`There is no server at ${baseUrl} yet. Start one with "npm start". Waiting for it.`);
        }
        await new Promise((resolve) => setTimeout(resolve, serverLookEveryMs));
      }
    }
  }

  /** Who is somebody else after it stands before a server with other data: nothing that is held here fits. */
  async #loginAgain(): Promise<void> {
    const { userId } = await this.api.login();
    if (userId === this.userId) return;
    this.screen.print("This server has other data now: your conversations are not in it. Start this terminal again.");
    this.#options.ended(1);
  }

  #connect(): void {
    const { baseUrl, account, ended } = this.#options;
    const query = new URLSearchParams({ deviceId: account.deviceId, platform: "PC", sync: "client" });
    this.#link = openLink({
      url: `${baseUrl.replace(/^http/, "ws")}/ws?${query}`,
      token: this.api.token,
      renewToken: () => this.#loginAgain(),
      opened: ({ data = {} }) => {
        this.#isWatching = false;
        if (this.#storeId !== "") this.screen.whisper("* connected again");
        this.#storeId = String(data.storeId ?? "");
        void this.#catchUp();
      },
      frame: this.news.take,
      lost: () => this.screen.whisper("* connection lost, coming back; what you type is kept"),
      ended: (why) => {
        this.screen.print(why);
        ended(1);
      },
    });
  }

  /** T2. A cut in between is no matter: the next connect begins again. */
  async #catchUp(): Promise<void> {
    try {
      for (let hasMore = true; hasMore; ) {
        const held = { vector: this.book.vector(), userVersion: this.#userVersion, storeId: this.#storeId };
        const { data } = (await this.#link?.ask("SYNC", held)) ?? {};
        const result = data as unknown as WireSync;
        for (const change of result.changes) this.news.apply(change);
        this.#userVersion = Math.max(this.#userVersion, result.vector.userVersion);
        hasMore = result.hasMore;
      }
    } catch (error) {
      if (this.#link?.isOpen) this.#explain(error);
      return;
    }
    this.#outbox.sendAll();
    await this.listChanged();
    this.#ready.resolve();
  }

  async #obey(text: string): Promise<void> {
    if (text === "") return;
    const [name = "", ...words] = text.slice(1).split(/\s+/);
    try {
      if (text.startsWith("/")) {
        const command = commands[name];
        if (!command) throw new Error(`There is no /${name}. /help lists what there is.`);
        await command.run(this, words);
      } else if (this.current) this.#outbox.add(this.current.id, text);
      else throw new Error("Open a conversation first: /open bob");
    } catch (error) {
      this.#explain(error);
    }
  }

  async #listSessions(): Promise<WireSession[]> {
    return (await this.api.call<{ sessions: WireSession[] }>("GET", "/sessions")).sessions;
  }

  async #lookAtLists(): Promise<void> {
    try {
      while (this.#isListStale) {
        this.#isListStale = false;
        await this.refreshList();
        await this.#lookAtPeople();
      }
    } catch (error) {
      if (this.#link?.isOpen) this.#explain(error);
    }
  }

  async #lookAtPeople(): Promise<void> {
    for (const { requestId, nickname } of await this.people.requests()) {
      if (this.#knownRequests.has(requestId)) continue;
      this.#knownRequests.add(requestId);
      this.screen.print(`* ${nickname} asks to be your friend: /accept ${nickname}`);
    }
    const userIds = (await this.people.friends()).map(({ userId }) => userId);
    const known = this.#knownFriends ?? new Set(userIds);
    const fresh = userIds.filter((userId) => !known.has(userId));
    for (const userId of fresh) this.screen.print(`* you and ${this.book.nameOf(userId)} are friends`);
    if (fresh.length > 0 || !this.#isWatching) this.#isWatching = this.#watch(userIds);
    this.#knownFriends = new Set(userIds);
    if (this.#wanted !== undefined) await this.#meet(this.#wanted, userIds);
    // Who has just made his friend wants to talk, and has nothing else open: the next line he types goes there.
    else if (fresh[0] !== undefined && !this.current) await openWith(this, fresh[0], false);
  }

  #watch(userIds: string[]): boolean {
    return userIds.length > 0 && this.#link?.send({ type: "PRESENCE_SUBSCRIBE", data: { userIds } }) === true;
  }

  async #meet(name: string, friendIds: string[]): Promise<void> {
    const { userId } = await this.people.find(name);
    if (friendIds.includes(userId)) {
      this.#wanted = undefined;
      await commands.open?.run(this, [name]);
    } else if (!this.#hasAskedWanted) {
      this.#hasAskedWanted = true;
      // Not awaited: it ends with a look at the lists, and this is one.
      commands.add?.run(this, [name]).catch((error) => this.#explain(error));
    }
  }

  #received(entry: Entry, seq: number): void {
    this.#toAck.set(entry.id, Math.max(seq, this.#toAck.get(entry.id) ?? 0));
    this.#later("ack", ackEveryMs, () => this.#acknowledge());
  }

  #acknowledge(): void {
    for (const [sessionId, seq] of this.#toAck) {
      const version = this.book.get(sessionId).versions.upTo;
      if (this.#link?.send({ type: "MESSAGE_ACK", data: { sessionId, seq, version } })) this.#toAck.delete(sessionId);
    }
  }

  /** Once, however often it is wished meanwhile. */
  #later(name: string, delayMs: number, run: () => void): void {
    if (this.#timers.has(name)) return;
    const fire = () => {
      this.#timers.delete(name);
      run();
    };
    this.#timers.set(name, setTimeout(fire, delayMs));
  }

  #explain(error: unknown): void {
    this.screen.print(error instanceof Error ? error.message : String(error));
  }
}
