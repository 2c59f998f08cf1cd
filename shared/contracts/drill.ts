/**
 * Drills: a scenario replayed through the real path by cameras that exist for the drill only. Their ids begin with a
 * prefix no configured camera may have, so that every part of Headroom tells a drill from the real thing by the id alone.
 */
import { z } from 'zod';
import { AlertLevel } from './alert.ts';
import { EpochMs, Id } from './common.ts';

/** Configured cameras may not begin like this. */
export const DRILL_PREFIX = 'drill--';
export const isDrillCamera = (cameraId: string | undefined): boolean => cameraId?.startsWith(DRILL_PREFIX) ?? false;

/** One language, or both. */
const Words = z.union([
  z.string().min(1).max(200),
  z.strictObject({ en: z.string().min(1).max(200), ko: z.string().min(1).max(200) }),
]);

/** What is so from `atSeconds` on; between two points the crowd changes evenly. */
const Point = z
  .strictObject({
    atSeconds: z.number().min(0).max(3600),
    level: AlertLevel.optional().describe('So crowded that the zone’s own thresholds give this level.'),
    peoplePerSqm: z.number().min(0).max(15).optional().describe('Peak density, whatever the thresholds are.'),
    picture: z.literal('lost').optional().describe('The camera gives no picture until the next point.'),
  })
  .refine(
    ({ level, peoplePerSqm, picture }) =>
      [level, peoplePerSqm, picture].filter((one) => one !== undefined).length === 1,
    {
      message: 'name exactly one of level, peoplePerSqm and picture',
    },
  );

/** A name within the folders of clips, never a path: what comes over REST must not reach another file. */
export const ClipName = z
  .string()
  .max(80)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]*\.(?:mp4|m4v|mov|mkv|webm)$/,
    'must be the name of an mp4, m4v, mov, mkv or webm file, of letters, digits, dots, dashes and underscores, without a folder',
  );

export const DrillScenario = z
  .strictObject({
    title: Words,
    durationSeconds: z.number().min(5).max(3600).describe('After this long the drill ends by itself.'),
    cameras: z
      .array(
        z
          .strictObject({
            like: Id.optional().describe(
              'A configured camera whose zones and thresholds are used; else the first with a zone.',
            ),
            zone: Id.optional().describe('One of its zones; else its first, and with a clip all of them.'),
            points: z.array(Point).min(1).max(200).optional().describe('The crowd over time, drawn.'),
            clip: ClipName.optional().describe(
              'A video file that ingest plays and the model counts, over and over until the drill ends; see ingest.clipsDir.',
            ),
          })
          .refine(({ points, clip }) => (points === undefined) !== (clip === undefined), {
            message: 'name exactly one of points and clip',
          }),
      )
      .min(1)
      .max(8),
  })
  .superRefine((scenario, ctx) => {
    for (const [index, { points }] of scenario.cameras.entries()) {
      for (const [at, point] of (points ?? []).entries()) {
        const path = ['cameras', index, 'points', at, 'atSeconds'];
        if (point.atSeconds > scenario.durationSeconds)
          ctx.addIssue({ code: 'custom', path, message: 'lies after the end of the drill' });
        if (at > 0 && point.atSeconds <= (points?.[at - 1]?.atSeconds ?? 0))
          ctx.addIssue({ code: 'custom', path, message: 'must be later than the point before it' });
      }
    }
  });
export type DrillScenario = z.infer<typeof DrillScenario>;

/** A drill under way. Lies in Redis with a short life that its player renews: a player that dies ends its drill. */
export const Drill = z.object({
  drillId: z.string(),
  exercise: z.literal(true),
  by: z.string(),
  startedAt: EpochMs,
  endsAt: EpochMs,
  /** Name of a shipped scenario; absent for one that was sent. */
  name: z.string().optional(),
  scenario: DrillScenario,
});
export type Drill = z.infer<typeof Drill>;

/** Why a drill is over. A real alert always comes first. */
export const DrillEnd = z.enum(['over', 'stopped', 'real-alert', 'interrupted']);
export type DrillEnd = z.infer<typeof DrillEnd>;

/** Key of the state database: the drill under way. */
export const DRILL_KEY = 'headroom:drill';
export const DRILL_LIFE_MS = 3000;

/** What readings of a drawn crowd name as their model: nobody takes them for counted. Those of a clip name the real one. */
export const DRAWN_MODEL = { name: 'drill', version: '1', steps: 1, warmStart: false } as const;

/** A clip as an ingest process found it; `fault` where it cannot be played, in plain words. */
export const DrillClip = z.object({ name: ClipName, fault: z.string().optional() });
export type DrillClip = z.infer<typeof DrillClip>;

/** What one ingest process says of its clips. Expires by itself. */
export const IngestClips = z.object({ instance: z.string(), clips: z.array(DrillClip) });
export type IngestClips = z.infer<typeof IngestClips>;

/** Keys of the state database. */
export const clipKeys = {
  ingest: (instance: string) => `headroom:clips:${instance}`,
  pattern: 'headroom:clips:*',
};
export const CLIPS_TTL_MS = 4000;
