/** One POST that follows nothing, trusts nothing it is answered, and always ends. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressGuard } from './address-guard.ts';
import { failed, GAVE_WAY, type Outcome, wordOf } from './outcome.ts';
import { retryAfterMs } from './schedule.ts';

export type Post = {
  url: URL;
  allowHttp: boolean;
  headers: Record<string, string>;
  body: string;
  timeoutMs: number;
  giveWay?: AbortSignal | undefined;
  guard: AddressGuard;
};

type Answer = { statusCode: number; retryAfter: string | undefined };

/** What a receiver says is not read beyond this. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Posts once; every failure is an outcome. */
export async function httpPost(post: Post): Promise<Outcome> {
  const { url, allowHttp, guard, timeoutMs, giveWay } = post;
  const startedAt = performance.now();
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && allowHttp)) {
    return failed('scheme-not-allowed', startedAt);
  }
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    guard.check(url);
    const { statusCode, retryAfter } = await exchange(post, giveWay ? AbortSignal.any([deadline, giveWay]) : deadline);
    const taken = statusCode >= 200 && statusCode < 300;
    const wait = taken ? undefined : retryAfterMs(retryAfter, Date.now());
    return {
      outcome: taken ? 'delivered' : `http-${statusCode}`,
      delivered: taken,
      statusCode,
      gone: statusCode === 410,
      durationMs: Math.round(performance.now() - startedAt),
      ...(wait === undefined ? {} : { retryAfterMs: wait }),
    };
  } catch (error) {
    if (giveWay?.aborted) return failed(GAVE_WAY, startedAt);
    return failed(deadline.aborted ? 'timeout' : wordOf((error as NodeJS.ErrnoException).code), startedAt);
  }
}

function exchange({ url, headers, body, guard }: Post, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
      method: 'POST',
      // No connection is kept: it would outlive the check of its address.
      agent: false,
      lookup: guard.lookup,
      signal,
      headers: { 'content-length': Buffer.byteLength(body), 'user-agent': 'Headroom', ...headers },
    });
    let answer: Answer | undefined;
    // What was said counts, though its end never came: sent again, the message would be heard twice.
    const broken = (error: Error): void => (answer && signal.aborted ? resolve(answer) : reject(error));
    request.on('error', broken);
    request.on('response', (response) => {
      const said: Answer = { statusCode: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] };
      answer = said;
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= MAX_ANSWER_BYTES) return;
        resolve(said);
        request.destroy();
      });
      response.on('end', () => resolve(said));
      response.on('error', broken);
    });
    request.end(body);
  });
}
