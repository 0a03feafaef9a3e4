// Friends, requests and invitations that wait for an answer, and blocked users.
import type { Api } from "../../../client/api/api.ts";
import type { Friend, FriendRequest, GroupInvitation, Profile } from "../../../client/api/objects.ts";
import { Source } from "../base/source.ts";
import type { People } from "./people.ts";
import type { Presence } from "./presence.ts";

export class Friends extends Source {
  list: readonly Friend[] = [];
  received: readonly FriendRequest[] = [];
  blocked: readonly Profile[] = [];
  /** Groups that wait for the user's consent. */
  invitations: readonly GroupInvitation[] = [];
  state: "loading" | "ready" | "failed" = "loading";
  readonly #api: Api;
  readonly #people: People;
  readonly #presence: Presence;

  constructor(api: Api, people: People, presence: Presence) {
    super();
    this.#api = api;
    this.#people = people;
    this.#presence = presence;
  }

  async load(): Promise<void> {
    const { friends, groups } = this.#api;
    try {
      const [list, received, blocked, invitations] = await Promise.all([
        friends.list(),
        friends.requests({ type: "received", status: "pending" }),
        friends.blocked(),
        groups.invitations("pending"),
      ]);
      for (const { userId, nickname, remark, avatar, status } of list) {
        this.#people.learn(userId, nickname, avatar);
        this.#people.remark(userId, remark);
        this.#presence.set(userId, status === 1);
      }
      Object.assign(this, { list, received, blocked, invitations, state: "ready" });
    } catch {
      if (this.state !== "ready") this.state = "failed";
    }
    this.changed();
  }

  find(userId: string | undefined): Friend | undefined {
    return this.list.find((friend) => friend.userId === userId);
  }

  isBlocked(userId: string | undefined): boolean {
    return this.blocked.some((user) => user.userId === userId);
  }
}
