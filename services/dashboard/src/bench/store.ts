/** The session's pictures and clicks, kept in this browser (IndexedDB) until they are removed. */
import type { Point } from './clicks.ts';

const DATABASE = 'headroom-bench';
const PICTURES = 'pictures';

export type StoredPicture = {
  id: string;
  name: string;
  blob: Blob;
  widthPx: number;
  heightPx: number;
  points: Point[];
  /** Whether every head was clicked: only then is it compared and exported. */
  complete: boolean;
  addedAt: number;
};

/** Where the browser allows no storage, the session lasts as long as the page. */
export class PictureStore {
  #database: Promise<IDBDatabase | undefined> | undefined;

  async all(): Promise<StoredPicture[]> {
    const pictures = await this.#run<StoredPicture[]>('readonly', (store) => store.getAll());
    return (pictures ?? []).sort((a, b) => a.addedAt - b.addedAt);
  }

  async put(picture: StoredPicture): Promise<boolean> {
    return (await this.#run('readwrite', (store) => store.put(picture))) !== undefined;
  }

  async delete(id: string): Promise<void> {
    await this.#run('readwrite', (store) => store.delete(id));
  }

  async clear(): Promise<void> {
    await this.#run('readwrite', (store) => store.clear());
  }

  async #run<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
    this.#database ??= open();
    const database = await this.#database;
    if (!database) return undefined;
    return new Promise((resolve) => {
      const transaction = database.transaction(PICTURES, mode);
      const request = ask(transaction.objectStore(PICTURES));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => resolve(undefined);
    });
  }
}

function open(): Promise<IDBDatabase | undefined> {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open(DATABASE, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(PICTURES, { keyPath: 'id' });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(undefined);
    } catch {
      resolve(undefined);
    }
  });
}
