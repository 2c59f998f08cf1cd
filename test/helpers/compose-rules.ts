/** What must hold for docker-compose.yml. Returns faults instead of throwing, so that a test can provoke each. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Config } from '../../shared/config/schema.ts';

const Duration = z.string().regex(/^\d+s$/);
const Image = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9./-]*:\d+\.\d+(\.\d+)?[a-z0-9.-]*(@sha256:[0-9a-f]{64})?$/,
    'is not pinned by an exact version',
  );
const User = z.string().regex(/^[1-9]\d*:[1-9]\d*$/, 'must be a number and not root');
const LoopbackPort = z.string().regex(/^127\.0\.0\.1:(\d+|\$\{[A-Z_]+:-\d+\}):\d+$/, 'is not bound to 127.0.0.1');

const Service = z.strictObject({
  image: Image,
  /** Started only when asked for. */
  profiles: z.array(z.string()).min(1).optional(),
  build: z.strictObject({ context: z.literal('.'), dockerfile: z.string(), target: z.string() }).optional(),
  command: z.array(z.string()).min(1),
  user: User,
  read_only: z.literal(true),
  cap_drop: z.tuple([z.literal('ALL')]),
  security_opt: z.tuple([z.literal('no-new-privileges:true')]),
  restart: z.enum(['unless-stopped', 'always']),
  stop_grace_period: Duration.refine((text) => Number.parseInt(text, 10) > 8, 'a service may take eight seconds'),
  stdin_open: z.boolean().optional(),
  logging: z.strictObject({ driver: z.string(), options: z.record(z.string(), z.string()) }),
  environment: z
    .record(z.string(), z.string())
    .refine(
      (env) =>
        Object.entries(env).every(
          ([key, value]) => !/PASS|SECRET|TOKEN|KEY|DATABASE_URL/.test(key) || value.startsWith('${'),
        ),
      'holds a secret',
    )
    .optional(),
  ports: z.array(LoopbackPort).optional(),
  volumes: z
    .array(z.string().regex(/^(\.\/[^:]+:[^:]+:ro|[a-z-]+:\/[^:]+)$/, 'is neither read-only nor a named volume'))
    .optional(),
  tmpfs: z.array(z.string().startsWith('/')).optional(),
  networks: z.array(z.string()).min(1),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.literal('service_healthy') })).optional(),
  healthcheck: z.strictObject({
    test: z.tuple([z.enum(['CMD', 'CMD-SHELL'])], z.string()),
    interval: Duration,
    timeout: Duration,
    retries: z.int().min(1),
    start_period: Duration,
  }),
  deploy: z.strictObject({
    resources: z.strictObject({
      limits: z.strictObject({ cpus: z.string(), memory: z.string().regex(/^\d+[MG]$/), pids: z.int().positive() }),
    }),
  }),
});

export const Compose = z.looseObject({
  name: z.string(),
  services: z.record(z.string(), Service),
  networks: z.record(z.string(), z.strictObject({ internal: z.boolean().optional() })),
  volumes: z.record(z.string(), z.strictObject({})),
});
export type Compose = z.infer<typeof Compose>;
type Service = z.infer<typeof Service>;

export type Surroundings = {
  root: string;
  /** Commands that the command line knows. */
  commands: string[];
  /** Stages of the Dockerfile. */
  stages: string[];
  version: string;
  /** The configuration that is mounted, by its path in the container. */
  config: { mountedAt: string; value: Config };
};

/** Every fault as one line. */
export function composeFaults(document: unknown, around: Surroundings): string[] {
  const parsed = Compose.safeParse(document);
  if (!parsed.success) return parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  const compose = parsed.data;
  const faults: string[] = [];
  for (const [name, service] of Object.entries(compose.services)) {
    const fault = (text: string) => faults.push(`${name}: ${text}`);
    checkReferences(compose, service, around, fault);
    if (service.image.startsWith('headroom:')) checkOwnService(name, service, around, fault);
    if (service.image.startsWith('redis:')) checkRedis(name, service, fault);
    if (service.image.startsWith('postgres:')) checkPostgres(service, fault);
  }
  return [...faults, ...configFaults(compose, around.config.value)];
}

function checkReferences(
  compose: Compose,
  service: Service,
  around: Surroundings,
  fault: (text: string) => void,
): void {
  const { build, volumes = [], networks, depends_on = {}, command, healthcheck } = service;
  if (build) {
    if (!existsSync(join(around.root, build.dockerfile))) fault(`there is no ${build.dockerfile}`);
    if (!around.stages.includes(build.target)) fault(`the Dockerfile has no stage ${build.target}`);
    if (!service.image.endsWith(`:${around.version}`)) fault(`${service.image} is not version ${around.version}`);
  }
  for (const volume of volumes) {
    const source = volume.split(':')[0] as string;
    if (source.startsWith('./') ? !existsSync(join(around.root, source)) : !(source in compose.volumes)) {
      fault(`there is no ${source}`);
    }
  }
  for (const word of [...command, ...healthcheck.test]) {
    const file = /(?:^|=)(infra\/\S+)$/.exec(word)?.[1];
    if (file && !existsSync(join(around.root, file))) fault(`there is no ${file}`);
  }
  for (const network of networks) if (!(network in compose.networks)) fault(`there is no network ${network}`);
  for (const other of Object.keys(depends_on)) if (!(other in compose.services)) fault(`there is no service ${other}`);
}

/** A service of ours: its command exists, its configuration is mounted, its health check asks the right port. */
function checkOwnService(name: string, service: Service, around: Surroundings, fault: (text: string) => void): void {
  const { command, healthcheck, volumes = [], deploy } = service;
  const { mountedAt, value } = around.config;
  if (!around.commands.includes(command[0] as string)) fault(`the command line has no command ${command[0]}`);
  if (command[0] !== name) fault(`runs ${command[0]}`);
  if (command[command.indexOf('--config') + 1] !== mountedAt) fault(`does not read ${mountedAt}`);
  const folder = mountedAt.slice(0, mountedAt.lastIndexOf('/'));
  if (!volumes.some((volume) => volume.split(':')[1] === folder)) fault(`nothing is mounted at ${folder}`);
  const asked = healthcheck.test.slice(-2);
  const port = { ingest: value.ingest.httpPort, worker: value.worker.httpPort, gateway: value.gateway.port }[name];
  if (port !== undefined && asked.join(' ') !== `http ${port}`)
    fault(`its health is served on port ${port}, not ${asked[1]}`);
  if (port === undefined && !healthcheck.test.includes('presence'))
    fault('its health check asks a port it does not serve');
  const { processes } = value.worker;
  if (name === 'worker' && Number(deploy.resources.limits.cpus) < Number(processes))
    fault(`${processes} processes share fewer cores`);
}

function checkRedis(name: string, service: Service, fault: (text: string) => void): void {
  const { command, volumes = [], tmpfs = [], deploy } = service;
  const option = (key: string) => command[command.indexOf(`--${key}`) + 1];
  if (option('maxmemory-policy') !== 'noeviction') fault('evicts keys');
  // The official image is built to answer others, distributions' Redis turns them away.
  if (option('protected-mode') !== 'no') fault('answers only its own container');
  const limit = megabytes(deploy.resources.limits.memory);
  if (!(megabytes(option('maxmemory') ?? '') < limit)) fault('is killed before it is full');
  if (option('save') !== '') fault('writes snapshots');
  const persistent = volumes.some((volume) => volume.split(':')[1] === '/data');
  if (name === 'redis-frames' && (option('appendonly') !== 'no' || persistent)) fault('keeps pictures on a disk');
  if (name === 'redis-frames' && !tmpfs.some((entry) => entry.startsWith('/data:')))
    fault('has an anonymous volume at /data');
  if (name === 'redis-state' && (option('appendonly') !== 'yes' || !persistent)) fault('forgets its state');
}

function checkPostgres({ volumes = [], networks, profiles, ports }: Service, fault: (text: string) => void): void {
  if (!volumes.some((volume) => volume.split(':')[1] === '/var/lib/postgresql/data')) fault('forgets its data');
  if (networks.join() !== 'backend' || ports) fault('can be reached from outside');
  if (!profiles) fault('is started without being asked for');
}

const megabytes = (text: string): number => Number.parseInt(text, 10) * (/g/i.test(text) ? 1024 : 1);

/** The mounted configuration and the services must speak of each other. */
function configFaults(compose: Compose, config: Config): string[] {
  const { redis, gateway, cameras } = config;
  const faults: string[] = [];
  const hosts = [redis.url, redis.framesUrl, ...cameras.map((camera) => camera.url)].map(
    (url) => new URL(url ?? '').hostname,
  );
  for (const host of hosts)
    if (!host.includes('.') && !(host in compose.services)) faults.push(`headroom.yaml: no service ${host}`);
  if (redis.url === redis.framesUrl) faults.push('headroom.yaml: pictures and state share one Redis');
  if (gateway.host !== '0.0.0.0')
    faults.push('headroom.yaml: the gateway cannot be reached from outside its container');
  const published = compose.services.gateway?.ports?.map((port) => port.split(':').at(-1)) ?? [];
  if (!published.includes(String(gateway.port))) faults.push(`gateway: port ${gateway.port} is not published`);
  return faults;
}
