/** What the page asks of the gateway. */
import { ThresholdsInForce } from '../../../../shared/contracts/thresholds.ts';

const TIMEOUT_MS = 8_000;

/** @returns undefined when nobody tells them now */
export async function fetchThresholds(): Promise<ThresholdsInForce | undefined> {
  try {
    const response = await fetch('./api/thresholds', { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return response.ok ? ThresholdsInForce.safeParse(await response.json()).data : undefined;
  } catch {
    return undefined;
  }
}

type NewSignature = { actor: string; role?: string; note?: string; configVersion: string };

/** Confirms a version. `refused`: another one is in force by now. */
export async function sign(signature: NewSignature): Promise<'done' | 'refused' | 'nobody'> {
  try {
    const response = await fetch('./api/thresholds/signatures', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(signature),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return response.ok ? 'done' : response.status === 409 ? 'refused' : 'nobody';
  } catch {
    return 'nobody';
  }
}
