/** Lines of a file that a change did not touch stay as they were written, whatever a library would make of them. Pure. */
import { diffArrays } from 'diff';

/** More lines than this written in another way than the library's are not followed one by one. */
const MOST_DIFFERENCES = 3000;

/**
 * A merge of three: what `changed` has over `unchanged`, put into `before`.
 * @param before the file as somebody wrote it
 * @param unchanged the same as the library writes it
 * @param changed the changed one as the library writes it
 */
export function keepLines(before: string, unchanged: string, changed: string): string {
  const [own, plain, next] = [before.split('\n'), unchanged.split('\n'), changed.split('\n')];
  const ownAt = new Map(pairs(own.map(asWords), plain.map(asWords)).map(([a, b]) => [b, a]));
  const text: string[] = [];
  let from = { own: 0, plain: 0, next: 0 };
  const take = (to: typeof from): void => {
    const [mine, old] = [own.slice(from.own, to.own), plain.slice(from.plain, to.plain)];
    text.push(...stretch(mine, old, next.slice(from.next, to.next)));
  };
  for (const [plainAt, nextAt] of pairs(plain, next)) {
    const at = ownAt.get(plainAt);
    if (at === undefined) continue;
    take({ own: at, plain: plainAt, next: nextAt });
    text.push(own[at] as string);
    from = { own: at + 1, plain: plainAt + 1, next: nextAt + 1 };
  }
  take({ own: own.length, plain: plain.length, next: next.length });
  return text.join('\n');
}

/** A stretch without common lines: as somebody wrote it, with what was added before or after; or else the changed one. */
function stretch(own: string[], plain: string[], next: string[]): string[] {
  const same = (part: string[]): boolean => part.every((line, at) => line === plain[at]);
  if (next.length < plain.length) return next;
  if (same(next.slice(0, plain.length))) return [...own, ...next.slice(plain.length)];
  const added = next.length - plain.length;
  return same(next.slice(added)) ? [...next.slice(0, added), ...own] : next;
}

/** What a line says, however it is spaced. */
const asWords = (line: string): string => line.replace(/\s+/g, '');

/** Places of lines that two texts share, in order. None where they differ too much. */
function pairs(a: string[], b: string[]): [number, number][] {
  const found: [number, number][] = [];
  let [x, y] = [0, 0];
  for (const { added, removed, count } of diffArrays(a, b, { maxEditLength: MOST_DIFFERENCES }) ?? []) {
    if (!added && !removed) for (let n = 0; n < count; n++) found.push([x + n, y + n]);
    if (!added) x += count;
    if (!removed) y += count;
  }
  return found;
}
