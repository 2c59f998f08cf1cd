/** Whether the services can listen where they are to, for `headroom doctor`, also beside a Headroom that runs. */
import type { Config } from '../../shared/config/schema.ts';
import { HeadroomError } from '../../shared/runtime/errors.ts';
import { checkPort } from './preflight.ts';

const ANSWER_MS = 2000;

type Place = { setting: string; host: string | undefined; port: number };

/** The gateway's, and the health ports of the others. @throws HeadroomError PORT_UNUSABLE of the first that will not do */
export async function lookAtPorts({ gateway, ingest, worker, alerts }: Config): Promise<string> {
  const health = Object.entries({ ingest, worker, alerts }).flatMap(([service, { httpPort: port }]): Place[] =>
    port === undefined ? [] : [{ setting: `${service}.httpPort`, host: undefined, port }],
  );
  const places: Place[] = [{ setting: 'gateway.port', ...gateway }, ...health];
  const found: string[] = [];
  for (const place of places) {
    const twin = places.find(({ setting, port }) => port === place.port && port !== 0 && setting !== place.setting);
    if (twin) {
      throw new HeadroomError('PORT_UNUSABLE', `${place.setting} and ${twin.setting} are both ${place.port}.`);
    }
    found.push(await lookAtPort(place));
  }
  return found.join(', ');
}

async function lookAtPort({ setting, host, port }: Place): Promise<string> {
  const where = host === undefined ? String(port) : `${host}:${port}`;
  try {
    await checkPort(host, port, setting);
    return `${where} is free`;
  } catch (error) {
    // Whether it is ours, what listens there must say: a lock of the data folder says nothing about ports.
    if (await isOurs(host, port)) return `${where} is taken, by a Headroom that runs`;
    throw error;
  }
}

/** `/healthz` of a gateway says `{"status":"ok"}`, that of the others `ok`. */
async function isOurs(host: string | undefined, port: number): Promise<boolean> {
  const all = host === undefined || host === '0.0.0.0' || host === '::';
  const name = all ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  try {
    const answer = await fetch(`http://${name}:${port}/healthz`, { signal: AbortSignal.timeout(ANSWER_MS) });
    return answer.ok && /^(ok|\{"status":"ok"\})$/.test((await answer.text()).trim());
  } catch {
    return false;
  }
}
