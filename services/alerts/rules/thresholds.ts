/** Thresholds by level. Pure. */
import type { LevelThresholds } from '../../../shared/config/alerts.ts';
import { RAISED_LEVELS } from '../../../shared/contracts/alert.ts';
import type { Thresholds } from './rule.ts';

export function definedOf(thresholds: LevelThresholds): Thresholds {
  return mapThresholds(thresholds, (value) => value);
}

export function mapThresholds(thresholds: LevelThresholds, of: (value: number) => number): Thresholds {
  const mapped: Thresholds = {};
  for (const level of RAISED_LEVELS) {
    const value = thresholds[level];
    if (value !== undefined) mapped[level] = of(value);
  }
  return mapped;
}
