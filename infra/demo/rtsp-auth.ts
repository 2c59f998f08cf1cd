/** RTSP's Digest (RFC 2069 form, which every client speaks) and Basic authentication. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export type Credentials = { user: string; password: string; scheme?: 'digest' | 'basic' };

const REALM = 'Headroom demo camera';

/** Checks requests against one user. */
export class RtspAuth {
  readonly #credentials: Credentials;
  readonly #nonce = randomBytes(16).toString('hex');

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  /** Value of the WWW-Authenticate header of a 401. */
  get challenge(): string {
    return this.#credentials.scheme === 'basic'
      ? `Basic realm="${REALM}"`
      : `Digest realm="${REALM}", nonce="${this.#nonce}", algorithm=MD5`;
  }

  /** Whether a request's Authorization header is right for its method. */
  accepts(method: string, authorization: string | undefined): boolean {
    if (!authorization) return false;
    const { user, password, scheme } = this.#credentials;
    if (scheme === 'basic') {
      return same(authorization, `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`);
    }
    const field = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(authorization)?.[1] ?? '';
    if (!authorization.startsWith('Digest ') || field('username') !== user || field('nonce') !== this.#nonce)
      return false;
    const secret = md5(`${user}:${REALM}:${password}`);
    return same(field('response'), md5(`${secret}:${this.#nonce}:${md5(`${method}:${field('uri')}`)}`));
  }
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
