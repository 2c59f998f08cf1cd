/** `headroom up`: everything on this machine, in the foreground, until SIGTERM. */
import { loadToStart } from '../../shared/config/last-good.ts';
import { dataDirOf } from '../../shared/runtime/data-dir.ts';
import { configuredRedis } from '../../shared/runtime/environment.ts';
import { Lifecycle, type Service } from '../../shared/runtime/lifecycle.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { lockDataDir } from './data-lock.ts';
import { startEmbeddedRedis } from './embedded-redis.ts';
import { leftOut } from './left-out.ts';
import { preflight } from './preflight.ts';
import { SERVICES, ServiceProcess } from './service-process.ts';

export type Headroom = Service & {
  url: string;
  /** Cameras and receivers it goes without, each with why and what to do. */
  leftOut: string[];
};

/**
 * Checks, then starts Redis (unless one is configured) and all services. When one cannot start, what was started is
 * stopped again; a camera or receiver whose secret is missing is gone without.
 * @throws HeadroomError
 */
export async function startHeadroom(configFile: string, logger: Logger): Promise<Headroom> {
  const config = await loadToStart(configFile, logger);
  await preflight(config);
  const lifecycle = new Lifecycle(logger, 9500);
  try {
    const dataDir = await dataDirOf(config, configFile);
    lifecycle.add('lock', await lockDataDir(dataDir), (unlock) => unlock());
    let redisUrls = configuredRedis(config);
    if (!redisUrls) {
      const redis = lifecycle.add('own redis', await startEmbeddedRedis(dataDir, logger), (r) => r.close());
      redisUrls = redis.urls;
    }
    const env = {
      ...process.env,
      REDIS_URL: redisUrls.state,
      FRAMES_REDIS_URL: redisUrls.frames,
      HEADROOM_DATA_DIR: dataDir,
    };
    const services = SERVICES.map((name) => new ServiceProcess(name, { args: ['--config', configFile], env, logger }));
    lifecycle.add('services', services, () => Promise.all(services.map((service) => service.close())));
    const urls = await Promise.all(services.map((service) => service.start()));
    const url = urls[SERVICES.indexOf('gateway')] as string;
    logger.info({ address: url, cameras: config.cameras.length }, 'headroom is up');
    return { url, leftOut: leftOut(config), close: () => lifecycle.close() };
  } catch (error) {
    await lifecycle.close();
    throw error;
  }
}
