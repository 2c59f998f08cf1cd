/**
 * Fruin's level of service: a letter for the space people have, by what they do. Pure.
 *
 * J. J. Fruin, Pedestrian Planning and Design (1971), in square feet a person as he gave them; others' tables in metres
 * are rounded copies. It grades comfort and planning, not danger: on a walkway F begins at 2.2 people per m². Shown as
 * information, never alarmed on.
 */
import type { ZoneProfile } from '../config/alerts.ts';
import type { LevelOfService } from '../contracts/reading.ts';

const SQM_PER_SQUARE_FOOT = 0.09290304;

/** Least space a person has in A, B, C, D and E, square feet. */
const SQUARE_FEET: Record<LevelOfService['scale'], [number, number, number, number, number]> = {
  walkway: [35, 25, 15, 10, 5],
  stairs: [20, 15, 10, 7, 4],
  queue: [13, 10, 7, 3, 2],
};

/** Who stands is waiting, as in a queue. */
const SCALES: Record<ZoneProfile, LevelOfService['scale']> = {
  standing: 'queue',
  moving: 'walkway',
  stairs: 'stairs',
  queue: 'queue',
};

const LETTERS = ['A', 'B', 'C', 'D', 'E'] as const;

/** The level of service of a mean density, people per m². */
export function levelOfService(peoplePerSqm: number, profile: ZoneProfile): LevelOfService {
  const scale = SCALES[profile];
  const squareFeet = 1 / (Math.max(peoplePerSqm, 0) * SQM_PER_SQUARE_FOOT);
  const better = SQUARE_FEET[scale].findIndex((least) => squareFeet >= least);
  return { letter: LETTERS[better] ?? 'F', scale };
}
