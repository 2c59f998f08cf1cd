/** Names what people sign and every event is judged by. Pure. */
import { createHash } from 'node:crypto';
import type { Config } from '../../../shared/config/schema.ts';
import type { ThresholdsInForce } from '../../../shared/contracts/thresholds.ts';

type Versioned = Pick<Config, 'alerts' | 'cameras'> & Partial<Pick<Config, 'deliveries'>>;

/** Who hears of which levels, without addresses. */
export const receiversInForce = ({ deliveries }: Pick<Versioned, 'deliveries'>): ThresholdsInForce['receivers'] =>
  (deliveries?.endpoints ?? []).map(({ id, kind, minLevel, escalationStep, cameras }) => ({
    ...{ id, kind, minLevel, escalationStep },
    ...(cameras ? { cameras } : {}),
  }));

/**
 * Identifies thresholds, zones, calibration, and who is told, as they are in force: 12 hex digits. Whatever stands above
 * the signatures on paper is in it, or a signature would stand below what nobody has read. Holds no secret.
 */
export function configVersion(config: Versioned): string {
  const cameras = config.cameras.map(({ id, zones, lines, calibration, sampleFps, staleAfterMs }) => ({
    id,
    zones,
    ...(lines.length > 0 ? { lines } : {}),
    calibration,
    sampleFps,
    staleAfterMs,
  }));
  const { httpPort: _, ...alerts } = config.alerts;
  const receivers = receiversInForce(config);
  const told = receivers.length > 0 ? { receivers } : {};
  return createHash('sha256')
    .update(JSON.stringify({ alerts, cameras, ...told }))
    .digest('hex')
    .slice(0, 12);
}
