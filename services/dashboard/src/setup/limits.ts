/** Which thresholds of a zone apply, and where they come from. Pure. */
import type { AlertsConfig, LevelThresholds, ZoneLimits } from '../../../../shared/config/alerts.ts';
import type { LineLimits } from '../../../../shared/config/lines.ts';
import { RAISED_LEVELS } from '../../../../shared/contracts/alert.ts';
import type { Texts } from '../text/texts.ts';
import type { ZoneInput } from './inputs.ts';

export type FigureName = keyof ZoneLimits;
export const FIGURES: readonly FigureName[] = ['peoplePerSqm', 'occupancy', 'count', 'fillPerMin'];

export type FlowName = keyof LineLimits;
export const FLOWS: readonly FlowName[] = ['inPerMin', 'outPerMin', 'netPerMin', 'counterPerMin'];

/** People a metre and minute that pass on the level (Green Guide): above it, a queue forms before the line. */
const FLOW_PER_METRE = 82;

type Usual = Pick<AlertsConfig, 'profiles' | 'occupancy'>;

/** What is in force without own thresholds; undefined where the figure is then not watched. */
export function usualLimits(figure: FigureName, zone: ZoneInput, usual: Usual): LevelThresholds | undefined {
  if (figure === 'peoplePerSqm') return usual.profiles[zone.profile ?? 'standing'];
  return figure === 'occupancy' ? usual.occupancy : undefined;
}

/** A start for own thresholds. */
export function startingLimits(figure: FigureName, zone: ZoneInput, usual: Usual): LevelThresholds {
  const before = usualLimits(figure, zone, usual);
  if (before) return { ...before };
  if (figure === 'fillPerMin') return { caution: 30 };
  const full = zone.capacity ?? 50;
  return { attention: Math.round(full * 0.8), caution: Math.round(full * 0.9), alert: full };
}

/**
 * A start for a line's own thresholds; lines have none in common.
 * @param metres length of the line on the ground, where that is known
 */
export function startingFlow(flow: FlowName, metres: number | undefined): LevelThresholds {
  if (metres !== undefined && (flow === 'inPerMin' || flow === 'outPerMin')) return { caution: flowOf(metres) };
  return { caution: 30 };
}

/** People per minute that a line of this length lets pass. */
export const flowOf = (metres: number): number => Math.max(1, Math.round(FLOW_PER_METRE * metres));

/** `Attention 2 · Caution 3` */
export function limitWords(limits: LevelThresholds, t: Texts): string {
  return RAISED_LEVELS.flatMap((level) => {
    const value = limits[level];
    return value === undefined || value === null ? [] : [`${t.alerts.levels[level]} ${t.format.decimal(value)}`];
  }).join(' · ');
}
