/** A real MQTT broker for one test: its own port, folder, user and, if wanted, certificates. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type MqttClient } from 'mqtt';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

export type Heard = { topic: string; payload: string; retained: boolean; at: number };

export type Mosquitto = {
  readonly port: number;
  readonly url: string;
  /** Of the authority that signed the broker's certificate. */
  readonly caFile: string;
  readonly password: string;
  /** Listens like any other client, through restarts of the broker. @returns all it has heard */
  listen(...topics: string[]): Promise<Heard[]>;
  /** What stands at the broker now: asked by a client that has just come. */
  retained(topic: string): Promise<Map<string, string>>;
  publish(topic: string, payload: string, retain: boolean): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
  pause(): void;
  resume(): void;
  close(): Promise<void>;
};

const USER = 'headroom';

/** @param tls the broker speaks TLS only, with a certificate of its own authority */
export async function startMosquitto({ tls = false } = {}): Promise<Mosquitto> {
  const dir = await mkdtemp(join(tmpdir(), 'hr-mosquitto-'));
  // The broker gives up root: it must still be able to read its files.
  await chmod(dir, 0o755);
  const port = await freePort();
  const password = 'CANARY_mqtt_pw';
  const passwordFile = join(dir, 'users');
  execFileSync('mosquitto_passwd', ['-b', '-c', passwordFile, USER, password]);
  await chmod(passwordFile, 0o644);
  if (tls) await makeCertificates(dir);
  const config = join(dir, 'mosquitto.conf');
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous false',
    `password_file ${passwordFile}`,
    // A broker that is killed forgets all it held: what stood there must come again.
    'persistence false',
    ...(tls ? [`cafile ${dir}/ca.crt`, `certfile ${dir}/server.crt`, `keyfile ${dir}/server.key`] : []),
  ];
  await writeFile(config, `${lines.join('\n')}\n`);
  const url = `${tls ? 'mqtts' : 'mqtt'}://127.0.0.1:${port}`;
  const clients: MqttClient[] = [];
  let child: ChildProcess | undefined;

  const open = (reconnect: boolean): MqttClient => {
    const client = connect(url, {
      username: USER,
      password,
      reconnectPeriod: reconnect ? 200 : 0,
      clientId: `test-${Math.random().toString(16).slice(2)}`,
      rejectUnauthorized: false,
    });
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  };
  const start = async (): Promise<void> => {
    child = spawn('mosquitto', ['-c', config], { stdio: 'ignore', env: { ...process.env, PATH: pathOf() } });
    await until('the broker answers', async () => {
      const client = open(false);
      try {
        await until('connected', () => client.connected, 1000);
        return true;
      } catch {
        return false;
      } finally {
        client.end(true);
      }
    });
  };
  const stop = (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> =>
    new Promise((resolve) => {
      if (!child || child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once('exit', () => resolve());
      child.kill(signal);
    });
  await start();
  return {
    port,
    url,
    caFile: join(dir, 'ca.crt'),
    password,
    async listen(...topics) {
      const heard: Heard[] = [];
      const client = open(true);
      client.on('message', (topic, payload, packet) =>
        heard.push({ topic, payload: payload.toString(), retained: packet.retain, at: Date.now() }),
      );
      await client.subscribeAsync(topics, { qos: 1 });
      return heard;
    },
    async retained(topic) {
      const found = new Map<string, string>();
      const client = open(false);
      client.on('message', (name, payload) => found.set(name, payload.toString()));
      await client.subscribeAsync([topic, 'test/fence'], { qos: 1 });
      // What is retained comes before what is published after the subscription.
      await client.publishAsync('test/fence', 'x', { qos: 1 });
      await until('the fence', () => found.has('test/fence'));
      found.delete('test/fence');
      client.end(true);
      return found;
    },
    async publish(topic, payload, retain) {
      const client = open(false);
      await client.publishAsync(topic, payload, { qos: 1, retain });
      await client.endAsync();
    },
    start,
    stop,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async close() {
      for (const client of clients) client.end(true);
      child?.kill('SIGCONT');
      await stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Debian keeps the broker off the PATH of users. */
const pathOf = (): string => `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin`;

async function makeCertificates(dir: string): Promise<void> {
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: dir, stdio: 'ignore' });
  const days = ['-days', '2'];
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    ...days,
    '-subj',
    '/CN=Test',
  );
  openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'server.key',
    '-out',
    'server.csr',
    '-subj',
    '/CN=localhost',
  );
  await writeFile(join(dir, 'names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  openssl(
    'x509',
    '-req',
    '-in',
    'server.csr',
    '-CA',
    'ca.crt',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-out',
    'server.crt',
    ...days,
    '-extfile',
    'names',
  );
  await chmod(join(dir, 'server.key'), 0o644);
}
