/** Which configuration this folder and environment have. Light: the command line loads it for its help. */
import { existsSync } from 'node:fs';

export const DEFAULT_CONFIG = 'headroom.yaml';

/** The one that HEADROOM_CONFIG names, else headroom.yaml in this folder; undefined when there is none. */
export function ownConfig(): string | undefined {
  return process.env.HEADROOM_CONFIG || (existsSync(DEFAULT_CONFIG) ? DEFAULT_CONFIG : undefined);
}
