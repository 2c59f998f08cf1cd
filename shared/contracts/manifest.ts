/** `models/<name>/manifest.json`: all that production must know of a model. Parsed before a session is opened. */
import { z } from 'zod';
import { Id } from './common.ts';

const ModelFile = z.object({
  file: z.string().regex(/^[A-Za-z0-9_.-]+\.onnx$/, 'must be a plain .onnx file name in the same folder'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits'),
  bytes: z.int().positive(),
});

/** As many as there are steps: a reading says how many were made. */
const timesteps = (steps: number) =>
  z
    .array(z.number().gt(0).max(1))
    .length(steps, `must be ${steps} ${steps === 1 ? 'time' : 'times'}`)
    .refine((times) => times[0] === 1 && times.every((t, i) => i === 0 || t < (times[i - 1] as number)), {
      error: 'must fall from 1',
    });

export const ModelManifest = z.object({
  manifestVersion: z.literal(1),
  name: Id,
  version: z.string().min(1),
  description: z.string(),
  files: z.object({ encoder: ModelFile, denoiser: ModelFile }),
  opset: z.int().max(26),
  input: z.object({
    /** The sides of what the nets take are multiples of this, px. */
    multipleOf: z.int().positive(),
    /** Widest picture the model looks at, px; wider ones are reduced. */
    maxWidth: z.int().positive(),
    colour: z.literal('RGB'),
  }),
  /** Space-to-depth latent of the density map: map = depthToSpace(latent) * std + mean, a head's peak being 1. */
  latent: z.object({
    channels: z.int().positive(),
    downscale: z.int().positive(),
    spaceToDepth: z.int().positive(),
    mean: z.number(),
    std: z.number().positive(),
    peakToPeople: z.number().positive(),
  }),
  schedule: z.object({
    path: z.literal('rectified-flow'),
    prediction: z.literal('x0'),
    /** Times of the denoiser calls by number of steps, falling from 1. */
    timesteps: z.object({ '1': timesteps(1), '2': timesteps(2), '4': timesteps(4) }),
    defaultSteps: z.union([z.literal(1), z.literal(2), z.literal(4)]),
    warmStart: z.object({ t: z.number().gt(0).lt(1) }).optional(),
  }),
  /** count = headWeight * sum of the block head + (1 - headWeight) * sum of the map. */
  count: z.object({ headWeight: z.number().min(0).max(1), sumFrom: z.enum(['first', 'last']) }),
  /** Where the map holds this share of a person around one of its peaks, there is a head. */
  heads: z.object({ leastPeople: z.number().gt(0).max(1).default(0.5) }),
  /**
   * Half width of the interval, people: q * sqrt(v0 + v1 * variance of the block head + v2 * share² * count²) with
   * share = people / (people + crowd), people of the whole picture: the share of a count that a whole scene may be
   * wrong by grows with its crowd, and is half of its limit at `crowd` people. Noise widens it: 1 + gain * (noise - from)
   * times where the picture's noise is more than `from` of its contrast.
   */
  interval: z.object({
    level: z.number().gt(0).lt(1),
    q: z.number().positive(),
    v0: z.number().min(0),
    v1: z.number().min(0),
    v2: z.number().min(0),
    crowd: z.number().min(0).default(0),
    noise: z.object({ from: z.number().min(0), gain: z.number().min(0) }).default({ from: 0, gain: 0 }),
  }),
  training: z.looseObject({ data: z.array(z.string()) }),
  evaluation: z.array(z.looseObject({ data: z.string(), mae: z.number() })),
  licence: z.string(),
});
export type ModelManifest = z.infer<typeof ModelManifest>;
