/**
 * Old evidence on this machine's disk. The leader deletes the entries and what lies with itself; what a process wrote
 * while it led, and does not lead any more, nobody else can reach. So every process looks after its own folder.
 */
import { messageOf } from '../../../shared/runtime/errors.ts';
import type { Lifecycle } from '../../../shared/runtime/lifecycle.ts';
import type { Logger } from '../../../shared/runtime/logger.ts';
import type { EvidenceFiles } from './evidence-files.ts';

const EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;

/**
 * Deletes whole days at once and then every hour, until the lifecycle closes.
 * @param o.keepDays as configured now; `clockInDoubt`: whether what looks old may not be so
 */
export function watchEvidenceAge(o: {
  files: EvidenceFiles;
  keepDays: () => number;
  clockInDoubt: (now: number) => Promise<boolean>;
  logger: Logger;
  lifecycle: Lifecycle;
}): void {
  const look = async (): Promise<void> => {
    try {
      const now = Date.now();
      if (await o.clockInDoubt(now)) return;
      const days = await o.files.deleteDaysBefore(now - o.keepDays() * DAY_MS);
      if (days.length > 0) o.logger.info({ days, keepDays: o.keepDays() }, 'old evidence deleted from this disk');
    } catch (error) {
      o.logger.warn({ reason: messageOf(error) }, 'old evidence not deleted from this disk');
    }
  };
  const timer = setInterval(() => void look(), EVERY_MS);
  void look();
  o.lifecycle.add('evidence age', timer, clearInterval);
}
