/**
 * Keeps credentials out of everything people read. Three layers: a URL type that prints itself masked, a redactor for
 * foreign text (ffmpeg's messages, errors), and a net under the logger that removes every registered secret.
 */
import { inspect } from 'node:util';

const MASK = '***';
const registered = new Set<string>();

/** Remembers a secret, raw and percent-encoded, so that {@link scrub} removes it. Texts under 4 characters are not. */
export function registerSecret(secret: string): void {
  if (secret.length < 4) return;
  registered.add(secret);
  registered.add(encodeURIComponent(secret));
  registered.add(JSON.stringify(secret).slice(1, -1));
}

/** Part of a URL as it was meant. A percent sign that begins no code stands for itself, as it does for ffmpeg. */
export function unescaped(part: string): string {
  return part.replace(/(?:%[0-9a-f]{2})+/gi, (codes) => {
    try {
      return decodeURIComponent(codes);
    } catch {
      return codes;
    }
  });
}

/** What can be nothing but the host of an address, or its beginning: `192.0.2.1`, `[2001:db8::1]`, `gate.example:554`. */
const HOST = /(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\]|[a-z0-9.-]+:\d{1,5})(?![^/?#\s"':])/.source;
/** The rest of a torn password; a query such as `?user=me@example.org` is none. */
const REST = /(?:(?!\?[^\s?#@"']*=)[^\s"'])/.source;
/**
 * By the letter the user is a host, and what the password begins with a port: `rtsp://admin:2024/Gate@192.0.2.1/s`. So
 * could a path with an `@` be meant, but hardly after a host without a dot.
 */
const AS_PORT = `(?<=//[^\\s/?#:@.]+:)\\d*(?=[/?#])${REST}{1,200}`;
/** As a user with a dot has it, `john.doe:2024/x`: only where a host follows, and the port is none of RTSP's own. */
const AS_PORT_OF_NAME = `(?<!//\\d+(?:\\.\\d+){3}:)(?!(?:322|554|8554)/)\\d*(?=[/?#])${REST}{1,200}(?=@${HOST})`;
/** With an `@` before, as in `pa@ss/x`: the password's end reads as a host without a dot, and the real one follows. */
const AS_HOST = `[^\\s/?#"']{0,200}@(?!localhost[/?#])[^\\s/?#:@.[\\]"']+(?=[/?#])${REST}{1,200}(?=@${HOST})`;
/** An address whose password holds a plain `/`, `#` or `?`. Groups: up to the password, password, `@`. */
export const TORN_PASSWORD = new RegExp(
  `([a-z][a-z0-9+.-]{0,30}://(?!localhost:)[^\\s/?#:@[\\]"']+:)(${AS_PORT}|${AS_PORT_OF_NAME}|${AS_HOST})(@)`,
  'i',
);
const TORN_PASSWORDS = new RegExp(TORN_PASSWORD, 'gi');

/** Replaces userinfo and query of every URL and every registered secret in a text by `***`. */
export function scrub(text: string): string {
  // No scheme is longer. Without a bound, a long word would be tried from each of its letters to its end.
  let clean = text
    .replace(TORN_PASSWORDS, (_, before: string) => `${before.slice(0, before.indexOf('//') + 2)}${MASK}@`)
    .replace(/([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/"'@]*(?:@[^\s/"'@]*)*@/gi, `$1${MASK}@`)
    // Tokens travel in queries. A backslash belongs to the quote after it.
    .replace(/([a-z][a-z0-9+.-]{0,30}:\/\/[^\s"'\\?]*\?)[^\s"'\\]+/gi, `$1${MASK}`);
  // Longest first: a secret may contain another.
  for (const secret of [...registered].sort((a, b) => b.length - a.length)) clean = clean.replaceAll(secret, MASK);
  return clean;
}

/** A URL that may hold credentials. Printing, JSON and inspection show it masked; {@link SecretUrl.reveal} does not. */
export class SecretUrl {
  readonly #url: string;
  readonly scheme: string;
  readonly host: string;

  /** @throws TypeError when the text is no URL; the message does not repeat it. */
  constructor(url: string) {
    let parsed: URL;
    try {
      parsed = new URL(url);
    } catch {
      throw new TypeError('not a URL');
    }
    this.#url = url;
    this.scheme = parsed.protocol.slice(0, -1);
    this.host = parsed.host;
    if (parsed.password) {
      registerSecret(unescaped(parsed.password));
      // As it was written: codes may be in lower case, or stand for what needs none.
      registerSecret(parsed.password);
    }
  }

  reveal(): string {
    return this.#url;
  }

  toString(): string {
    const url = new URL(this.#url);
    if (url.username || url.password) {
      url.username = MASK;
      url.password = '';
    }
    // Tokens travel in queries, too.
    if (url.search) url.search = MASK;
    return url.href;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
