/**
 * Thresholds, deliveries and the database. Every default is a starting point to agree with the event's competent
 * person; its source stands in docs/thresholds.md.
 */
import { z } from 'zod';
import { AlertMode, RAISED_LEVELS } from '../contracts/alert.ts';
import { EvidencePrivacy } from '../contracts/evidence.ts';
import { Runbooks } from '../contracts/runbook.ts';
import { ReceiverEndpoints } from './receivers.ts';

/** Values at which the levels begin, rising. Levels may be left out; at least one must be there. */
export const LevelThresholds = z
  .strictObject({
    attention: z.number().positive().optional(),
    caution: z.number().positive().optional(),
    alert: z.number().positive().optional(),
    severe: z.number().positive().optional(),
  })
  .superRefine((thresholds, ctx) => {
    let below = Number.NEGATIVE_INFINITY;
    for (const level of RAISED_LEVELS) {
      const value = thresholds[level];
      if (value === undefined) continue;
      if (value <= below) ctx.addIssue({ code: 'custom', path: [level], message: 'must be above the level before it' });
      below = value;
    }
    if (below === Number.NEGATIVE_INFINITY) ctx.addIssue({ code: 'custom', message: 'name at least one level' });
  });
export type LevelThresholds = z.infer<typeof LevelThresholds>;

/** What people do in a zone: the same density means different things on a plaza and on stairs. */
export const ZoneProfile = z.enum(['standing', 'moving', 'stairs', 'queue']);
export type ZoneProfile = z.infer<typeof ZoneProfile>;

/** How bad it is to be blind here: the level raised when pictures stay away. */
export const Importance = z.enum(['low', 'normal', 'high']);
export type Importance = z.infer<typeof Importance>;

/** A zone's own thresholds, which replace the profile's. */
export const ZoneLimits = z.strictObject({
  peoplePerSqm: LevelThresholds.optional().describe('Peak density over patches of at least 4 m², people per m².'),
  count: LevelThresholds.optional().describe('People in the zone, for places without calibration or capacity.'),
  occupancy: LevelThresholds.optional().describe('Count over capacity; 1 is full.'),
  fillPerMin: LevelThresholds.optional().describe('Net people per minute.'),
});
export type ZoneLimits = z.infer<typeof ZoneLimits>;

const ms = (fallback: number, min = 0) => z.int().min(min).max(86_400_000).default(fallback);

export const AlertsConfig = z
  .strictObject({
    mode: AlertMode.default('actual').describe('exercise or test marks every message, so that no drill looks real.'),
    profiles: z
      .strictObject({
        standing: LevelThresholds.default({ attention: 2, caution: 3, alert: 4, severe: 5 }),
        moving: LevelThresholds.default({ attention: 1.1, caution: 2, alert: 3, severe: 4 }),
        stairs: LevelThresholds.default({ attention: 0.7, caution: 1.1, alert: 2, severe: 3 }),
        queue: LevelThresholds.default({ attention: 1.5, caution: 2.5, alert: 3.5, severe: 4.5 }),
      })
      .prefault({})
      .describe('Peak density by profile, people per m².'),
    occupancy: LevelThresholds.default({ attention: 0.8, caution: 0.9, alert: 1, severe: 1.1 }).describe(
      'Count over capacity.',
    ),
    dwellMs: z
      .strictObject({
        attention: ms(30_000),
        caution: ms(20_000),
        alert: ms(10_000),
        severe: ms(4_000),
      })
      .prefault({})
      .describe('How long a value must stay at a level before it is raised; always at least two pictures.'),
    clearMs: ms(60_000, 1000).describe('How long a value must stay clearly below a level before it steps down by one.'),
    smoothMs: ms(5_000).describe('Values are medians over this time.'),
    hysteresisPerSqm: z.number().min(0).default(0.5).describe('Below a threshold by this much counts as clear.'),
    hysteresisShare: z.number().min(0).max(0.9).default(0.1).describe('The same for counts and rates, share of it.'),
    trendWindowMs: ms(300_000, 60_000).describe('Longest time the slope of filling is fitted over.'),
    trendMinMs: ms(180_000, 30_000).describe('No slope is stated before this much has been seen.'),
    forecast: z
      .strictObject({
        cautionMin: z.number().positive().default(10),
        alertMin: z.number().positive().default(5),
      })
      .prefault({})
      .refine((forecast) => forecast.alertMin < forecast.cautionMin, 'alertMin must be shorter than cautionMin')
      .describe('Minutes to the severe threshold at the present rate of filling.'),
    silentMs: ms(15_000, 1000).describe('A camera without a count for this long raises an alert.'),
    noDataNoticeMs: ms(5_000).describe('A running alert without pictures for this long says so.'),
    escalateMs: z
      .strictObject({ severe: ms(30_000, 1000), alert: ms(120_000, 1000) })
      .prefault({})
      .describe('An alert nobody acknowledges goes one step up its chain after this long.'),
    escalationSteps: z.int().min(0).max(9).default(3),
    runbooks: Runbooks.default({}).describe('What people do at each level, in the words of your own plan.'),
    evidence: z
      .strictObject({
        mode: EvidencePrivacy.default('blurred').describe(
          'What is kept of every change of level: picture; blurred (people made unrecognisable); heatmap (no picture); off.',
        ),
        keepDays: z.int().min(1).max(3650).default(30).describe('Days until it is deleted.'),
        minFreeMb: z
          .int()
          .min(0)
          .default(1024)
          .describe('Nothing is kept while less than this is free on the disk: alerts need the room themselves.'),
      })
      .prefault({}),
    httpPort: z.int().min(1).max(65535).optional().describe('Serves /healthz, /readyz and /metrics of this service.'),
  })
  .superRefine(({ trendMinMs, trendWindowMs }, ctx) => {
    if (trendMinMs <= trendWindowMs) return;
    const message = `must not be longer than trendWindowMs (${trendWindowMs}): no slope would ever be stated`;
    ctx.addIssue({ code: 'custom', path: ['trendMinMs'], message });
  })
  .prefault({});
export type AlertsConfig = z.infer<typeof AlertsConfig>;

const delays = (seconds: number[]) =>
  z
    .array(z.int().min(0))
    .min(1)
    .max(40)
    .default(seconds.map((s) => s * 1000));

export const DeliveriesConfig = z
  .strictObject({
    source: z
      .string()
      .regex(/^\/[\x21-\x7e]*$/, 'use a path such as /site/plaza')
      .default('/headroom')
      .describe('CloudEvents source: names this installation.'),
    language: z.enum(['en', 'ko']).default('en').describe('Of the words that people read at receivers.'),
    endpoints: ReceiverEndpoints,
    fastDelaysMs: delays([0, 1, 2, 5, 10, 30, 60]).describe('First tries of alert and severe, each after the last.'),
    delaysMs: delays([0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]).describe(
      'Tries of everything else, and of alert and severe after the fast ones.',
    ),
    fastTimeoutMs: ms(5_000, 100),
    timeoutMs: ms(15_000, 100),
    keepMs: z
      .int()
      .min(3_600_000)
      .default(30 * 86_400_000)
      .describe('How long the delivery log is kept.'),
  })
  .prefault({});
export type DeliveriesConfig = z.infer<typeof DeliveriesConfig>;

export const DatabaseConfig = z
  .strictObject({
    file: z.string().min(1).optional().describe('SQLite file of alerts and deliveries; headroom.db in dataDir.'),
    url: z
      .string()
      .regex(/^postgres(ql)?:\/\//, 'must start with postgres://')
      .refine((url) => /^[^/]*\/\/([^:/@]*@|[^:/@]*:\$\{[A-Za-z_][A-Za-z0-9_]*\}@|[^@]*$)/.test(url), {
        error: 'write the password as ${NAME}: it is read from the environment',
      })
      .optional()
      .describe('PostgreSQL instead of a file; the password in it as ${NAME}. DATABASE_URL wins over it.'),
    keepFineMs: z
      .int()
      .min(6 * 3_600_000, "must be at least 21600000, 6 hours: a zone's charts show ten-second spans that far back")
      .default(6 * 3_600_000)
      .describe('How long ten-second history is kept; charts show it up to six hours back.'),
    keepMinutesMs: z
      .int()
      .min(3_600_000)
      .default(90 * 86_400_000)
      .describe('How long history by the minute is kept.'),
  })
  .prefault({});
export type DatabaseConfig = z.infer<typeof DatabaseConfig>;
