/** The test bench: a picture or clip is looked at by the production path, with options, and not kept. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyError, FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  BENCH_LIMITS,
  type BenchAnswer,
  type BenchRefusal,
  ClipOptions,
  Look,
  LookOptions,
} from '../../../shared/contracts/bench.ts';
import { Id } from '../../../shared/contracts/common.ts';
import { FarField, farWidthFault } from '../../../shared/contracts/far-field.ts';
import { INFERENCE_WIDTH_PX } from '../../../shared/contracts/inference-width.ts';
import type { BenchLine, Upload } from '../bench-line.ts';
import { pictureFault } from '../dropped-picture.ts';
import { Problem, sendProblem } from './problem.ts';
import { REQUEST_TIMEOUT_MS } from './request-timeout.ts';

const PICTURES = ['image/jpeg', 'image/png', 'image/webp'];
const CLIPS = ['video/mp4', 'video/webm'];
const MIB = 1024 * 1024;

const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

const Query = z.object({
  steps: z
    .string()
    .regex(/^[1-4](,[1-4]){0,3}$/, 'use numbers of 1 to 4 with commas between them, such as 1,2,4')
    .optional()
    .describe('Numbers of denoising steps to try, such as 1,2,4; the model’s own by default.'),
  seeds: whole(1, BENCH_LIMITS.seeds).default(1).describe('Seeds to try with each number of steps.'),
  model: Id.optional().describe('A folder under worker.modelsDir; worker.model by default.'),
  width: z
    .union([z.literal('native'), whole(INFERENCE_WIDTH_PX.least, INFERENCE_WIDTH_PX.most)])
    .default('native')
    .describe('Width the picture is looked at, px.'),
  farField: z.coerce
    .number()
    .min(0.1)
    .max(0.9)
    .optional()
    .describe('The picture’s upper part, to this share of its height, is looked at again in tiles with more detail.'),
  farWidth: whole(640, 3840).optional().describe('Width the far field is looked at, px, at most; 2048 by default.'),
  leastHead: z.coerce
    .number()
    .min(0.05)
    .max(1)
    .default(0.1)
    .describe('Heads are given down to this share of a person.'),
});
type Query = z.infer<typeof Query>;

const LookQuery = Query.superRefine(checkFarField);
const ClipQuery = Query.omit({ seeds: true })
  .extend({
    fps: z.coerce.number().min(0.1).max(BENCH_LIMITS.clipFps).default(1).describe('Pictures a second to look at.'),
    frames: whole(1, BENCH_LIMITS.clipFrames).default(BENCH_LIMITS.clipFrames).describe('At most so many pictures.'),
  })
  .superRefine(checkFarField);

type FarQuery = Pick<Query, 'farField' | 'farWidth'>;

/** As for cameras. */
function checkFarField(query: FarQuery & Pick<Query, 'width'>, ctx: z.RefinementCtx): void {
  // Of a value out of bounds its own rule tells.
  const { data } = FarField.safeParse({ until: query.farField, maxWidth: query.farWidth });
  const fault = data && farWidthFault(data, query.width, 'width');
  if (fault) ctx.addIssue({ code: 'custom', path: ['farWidth'], message: fault });
  if (query.farField === undefined && query.farWidth !== undefined)
    ctx.addIssue({ code: 'custom', path: ['farWidth'], message: 'is of use with farField only' });
}

const optionsOf = ({ steps, farField, farWidth, ...rest }: Omit<Query, 'seeds'> & { seeds?: number }): LookOptions =>
  LookOptions.parse({
    ...rest,
    farField: farField === undefined ? undefined : { until: farField, maxWidth: farWidth },
    ...(steps ? { steps: [...new Set(steps.split(',').map(Number))] } : {}),
  });

const STATUS: Record<BenchRefusal['why'], 422 | 503> = { unreadable: 422, model: 422, 'too-slow': 503, failed: 503 };
/** A line's first seconds say little of it. */
const JUDGED_AFTER_MS = 5000;
const BUSY = 'Other pictures are being sent in or looked at; try again in a few seconds.';
const NOBODY = 'No worker looked at it in time.';

export const benchRoutes =
  (line: BenchLine): FastifyPluginAsyncZod =>
  async (app) => {
    const asBytes = { parseAs: 'buffer' } as const;
    for (const type of [...PICTURES, ...CLIPS]) {
      app.addContentTypeParser(type, asBytes, (_request, body, done) => done(null, body));
    }
    // Before the body is read: clips are held whole, and many slow uploads would be much memory.
    app.addHook('onRequest', async (request, reply) => {
      const leave = line.enter(uploadOf(request.raw));
      if (!leave) return tooMany(reply);
      reply.raw.once('close', leave);
    });
    app.setErrorHandler((error: FastifyError, _request, reply) => {
      if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
        const most = `${BENCH_LIMITS.pictureBytes / MIB} MiB for a picture, ${BENCH_LIMITS.clipBytes / MIB} MiB for a clip`;
        return sendProblem(reply, 413, 'Too large', `The file is too large: ${most}.`);
      }
      if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
        return sendProblem(reply, 415, 'Unknown kind of file', `Send ${[...PICTURES, ...CLIPS].join(', ')}.`);
      }
      throw error;
    });

    app.post(
      '/api/bench/look',
      {
        bodyLimit: BENCH_LIMITS.pictureBytes,
        schema: {
          summary: 'Look at a picture',
          description:
            'The body is the picture: JPEG, PNG or WebP. It is counted as a camera’s would be, once for each number of steps and seed, after all live pictures. Neither picture nor answer is kept.',
          tags: ['models'],
          consumes: PICTURES,
          querystring: LookQuery,
          response: { 200: Look, 413: Problem, 415: Problem, 422: Problem, 429: Problem, 503: Problem },
        },
      },
      async (request, reply) => {
        const body = request.body as unknown;
        if (!Buffer.isBuffer(body)) return sendProblem(reply, 415, 'No picture', `Send ${PICTURES.join(', ')}.`);
        const fault = await pictureFault(body);
        if (fault) return sendProblem(reply, fault.status, 'This cannot be looked at', fault.detail);
        const question = { options: optionsOf(request.query) };
        for await (const answer of line.ask(body, question, untilClosed(reply))) {
          if (answer.type === 'look') return answer.look;
          if (answer.type === 'refused') return sendProblem(reply, STATUS[answer.why], 'Not looked at', answer.reason);
        }
        return sendProblem(reply, 503, 'Not looked at', NOBODY);
      },
    );

    app.post(
      '/api/bench/clip',
      {
        bodyLimit: BENCH_LIMITS.clipBytes,
        schema: {
          summary: 'Look at a clip, picture by picture',
          description:
            'The body is an mp4 or WebM file. The answer is one JSON object a line (application/x-ndjson), each as soon as it is known: cut, then every frame with its picture, then done; or refused.',
          tags: ['models'],
          consumes: CLIPS,
          querystring: ClipQuery,
          response: {
            200: { description: 'Lines of JSON', content: { 'application/x-ndjson': { schema: z.any() } } },
            413: Problem,
            415: Problem,
            422: Problem,
            429: Problem,
            503: Problem,
          },
        },
      },
      async (request, reply) => {
        const body = request.body as unknown;
        if (!Buffer.isBuffer(body) || body.length === 0) {
          return sendProblem(reply, 415, 'No clip', `Send ${CLIPS.join(' or ')}.`);
        }
        const { fps, frames, ...query } = request.query;
        const clip = ClipOptions.parse({ fps, frames });
        const answers = line.ask(body, { options: optionsOf(query), clip }, untilClosed(reply));
        const lines = Readable.from(asLines(answers));
        return reply.type('application/x-ndjson').header('cache-control', 'no-store').send(lines);
      },
    );
  };

/** A request as the line sees it: by how it has come so far, whether the rest can come in time. */
function uploadOf(request: IncomingMessage): Upload {
  const { socket } = request;
  const begun = { at: performance.now(), bytes: socket.bytesRead };
  const wholeBytes = Number(request.headers['content-length'] ?? BENCH_LIMITS.clipBytes);
  return {
    isHopeless() {
      const forMs = performance.now() - begun.at;
      if (request.complete || forMs < JUDGED_AFTER_MS) return false;
      return ((socket.bytesRead - begun.bytes) / forMs) * REQUEST_TIMEOUT_MS < wholeBytes;
    },
    end: () => request.destroy(),
  };
}

/** Aborted when the client has left. */
function untilClosed(reply: FastifyReply): AbortSignal {
  const left = new AbortController();
  reply.raw.once('close', () => left.abort());
  return left.signal;
}

function tooMany(reply: FastifyReply): FastifyReply {
  return sendProblem(reply.header('retry-after', '5'), 429, 'Busy', BUSY);
}

async function* asLines(answers: AsyncGenerator<BenchAnswer>): AsyncGenerator<string> {
  let last: BenchAnswer['type'] | undefined;
  try {
    for await (const answer of answers) {
      last = answer.type;
      yield `${JSON.stringify(answer)}\n`;
    }
  } catch {
    // The head of the answer is out already: the fault is told as its last line.
    last = undefined;
  }
  if (last === 'done' || last === 'refused') return;
  const lost: BenchRefusal = { type: 'refused', why: 'failed', reason: NOBODY };
  yield `${JSON.stringify(lost)}\n`;
}
