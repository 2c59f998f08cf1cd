/** A receiver of signed messages: Standard Webhooks 1.0.0 around a CloudEvents 1.0 body. */
import { addressGuard } from '../address-guard.ts';
import type { WebhookTarget } from '../endpoint.ts';
import { httpPost } from '../http-post.ts';
import { CONTENT_TYPE } from '../message.ts';
import type { Outcome } from '../outcome.ts';
import type { Outgoing, Receiver } from '../receiver.ts';
import { signatureHeader } from './signature.ts';

export class WebhookReceiver implements Receiver {
  /** Every message is a fact of its own, with a number to sort by. */
  readonly ordered = false;
  readonly #target: WebhookTarget;
  readonly #guard;

  /** @param guard address check; made from the endpoint's allow list by default */
  constructor(target: WebhookTarget, guard = addressGuard(target.allow)) {
    this.#target = target;
    this.#guard = guard;
  }

  deliver({ id, body }: Outgoing, timeoutMs: number): Promise<Outcome> {
    const { url, allowHttp, keys } = this.#target;
    const timestampS = Math.floor(Date.now() / 1000);
    return httpPost({
      url: new URL(url.reveal()),
      allowHttp,
      body,
      timeoutMs,
      guard: this.#guard,
      headers: {
        'content-type': CONTENT_TYPE,
        'webhook-id': id,
        'webhook-timestamp': String(timestampS),
        'webhook-signature': signatureHeader(keys, id, timestampS, body),
      },
    });
  }

  async close(): Promise<void> {}
}
