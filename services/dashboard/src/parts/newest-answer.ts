/**
 * A question that is asked again and again, and may be overtaken: an answer that comes after that of a later question says
 * how things were before, and is not taken. Pure but for its memory.
 */
export function newestAnswer<T>(ask: () => Promise<T>, take: (answer: T) => void): () => Promise<void> {
  let asked = 0;
  let taken = 0;
  return async () => {
    asked += 1;
    const mine = asked;
    const answer = await ask();
    if (mine < taken) return;
    taken = mine;
    take(answer);
  };
}
