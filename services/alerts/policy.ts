/** What the engine takes from the configuration besides its rules. Pure. */
import type { Config } from '../../shared/config/schema.ts';
import type { EnginePolicy } from './engine.ts';
import { configVersion } from './thresholds/config-version.ts';

export function enginePolicy(
  config: Pick<Config, 'alerts' | 'cameras'> & Partial<Pick<Config, 'deliveries'>>,
): EnginePolicy {
  const { mode, escalateMs, escalationSteps } = config.alerts;
  return {
    mode,
    configVersion: configVersion(config),
    escalation: { severe: escalateMs.severe, alert: escalateMs.alert, steps: escalationSteps },
  };
}
