/** Lines of a file that a change did not touch stay as they were written, whatever a library would make of them. Pure. */

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

/** Places of lines that two texts share, in order: Myers, Algorithmica 1 (1986). None where they differ too much. */
function pairs(a: readonly string[], b: readonly string[]): [number, number][] {
  const middle = MOST_DIFFERENCES + 1;
  /** How far into `a` each diagonal reaches; the diagonal is the place in `a` less that in `b`. */
  const reach = new Int32Array(2 * middle + 1);
  /** The same as it was before each further difference, for the way back. */
  const steps: Int32Array[] = [];
  for (let differences = 0; differences <= MOST_DIFFERENCES; differences++) {
    const before = reach.slice(middle - differences - 1, middle + differences + 2);
    steps.push(before);
    for (let diagonal = -differences; diagonal <= differences; diagonal += 2) {
      let { x } = entry(before, diagonal, differences);
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x += 1;
      reach[middle + diagonal] = x;
      if (x >= a.length && x - diagonal >= b.length) return backwards(steps, a.length, b.length);
    }
  }
  return [];
}

/** Where a diagonal is entered: by leaving out a line of `b`, or else one of `a`. */
function entry(before: Int32Array, diagonal: number, differences: number): { x: number; leavesOut: 'a' | 'b' } {
  const at = diagonal + differences + 1;
  const [left, right] = [before[at - 1] as number, before[at + 1] as number];
  const fromRight = diagonal === -differences || (diagonal !== differences && left < right);
  return fromRight ? { x: right, leavesOut: 'b' } : { x: left + 1, leavesOut: 'a' };
}

function backwards(steps: Int32Array[], aLength: number, bLength: number): [number, number][] {
  const found: [number, number][] = [];
  let [x, y] = [aLength, bLength];
  for (let differences = steps.length - 1; differences >= 0; differences--) {
    const entered = entry(steps[differences] as Int32Array, x - y, differences);
    while (x > entered.x) found.push([--x, --y]);
    if (entered.leavesOut === 'a') x -= 1;
    else y -= 1;
  }
  return found.reverse();
}
