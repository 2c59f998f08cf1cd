/** The gateway: readings from Redis out to people, over HTTP and the live socket. */
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Queue } from 'bullmq';
import type { Config } from '../../shared/config/schema.ts';
import { watchConfig } from '../../shared/config/watch.ts';
import { benchKeys } from '../../shared/contracts/bench.ts';
import { frameKeys } from '../../shared/contracts/keys.ts';
import { HeadroomError } from '../../shared/runtime/errors.ts';
import { Lifecycle, type Service } from '../../shared/runtime/lifecycle.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { createRegistry } from '../../shared/runtime/metrics.ts';
import { announcePresence, instanceName, readMetrics } from '../../shared/runtime/presence.ts';
import {
  connectDatabases,
  connectPatient,
  disconnect,
  queueConnection,
  type RedisUrls,
} from '../../shared/runtime/redis.ts';
import { AlertDesk } from './alert-desk.ts';
import { BenchLine } from './bench-line.ts';
import { CameraBoard } from './camera-board.ts';
import { ConfigFile, type ReadOnly } from './config-file.ts';
import { DrillWatch } from './drill-watch.ts';
import { createGatewayMetrics } from './gateway-metrics.ts';
import { isLoopback, isOurHost, isOurPage } from './host-check.ts';
import { createHttpApp } from './http-app.ts';
import { serveLiveSocket } from './live-socket.ts';
import { modelsKnown } from './models-known.ts';
import { openSystemDesk } from './system/system-desk.ts';

/** Options of looks on the test bench: nothing of them stays in the queue. */
const NOT_KEPT = { removeOnComplete: true, removeOnFail: true } as const;

/** What `worker.modelsDir` is relative to. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export type GatewayOptions = { config: Config; configFile?: string | undefined; redisUrls: RedisUrls; logger: Logger };
export type Gateway = Service & { readonly url: string };

/** @throws HeadroomError when Redis does not answer or the port is taken */
export async function startGateway({ config, configFile, redisUrls, logger }: GatewayOptions): Promise<Gateway> {
  const lifecycle = new Lifecycle(logger);
  try {
    const instance = instanceName();
    const registry = createRegistry('gateway', instance);
    const file = new ConfigFile(configFile, () => changesRefused(configChanges, config.gateway.host), logger);
    const metrics = createGatewayMetrics(registry, () => file.isFaulty());
    const { state, frames } = await connectDatabases({ urls: redisUrls, service: 'gateway', logger, lifecycle });

    // Following a stream blocks its connection: each follower has its own.
    const follower = (name: string) =>
      lifecycle.add(`${name} redis`, connectPatient(redisUrls.state, logger, `gateway-${name}`), disconnect);
    const board = new CameraBoard(state);
    board.configure(config);
    await board.follow(follower('events'), lifecycle);
    const alerts = new AlertDesk(state);
    await alerts.follow(follower('alerts'), lifecycle);
    const drills = new DrillWatch(state, board, config);
    await drills.follow(lifecycle);

    let { allowedOrigins, configChanges } = config.gateway;
    let { replay } = config;
    if (configFile) {
      const reload = (next: Config): void => {
        board.configure(next);
        drills.configure(next);
        ({ allowedOrigins, configChanges } = next.gateway);
        replay = next.replay;
        if (next.gateway.port !== config.gateway.port || next.gateway.host !== config.gateway.host) {
          logger.warn('gateway.host and gateway.port take effect at the next start');
        }
      };
      lifecycle.add('configuration watch', watchConfig(configFile, logger, reload), (stop) => stop());
    }

    const benchQueue = new Queue(benchKeys.queue, { connection: queueConnection(redisUrls.state, 'producer') });
    benchQueue.on('error', () => undefined); // the state connection logs that Redis went
    lifecycle.add('bench queue', benchQueue, (queue) => queue.close());

    const app = await createHttpApp({
      board,
      alerts,
      frames,
      replay: () => replay,
      logger,
      isOurHost: (header) => isOurHost(config.gateway.host, header, allowedOrigins),
      isOurPage: (origin, header) => isOurPage(origin, header, allowedOrigins),
      config: file,
      bench: new BenchLine({ frames, enqueue: (job) => benchQueue.add('look', job, NOT_KEPT) }),
      models: () => modelsKnown(state),
      system: {
        modelsDir: resolve(ROOT, config.worker.modelsDir),
        report: openSystemDesk({
          ...{ board, state, frames, instance, lifecycle },
          stateUrl: redisUrls.state,
          faultyConfig: async () => ((await file.isFaulty()) ? file.name : undefined),
          metrics: async () => [await registry.getMetricsAsJSON(), ...(await readMetrics(state, instance))],
        }),
      },
      operations: {
        registry,
        ready: () => board.system().redis === 'up' && !lifecycle.closing,
        system: () => board.system(),
        otherMetrics: () => readMetrics(state, instance),
      },
    });
    lifecycle.add('web server', app, () => app.close());
    serveLiveSocket({
      server: app.server,
      board,
      alerts,
      drills,
      metrics,
      listensOn: config.gateway.host,
      allowedOrigins: () => allowedOrigins,
      heatmap: (cameraId) => frames.getBuffer(frameKeys.heatmap(cameraId)),
      lifecycle,
    });
    const { host, port } = config.gateway;
    await app.listen({ host, port, backlog: 4096 }).catch((cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'it is taken' : (cause.code ?? cause.message);
      throw new HeadroomError(
        'PORT_UNUSABLE',
        `Cannot listen on ${host}:${port}: ${why}. Choose another gateway.port.`,
        { cause },
      );
    });
    announcePresence({ service: 'gateway', instance, redis: state, registry, lifecycle });

    const bound = app.server.address() as AddressInfo;
    const shownHost = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
    const url = `http://${shownHost}:${bound.port}`;
    logger.info({ address: url }, 'gateway started');
    return { url, close: () => lifecycle.close() };
  } catch (error) {
    await lifecycle.close();
    throw error;
  }
}

/** Why the configuration may not be changed from a browser; there is no log-in that could tell who asks. */
function changesRefused(mode: Config['gateway']['configChanges'], host: string): ReadOnly | undefined {
  if (mode === 'never')
    return { text: 'gateway.configChanges is never: change headroom.yaml by hand.', reason: 'never' };
  if (mode === 'always' || isLoopback(host)) return undefined;
  const text =
    'The gateway listens to other machines and has no log-in: set gateway.configChanges to always if a proxy has.';
  return { text, reason: 'no-log-in' };
}
