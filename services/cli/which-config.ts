/** Which configuration a command means that was not told one. */
import { existsSync } from 'node:fs';

export const DEFAULT_CONFIG = 'headroom.yaml';
/** What `up` watches without a configuration. */
const DEMO_CONFIG = '.headroom/demo/headroom.yaml';

/** The one that HEADROOM_CONFIG names, else headroom.yaml in this folder; undefined when there is none. */
export function ownConfig(): string | undefined {
  return process.env.HEADROOM_CONFIG || (existsSync(DEFAULT_CONFIG) ? DEFAULT_CONFIG : undefined);
}

/** The one that is named, else the own one, else the demo's: as `up` chooses. */
export function whichConfig(named: string | undefined): string {
  return named ?? ownConfig() ?? (existsSync(DEMO_CONFIG) ? DEMO_CONFIG : DEFAULT_CONFIG);
}
