// Friends, requests, and finding users by name. Names that answers bring go into the book.
import type { Api } from "../api/api.ts";
import type { Friend, FriendRequest } from "../api/objects.ts";
import type { Book } from "./book.ts";

/** `bob` is bob@example.test: names of this terminal are e-mail addresses of a domain that never exists. */
export function emailOf(name: string): string {
  return name.includes("@") ? name : `${name.toLowerCase()}@example.test`;
}

export class People {
  readonly #api: Api;
  readonly #book: Book;

  constructor(api: Api, book: Book) {
    this.#api = api;
    this.#book = book;
  }

  async friends(): Promise<Friend[]> {
    const friends = await this.#api.friends.list();
    for (const { userId, remark, nickname } of friends) this.#book.name(userId, remark || nickname);
    return friends;
  }

  /** Received, and not answered yet. */
  async requests(): Promise<FriendRequest[]> {
    const requests = await this.#api.friends.requests({ type: "received", status: "pending" });
    for (const { userId, nickname } of requests) this.#book.name(userId, nickname);
    return requests;
  }

  /** Throws a sentence when there is no such user. */
  async find(name: string): Promise<{ userId: string; name: string }> {
    const [user] = await this.#api.users.search(emailOf(name));
    if (!user) throw new Error(`There is nobody called ${name} yet: start another terminal with --as ${name}.`);
    this.#book.name(user.userId, user.nickname);
    return { userId: user.userId, name: user.nickname };
  }

  async nameOf(userId: string): Promise<string> {
    if (!this.#book.knows(userId)) this.#book.name(userId, (await this.#api.users.get(userId)).nickname);
    return this.#book.nameOf(userId);
  }
}
