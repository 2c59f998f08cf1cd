/**
 * The test bench: a picture or clip that somebody dropped in is looked at by the production path. The gateway asks, a
 * worker looks. What was dropped in lies in the frames database only, which is never written to a disk, and only until it
 * was looked at; the job in the queue holds options, no picture.
 */
import { z } from 'zod';
import { EpochMs, Id, Interval } from './common.ts';
import { FarField } from './far-field.ts';
import { InferenceWidth } from './inference-width.ts';

/** What a look may cost. */
export const BENCH_LIMITS = {
  pictureBytes: 16 * 1024 * 1024,
  clipBytes: 32 * 1024 * 1024,
  /** More than any camera sends; a small file can unfold into far more. */
  pixels: 40_000_000,
  leastSidePx: 32,
  /** Longer side over the shorter: the model's width is limited, the height only by this. */
  aspect: 4,
  seeds: 8,
  clipFps: 10,
  clipFrames: 60,
  peaks: 5000,
} as const;

/** Longest time for one picture with all its settings. */
export const LOOK_LIMIT_MS = 120_000;
/** What was dropped in, and its answer, are gone after this, whoever died meanwhile. */
export const BENCH_LIFE_MS = 300_000;
/** Who no longer waits says nothing for so long: then nobody looks any more. */
export const BENCH_WANTED_MS = 15_000;

const Steps = z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]);

export const LookOptions = z.object({
  /** Numbers of denoising steps to try; the model's own by default. */
  steps: z.array(Steps).min(1).max(4).optional(),
  /** Seeds to try with each number of steps. Seed 1 is the one of `npm run evaluate`. */
  seeds: z.int().min(1).max(BENCH_LIMITS.seeds).default(1),
  /** A folder under `worker.modelsDir`; `worker.model` by default. */
  model: Id.optional(),
  /** Width the picture is looked at, px. */
  width: InferenceWidth.default('native'),
  /** The upper part looked at again with more detail, as a camera's. */
  farField: FarField.optional(),
  /** Heads are given down to this share of a person. */
  leastHead: z.number().min(0.05).max(1).default(0.1),
});
export type LookOptions = z.infer<typeof LookOptions>;

/** One map drawn from the picture. */
export const LookRun = z.object({
  steps: Steps,
  seed: z.int().positive(),
  count: z.number().min(0),
  interval: Interval,
  /**
   * What the count is made of: the sum of the map, and that of the count head (zero-inflated Poisson, by blocks). On a
   * picture of nobody they may be slightly below 0; the count never is.
   */
  mapCount: z.number(),
  blockCount: z.number(),
  /** Heads: places with the model's least share of a person (`headThreshold`) or more. */
  heads: z.int().min(0),
  /** Heads down to `leastHead`, surest first: x and y 0–1 from the top left corner, and the share of a person there. */
  peaks: z.array(z.tuple([z.number(), z.number(), z.number()])),
  /** Heat map in the binary form of the live socket, base64. */
  heatmap: z.base64(),
  /** Time for drawing this map, ms. */
  ms: z.number().min(0),
});
export type LookRun = z.infer<typeof LookRun>;

export const Look = z.object({
  model: z.object({
    name: Id,
    version: z.string(),
    defaultSteps: Steps,
    headThreshold: z.number(),
    /** `count = headWeight * blockCount + (1 - headWeight) * mapCount`. */
    headWeight: z.number(),
    /** Level of the interval. */
    level: z.number(),
  }),
  /** The picture's own size, px, as it is stored: a turn told in EXIF is not applied. */
  widthPx: z.int().positive(),
  heightPx: z.int().positive(),
  /** The size it was looked at. */
  lookedAtWidthPx: z.int().positive(),
  lookedAtHeightPx: z.int().positive(),
  /**
   * The part that was looked at again with more detail: its lower edge (share of the height), the width of the picture
   * its tiles were cut from, and how many. Absent where none was asked for, or the picture is no wider than it is looked at.
   */
  farField: z
    .object({ until: z.number().min(0).max(1), widthPx: z.int().positive(), tiles: z.int().positive() })
    .optional(),
  /** Decoding, and the model's part that is the same for all runs, ms. */
  decodeMs: z.number().min(0),
  encodeMs: z.number().min(0),
  /** By steps, then by seed. */
  runs: z.array(LookRun).min(1),
});
export type Look = z.infer<typeof Look>;

export const ClipOptions = z.object({
  /** Pictures a second to take from the clip. */
  fps: z.number().min(0.1).max(BENCH_LIMITS.clipFps).default(1),
  frames: z.int().min(1).max(BENCH_LIMITS.clipFrames).default(BENCH_LIMITS.clipFrames),
});
export type ClipOptions = z.infer<typeof ClipOptions>;

/** Job data: options and a name, no picture. */
export const BenchJob = z.object({
  lookId: z.uuid(),
  options: LookOptions,
  /** Given when it is a clip. */
  clip: ClipOptions.optional(),
  /** Nobody waits for the answer any more after this. */
  until: EpochMs,
});
export type BenchJob = z.infer<typeof BenchJob>;

/** `unreadable`: no picture or clip that can be decoded; `model`: it cannot be had; `failed`: the look itself did not work. */
export const BenchRefusal = z.object({
  type: z.literal('refused'),
  why: z.enum(['unreadable', 'model', 'too-slow', 'failed']),
  reason: z.string(),
});
export type BenchRefusal = z.infer<typeof BenchRefusal>;

/** What comes back, in order: one `look` for a picture; `cut`, every `frame` and `done` for a clip; or a refusal. */
export const BenchAnswer = z.discriminatedUnion('type', [
  z.object({ type: z.literal('look'), look: Look }),
  /** Frames taken from the clip; `more`: it goes on behind the last one. */
  z.object({ type: z.literal('cut'), frames: z.int().min(0), more: z.boolean() }),
  z.object({
    type: z.literal('frame'),
    index: z.int().min(0),
    /** Place in the clip, ms. */
    atMs: z.number().min(0),
    /** The frame, base64. */
    jpeg: z.base64(),
    look: Look,
  }),
  z.object({ type: z.literal('done'), frames: z.int().min(0) }),
  BenchRefusal,
]);
export type BenchAnswer = z.infer<typeof BenchAnswer>;

export const benchKeys = {
  /** BullMQ queue in the state database, of its own: frame jobs never wait behind these. */
  queue: 'headroom-bench',
  /** Frames database, list with expiry: what was dropped in, in pieces. */
  input: (lookId: string) => `headroom:bench:${lookId}:input`,
  /** Frames database, list with expiry: BenchAnswer. */
  answers: (lookId: string) => `headroom:bench:${lookId}:answers`,
  /** Frames database, string with short expiry: somebody still waits. */
  wanted: (lookId: string) => `headroom:bench:${lookId}:wanted`,
};
/** Pieces are small, so that a live picture never waits behind a clip on the same connection. */
export const BENCH_PIECE_BYTES = 512 * 1024;
