/** Which level sounds: unacknowledged `alert` and `severe`, unless a silence covers them. Pure. */
import { type ActiveAlert, type AlertLevel, levelRank, type Silence } from '../../../../shared/contracts/alert.ts';
import { isDrillCamera } from '../../../../shared/contracts/drill.ts';
import { isUnheard } from './rank.ts';

export type LoudLevel = 'alert' | 'severe';

/** The silence that mutes an alert at `level` now. Anything above its level breaks through. */
export function silenceOver(
  silences: readonly Silence[],
  alert: Pick<ActiveAlert, 'cameraId' | 'zoneId' | 'rule'>,
  level: AlertLevel,
  now: number,
): Silence | undefined {
  return silences.find(
    (silence) =>
      silence.until > now &&
      isDrillCamera(silence.cameraId) === isDrillCamera(alert.cameraId) &&
      (silence.cameraId === undefined || silence.cameraId === alert.cameraId) &&
      (silence.zoneId === undefined || silence.zoneId === alert.zoneId) &&
      (silence.rule === undefined || silence.rule === alert.rule) &&
      levelRank(level) <= levelRank(silence.upToLevel),
  );
}

/** The level an alert stands for as long as nobody has seen it: its highest, then what rose above the seen one. */
export function heedLevel({
  level,
  peakLevel,
  operator,
}: Pick<ActiveAlert, 'level' | 'peakLevel' | 'operator'>): AlertLevel {
  if (!operator.acknowledged) return peakLevel;
  return operator.unheardLevel ?? level;
}

export function loudLevel(
  alerts: Iterable<ActiveAlert>,
  silences: readonly Silence[],
  now: number,
): LoudLevel | undefined {
  let loudest: LoudLevel | undefined;
  for (const alert of alerts) {
    const level = heedLevel(alert);
    if (level !== 'alert' && level !== 'severe') continue;
    if (!isUnheard(alert) || silenceOver(silences, alert, level, now)) continue;
    if (level === 'severe') return level;
    loudest = level;
  }
  return loudest;
}
