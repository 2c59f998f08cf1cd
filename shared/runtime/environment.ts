/** What a service's `main.ts` reads from its surroundings. The only place besides configuration that reads env. */
import { parseArgs } from 'node:util';
import { loadToStart } from '../config/last-good.ts';
import { DEFAULT_CONFIG, ownConfig } from '../config/own-config.ts';
import type { Config } from '../config/schema.ts';
import { HeadroomError } from './errors.ts';
import { createLogger, type Logger } from './logger.ts';
import type { RedisUrls } from './redis.ts';
import { registerSecret } from './secrets.ts';

export type ServiceEnvironment = {
  logger: Logger;
  /** @throws ConfigError or HeadroomError REDIS_URL_MISSING */
  load(): Promise<{ config: Config; configFile: string; redisUrls: RedisUrls; databaseUrl: string | undefined }>;
};

/** Reads `--config FILE` (or HEADROOM_CONFIG, or headroom.yaml), REDIS_URL, FRAMES_REDIS_URL and DATABASE_URL. */
export function serviceEnvironment(service: string): ServiceEnvironment {
  const logger = createLogger(service);
  return {
    logger,
    async load() {
      const { values } = parseArgs({ options: { config: { type: 'string' } }, strict: false });
      const configFile = String(values.config ?? ownConfig() ?? DEFAULT_CONFIG);
      const config = await loadToStart(configFile, logger);
      const redisUrls = configuredRedis(config);
      if (!redisUrls) {
        throw new HeadroomError(
          'REDIS_URL_MISSING',
          'No Redis is named: set REDIS_URL or redis.url, or run everything with "headroom up", which brings its own.',
        );
      }
      return { config, configFile, redisUrls, databaseUrl: configuredDatabase(config) };
    },
  };
}

/** The Redis databases of environment and configuration; undefined when none is named. */
export function configuredRedis(config: Config, env: NodeJS.ProcessEnv = process.env): RedisUrls | undefined {
  const state = env.REDIS_URL || config.redis.url;
  if (!state) return undefined;
  return { state, frames: env.FRAMES_REDIS_URL || config.redis.framesUrl || nextDatabase(state) };
}

/**
 * The PostgreSQL of environment or configuration; undefined when the database is a file. Values put in for `${NAME}` are
 * percent-encoded, so passwords are given as they are.
 * @throws HeadroomError DATABASE_URL_INVALID
 */
export function configuredDatabase(config: Config, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const given = env.DATABASE_URL;
  if (given) {
    if (/^postgres(ql)?:\/\//i.test(given)) return given;
    throw new HeadroomError(
      'DATABASE_URL_INVALID',
      'DATABASE_URL must start with postgres://. For SQLite leave it out and set database.file.',
    );
  }
  return config.database.url?.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
    const value = env[name];
    if (!value) {
      throw new HeadroomError('DATABASE_URL_INVALID', `database.url: the environment variable ${name} is not set.`);
    }
    registerSecret(value);
    return encodeURIComponent(value);
  });
}

/** The same server's next database: apart, though not without persistence. */
function nextDatabase(url: string): string {
  // Refused by who connects, in words that help.
  if (!URL.canParse(url)) return url;
  const parsed = new URL(url);
  if (parsed.protocol === 'unix:') {
    parsed.searchParams.set('db', String(Number(parsed.searchParams.get('db') ?? 0) + 1));
  } else {
    parsed.pathname = `/${Number(parsed.pathname.slice(1) || 0) + 1}`;
  }
  return parsed.href;
}
