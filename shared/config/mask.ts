/** Camera addresses as people and browsers may see them: secrets replaced by `***`, and put back again. Pure. */

import { TORN_PASSWORD } from '../runtime/secrets.ts';

const MASK = '***';
const REFERENCE = /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/;
const SECRET_NAME = 'pass(?:word|wd)?|pwd|token|secret|auth|key|api_?key|sig(?:nature)?';
/** Cameras also take them in the query, and some in the path (`/user=admin_password=x_channel=1.sdp`). */
const PARTS = [
  { slot: 'query', pattern: new RegExp(`([?&](?:${SECRET_NAME})=)([^&#]+)`, 'gi') },
  { slot: 'path', pattern: new RegExp(`([/_;](?:${SECRET_NAME})=)([^&/_;?#]+)`, 'gi') },
];
const USER_INFO = /^([a-z][a-z0-9+.-]*:\/\/[^/?#:@]*:)([^/?#]*)(@[^/?#@]*)/i;

/** Calls `replace` with every secret of an address and the name of its place; what it returns takes its place. */
function mapSecrets(url: string, replace: (secret: string, place: string) => string): string {
  const userInfo = TORN_PASSWORD.exec(url)?.index === 0 ? TORN_PASSWORD : USER_INFO;
  let mapped = url.replace(userInfo, (_, before: string, secret: string, host: string) => {
    return before + (secret === '' ? '' : replace(secret, 'password')) + host;
  });
  for (const { slot, pattern } of PARTS) {
    mapped = mapped.replace(pattern, (_, name: string, secret: string) => {
      return name + replace(secret, `${slot} ${name.slice(1).toLowerCase()}`);
    });
  }
  return mapped;
}

/** The address with every secret as `***`; a reference such as `${GATE3_PASSWORD}` is none. */
export function maskUrl(url: string): string {
  // What is no URL may hold its password anywhere.
  if (!hostOf(url)) return MASK;
  return mapSecrets(url, (secret) => (REFERENCE.test(secret) ? secret : MASK));
}

export const isMasked = (url: string): boolean => url.includes(MASK);

/**
 * Puts stored secrets back into an address that came from a browser.
 * @param stored the address in force, if there is one
 * @returns the full address, or why it cannot be made: a stored password is never sent to another host
 */
export function unmaskUrl(sent: string, stored: string | undefined): { url: string } | { fault: string } {
  if (!isMasked(sent)) return { url: sent };
  if (stored === undefined) return { fault: 'holds ***; type the password' };
  if (sent === maskUrl(stored)) return { url: stored };
  if (!isSameHost(sent, stored)) return { fault: 'has another host; type the password again' };
  const secrets = new Map<string, string>();
  mapSecrets(stored, (secret, place) => {
    secrets.set(place, secret);
    return secret;
  });
  const url = mapSecrets(sent, (secret, place) => (secret === MASK ? (secrets.get(place) ?? secret) : secret));
  return isMasked(url) ? { fault: 'holds *** where no secret is stored; type it' } : { url };
}

/** Names of the environment variables an address refers to. */
export function referencesOf(url: string): string[] {
  return [...url.matchAll(/\$\{([^}]*)\}/g)].map(([, name = '']) => name);
}

/** Whether two addresses lead to the same host, its port aside: a reference is another host than any name. */
export function isSameHost(one: string, other: string): boolean {
  const host = hostOf(one);
  return host !== undefined && host === hostOf(other);
}

/** Host without port, references as they are written; undefined where the text is no URL. */
function hostOf(url: string): string | undefined {
  try {
    return new URL(url).hostname || undefined;
  } catch {
    return undefined;
  }
}
