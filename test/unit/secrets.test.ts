import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { cameraSource, parseConfig } from '../../shared/config/load.ts';
import type { Camera } from '../../shared/config/schema.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { registerSecret, SecretUrl, scrub } from '../../shared/runtime/secrets.ts';

test('a secret URL shows no credentials however it is printed', () => {
  const url = new SecretUrl('rtsp://admin:hunter2two@10.0.0.1:554/s?token=abc');
  const shown = [String(url), JSON.stringify({ url }), inspect(url), `${url}`];
  for (const text of shown) {
    assert.ok(!/hunter2two|admin|abc/.test(text), text);
    assert.match(text, /10\.0\.0\.1:554/);
  }
  assert.equal(url.reveal(), 'rtsp://admin:hunter2two@10.0.0.1:554/s?token=abc');
});

test('a password may hold a plain percent sign, and is kept secret all the same', () => {
  for (const password of ['50%off-CANARY', '%zz-CANARY', '%ff-CANARY', '%-CANARY%2']) {
    const [camera] = parseConfig(`cameras: [{ id: a, url: "rtsp://user:${password}@10.0.0.1/s" }]`).cameras;
    const url = cameraSource(camera as Camera);
    assert.equal(url.reveal(), `rtsp://user:${password}@10.0.0.1/s`);
    assert.equal(scrub(`refused ${password} twice`), 'refused *** twice');
  }
});

test('a password is kept secret as it was written, too', () => {
  new SecretUrl("rtsp://user:it's%2fCANARY%21@10.0.0.1/s");
  const told = "Impossible to open 'rtsp://user:it's%2fCANARY%21@10.0.0.1/s'";
  assert.ok(!scrub(told).includes('CANARY'), scrub(told));
});

test('a broken URL is refused without being repeated', () => {
  assert.throws(
    () => new SecretUrl('no url CANARY_12'),
    (error: Error) => !error.message.includes('CANARY'),
  );
});

const TEXTS: [text: string, clean: string][] = [
  ['open rtsp://user:pa-ss@cam/stream failed', 'open rtsp://***@cam/stream failed'],
  ['rtsp://a.b%40c:p@ss@cam:554/x', 'rtsp://***@cam:554/x'],
  ['rtsp://only-user@cam/x and http://u:p@h', 'rtsp://***@cam/x and http://***@h'],
  ["Impossible to open 'rtsp://cam/x?token=abc&ch=1'", "Impossible to open 'rtsp://cam/x?***'"],
  ['{"msg":"\\"http://cam/x?a=b\\" is it?"}', '{"msg":"\\"http://cam/x?***\\" is it?"}'],
  ['open rtsp://admin:2024/Gate@192.0.2.1/s failed', 'open rtsp://***@192.0.2.1/s failed'],
  ['rtsp://admin:12?4@cam/s and rtsp://admin:1#@5@cam/s', 'rtsp://***@cam/s and rtsp://***@cam/s'],
  ['rtsp://nvr:554/s, me@example.org', 'rtsp://nvr:554/s, me@example.org'],
  ['mail me@example.org, rtsp://cam/x', 'mail me@example.org, rtsp://cam/x'],
];
for (const [text, clean] of TEXTS) test(`scrubs "${text}"`, () => assert.equal(scrub(text), clean));

test('a long word without an address costs next to nothing', () => {
  const word = 'x'.repeat(64 * 1024);
  const begunAt = performance.now();
  assert.equal(scrub(word), word);
  // Trying each letter as the beginning of a scheme took 14 s.
  assert.ok(performance.now() - begunAt < 3000);
});

test('a registered secret is removed raw, encoded and within JSON', () => {
  registerSecret('Sup3r "quoted" pass/word');
  for (const text of [
    'x Sup3r "quoted" pass/word y',
    encodeURIComponent('Sup3r "quoted" pass/word'),
    JSON.stringify('Sup3r "quoted" pass/word'),
  ]) {
    assert.ok(!scrub(text).includes('Sup3r'), text);
  }
});

test('no log line holds a secret, wherever it hides', () => {
  registerSecret('CANARY_LOG_1');
  const lines: string[] = [];
  const logger = createLogger('test', 'trace', { write: (line) => void lines.push(line) });
  logger.info({ url: 'rtsp://u:CANARY_LOG_1@h/s', deep: { list: ['rtsp://u:CANARY_LOG_1@h'] } }, 'with CANARY_LOG_1');
  logger.child({ cameraId: 'CANARY_LOG_1' }).error(new Error('failed: rtsp://u:CANARY_LOG_1@h'));
  assert.equal(lines.length, 2);
  assert.ok(!lines.join('').includes('CANARY_LOG_1'));
  for (const line of lines) assert.equal(typeof JSON.parse(line), 'object');
});
