// An edit in a small group may be published as several variants under one version: with the content for members who may
// see the message, without it for the others. Only the users named in a delivered variant have the version; the others
// pull it.
import type { UserId } from "../../../actors/shared/ids.ts";

/** The users that one version was published to. */
interface Published {
  readonly version: number;
  readonly users: Set<UserId>;
  readonly atMs: number;
}

export class Variants {
  /** Of the newest version that has variants. */
  #published: Published | undefined;

  get isEmpty(): boolean {
    return this.#published === undefined;
  }

  note(version: number, users: Iterable<UserId>, nowMs: number): void {
    if (this.#published?.version !== version) this.#published = { version, users: new Set(), atMs: nowMs };
    for (const userId of users) this.#published.users.add(userId);
  }

  /** The version has variants, and none was published to any of these users. */
  isNewFor(version: number, users: Iterable<UserId>): boolean {
    const published = this.#published;
    return published?.version === version && ![...users].some((userId) => published.users.has(userId));
  }

  /** The version whose variants are all in, once it is `minAgeMs` old; it is forgotten here. */
  takeOld(minAgeMs: number, nowMs: number): Published | undefined {
    const published = this.#published;
    if (published === undefined || nowMs - published.atMs < minAgeMs) return undefined;
    this.#published = undefined;
    return published;
  }
}
