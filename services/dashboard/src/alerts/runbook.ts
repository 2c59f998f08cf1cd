/** Which of the site's own texts belongs to an alert. Pure. */
import type { ActiveAlert } from '../../../../shared/contracts/alert.ts';
import { type Plight, type Runbooks, runbookFor } from '../../../../shared/contracts/runbook.ts';
import type { CameraInfo } from '../../../../shared/contracts/socket.ts';
import type { Language } from '../text/texts.ts';

/** The highest level that anybody still has to act on; alerts about cameras and services are about being blind. */
export function plightOf({ rule, zoneId, level, peakLevel, resolvedAt }: ActiveAlert): Plight | undefined {
  if (zoneId === undefined || rule === 'not-judged') return 'blind';
  const shown = resolvedAt === undefined ? level : peakLevel;
  return shown === 'normal' ? undefined : shown;
}

export function runbookOf(
  alert: ActiveAlert,
  camera: Pick<CameraInfo, 'zones'> | undefined,
  site: Runbooks,
  language: Language,
): string | undefined {
  const plight = plightOf(alert);
  if (!plight) return undefined;
  const zone = camera?.zones.find(({ id }) => id === alert.zoneId);
  return runbookFor(plight, zone?.runbooks, site, language);
}
