/** The gateway's web server: API, dashboard, operations. Built apart from listening, so that documents can be made of it. */
import { existsSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import { fileURLToPath } from 'node:url';
import serveStatic from '@fastify/static';
import swagger from '@fastify/swagger';
import Fastify, { type FastifyBaseLogger, type FastifyError, type FastifyInstance, LogController } from 'fastify';
import { serializerCompiler } from 'fastify-type-provider-zod';
import type { Redis } from 'ioredis';
import type { WorkerModels } from '../../shared/contracts/models.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { AlertDesk } from './alert-desk.ts';
import type { BenchLine } from './bench-line.ts';
import type { CameraBoard } from './camera-board.ts';
import type { ConfigFile } from './config-file.ts';
import { withErrorAnswers } from './error-answers.ts';
import { withFiles } from './file-bodies.ts';
import { ProbeLine } from './probe-line.ts';
import { requestCheck, requestFaults } from './request-check.ts';
import { alertRoutes } from './routes/alerts.ts';
import { auditRoutes } from './routes/audit.ts';
import { benchRoutes } from './routes/bench.ts';
import { cameraRoutes } from './routes/cameras.ts';
import { configRoutes } from './routes/config.ts';
import { configChangeRoutes } from './routes/config-changes.ts';
import { configTrialRoutes } from './routes/config-trials.ts';
import { drillRoutes } from './routes/drills.ts';
import { evidenceRoutes } from './routes/evidence.ts';
import { historyRoutes, lineHistoryRoutes } from './routes/history.ts';
import { modelRoutes } from './routes/models.ts';
import { type OperationsOptions, operationsRoutes } from './routes/operations.ts';
import { problem, sendProblem } from './routes/problem.ts';
import { type ReplayOptions, replayRoutes } from './routes/replay.ts';
import { REQUEST_TIMEOUT_MS } from './routes/request-timeout.ts';
import { type SystemOptions, systemRoutes } from './routes/system.ts';
import { thresholdRoutes } from './routes/thresholds.ts';

const DASHBOARD = fileURLToPath(new URL('../dashboard/dist', import.meta.url));

const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' blob: data:; connect-src 'self' ws: wss:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

export type HttpAppOptions = {
  board: CameraBoard;
  alerts: AlertDesk;
  frames: Redis;
  replay: ReplayOptions['replay'];
  config: ConfigFile;
  bench: BenchLine;
  /** What every living worker says of its models. */
  models: () => Promise<WorkerModels[]>;
  system: SystemOptions;
  operations: OperationsOptions;
  logger: Logger;
  /** Whether a Host header names this server. */
  isOurHost: (hostHeader: string | undefined) => boolean;
  /** Whether a page of this origin may change something here. */
  isOurPage: (origin: string | undefined, hostHeader: string | undefined) => boolean;
};

export async function createHttpApp({
  board,
  alerts,
  frames,
  replay,
  config,
  bench,
  models,
  system,
  operations,
  logger,
  isOurHost,
  isOurPage,
}: HttpAppOptions): Promise<FastifyInstance> {
  const plain: FastifyBaseLogger = logger;
  const app: FastifyInstance = Fastify({
    loggerInstance: plain,
    // Changes of state are logged, not requests.
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: REQUEST_TIMEOUT_MS,
    bodyLimit: 64 * 1024,
    // A delivery is named by epoch, camera, zone, rule and receiver: 240 characters where all are as long as they may be.
    routerOptions: { maxParamLength: 255 },
    forceCloseConnections: true,
    // An address that is no address is refused before any handler of ours.
    frameworkErrors: (error, _request, reply) =>
      void sendProblem(reply, error.statusCode ?? 400, 'Bad request', error.message),
    // Any other upgrade that is offered, such as h2c, is passed over: the request is answered as it is (RFC 9110, 7.8).
    http: { shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket' },
  });
  app.server.headersTimeout = 5000;
  app.setValidatorCompiler(requestCheck);
  app.setSchemaErrorFormatter(requestFaults);
  app.setSerializerCompiler(serializerCompiler);
  // Plain text is what a foreign page may send without asking: orders are taken as JSON only.
  app.removeContentTypeParser('text/plain');
  app.addHook('onRequest', async (request, reply) => {
    if (isOurHost(request.headers.host)) return;
    await sendProblem(
      reply,
      421,
      'Misdirected request',
      'This server is not known by that name; see gateway.allowedOrigins.',
    );
  });
  app.addHook('onRequest', async ({ method, headers }, reply) => {
    if (method === 'GET' || method === 'HEAD' || isOurPage(headers.origin, headers.host)) return;
    await sendProblem(reply, 403, 'Foreign page', 'Pages of this origin may change nothing here.');
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.headers(SECURITY_HEADERS);
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (error.validation) return sendProblem(reply, 400, 'Bad request', error.message);
    if (error.statusCode && error.statusCode < 500)
      return sendProblem(reply, error.statusCode, STATUS_CODES[error.statusCode] ?? 'Bad request', error.message);
    request.log.warn({ err: error, path: request.url }, 'request failed');
    return sendProblem(reply, 503, 'Not available now', 'The server cannot answer this at the moment; try again.');
  });
  app.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .type('application/problem+json')
      .send(problem(404, 'Not found', `There is nothing at ${request.url.split('?')[0]}.`)),
  );

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Headroom gateway',
        version: '1',
        description: 'Live crowd counts. The live socket at /ws is described in docs/asyncapi.yaml.',
      },
      tags: [
        { name: 'cameras', description: 'Cameras and their pictures' },
        { name: 'readings', description: 'Counts' },
        { name: 'alerts', description: 'Running alerts, their log, and what operators do about them' },
        { name: 'configuration', description: 'Cameras, zones and thresholds as the set-up pages change them' },
        { name: 'models', description: 'Models that count, and the test bench' },
        { name: 'drills', description: 'Exercises through the real path' },
        { name: 'operations', description: 'For machines that watch this machine' },
      ],
    },
    transform: withFiles,
    transformObject: (made) => ('openapiObject' in made ? withErrorAnswers(made.openapiObject) : made.swaggerObject),
  });
  await app.register(cameraRoutes({ board, frames }));
  await app.register(replayRoutes({ board, frames, replay }));
  await app.register(historyRoutes(alerts));
  await app.register(lineHistoryRoutes(alerts));
  await app.register(alertRoutes(alerts));
  await app.register(evidenceRoutes(alerts));
  await app.register(auditRoutes(alerts));
  await app.register(drillRoutes(alerts));
  await app.register(thresholdRoutes({ alerts, config }));
  await app.register(configRoutes(config));
  await app.register(configChangeRoutes(config));
  await app.register(configTrialRoutes({ config, probes: new ProbeLine(frames), alerts }));
  await app.register(modelRoutes(models));
  await app.register(benchRoutes(bench));
  await app.register(systemRoutes(system));
  await app.register(operationsRoutes(operations));
  app.get('/api/openapi.json', { schema: { hide: true } }, async () => app.swagger());

  if (existsSync(DASHBOARD)) {
    await app.register(serveStatic, {
      root: DASHBOARD,
      cacheControl: false,
      preCompressed: true,
      // Names of assets change with their content. The page itself and the service worker do not: asked for each time.
      setHeaders: (reply, path) =>
        void reply.header(
          'cache-control',
          path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
        ),
    });
  } else {
    app.get('/', { schema: { hide: true } }, async (_request, reply) =>
      reply.type('text/plain').send('The dashboard is not built: run "npm run build".\n'),
    );
  }
  return app;
}
