// Names and pictures of users, as last seen in any answer or message. A friend's remark goes before the friend's own name.
import { Source } from "../base/source.ts";

interface Person {
  readonly userId: string;
  readonly name: string;
  readonly avatar: string;
}

export class People extends Source {
  readonly #known = new Map<string, Person>();
  readonly #remarks = new Map<string, string>();
  readonly #asked = new Set<string>();
  readonly #ask: (userId: string) => Promise<{ nickname: string; avatar: string }>;

  constructor(ask: (userId: string) => Promise<{ nickname: string; avatar: string }>) {
    super();
    this.#ask = ask;
  }

  learn(userId: string, name: string | undefined, avatar: string | undefined): void {
    if (!userId || !name) return;
    const known = this.#known.get(userId);
    const next = { userId, name, avatar: avatar ?? known?.avatar ?? "" };
    if (known?.name === next.name && known.avatar === next.avatar) return;
    this.#known.set(userId, next);
    this.changed();
  }

  remark(userId: string, remark: string): void {
    if (remark === (this.#remarks.get(userId) ?? "")) return;
    if (remark === "") this.#remarks.delete(userId);
    else this.#remarks.set(userId, remark);
    this.changed();
  }

  /** A user who is not known yet has no name, and is asked for once. */
  get(userId: string): Person {
    const known = this.#known.get(userId);
    const name = this.#remarks.get(userId) ?? known?.name ?? "";
    if (!known && /^\d+$/.test(userId) && !this.#asked.has(userId)) {
      this.#asked.add(userId);
      this.#ask(userId)
        .then(({ nickname, avatar }) => this.learn(userId, nickname, avatar))
        .catch(() => {});
    }
    return { userId, name, avatar: known?.avatar ?? "" };
  }
}
