// What may be typed: a line is a message for the open conversation, unless it begins with a slash.

import type { Message } from "../base/wire.ts";
import type { Client } from "../client.ts";
import type { Answers } from "./answers.ts";
import type { Book, Entry } from "./book.ts";
import type { People } from "./people.ts";
import type { Screen } from "./screen.ts";

/** What commands work with. */
interface Desk {
  readonly client: Client;
  readonly book: Book;
  readonly people: People;
  readonly screen: Screen;
  readonly lists: { refresh(): Promise<void>; changed(): Promise<void> };
  readonly narrator: {
    readonly answers: Answers;
    showHistory(entry: Entry, messages: readonly Message[], again: boolean): void;
  };
  /** The open conversation. */
  readonly current: Entry | undefined;
  show(entry: Entry, again?: boolean): Promise<void>;
  typing(): void;
  quit(): Promise<void>;
}

type Command = { usage: string; run(chat: Desk, words: string[]): Promise<void> };

const historyMessages = 20;

export const commands: Readonly<Record<string, Command>> = {
  list: { usage: "/list: your conversations", run: list },
  add: { usage: "/add bob: ask bob to be friends", run: add },
  accept: { usage: "/accept [bob]: accept a request", run: accept },
  open: { usage: "/open bob: talk in a conversation, by name or number", run: open },
  group: { usage: "/group name bob carol: make a group", run: group },
  ai: { usage: "/ai [name]: talk to a model, the first one without a name", run: ai },
  stop: { usage: "/stop: end the answer that is being written", run: stop },
  history: { usage: "/history [n]: the last messages of the open conversation", run: history },
  who: { usage: "/who: friends, and the members of the open group", run: who },
  typing: {
    usage: "/typing: show the others that you type (terminals do it by themselves)",
    run: async (chat) => chat.typing(),
  },
  help: { usage: "/help: this list", run: async ({ screen }) => printHelp(screen) },
  quit: { usage: "/quit: end", run: (chat) => chat.quit() },
};

export function printHelp(screen: Screen): void {
  for (const { usage } of Object.values(commands)) screen.print(`  ${usage}`);
}

async function list(chat: Desk): Promise<void> {
  const { book, screen, current } = chat;
  await chat.lists.refresh();
  const entries = book.list();
  if (entries.length === 0) screen.print("No conversations yet. /add bob asks bob to be friends.");
  for (const [index, entry] of entries.entries()) {
    const unread = entry.unreadCount > 0 ? `, ${entry.unreadCount} unread` : "";
    screen.print(`${entry.id === current?.id ? ">" : " "} ${index + 1}. ${entry.name} (${entry.type}${unread})`);
  }
}

async function add(chat: Desk, [name]: string[]): Promise<void> {
  const { client, people, screen } = chat;
  if (!name) throw new Error("Whom? /add bob");
  const found = await people.find(name);
  const { status } = await client.api.friends.request(found.userId);
  if (status !== "accepted") screen.print(`Asked ${found.name} to be friends.`);
  await chat.lists.changed();
}

async function accept(chat: Desk, [name]: string[]): Promise<void> {
  const { client, people } = chat;
  const requests = await people.requests();
  const wanted = requests.filter(({ nickname }) => !name || nickname.toLowerCase() === name.toLowerCase());
  if (wanted.length === 0) throw new Error(name ? `${name} has not asked.` : "Nobody has asked.");
  for (const { requestId } of wanted) await client.api.friends.answer(requestId, "accept");
  await chat.lists.changed();
}

async function open(chat: Desk, words: string[]): Promise<void> {
  const name = words.join(" ");
  if (!name) throw new Error("Which one? /open bob, or its number in /list");
  await chat.lists.refresh();
  const known = chat.book.find(name);
  if (known) return chat.show(known);
  const { userId } = await chat.people.find(name);
  await openWith(chat, userId);
}

/** The conversation with a user, made when there is none yet. `again`: messages shown before are shown once more. */
export async function openWith(chat: Desk, userId: string, again = true): Promise<void> {
  const { client, book, people } = chat;
  const { sessionId } = await client.api.sessions.open(userId);
  await chat.lists.refresh();
  const entry = book.get(sessionId);
  if (entry.name === entry.id) entry.name = await people.nameOf(userId);
  await chat.show(entry, again);
}

async function group(chat: Desk, [name, ...members]: string[]): Promise<void> {
  const { client, people, book } = chat;
  if (!name || members.length === 0) throw new Error("With whom? /group name bob carol");
  const found = await Promise.all(members.map((member) => people.find(member)));
  const memberIds = found.map(({ userId }) => userId);
  const { sessionId } = await client.api.groups.create({ name, memberIds });
  await chat.lists.refresh();
  const entry = book.get(sessionId);
  entry.name = name;
  await chat.show(entry);
}

async function ai(chat: Desk, words: string[]): Promise<void> {
  const { client, book, screen } = chat;
  const wanted = words.join(" ").toLowerCase();
  const assistants = await client.api.assistants.list();
  const found = assistants.find(({ assistantId, name }) => {
    return wanted === "" || name.toLowerCase() === wanted || assistantId === wanted;
  });
  if (!found && wanted !== "") {
    const names = assistants.map(({ name }) => name).join(", ");
    throw new Error(`There is no model called ${wanted}.${names === "" ? "" : ` There are: ${names}.`}`);
  }
  if (!found)
    throw new Error("This server has no model yet: set OPENAI_BASE_URL or OPENAI_API_KEY, and start it again.");
  const { sessionId } = await client.api.sessions.openChat(found.assistantId);
  await chat.lists.refresh();
  const entry = book.get(sessionId);
  entry.assistantName = found.name;
  await chat.show(entry);
  screen.whisper(`* what you type is answered by ${found.name}`);
}

async function stop({ client, current, narrator }: Desk): Promise<void> {
  const running = current && narrator.answers.runningIn(current.id, client.replies);
  if (!running) throw new Error("Nothing is being answered here.");
  await client.api.assistants.stop(running.replyId);
}

async function history(chat: Desk, [count]: string[]): Promise<void> {
  await showLast(chat, Math.min(Math.max(Number(count) || historyMessages, 1), 200), true);
}

export async function showLast(
  { client, screen, current: entry, narrator }: Desk,
  limit: number,
  again: boolean,
): Promise<void> {
  if (!entry) throw new Error("Open a conversation first: /open bob");
  const { messages } = await client.api.messages.history(entry.id, { limit });
  if (messages.length === 0) screen.print("No messages yet.");
  narrator.showHistory(entry, messages, again);
}

async function who({ client, book, people, screen, current: entry }: Desk): Promise<void> {
  for (const { userId, status } of await people.friends()) {
    screen.print(`  ${book.nameOf(userId)}: friend, ${status === 1 ? "online" : "offline"}`);
  }
  if (!entry?.groupId) return;
  const { members } = await client.api.groups.members(entry.groupId);
  for (const { userId, nickname, role } of members) {
    screen.print(`  ${userId === client.replica.userId ? "you" : nickname}: ${role} of ${entry.name}`);
  }
}
