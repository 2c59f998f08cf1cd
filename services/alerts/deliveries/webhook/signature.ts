/** Standard Webhooks 1.0.0, symmetric signatures (`v1`). https://www.standardwebhooks.com */
import { createHmac } from 'node:crypto';
import { HeadroomError } from '../../../../shared/runtime/errors.ts';

const PREFIX = 'whsec_';

/**
 * The key behind `whsec_<base64>`; the prefix may be missing.
 * @param name where the secret comes from, for the error; its value is never told
 * @throws HeadroomError WEBHOOK_SECRET_INVALID unless it is base64 of 24 to 64 bytes
 */
export function webhookKey(secret: string, name: string): Buffer {
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
  const key = Buffer.from(text, 'base64');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || key.length < 24 || key.length > 64) {
    throw new HeadroomError(
      'WEBHOOK_SECRET_INVALID',
      `${name} is no webhook secret: write whsec_ and the base64 of 24 to 64 random bytes (openssl rand -base64 32).`,
    );
  }
  return key;
}

/**
 * Value of the `webhook-signature` header: one signature for each key, so that receivers may change theirs at leisure.
 * @param timestampS instant of this attempt, unix seconds
 */
export function signatureHeader(keys: Buffer[], id: string, timestampS: number, body: string): string {
  return keys
    .map((key) => `v1,${createHmac('sha256', key).update(`${id}.${timestampS}.${body}`).digest('base64')}`)
    .join(' ');
}
