// Removes a member from a group and adds them again, over and over, and checks two rules.
//
// membership/removed: no message that is sent between the answer to the removal and the request to add the member again reaches
//     the member's devices.
// membership/once: a repeated command takes effect once. When the first attempt removed the member, the second one must not
//     answer that the member is missing.
import type { LoadUser } from "./chat-load.ts";
import { type RestPlace, requestUntilAnswered } from "./rest.ts";

interface MembershipOptions {
  readonly place: RestPlace;
  readonly owner: LoadUser;
  readonly conversationId: string;
  /** The index of the member among the users of the load, and the member's id. */
  readonly guest: number;
  readonly userId: string;
  /** When the message with this key was first sent. */
  sentMs(clientMsgId: string): number | undefined;
}

const staysMs = { least: 2_000, most: 6_000 };
const awayMs = { least: 300, most: 2_500 };

export class Membership {
  readonly conversationId: string;
  readonly userId: string;
  readonly violations: string[] = [];
  /** The number of removals. */
  removals = 0;
  /** Messages that are sent after this time must reach the member. */
  addedMs = 0;
  #options: MembershipOptions;
  /** membership/removed: the time of the removal. Undefined: the user is a member, or may be one. */
  #goneMs: number | undefined;
  #isStopped = true;
  #running = Promise.resolve();

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.conversationId = options.conversationId;
    this.userId = options.userId;
  }

  start(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#running = this.#run();
  }

  /** Resolves when the user is a member again. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  sees(person: number, device: string, conversationId: string, clientMsgId: string | undefined): void {
    const goneMs = this.#goneMs;
    if (goneMs === undefined || person !== this.#options.guest || conversationId !== this.conversationId) return;
    const sentMs = clientMsgId === undefined ? undefined : this.#options.sentMs(clientMsgId);
    if (sentMs === undefined || sentMs <= goneMs) return;
    const afterMs = Math.round(sentMs - goneMs);
    this.violations.push(`G11 ${conversationId}: ${device} saw ${clientMsgId}, sent ${afterMs} ms after its removal`);
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      await this.#pause(staysMs);
      if (this.#isStopped) return;
      await this.#remove();
      await this.#pause(awayMs);
      await this.#add();
    }
  }

  async #remove(): Promise<void> {
    const { place, owner, userId } = this.#options;
    const answer = await this.#request(() =>
      requestUntilAnswered(place, "DELETE", `${this.#path}/${userId}`, owner.token),
    );
    if (answer?.code === 0) {
      this.removals += 1;
      this.#goneMs = performance.now();
    } else if (answer) this.#refused("removing", answer);
  }

  async #add(): Promise<void> {
    const { place, owner, userId } = this.#options;
    this.#goneMs = undefined; // membership/removed: from here on the user may be a member
    type Added = { successIds?: string[] };
    const answer = await this.#request(() =>
      requestUntilAnswered<Added>(place, "POST", this.#path, owner.token, { memberIds: [userId] }),
    );
    if (answer?.code === 0 && answer.data.successIds?.includes(userId)) this.addedMs = performance.now();
    else if (answer) this.#refused("adding", answer);
  }

  get #path(): string {
    return `/groups/${this.conversationId.slice("g_".length)}/members`;
  }

  async #request<T>(request: () => Promise<T>): Promise<T | undefined> {
    try {
      return await request();
    } catch (error) {
      this.violations.push(`G9 ${this.conversationId}: ${error}`);
      return undefined;
    }
  }

  /** See membership/once. */
  #refused(what: string, answer: { tries: number }): void {
    this.violations.push(`G2 ${this.conversationId}: ${what} ${this.userId} was answered ${JSON.stringify(answer)}`);
  }

  #pause({ least, most }: { least: number; most: number }): Promise<void> {
    const endMs = performance.now() + least + this.#options.place.random() * (most - least);
    return new Promise((resolve) => {
      const look = setInterval(() => {
        if (performance.now() < endMs && !this.#isStopped) return;
        clearInterval(look);
        resolve();
      }, 20);
    });
  }
}
