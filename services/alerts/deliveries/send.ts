/** One try to deliver: a POST that follows nothing, trusts nothing it is answered, and always ends. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { addressGuard, BlockedAddressError } from './address-guard.ts';
import type { Endpoint } from './endpoint.ts';
import { CONTENT_TYPE } from './message.ts';
import { retryAfterMs } from './schedule.ts';
import { signatureHeader } from './signature.ts';

/** `http-503` and the like, or one of these words. */
export type Outcome = {
  outcome: string;
  delivered: boolean;
  statusCode?: number;
  retryAfterMs?: number;
  /** The receiver says it is gone for good (410). */
  gone: boolean;
  durationMs: number;
};

/** What a receiver says is not read beyond this. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Sends one signed message.
 * @param id constant over all tries: the receiver's key against doubles
 * @param guard address check; made from the endpoint's allow list by default
 */
export async function send(
  endpoint: Endpoint,
  id: string,
  body: string,
  timeoutMs: number,
  guard = addressGuard(endpoint.allow),
): Promise<Outcome> {
  const startedAt = performance.now();
  const timestampS = Math.floor(Date.now() / 1000);
  const url = new URL(endpoint.url.reveal());
  const failed = (outcome: string, more: Partial<Outcome> = {}): Outcome => ({
    outcome,
    delivered: false,
    gone: false,
    durationMs: Math.round(performance.now() - startedAt),
    ...more,
  });
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && endpoint.allowHttp))
    return failed('scheme-not-allowed');
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    guard.check(url);
    const { statusCode, retryAfter } = await post();
    const durationMs = Math.round(performance.now() - startedAt);
    const delivered = statusCode >= 200 && statusCode < 300;
    const wait = delivered ? undefined : retryAfterMs(retryAfter, Date.now());
    return {
      outcome: delivered ? 'delivered' : `http-${statusCode}`,
      delivered,
      statusCode,
      gone: statusCode === 410,
      durationMs,
      ...(wait === undefined ? {} : { retryAfterMs: wait }),
    };
  } catch (error) {
    if (error instanceof BlockedAddressError) return failed('address-blocked');
    if (deadline.aborted) return failed('timeout');
    return failed(wordOf((error as NodeJS.ErrnoException).code));
  }

  function post(): Promise<{ statusCode: number; retryAfter: string | undefined }> {
    return new Promise((resolve, reject) => {
      const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
        method: 'POST',
        // No connection is kept: it would outlive the check of its address.
        agent: false,
        lookup: guard.lookup,
        signal: deadline,
        headers: {
          'content-type': CONTENT_TYPE,
          'content-length': Buffer.byteLength(body),
          'user-agent': 'Headroom',
          'webhook-id': id,
          'webhook-timestamp': String(timestampS),
          'webhook-signature': signatureHeader(endpoint.keys, id, timestampS, body),
        },
      });
      request.on('error', reject);
      request.on('response', (response) => {
        const answer = { statusCode: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] };
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes <= MAX_ANSWER_BYTES) return;
          resolve(answer);
          request.destroy();
        });
        response.on('end', () => resolve(answer));
        response.on('error', reject);
      });
      request.end(body);
    });
  }
}

function wordOf(code: string | undefined): string {
  if (code === 'ECONNREFUSED') return 'refused';
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'reset';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'name-not-found';
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'ETIMEDOUT') return 'unreachable';
  if (code?.startsWith('ERR_TLS') || code?.includes('CERT') || code === 'EPROTO') return 'tls';
  return 'failed';
}
