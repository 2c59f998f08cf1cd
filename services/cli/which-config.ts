/** Which configuration a command means that was not told one. */
import { existsSync } from 'node:fs';
import { DEFAULT_CONFIG, ownConfig } from '../../shared/config/own-config.ts';

/** What `up` watches without a configuration. */
const DEMO_CONFIG = '.headroom/demo/headroom.yaml';

/** The one that is named, else the own one, else the demo's: as `up` chooses. */
export function whichConfig(named: string | undefined): string {
  return named ?? ownConfig() ?? (existsSync(DEMO_CONFIG) ? DEMO_CONFIG : DEFAULT_CONFIG);
}
