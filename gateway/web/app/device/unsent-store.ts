// Messages that the server has not acknowledged, kept in IndexedDB: a reload, or a browser that was closed, sends them under
// their msgIds later. Refused ones are kept until their user sends or removes them.
import type { Kept } from "../base/unsent.ts";

const databaseName = "parley.web";
const storeName = "unsent";

export class UnsentStore {
  #database: Promise<IDBDatabase> | undefined;

  /** Oldest first. */
  async of(userId: string): Promise<Kept[]> {
    const all = await this.#ask<Kept[]>("readonly", (store) => store.getAll());
    return all.filter((kept) => kept.userId === userId).sort((a, b) => a.atMs - b.atMs);
  }

  async put(kept: Kept): Promise<void> {
    await this.#ask("readwrite", (store) => store.put(kept));
  }

  async remove(msgId: string): Promise<void> {
    await this.#ask("readwrite", (store) => store.delete(msgId));
  }

  async #ask<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    this.#database ??= openDatabase();
    const database = await this.#database.catch((error: unknown) => {
      this.#database = undefined;
      throw error;
    });
    const transaction = database.transaction(storeName, mode);
    const request = act(transaction.objectStore(storeName));
    await settled(transaction);
    return request.result;
  }
}

function openDatabase(): Promise<IDBDatabase> {
  const { promise, resolve, reject } = Promise.withResolvers<IDBDatabase>();
  const request = indexedDB.open(databaseName, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(storeName, { keyPath: "msgId" });
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
  return promise;
}

function settled(transaction: IDBTransaction): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  transaction.oncomplete = () => resolve();
  transaction.onerror = () => reject(transaction.error);
  transaction.onabort = () => reject(transaction.error);
  return promise;
}
