/** Waiting that ends, whatever is waited for. */

/** Its code is that of a network where nothing answers: a database that is late counts as away. */
export class LateAnswerError extends Error {
  readonly code = 'ETIMEDOUT';
  constructor() {
    super('no answer in time');
  }
}

/** Waits for `work` no longer than `ms`; it goes on all the same. @throws LateAnswerError, or what `work` threw */
export async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LateAnswerError()), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
