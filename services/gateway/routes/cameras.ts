/** Cameras, their readings, newest pictures and heat maps. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { Id } from '../../../shared/contracts/common.ts';
import { frameKeys } from '../../../shared/contracts/keys.ts';
import { PublicReading } from '../../../shared/contracts/reading.ts';
import { CameraInfo } from '../../../shared/contracts/socket.ts';
import type { CameraBoard } from '../camera-board.ts';
import { Problem, sendProblem } from './problem.ts';

const Params = z.object({ id: Id });
/** A body that is no JSON. */
const binary = (type: string, description: string) => ({ description, content: { [type]: { schema: z.any() } } });

const NO_PICTURE = 'The camera has no fresh picture now; its reading says why.';

export const cameraRoutes =
  ({ board, frames }: { board: CameraBoard; frames: Redis }): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/api/cameras',
      {
        schema: {
          summary: 'Configured cameras and their zones',
          tags: ['cameras'],
          response: { 200: z.array(CameraInfo) },
        },
      },
      async () => board.cameras(),
    );

    app.get(
      '/api/readings',
      {
        schema: {
          summary: 'What may be told of every camera now',
          description: 'Only a reading with status "ok" has a count.',
          tags: ['readings'],
          response: { 200: z.array(PublicReading) },
        },
      },
      async () => board.readings(),
    );

    app.get(
      '/api/cameras/:id/reading',
      {
        schema: {
          summary: 'One camera’s reading',
          tags: ['readings'],
          params: Params,
          response: { 200: PublicReading, 404: Problem },
        },
      },
      async (request, reply) => {
        const reading = board.readings().find(({ cameraId }) => cameraId === request.params.id);
        return reading ?? sendProblem(reply, 404, 'Unknown camera', 'No camera with this id is configured.');
      },
    );

    app.get(
      '/api/cameras/:id/frame.jpg',
      {
        schema: {
          summary: 'Newest sampled picture',
          description: 'Headers x-captured-at (epoch ms) and x-seq tell which picture it is.',
          tags: ['cameras'],
          params: Params,
          response: { 200: binary('image/jpeg', 'JPEG'), 404: Problem, 503: Problem },
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        if (!isKnown(id)) return sendProblem(reply, 404, 'Unknown camera', 'No camera with this id is configured.');
        const [jpeg, capturedAt, seq] = await frames.hmgetBuffer(frameKeys.frame(id), 'jpeg', 'capturedAt', 'seq');
        if (!jpeg || !capturedAt || !seq) return sendProblem(reply, 404, 'No picture', NO_PICTURE);
        return reply
          .type('image/jpeg')
          .headers({ 'x-captured-at': String(capturedAt), 'x-seq': String(seq), 'cache-control': 'no-store' })
          .send(jpeg);
      },
    );

    app.get(
      '/api/cameras/:id/heatmap',
      {
        schema: {
          summary: 'Newest heat map, binary',
          description: 'The format is the one of the live socket’s binary messages: see docs/asyncapi.yaml.',
          tags: ['cameras'],
          params: Params,
          response: { 200: binary('application/octet-stream', 'Heat map'), 404: Problem, 503: Problem },
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        if (!isKnown(id)) return sendProblem(reply, 404, 'Unknown camera', 'No camera with this id is configured.');
        const bytes = await frames.getBuffer(frameKeys.heatmap(id));
        if (!bytes) return sendProblem(reply, 404, 'No heat map', NO_PICTURE);
        return reply.type('application/octet-stream').header('cache-control', 'no-store').send(bytes);
      },
    );

    const isKnown = (id: string) => board.cameras().some((camera) => camera.id === id);
  };
