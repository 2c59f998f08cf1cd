// Health of the service in this container; exit code 0 when it is well.
//
//   healthcheck.mjs http PORT [PATH]     the service answers on its health port
//   healthcheck.mjs presence SERVICE     the service of this container has told Redis within 2.5 s that it is alive
const DEADLINE_MS = 4000;
const [how, what, path = '/healthz'] = process.argv.slice(2);

/** A service without a health port announces itself in Redis; the key runs out when its event loop stands still. */
async function isPresent(service) {
  const { serviceEnvironment } = await import('../../shared/runtime/environment.ts');
  const { connectFailFast, whenReady } = await import('../../shared/runtime/redis.ts');
  const { isFromHere, readPresence } = await import('../../shared/runtime/presence.ts');
  process.env.HEADROOM_LOG_LEVEL = 'silent';
  const { logger, load } = serviceEnvironment('healthcheck');
  const redis = connectFailFast((await load()).redisUrls.state, logger, 'healthcheck');
  await whenReady(redis, DEADLINE_MS);
  const present = await readPresence(redis);
  return present.some((other) => other.service === service && isFromHere(other.instance));
}

async function isWell() {
  if (how === 'http') {
    const answer = await fetch(`http://127.0.0.1:${what}${path}`, { signal: AbortSignal.timeout(DEADLINE_MS) });
    return answer.ok;
  }
  if (how === 'presence') return isPresent(what);
  throw new Error('usage: healthcheck.mjs http PORT [PATH] | presence SERVICE');
}

setTimeout(() => process.exit(1), DEADLINE_MS).unref();
isWell().then(
  (well) => process.exit(well ? 0 : 1),
  (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);
