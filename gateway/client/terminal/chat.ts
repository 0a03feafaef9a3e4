// The terminal client: one user, one terminal, conversations that survive every cut. A message is shown as sent only when the
// server has acknowledged it.
import type { LoginBody, RegisterBody, Session } from "../api/session.ts";
import { type ClientError, isUnreachable } from "../base/errors.ts";
import { type Client, createClient } from "../client.ts";
import { Book, type Entry } from "./book.ts";
import { commands, openWith, printHelp, showLast } from "./commands.ts";
import { ListWatch } from "./lists.ts";
import { Narrator } from "./narrator.ts";
import { People } from "./people.ts";
import type { Screen } from "./screen.ts";

interface Account {
  /** The name that others see. */
  readonly name: string;
  readonly email: string;
  readonly password: string;
  /** For a first login: the code that registers. */
  readonly verifyCode: string;
  readonly deviceId: string;
}

interface ChatOptions {
  readonly baseUrl: string;
  readonly account: Account;
  /** A user to talk to at once; asked to be a friend, if they are none. */
  readonly with?: string;
  readonly screen: Screen;
  ended(exitCode: number): void;
}

const typingEveryMs = 3_000;
const serverLookEveryMs = 1_000;
const settleMsMax = 15_000;
const shownAtOpen = 10;
const userNotFound = 10_102;
/** In place of what the close code says. */
const sentences: Readonly<Record<number, string>> = {
  4010: "You are connected in another terminal.",
  4403: "This login was ended.",
};

export class Chat {
  readonly client: Client;
  readonly book = new Book();
  readonly people: People;
  readonly screen: Screen;
  readonly narrator: Narrator;
  readonly lists: ListWatch;
  current: Entry | undefined;
  readonly #options: ChatOptions;
  #lastTypingMs = Number.NEGATIVE_INFINITY;
  #ready = Promise.withResolvers<void>();
  /** The lines typed so far are done. */
  #typed = this.#ready.promise;

  constructor(options: ChatOptions) {
    const { baseUrl, account, screen } = options;
    this.#options = options;
    this.screen = screen;
    const device = { deviceId: account.deviceId, deviceType: "PC" } as const;
    this.client = createClient({ url: baseUrl, ...device, logInAgain: (session) => this.#logInAgain(session) });
    this.people = new People(this.client.api, this.book);
    const { client, book, people } = this;
    const explain = (error: unknown) => this.#explain(error);
    this.lists = new ListWatch(
      {
        ...{ client, book, people, screen, explain },
        befriended: (userId) => this.#befriended(userId),
        meet: async (name, step) => commands[step === "open" ? "open" : "add"]?.run(this, [name]),
      },
      options.with,
    );
    const listChanged = () => void this.lists.changed();
    this.narrator = new Narrator({ client, book, screen, current: () => this.current, listChanged });
    client.on("problem", explain);
  }

  async start(): Promise<void> {
    const { screen, client, lists } = this;
    const { account, baseUrl } = this.#options;
    screen.print(`Parley at ${baseUrl}: you are ${account.name} (${account.email}, password ${account.password}).`);
    const { isNew } = await this.#firstLogin();
    this.book.name(client.replica.userId, account.name);
    screen.print(isNew ? "Registered: this is your first login." : "Logged in.");
    await lists.adopt();
    await commands.list?.run(this, []);
    printHelp(screen);
    this.#connect();
  }

  /** A line that was typed: a command, or a message for the open conversation. Lines are done in the order typed. */
  line(text: string): void {
    this.#typed = this.#typed.then(() => this.#obey(text.trim()));
  }

  typing(): void {
    if (!this.current || performance.now() - this.#lastTypingMs < typingEveryMs) return;
    this.#lastTypingMs = performance.now();
    this.client.typing(this.current.id);
  }

  /** Makes it the conversation that lines go to, shows its last messages and marks them read. */
  async show(entry: Entry, again = true): Promise<void> {
    this.current = entry;
    this.screen.prompt(`${entry.name}> `);
    this.screen.print(`-- ${entry.name} --`);
    await showLast(this, shownAtOpen, again);
  }

  /** Resolves when what was typed is acknowledged, or cannot be. */
  async quit(): Promise<void> {
    const { client, screen } = this;
    if (client.unsent > 0) screen.print(`Waiting for ${client.unsent} messages to be sent.`);
    await client.settled(settleMsMax);
    const left = client.unsent;
    if (left > 0) screen.print(`${left} of your messages were not sent.`);
    await client.close();
    this.#options.ended(left > 0 ? 1 : 0);
  }

  #connect(): void {
    const { client, screen } = this;
    let connects = 0;
    client.on("opened", () => {
      connects += 1;
      if (connects > 1) screen.whisper("* connected again");
    });
    client.on("ready", () => void this.lists.changed().then(() => this.#ready.resolve()));
    client.on("lost", () => screen.whisper("* connection lost, coming back; what you type is kept"));
    client.on("ended", (error) => this.#ended(error));
    client.connect().catch(() => {}); // "ended" has said why
  }

  #ended({ code, message }: ClientError): void {
    this.screen.print(sentences[code] ?? message);
    this.#options.ended(1);
  }

  async #firstLogin(): Promise<{ isNew: boolean }> {
    for (let looks = 0; ; looks += 1) {
      try {
        return await this.#login(this.client.session);
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        if (looks === 0) {
          const { baseUrl } = this.#options;
          this.screen.print(`There is no server at ${baseUrl} yet. Start one with "npm start". Waiting for it.`);
        }
        await new Promise((resolve) => setTimeout(resolve, serverLookEveryMs));
      }
    }
  }

  async #login(session: Session): Promise<{ isNew: boolean }> {
    const { name: nickname, email, password, verifyCode } = this.#options.account;
    const login: LoginBody = { account: email, password };
    const registration: RegisterBody = { email, password, verifyCode, nickname };
    try {
      await session.login(login);
      return { isNew: false };
    } catch (error) {
      if ((error as Partial<ClientError>).code !== userNotFound) throw error;
    }
    await session.register(registration);
    return { isNew: true };
  }

  /** If the new login returns a different user id, the server's data was replaced: the client drops what it held. */
  async #logInAgain(session: Session): Promise<void> {
    const { userId } = this.client.replica;
    await this.#login(session);
    if (this.client.replica.userId === userId) return;
    this.screen.print("This server has other data now: your conversations are not in it. Start this terminal again.");
    this.#options.ended(1);
  }

  async #obey(text: string): Promise<void> {
    if (text === "") return;
    const [name = "", ...words] = text.slice(1).split(/\s+/);
    try {
      if (text.startsWith("/")) {
        const command = commands[name];
        if (!command) throw new Error(`There is no /${name}. /help lists what there is.`);
        await command.run(this, words);
      } else if (this.current) this.#send(this.current, text);
      else throw new Error("Open a conversation first: /open bob");
    } catch (error) {
      this.#explain(error);
    }
  }

  /** The message is shown when it is acknowledged. */
  #send({ id: sessionId }: Entry, text: string): void {
    this.client
      .send({ sessionId, contentType: "text", content: text })
      .catch((error: ClientError) => this.screen.print(`Not sent: ${text} (${error.message})`));
  }

  /** A user with a new friend and nothing open wants to talk: the next line that is typed goes there. */
  async #befriended(userId: string): Promise<void> {
    if (!this.current) await openWith(this, userId, false);
  }

  #explain(error: unknown): void {
    this.screen.print(error instanceof Error ? error.message : String(error));
  }
}
