/** Alerts: readings in, decisions stored, events and deliveries out. Of several such processes one leads. */

import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../../shared/config/schema.ts';
import { watchConfig } from '../../shared/config/watch.ts';
import { HeadroomError, messageOf } from '../../shared/runtime/errors.ts';
import { serveHealth } from '../../shared/runtime/health-server.ts';
import { Lifecycle, type Service } from '../../shared/runtime/lifecycle.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { createRegistry } from '../../shared/runtime/metrics.ts';
import { announcePresence, instanceName } from '../../shared/runtime/presence.ts';
import { checkRedis, connectFailFast, disconnect, type RedisUrls, whenReady } from '../../shared/runtime/redis.ts';
import { scrub } from '../../shared/runtime/secrets.ts';
import { type AlertMetrics, createAlertMetrics } from './alert-metrics.ts';
import { DeliveryDesk } from './deliveries/delivery-desk.ts';
import { type AnyEndpoint, resolveEndpoint, unusable } from './deliveries/endpoint.ts';
import { DrillDesk } from './drill/drill-desk.ts';
import { watchEvidenceAge } from './evidence/evidence-age.ts';
import { EvidenceDesk } from './evidence/evidence-desk.ts';
import { EvidenceFiles } from './evidence/evidence-files.ts';
import { EvidenceStore } from './evidence/evidence-store.ts';
import { clockInDoubt } from './history/clock-doubt.ts';
import { inTime } from './in-time.ts';
import { acquireLease, releaseLease, takeOffer } from './leader-lease.ts';
import { watchStorage } from './storage-watch.ts';
import { AlertStore } from './store/alert-store.ts';
import { Term } from './term.ts';
import { configVersion } from './thresholds/config-version.ts';

/** How often a process that does not lead asks for the lead. */
const ASK_EVERY_MS = 300;
/** The longest that one waits which cannot begin, time after time. */
const ASK_AGAIN_WITHIN_MS = 5000;
const CAN_STORE_WITHIN_MS = 1000;

export type AlertsOptions = {
  config: Config;
  configFile?: string | undefined;
  redisUrls: RedisUrls;
  logger: Logger;
  /** `postgres://…`; a SQLite file otherwise. */
  databaseUrl?: string | undefined;
  /** Where that file lies unless the configuration names one, and evidence. */
  dataDir: string;
  /** Tells processes apart; host and process id by default. */
  instance?: string;
};

/**
 * Starts the alerts service.
 * @throws HeadroomError when the database or Redis cannot be used
 */
export async function startAlerts(o: AlertsOptions): Promise<Service> {
  const { logger, configFile, instance = instanceName() } = o;
  let { config } = o;
  let endpoints = openable(config, [], logger);
  const lifecycle = new Lifecycle(logger);
  try {
    const registry = createRegistry('alerts', instance);
    const metrics = createAlertMetrics(registry);
    const { dataDir } = o;
    const file = config.database.file ?? join(dataDir, 'headroom.db');
    const opened = await AlertStore.open(o.databaseUrl ?? file, { logger });
    const store = lifecycle.add('database', opened, (s) => s.close());
    watchStorage({ store, file: o.databaseUrl === undefined ? file : undefined, dataDir, metrics, lifecycle });
    const redis = lifecycle.add('state redis', connectFailFast(o.redisUrls.state, logger, 'alerts'), disconnect);
    const input = lifecycle.add('input redis', connectFailFast(o.redisUrls.state, logger, 'alerts-input'), disconnect);
    await Promise.all([whenReady(redis, 5000), whenReady(input, 5000)]);
    await checkRedis(redis);

    // Pictures for evidence only: without them alerts are judged all the same, so nobody waits for this connection.
    const frames = lifecycle.add(
      'frames redis',
      connectFailFast(o.redisUrls.frames, logger, 'alerts-frames'),
      disconnect,
    );
    const files = new EvidenceFiles(join(dataDir, 'evidence'));
    const keepDays = () => config.alerts.evidence.keepDays;
    const doubts = (now: number) => clockInDoubt(store.db, now, config.database);
    watchEvidenceAge({ files, keepDays, clockInDoubt: doubts, logger, lifecycle });
    const stop = new AbortController();
    let term: Term | undefined;
    let desk: DeliveryDesk | undefined;
    /** Terms in a row that could not begin, and what was told of it. */
    let failures = 0;
    let told: string | undefined;

    const lead = async (): Promise<void> => {
      desk = new DeliveryDesk({ redisUrl: o.redisUrls.state, store, metrics, logger }, config, endpoints);
      const evidenceStore = new EvidenceStore(store.db);
      const evidence = new EvidenceDesk({ frames, store: evidenceStore, files, metrics, logger }, config);
      const drills = new DrillDesk({ redis, frames, logger });
      const parts = { redis, input, store, desk, evidence, drills, metrics, logger };
      try {
        const begunWith = config;
        term = await Term.begin({ config: begunWith, holder: instance, ...parts });
        failures = 0;
        told = undefined;
        // Changed while the term began: there was nobody to tell yet.
        if (config !== begunWith) term.configure(config);
        metrics.leader.set(1);
        logger.info({ alerts: term.alerts.length }, 'leading');
        await term.run(stop.signal);
      } finally {
        metrics.leader.set(0);
        metrics.databaseAway.set(0);
        term = undefined;
        await drills.close();
        await evidence.close();
        await desk.close();
        desk = undefined;
      }
    };
    const canStore = () =>
      inTime(store.tryWrite(), CAN_STORE_WITHIN_MS).then(
        () => true,
        () => false,
      );
    const keepAsking = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        let waitMs = ASK_EVERY_MS;
        try {
          const mayLead = (await acquireLease(redis, instance)) || (await takeOffer(redis, instance, canStore));
          if (mayLead) {
            failures += 1;
            await lead();
          }
        } catch (error) {
          // Redis away, database full or locked, or a successor: what is stored is the truth, so begin again from it.
          const reason = scrub(messageOf(error));
          const code = error instanceof HeadroomError ? error.code : undefined;
          if (reason !== told) logger.warn({ reason, code }, 'not leading');
          told = reason;
          // Who cannot lead must not keep the lead from one who can: that one asks before this one does again.
          await releaseLease(redis, instance).catch(() => undefined);
          waitMs = Math.min(ASK_EVERY_MS * 2 ** failures, ASK_AGAIN_WITHIN_MS);
        }
        await delay(waitMs, undefined, { signal: stop.signal }).catch(() => undefined);
      }
      await releaseLease(redis, instance).catch(() => undefined);
    };
    const asking = keepAsking();
    lifecycle.add('leadership', asking, async () => {
      stop.abort();
      await asking;
    });

    if (configFile) {
      const reload = async (read: Config): Promise<void> => {
        config = read;
        endpoints = openable(read, endpoints, logger);
        tellConfigVersion(metrics, read);
        // Thresholds first: they wait for no receiver that takes its time to close.
        term?.configure(read);
        await desk?.configure(read, endpoints);
      };
      lifecycle.add('configuration watch', watchConfig(configFile, logger, reload), (unwatch) => unwatch());
    }
    if (config.alerts.httpPort !== undefined) {
      const ready = (): boolean => redis.status === 'ready';
      await serveHealth({ port: config.alerts.httpPort, registry, ready, lifecycle });
    }
    tellConfigVersion(metrics, config);
    announcePresence({ service: 'alerts', instance, redis, registry, lifecycle });
    logger.info({ cameras: config.cameras.length, endpoints: endpoints.length }, 'alerts started');
    return lifecycle;
  } catch (error) {
    await lifecycle.close();
    throw error;
  }
}

/**
 * Receivers with their secrets. One that cannot be set up, for want of a secret say, costs the others nothing: it goes on
 * as it ran before, or else counts as failing, and what it was to hear waits for it.
 */
function openable({ deliveries }: Config, running: AnyEndpoint[], logger: Logger): AnyEndpoint[] {
  return deliveries.endpoints.map((endpoint) => {
    try {
      return resolveEndpoint(endpoint);
    } catch (error) {
      if (!(error instanceof HeadroomError)) throw error;
      const before = running.find((one) => one.id === endpoint.id && !('unusable' in one));
      const fields = { endpoint: endpoint.id, reason: error.message, code: error.code };
      if (before) logger.error(fields, 'receiver not changed, it goes on as it was');
      else logger.error(fields, 'receiver not set up, it hears of nothing until it is');
      return before ?? unusable(endpoint);
    }
  });
}

/** The same version as in every alert. */
function tellConfigVersion(metrics: AlertMetrics, config: Config): void {
  metrics.configInfo.reset();
  metrics.configInfo.set({ version: configVersion(config) }, 1);
}
