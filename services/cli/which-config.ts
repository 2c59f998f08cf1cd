/** Which configuration a command means that was not told one. */
import { existsSync } from 'node:fs';

export const DEFAULT_CONFIG = 'headroom.yaml';
/** What `up` watches without a configuration. */
const DEMO_CONFIG = '.headroom/demo/headroom.yaml';

/** The one that is named, else headroom.yaml in this folder, else the demo's: as `up` chooses. */
export function whichConfig(named: string | undefined): string {
  if (named !== undefined) return named;
  return !existsSync(DEFAULT_CONFIG) && existsSync(DEMO_CONFIG) ? DEMO_CONFIG : DEFAULT_CONFIG;
}
