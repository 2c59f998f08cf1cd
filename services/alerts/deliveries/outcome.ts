/** What came of one try to deliver. */

/** `http-503` and the like, or one plain word. */
export type Outcome = {
  outcome: string;
  delivered: boolean;
  statusCode?: number;
  retryAfterMs?: number;
  /** The receiver says it is gone for good (410). */
  gone: boolean;
  durationMs: number;
};

/** Cut short by something urgent that waited; the receiver may have heard it. */
export const GAVE_WAY = 'gave-way';

/** @param startedAt by `performance.now()` */
export const delivered = (startedAt: number): Outcome => ({
  outcome: 'delivered',
  delivered: true,
  gone: false,
  durationMs: Math.round(performance.now() - startedAt),
});

/** @param startedAt by `performance.now()` */
export const failed = (outcome: string, startedAt: number): Outcome => ({
  outcome,
  delivered: false,
  gone: false,
  durationMs: Math.round(performance.now() - startedAt),
});

/** A plain word for the code of a network error. */
export function wordOf(code: string | undefined): string {
  if (code === 'ECONNREFUSED') return 'refused';
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'reset';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'name-not-found';
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'ETIMEDOUT') return 'unreachable';
  if (code?.startsWith('ERR_TLS') || code?.startsWith('ERR_SSL') || code?.includes('CERT') || code === 'EPROTO')
    return 'tls';
  if (code?.includes('SIGNATURE') || code?.startsWith('UNABLE_TO_')) return 'tls';
  if (code === 'WEBHOOK_ADDRESS_BLOCKED') return 'address-blocked';
  return 'failed';
}
