/** A camera's address in three fields and in one piece. Pure. */
const MASK = '***';
const REFERENCE = /\$\{[A-Za-z_][A-Za-z0-9_]*\}/;
const PARTS = /^([a-z][a-z0-9+.-]*:\/\/)(?:([^/?#]*)@)?([^@]*(?:[/?#].*)?)$/i;

export type AddressParts = { address: string; user: string; password: string };

/** Takes user name and password out of an address, decoded. An address that cannot be taken apart stays whole. */
export function splitUrl(url: string): AddressParts {
  const match = PARTS.exec(url.trim());
  if (!match) return { address: url.trim(), user: '', password: '' };
  const [, scheme = '', userInfo = '', rest = ''] = match;
  const colon = userInfo.indexOf(':');
  const user = colon < 0 ? userInfo : userInfo.slice(0, colon);
  const password = colon < 0 ? '' : userInfo.slice(colon + 1);
  return { address: scheme + rest, user: decoded(user), password: decoded(password) };
}

/** Puts it together again. What people type is percent-encoded; `***` and `${NAME}` stay as they are. */
export function joinUrl({ address, user, password }: AddressParts): string {
  const match = /^([a-z][a-z0-9+.-]*:\/\/)(.*)$/i.exec(address.trim());
  if (!match || (user === '' && password === '')) return address.trim();
  return `${match[1]}${encoded(user)}${password === '' ? '' : `:${encoded(password)}`}@${match[2]}`;
}

function encoded(text: string): string {
  return text === MASK || REFERENCE.test(text) ? text : encodeURIComponent(text);
}

function decoded(text: string): string {
  try {
    return REFERENCE.test(text) ? text : decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** An id from a name: `Gate 3, north` becomes `gate-3-north`; a number is added where it is taken. */
export function idFrom(name: string, taken: readonly string[], fallback: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 50);
  const base = plain || fallback;
  for (let n = plain ? 1 : 1; ; n++) {
    const id = plain && n === 1 ? base : `${base}-${n}`;
    if (!taken.includes(id)) return id;
  }
}
