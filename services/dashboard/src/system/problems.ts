/** Everything in a report that asks for a person, in words, the worst first. Pure. */
import type { SystemReport } from '../../../../shared/contracts/system.ts';
import type { Texts } from '../text/texts.ts';
import { isBehind, memoryOf, missingServices } from './report-view.ts';
import type { SystemTexts } from './system-texts.ts';

/** A Redis this full will soon refuse pictures. */
const MEMORY_HIGH = 0.85;

export function problemsOf(report: SystemReport, s: SystemTexts, t: Texts): string[] {
  const { state, cameras, disk, windowMs } = report;
  const { problems } = s;
  const found = missingServices(report).map((name) => problems.service(s.services.names[name] ?? name));
  if (state.alerts.leader === 'down') found.push(problems.leader);
  else {
    if (state.alerts.database === 'away') found.push(problems.databaseAway);
    if (state.alerts.failing.length > 0) {
      found.push(problems.failing(state.alerts.failing.map(({ endpoint }) => endpoint).join(', ')));
    }
  }
  if (report.faultyConfig) found.push(problems.faultyConfig(report.faultyConfig));
  if (disk?.low) found.push(problems.disk(s.bytes(disk.freeBytes)));
  for (const { name, part } of memoryOf(report, s)) {
    const share = part.maxBytes ? part.usedBytes / part.maxBytes : 0;
    if (share > MEMORY_HIGH) found.push(problems.memory(name, t.format.percent(share)));
  }
  if (state.refusedModels?.length) found.push(problems.refused(state.refusedModels.join(', ')));
  const blind = cameras.filter(({ status }) => status !== 'ok').length;
  if (blind > 0) found.push(problems.cameras(blind));
  const behind = cameras.filter((camera) => camera.status === 'ok' && isBehind(camera, windowMs)).length;
  if (behind > 0) found.push(problems.behind(behind));
  return found;
}
