// What may be typed: a line is a message for the open conversation, unless it begins with a slash.
import type { Chat } from "./chat.ts";
import type { Screen } from "./screen.ts";
import type { WireMessage, WireSession } from "./wire.ts";

type Command = { usage: string; run(chat: Chat, words: string[]): Promise<void> };

const historyMessages = 20;

export const commands: Readonly<Record<string, Command>> = {
  list: { usage: "/list: your conversations", run: list },
  add: { usage: "/add bob: ask bob to be friends", run: add },
  accept: { usage: "/accept [bob]: accept a request", run: accept },
  open: { usage: "/open bob: talk in a conversation, by name or number", run: open },
  group: { usage: "/group name bob carol: make a group", run: group },
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

async function list(chat: Chat): Promise<void> {
  const { book, screen, current } = chat;
  await chat.refreshList();
  const entries = book.list();
  if (entries.length === 0) screen.print("No conversations yet. /add bob asks bob to be friends.");
  for (const [index, entry] of entries.entries()) {
    const unread = entry.unreadCount > 0 ? `, ${entry.unreadCount} unread` : "";
    screen.print(`${entry.id === current?.id ? ">" : " "} ${index + 1}. ${entry.name} (${entry.type}${unread})`);
  }
}

async function add(chat: Chat, [name]: string[]): Promise<void> {
  const { api, people, screen } = chat;
  if (!name) throw new Error("Whom? /add bob");
  const found = await people.find(name);
  const { status } = await api.call<{ status: string }>("POST", "/friends/requests", {
    userId: found.userId,
    source: "search",
  });
  if (status !== "accepted") screen.print(`Asked ${found.name} to be friends.`);
  await chat.listChanged();
}

async function accept(chat: Chat, [name]: string[]): Promise<void> {
  const { api, people } = chat;
  const requests = await people.requests();
  const wanted = requests.filter(({ nickname }) => !name || nickname.toLowerCase() === name.toLowerCase());
  if (wanted.length === 0) throw new Error(name ? `${name} has not asked.` : "Nobody has asked.");
  for (const { requestId } of wanted) await api.call("PUT", `/friends/requests/${requestId}`, { action: "accept" });
  await chat.listChanged();
}

async function open(chat: Chat, words: string[]): Promise<void> {
  const name = words.join(" ");
  if (!name) throw new Error("Which one? /open bob, or its number in /list");
  await chat.refreshList();
  const known = chat.book.find(name);
  if (known) return chat.show(known);
  const { userId } = await chat.people.find(name);
  await openWith(chat, userId);
}

/** The conversation with a user, made when there is none yet. `again`: messages shown before are shown once more. */
export async function openWith(chat: Chat, userId: string, again = true): Promise<void> {
  const { api, book, people } = chat;
  const session = await api.call<WireSession>("POST", "/sessions", { receiverId: userId });
  await chat.refreshList();
  const entry = book.get(session.sessionId);
  if (entry.name === entry.id) entry.name = await people.nameOf(userId);
  await chat.show(entry, again);
}

async function group(chat: Chat, [name, ...members]: string[]): Promise<void> {
  const { api, people, book } = chat;
  if (!name || members.length === 0) throw new Error("With whom? /group name bob carol");
  const found = await Promise.all(members.map((member) => people.find(member)));
  const memberIds = found.map(({ userId }) => userId);
  const { sessionId } = await api.call<{ sessionId: string }>("POST", "/groups", { name, memberIds });
  await chat.refreshList();
  const entry = book.get(sessionId);
  entry.name = name;
  await chat.show(entry);
}

async function history(chat: Chat, [count]: string[]): Promise<void> {
  await showLast(chat, Math.min(Math.max(Number(count) || historyMessages, 1), 200), true);
}

export async function showLast(
  { api, screen, current: entry, news }: Chat,
  limit: number,
  again: boolean,
): Promise<void> {
  if (!entry) throw new Error("Open a conversation first: /open bob");
  const query = new URLSearchParams({ sessionId: entry.id, sessionType: entry.type, limit: String(limit) });
  const { messages } = await api.call<{ messages: WireMessage[] }>("GET", `/messages/history?${query}`);
  if (messages.length === 0) screen.print("No messages yet.");
  news.showHistory(entry, messages, again);
}

async function who({ api, book, people, screen, current: entry, userId: myId }: Chat): Promise<void> {
  for (const { userId, status } of await people.friends()) {
    screen.print(`  ${book.nameOf(userId)}: friend, ${status === 1 ? "online" : "offline"}`);
  }
  if (!entry?.groupId) return;
  const path = `/groups/${entry.groupId}/members?page=1&pageSize=100`;
  const { members } = await api.call<{ members: { userId: string; nickname: string; role: string }[] }>("GET", path);
  for (const { userId, nickname, role } of members) {
    screen.print(`  ${userId === myId ? "you" : nickname}: ${role} of ${entry.name}`);
  }
}
