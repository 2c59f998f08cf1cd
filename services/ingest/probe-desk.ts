/** Answers the gateway's questions about cameras that are being set up. Few at a time: cameras in use come first. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { cameraSource, urlFault } from '../../shared/config/load.ts';
import type { Config } from '../../shared/config/schema.ts';
import { type ProbeFailure, ProbeRequest, type ProbeResult, probeKeys } from '../../shared/contracts/probe.ts';
import { HeadroomError, messageOf } from '../../shared/runtime/errors.ts';
import type { Lifecycle } from '../../shared/runtime/lifecycle.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { scrub } from '../../shared/runtime/secrets.ts';
import { type Look, lookAtCamera } from './look-at-camera.ts';

/** Cameras one node looks at at the same time. */
const AT_ONCE = 2;
/** A blocked read comes back this often, so that closing is not kept waiting, s. */
const BLOCK_S = 1;
const RETRY_MS = 1000;
const REPLY_LIFE_MS = 30_000;

export type ProbeDeskOptions = {
  /** Connection to the frames database of its own: it blocks. */
  requests: Redis;
  frames: Redis;
  trialSchemes: () => Config['ingest']['trialSchemes'];
  logger: Logger;
  lifecycle: Lifecycle;
};

/** Starts answering, until the lifecycle closes. */
export function answerProbes(o: ProbeDeskOptions): void {
  for (let hand = 0; hand < AT_ONCE; hand++) void serve(o);
}

async function serve(o: ProbeDeskOptions): Promise<void> {
  while (!o.lifecycle.closing) {
    try {
      const taken = await o.requests.brpop(probeKeys.requests, BLOCK_S);
      if (taken) await answer(o, taken[1]);
    } catch (error) {
      if (o.lifecycle.closing) return;
      o.logger.debug({ reason: scrub(messageOf(error)) }, 'probe not answered');
      await delay(RETRY_MS);
    }
  }
}

async function answer(o: ProbeDeskOptions, body: string): Promise<void> {
  const parsed = ProbeRequest.safeParse(JSON.parse(body));
  if (!parsed.success || parsed.data.until < Date.now()) return;
  const { probeId, url } = parsed.data;
  const { result, picture } = await look(url, o.trialSchemes());
  o.logger.info({ code: result.ok ? 'ok' : result.code }, 'camera probed');
  const key = probeKeys.reply(probeId);
  const parts: (string | Buffer)[] = [JSON.stringify(result), ...(picture ? [picture] : [])];
  await o.frames
    .multi()
    .rpush(key, ...parts)
    .pexpire(key, REPLY_LIFE_MS)
    .exec();
}

/** @param trialSchemes `ingest.trialSchemes`: an address such as file: reads what it should not */
export async function look(url: string, trialSchemes: Config['ingest']['trialSchemes']): Promise<Look> {
  const refused = (code: ProbeFailure, detail: string): { result: ProbeResult } => ({
    result: { ok: false, code, detail },
  });
  const fault = urlFault({ url }, { ingest: { trialSchemes } });
  if (fault) return refused('bad-address', `The address ${fault}.`);
  try {
    return await lookAtCamera(cameraSource({ id: 'probe', url }));
  } catch (error) {
    if (!(error instanceof HeadroomError)) throw error;
    return refused(error.code === 'CAMERA_SECRET_MISSING' ? 'secret-missing' : 'bad-address', error.message);
  }
}
