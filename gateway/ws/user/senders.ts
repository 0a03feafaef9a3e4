// Name and picture of a sender as of now, kept while the user is connected.
import type { Actors } from "../../../actors/runtime/actors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { User } from "../../../actors/user/contract.ts";

export interface Sender {
  name: string;
  avatar: string;
}

/** A user with connections on this gateway. */
interface SenderPlace {
  sender: Sender | undefined;
}

export class Senders {
  #actors: Actors;
  #findUser: (userId: UserId) => SenderPlace | undefined;

  constructor(actors: Actors, findUser: (userId: UserId) => SenderPlace | undefined) {
    this.#actors = actors;
    this.#findUser = findUser;
  }

  find(userId: UserId): Sender | undefined {
    return this.#findUser(userId)?.sender;
  }

  /** Afterwards `find` answers, for as long as the user is connected. */
  async load(userId: UserId): Promise<void> {
    const { nickname, avatar } = await this.#actors.get(User, userId).profile({});
    const user = this.#findUser(userId);
    if (user) user.sender = { name: nickname, avatar };
  }
}
