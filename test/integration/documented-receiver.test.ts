/** The receiver of docs/alerts.md, run as it stands there, takes what Headroom signs and nothing else. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { signatureHeader, webhookKey } from '../../services/alerts/deliveries/webhook/signature.ts';
import { freePort } from '../helpers/free-port.ts';
import { until } from '../helpers/until.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const OTHER = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;

test('the documented receiver', async () => {
  const [, code = ''] = /```js\n([\s\S]*?)```/.exec(await readFile('docs/alerts.md', 'utf8')) ?? [];
  const port = await freePort();
  const receiver = spawn(process.execPath, ['--input-type=module', '-e', code.replace('9099', String(port))], {
    env: { ...process.env, CONTROL_ROOM_SECRET: SECRET },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  receiver.stdout.on('data', (data) => {
    said += data;
  });
  const body = '{"type":"alert.firing","data":{"mode":"actual","cameraId":"gate-3","to":{"level":"severe"}}}';
  const send = async (header: string, at: number): Promise<number> => {
    const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': String(at), 'webhook-signature': header };
    return (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body })).status;
  };
  const now = Math.floor(Date.now() / 1000);
  const signed = (secrets: string[], at: number) =>
    signatureHeader(
      secrets.map((secret) => webhookKey(secret, 's')),
      'msg_1',
      at,
      body,
    );
  try {
    await until('it listens', () => send('', now).catch(() => 0));
    assert.equal(await send(signed([SECRET], now), now), 204);
    assert.equal(await send(signed([OTHER, SECRET], now), now), 204, 'while the key is changed');
    assert.equal(said, 'msg_1 alert.firing actual gate-3 severe\n'.repeat(2));
    assert.equal(await send(signed([OTHER], now), now), 401);
    assert.equal(await send(signed([SECRET], now), now + 1), 401);
    assert.equal(await send(signed([SECRET], now - 3600), now - 3600), 401, 'kept and sent again');
  } finally {
    receiver.kill('SIGKILL');
  }
});
