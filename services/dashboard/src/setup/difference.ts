/** Where two versions of a camera differ, setting by setting. Pure. */
export type Difference = { field: string; mine: string | undefined; theirs: string | undefined };

/** Settings by path. Lists of things with an id are named by it, other lists are one setting. */
function settingsOf(value: unknown, path: string, into: Map<string, string>): Map<string, string> {
  if (Array.isArray(value) && value.some((item) => typeof item === 'object' && item !== null && 'id' in item)) {
    for (const item of value) settingsOf(item, `${path}.${(item as { id?: unknown }).id}`, into);
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value)) settingsOf(inner, path ? `${path}.${key}` : key, into);
  } else if (value !== undefined) into.set(path, typeof value === 'string' ? value : JSON.stringify(value));
  return into;
}

export function differences(mine: unknown, theirs: unknown): Difference[] {
  const own = settingsOf(mine, '', new Map());
  const other = settingsOf(theirs, '', new Map());
  return [...new Set([...own.keys(), ...other.keys()])]
    .filter((field) => own.get(field) !== other.get(field))
    .map((field) => ({ field, mine: own.get(field), theirs: other.get(field) }));
}

/** Whether two values are the same, whatever the order of their keys. */
export function same(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
