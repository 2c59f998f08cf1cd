/** For machines that watch this machine: liveness, readiness, metrics. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue, type Registry } from 'prom-client';
import { z } from 'zod';
import { SystemState } from '../../../shared/contracts/socket.ts';

const Readiness = z.object({ ready: z.boolean(), system: SystemState });

export type OperationsOptions = {
  registry: Registry;
  ready: () => boolean;
  system: () => z.infer<typeof SystemState>;
  /** Metrics of the other services, as they announce them in Redis. */
  otherMetrics: () => Promise<object[]>;
};

export const operationsRoutes =
  (o: OperationsOptions): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/healthz',
      {
        schema: {
          summary: 'The process answers',
          tags: ['operations'],
          response: { 200: z.object({ status: z.literal('ok') }) },
        },
      },
      async () => ({ status: 'ok' as const }),
    );

    app.get(
      '/readyz',
      {
        schema: {
          summary: 'The gateway can serve: Redis answers and it is not stopping',
          tags: ['operations'],
          response: { 200: Readiness, 503: Readiness },
        },
      },
      async (_request, reply) => {
        const ready = o.ready();
        return reply.code(ready ? 200 : 503).send({ ready, system: o.system() });
      },
    );

    app.get(
      '/metrics',
      {
        schema: {
          summary: 'Prometheus metrics of all services',
          tags: ['operations'],
          produces: ['text/plain'],
          response: { 200: z.any().describe('Prometheus text format') },
        },
      },
      async (_request, reply) => {
        const own = await o.registry.getMetricsAsJSON();
        const others = await o.otherMetrics().catch(() => []);
        const all = [own, ...others] as unknown as MetricObjectWithValues<MetricValue<string>>[];
        return reply.type(o.registry.contentType).send(await AggregatorRegistry.aggregate(all).metrics());
      },
    );
  };
