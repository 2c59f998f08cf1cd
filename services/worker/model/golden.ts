/**
 * Golden vectors: what the exporter's own runtime said of a small drawn picture. A model whose numbers differ here, on
 * this machine and with this provider, counts something else than what was evaluated.
 */
import { z } from 'zod';
import { HeadroomError } from '../../../shared/runtime/errors.ts';
import type { CrowdCounter } from './crowd-counter.ts';
import { countPeople } from './read-out.ts';

const Packed = z.object({
  type: z.enum(['uint8', 'float32']),
  shape: z.array(z.int().positive()),
  base64: z.base64(),
});
type Packed = z.infer<typeof Packed>;

const Expected = z.object({ sumPeople: z.number(), headPeople: z.number(), count: z.number() });

/** `golden/golden.json`, as far as production looks at it. */
export const Golden = z.object({
  encoderSha256: z.string(),
  denoiserSha256: z.string(),
  image: Packed,
  noise: Packed,
  steps: z.record(z.enum(['1', '2', '4']), Expected),
});
export type Golden = z.infer<typeof Golden>;

/**
 * How far a count may be from the vectors', people: room for half precision on a GPU and for eight-bit arithmetic that
 * differs between processors, far below what a wrong model or scale does.
 */
const tolerance = (expected: number): number => 0.05 + 0.02 * Math.abs(expected);

const bytesOf = ({ base64 }: Packed): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

/** @throws HeadroomError MODEL_INVALID with the number that differs */
export async function proveGolden(counter: CrowdCounter, golden: Golden): Promise<void> {
  const { manifest } = counter;
  const refuse = (why: string): never => {
    throw new HeadroomError('MODEL_INVALID', `${manifest.name} ${manifest.version}: ${why}`);
  };
  const { encoder, denoiser } = manifest.files;
  if (golden.encoderSha256 !== encoder.sha256 || golden.denoiserSha256 !== denoiser.sha256) {
    refuse('golden/golden.json was made from other model files; make it again.');
  }
  const [heightPx, widthPx] = golden.image.shape as [number, number];
  const seen = await counter.encode({ rgb: bytesOf(golden.image), widthPx, heightPx });
  const noise = new Float32Array(bytesOf(golden.noise).buffer);
  for (const steps of [1, 2, 4] as const) {
    const expected = golden.steps[`${steps}`];
    const { map, blocks } = await counter.draw(seen, { steps, noise });
    const found: [what: string, value: number, wanted: number][] = [
      ['sum of the map', countPeople(map, blocks, 0), Math.max(0, expected.sumPeople)],
      ['sum of the blocks', countPeople(map, blocks, 1), Math.max(0, expected.headPeople)],
      ['count', countPeople(map, blocks, manifest.count.headWeight), Math.max(0, expected.count)],
    ];
    for (const [what, value, wanted] of found) {
      if (Math.abs(value - wanted) <= tolerance(wanted)) continue;
      refuse(`with ${steps} step(s) the ${what} is ${value.toFixed(3)}, the golden vectors say ${wanted.toFixed(3)}.`);
    }
  }
}
