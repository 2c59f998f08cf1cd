/** A real Alertmanager for one test, with a receiver that collects what it sends on. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

/** `gettableAlert` of the API, as far as the tests look. */
export type Gettable = {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  startsAt: string;
  endsAt: string;
  generatorURL?: string;
  status: { state: 'active' | 'suppressed' | 'unprocessed' };
};
export type Notified = { status: 'firing' | 'resolved'; labels: Record<string, string> };

export type Alertmanager = {
  readonly url: string;
  /** All alerts it knows as on. */
  alerts(): Promise<Gettable[]>;
  /** What it told its own receiver, in order. */
  readonly notified: Notified[];
  stop(signal?: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
};

/** @param resolveTimeout after which it takes an alert for ended that is not posted again and names no end, such as `3s` */
export async function startAlertmanager(resolveTimeout = '5m'): Promise<Alertmanager> {
  const dir = await mkdtemp(join(tmpdir(), 'hr-alertmanager-'));
  const notified: Notified[] = [];
  const pager = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { alerts } = JSON.parse(Buffer.concat(chunks).toString()) as { alerts: Notified[] };
      notified.push(...alerts.map(({ status, labels }) => ({ status, labels })));
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => pager.listen(0, '127.0.0.1', resolve));
  const pagerUrl = `http://127.0.0.1:${(pager.address() as AddressInfo).port}/`;
  await writeFile(
    join(dir, 'am.yml'),
    stringify({
      global: { resolve_timeout: resolveTimeout },
      route: { receiver: 'pager', group_by: ['...'], group_wait: '0s', group_interval: '1s', repeat_interval: '1h' },
      receivers: [{ name: 'pager', webhook_configs: [{ url: pagerUrl, send_resolved: true }] }],
    }),
  );
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  const alerts = async (): Promise<Gettable[]> => {
    const response = await fetch(`${url}/api/v2/alerts?inhibited=false`);
    if (!response.ok) throw new Error(`answered ${response.status}`);
    return (await response.json()) as Gettable[];
  };
  const start = async (): Promise<void> => {
    const options = [
      `--config.file=${dir}/am.yml`,
      `--storage.path=${dir}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
      '--log.level=error',
    ];
    child = spawn('prometheus-alertmanager', options, { stdio: 'ignore' });
    await until('Alertmanager answers', async () => (await alerts().catch(() => undefined)) !== undefined, 60_000);
  };
  const stop = (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> =>
    new Promise((resolve) => {
      if (!child || child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once('exit', () => resolve());
      child.kill(signal);
    });
  await start();
  return {
    url,
    alerts,
    notified,
    start,
    stop,
    async close() {
      await stop();
      pager.closeAllConnections();
      await new Promise<void>((resolve) => pager.close(() => resolve()));
      await rm(dir, { recursive: true, force: true });
    },
  };
}
