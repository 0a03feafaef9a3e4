// Own messages on their way: shown as sending until they are durable, and as failed when the server refuses them. They outlive
// the page in the storage of the browser.
import { ClientError } from "../../../client/base/errors.ts";
import type { OutgoingMessage, SendReceipt } from "../../../client/base/wire.ts";
import type { OutboxStorage } from "../../../client/outbox.ts";
import { Source } from "../base/source.ts";
import type { Kept, Unsent } from "../base/unsent.ts";
import type { UnsentStore } from "../device/unsent-store.ts";

interface UnsentDeps {
  readonly store: UnsentStore;
  userId(): string;
  newId(): string;
  send(message: OutgoingMessage, msgId: string): Promise<SendReceipt>;
}

export class UnsentMessages extends Source {
  readonly #deps: UnsentDeps;
  readonly #held = new Map<string, Unsent>();
  /** A message is durable. */
  onSent: (receipt: SendReceipt) => void = () => {};

  constructor(deps: UnsentDeps) {
    super();
    this.#deps = deps;
  }

  /** The storage of the client's outbox: unsent messages that the server has not refused. */
  get storage(): OutboxStorage {
    const { store, userId } = this.#deps;
    return {
      load: async () => (await store.of(userId())).filter(({ isRefused }) => !isRefused),
      put: ({ msgId, message }) => store.put(this.#held.get(msgId) ?? this.#keep(msgId, message)),
      // A refused message stays until the user sends or discards it.
      remove: async (msgId) => {
        if (this.#held.get(msgId)?.isRefused !== true) await store.remove(msgId);
      },
    };
  }

  /** Takes over the unsent messages of an earlier page. Called before the client connects. */
  async restore(): Promise<void> {
    const { store, userId } = this.#deps;
    for (const kept of await store.of(userId()).catch(() => [])) {
      this.#held.set(kept.msgId, kept);
      if (!kept.isRefused) this.#transmit(kept);
    }
    this.changed();
  }

  of(sessionId: string): Unsent[] {
    return [...this.#held.values()].filter(({ message }) => message.sessionId === sessionId);
  }

  send(message: OutgoingMessage): void {
    const kept = this.#keep(this.#deps.newId(), message);
    this.#held.set(kept.msgId, kept);
    this.#transmit(kept);
    this.changed();
  }

  /** Once more, as a new message at the end. */
  retry(msgId: string): void {
    const refused = this.#held.get(msgId);
    if (!refused) return;
    this.discard(msgId);
    this.send(refused.message);
  }

  discard(msgId: string): void {
    this.#held.delete(msgId);
    this.#deps.store.remove(msgId).catch(() => {});
    this.changed();
  }

  #keep(msgId: string, message: OutgoingMessage): Unsent {
    return { msgId, message, userId: this.#deps.userId(), atMs: Date.now(), isRefused: false };
  }

  #transmit({ msgId, message }: Kept): void {
    this.#deps.send(message, msgId).then(
      (receipt) => {
        this.#held.delete(msgId);
        this.onSent(receipt);
        this.changed();
      },
      (error: unknown) => this.#failed(msgId, error),
    );
  }

  #failed(msgId: string, error: unknown): void {
    const kept = this.#held.get(msgId);
    // A page that is closed keeps its unsent messages in the store, for the next page.
    if (!kept || !(error instanceof ClientError) || error.kind === "closed") return;
    const refused: Unsent = { ...kept, isRefused: true, error };
    this.#held.set(msgId, refused);
    const { error: _, ...stored } = refused;
    this.#deps.store.put(stored).catch(() => {});
    this.changed();
  }
}
