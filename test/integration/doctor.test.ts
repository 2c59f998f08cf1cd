/** What `headroom doctor` finds at real databases and real receivers, and that it changes and sends nothing. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { resolveEndpoint } from '../../services/alerts/deliveries/endpoint.ts';
import { openDatabase } from '../../services/alerts/store/database.ts';
import { lookAtFile, lookAtPostgres } from '../../services/cli/look-at-database.ts';
import { lookAtReceiver } from '../../services/cli/look-at-receiver.ts';
import { lookAtBoth } from '../../services/cli/look-at-redis.ts';
import { loadToStart } from '../../shared/config/last-good.ts';
import { ReceiverEndpoint } from '../../shared/config/receivers.ts';
import { HeadroomError } from '../../shared/runtime/errors.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { startMosquitto } from '../helpers/mosquitto.ts';
import { startPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { runCli } from '../helpers/system.ts';
import { startListener } from '../helpers/webhook-listener.ts';

const refusal = (code: string, words: RegExp, secret?: string) => (error: unknown) => {
  assert.ok(error instanceof HeadroomError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, words);
  if (secret) assert.ok(!error.message.includes(secret) && !error.message.includes(encodeURIComponent(secret)));
  return true;
};

describe('PostgreSQL', () => {
  let server: TestPostgres;
  let url: string;
  before(async () => {
    server = await startPostgres();
    url = await server.database();
  });
  after(() => server.stop());

  it('is found with its version, and left as it was', async () => {
    const found = await lookAtPostgres(url);
    assert.match(
      found,
      new RegExp(`^PostgreSQL \\d+\\.\\d+ at 127\\.0\\.0\\.1:${server.port}/headroom_1, tables may be made$`),
    );
    assert.deepEqual(await server.query(url, `select 1 from pg_tables where tablename like 'headroom_doctor%'`), []);
  });

  it('a user who may not make tables is told so', async () => {
    await server.query(
      url,
      `create role reader login password 'CANARY_reader'; revoke create on schema public from public`,
    );
    const reader = new URL(url);
    reader.username = 'reader';
    reader.password = 'CANARY_reader';
    await assert.rejects(
      lookAtPostgres(reader.href),
      refusal('DATABASE_REFUSED', /may not make tables/, 'CANARY_reader'),
    );
  });

  it('a wrong password, a missing database and a silent port are told apart', async () => {
    const wrong = new URL(url);
    wrong.password = 'CANARY_wrong';
    await assert.rejects(lookAtPostgres(wrong.href), refusal('DATABASE_REFUSED', /refuses the log-in/, 'CANARY_wrong'));
    const missing = url.replace(/headroom_1$/, 'nowhere');
    await assert.rejects(lookAtPostgres(missing), refusal('DATABASE_REFUSED', /no such database/, server.password));
    const silent = url.replace(`:${server.port}/`, `:${await closedPort()}/`);
    await assert.rejects(lookAtPostgres(silent), refusal('DATABASE_UNREACHABLE', /does not answer/, server.password));
  });
});

describe('Redis', () => {
  let server: TestRedis;
  before(async () => {
    server = await startRedis();
  });
  after(() => server.stop());
  const both = () => lookAtBoth({ state: server.url, frames: server.framesUrl });

  it('is written to and left as it was, state and frames alike', async () => {
    assert.match(await both(), /^version \d.*noeviction; state and frames can be written$/);
    assert.equal(await server.client().dbsize(), 0);
    const frames = `unix:///nowhere/r.sock`;
    await assert.rejects(lookAtBoth({ state: server.url, frames }), refusal('REDIS_UNREACHABLE', /nowhere/));
  });

  it('one that follows another server, or refuses the log-in, is told apart from one that is away', async () => {
    const client = server.client();
    await client.call('REPLICAOF', '127.0.0.1', '9');
    await assert.rejects(both(), refusal('REDIS_UNWRITABLE', /READONLY/));
    await client.call('REPLICAOF', 'NO', 'ONE');
    await client.config('SET', 'requirepass', 'CANARY_redis');
    await assert.rejects(both(), refusal('REDIS_REFUSED', /NOAUTH|Authentication required/));
    await client.config('SET', 'requirepass', '');
  });
});

it('a SQLite file needs a folder that can be written', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'hr-doctor-'));
  try {
    assert.equal(await lookAtFile(join(dir, 'h.db')), `SQLite, ${join(dir, 'h.db')}, made at the first start`);
    await assert.rejects(lookAtFile(join(dir, 'no', 'h.db')), refusal('DATABASE_UNUSABLE', /there is no folder/));
    await writeFile(join(dir, 'odd.db'), 'no database at all. '.repeat(99));
    await assert.rejects(lookAtFile(join(dir, 'odd.db')), refusal('DATABASE_UNUSABLE', /not a database/));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

it('a database of a newer Headroom is refused by name, by the start as well', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'hr-doctor-'));
  const file = join(dir, 'h.db');
  try {
    const db = await openDatabase(file);
    assert.equal(await lookAtFile(file), `SQLite, ${file}`);
    await sql`insert into kysely_migration (name, timestamp) values ('9999-later', '2030-01-01')`.execute(db);
    await db.destroy();
    const newer = refusal('DATABASE_MIGRATION', /of a newer Headroom \(.*9999-later\)/);
    await assert.rejects(lookAtFile(file), newer);
    await assert.rejects(openDatabase(file), newer);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

describe('receivers', () => {
  const KEY = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
  const env = { KEY, TOKEN: 'CANARY_path' };
  const webhook = (url: string, more: object = {}) =>
    resolveEndpoint(ReceiverEndpoint.parse({ id: 'duty', kind: 'webhook', url, secrets: ['${KEY}'], ...more }), env);
  const loopback = { allow: ['127.0.0.1'], allowHttp: true };

  it('one that listens is reached and sent nothing', async () => {
    const listener = await startListener(KEY);
    try {
      const found = await lookAtReceiver(webhook(`http://127.0.0.1:${listener.port}/\${TOKEN}`, loopback));
      assert.equal(found, `webhook at 127.0.0.1:${listener.port}, reached without TLS; nothing was sent`);
      assert.deepEqual([listener.received.length, listener.forged.length], [0, 0]);
    } finally {
      await listener.close();
    }
  });

  it('what is wrong is said with what to do, and never with the path', async () => {
    const port = await closedPort();
    const cases: [ReturnType<typeof webhook>, RegExp][] = [
      [webhook(`http://127.0.0.1:${port}/\${TOKEN}`, { allowHttp: true }), /private or reserved.*"allow"/],
      [webhook(`http://localhost:${port}/\${TOKEN}`, { allowHttp: true }), /private or reserved.*"allow"/],
      [webhook(`http://127.0.0.1:${port}/\${TOKEN}`, loopback), /nothing listens there/],
      [webhook('https://no-such-host.invalid/${TOKEN}'), /name cannot be found/],
    ];
    for (const [endpoint, words] of cases) {
      await assert.rejects(lookAtReceiver(endpoint), refusal('RECEIVER_UNREACHABLE', words, 'CANARY_path'));
    }
  });

  it('a broker’s certificate is judged by the authority that was named', async () => {
    const broker = await startMosquitto({ tls: true });
    try {
      const url = `mqtts://127.0.0.1:${broker.port}`;
      const mqtt = (more: object) =>
        resolveEndpoint(ReceiverEndpoint.parse({ id: 'home', kind: 'mqtt', url, allow: ['127.0.0.1'], ...more }), env);
      const found = await lookAtReceiver(mqtt({ caFile: broker.caFile }));
      assert.match(
        found,
        /^mqtt at 127\.0\.0\.1:\d+, TLSv1\.[23], certificate until \d{4}-\d\d-\d\d; nothing was sent$/,
      );
      await assert.rejects(
        lookAtReceiver(mqtt({})),
        refusal('RECEIVER_UNREACHABLE', /no trusted TLS connection.*\(.+\)/),
      );
    } finally {
      await broker.close();
    }
  });

  it('one that takes the connection and says nothing is not waited for', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
    try {
      const { port } = silent.address() as AddressInfo;
      const endpoint = webhook(`https://127.0.0.1:${port}/`, loopback);
      await assert.rejects(lookAtReceiver(endpoint, 500), refusal('RECEIVER_UNREACHABLE', /no answer within/));
    } finally {
      silent.close();
    }
  });
});

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

describe('a faulty configuration', () => {
  it('is told with its faults, and with what Headroom goes by meanwhile', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'hr-doctor-'));
    try {
      const file = join(dir, 'headroom.yaml');
      await writeFile(file, 'cameras: []\n');
      await loadToStart(file, createLogger('test', 'silent'));
      await writeFile(file, 'camera: []\n');
      const { code, stdout } = await runCli(['doctor', '--config', file]);
      assert.equal(code, 1);
      assert.match(
        stdout,
        /FAIL {2}configuration: .*\n.*:1:1 {2}camera: is not a known setting\n.*headroom\.yaml\.good of 20/,
      );
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});
