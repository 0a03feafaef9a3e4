// Friends, requests, and finding somebody by name.
import type { Api } from "./api.ts";
import type { Book } from "./book.ts";
import type { WireFriend, WireRequest } from "./wire.ts";

export interface People {
  friends(): Promise<WireFriend[]>;
  requests(): Promise<WireRequest[]>;
  /** Throws a sentence when there is nobody. */
  find(name: string): Promise<{ userId: string; name: string }>;
  nameOf(userId: string): Promise<string>;
}

/** `bob` is bob@example.test: names of this client are e-mail addresses of a domain that never exists. */
export function emailOf(name: string): string {
  return name.includes("@") ? name : `${name.toLowerCase()}@example.test`;
}

export function createPeople(api: Api, book: Book): People {
  return {
    async friends() {
      const { friends } = await api.call<{ friends: WireFriend[] }>("GET", "/friends");
      for (const { userId, remark, nickname } of friends) book.names.set(userId, remark || nickname);
      return friends;
    },
    async requests() {
      const path = "/friends/requests?type=received&status=pending";
      const { requests } = await api.call<{ requests: WireRequest[] }>("GET", path);
      for (const { userId, nickname } of requests) if (nickname) book.names.set(userId, nickname);
      return requests;
    },
    async find(name) {
      const keyword = encodeURIComponent(emailOf(name));
      const { users } = await api.call<{ users: { userId: string; nickname: string }[] }>(
        "GET",
        `/users/search?keyword=${keyword}`,
      );
      const [user] = users;
      if (!user) throw new Error(`There is nobody called ${name} yet: start another terminal with --as ${name}.`);
      book.names.set(user.userId, user.nickname);
      return { userId: user.userId, name: user.nickname };
    },
    async nameOf(userId) {
      const known = book.names.get(userId);
      if (known !== undefined) return known;
      const { nickname } = await api.call<{ nickname: string }>("GET", `/users/${userId}`);
      book.names.set(userId, nickname);
      return nickname;
    },
  };
}
