/** Heat maps of the last hour. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { Id } from '../../../shared/contracts/common.ts';
import { REPLAY_RECORDS_MAX, replayKey } from '../../../shared/contracts/replay.ts';
import type { CameraBoard } from '../camera-board.ts';
import { Problem, sendProblem } from './problem.ts';
import { inOrder, instant, LAST_INSTANT } from './time-range.ts';

const Query = z.object({
  from: instant.default(0).describe('First capturedAt, epoch ms.'),
  to: instant.default(LAST_INSTANT).describe('Last capturedAt, epoch ms.'),
  limit: z.coerce.number().int().min(1).max(REPLAY_RECORDS_MAX).default(REPLAY_RECORDS_MAX),
});

export type ReplayOptions = {
  board: CameraBoard;
  frames: Redis;
  /** How often a map is kept, and for how long; keepMs 0 is off. */
  replay: () => { everyMs: number; keepMs: number };
};

export const replayRoutes =
  ({ board, frames, replay }: ReplayOptions): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/api/cameras/:id/replay',
      {
        schema: {
          summary: 'Heat maps of the last hour, binary, oldest first',
          description:
            'Records one after the other: u32 length of what follows, u16 length of the summary, the summary as JSON ' +
            '(capturedAt, count, interval, zones), the heat map in raw deflate; little-endian. As many records as ' +
            '`limit`: ask again from the last capturedAt + 1. Headers x-replay-every-ms and x-replay-keep-ms say how ' +
            'often a map is kept and for how long; 0 means that none is kept.',
          tags: ['cameras'],
          params: z.object({ id: Id }),
          querystring: inOrder(Query),
          response: {
            200: { description: 'Records', content: { 'application/octet-stream': { schema: z.any() } } },
            400: Problem,
            404: Problem,
            503: Problem,
          },
        },
      },
      async ({ params, query }, reply) => {
        if (!board.cameras().some(({ id }) => id === params.id)) {
          return sendProblem(reply, 404, 'Unknown camera', 'No camera with this id is configured.');
        }
        const { everyMs, keepMs } = replay();
        // The stream of a camera that went dark lives on: what it holds is not told for longer than it is kept.
        const from = Math.max(query.from, Date.now() - keepMs);
        const entries =
          keepMs === 0 || from > query.to
            ? []
            : await frames.xrangeBuffer(replayKey(params.id), from, query.to, 'COUNT', query.limit);
        const records = entries.flatMap(([, fields]) => fields[1] ?? []);
        return reply
          .type('application/octet-stream')
          .headers({ 'x-replay-every-ms': everyMs, 'x-replay-keep-ms': keepMs, 'cache-control': 'no-store' })
          .send(Buffer.concat(records));
      },
    );
  };
