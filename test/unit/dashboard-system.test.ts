/** What the system page makes of a report: what asks for attention, in which order, and a card's Markdown. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { safeHref, tokensOf } from '../../services/dashboard/src/system/markdown.ts';
import { problemsOf } from '../../services/dashboard/src/system/problems.ts';
import {
  filtered,
  isBehind,
  missingServices,
  orderedCameras,
  readableBytes,
} from '../../services/dashboard/src/system/report-view.ts';
import { systemEn } from '../../services/dashboard/src/system/system-en.ts';
import { systemKo } from '../../services/dashboard/src/system/system-ko.ts';
import { en } from '../../services/dashboard/src/text/en.ts';
import { ko } from '../../services/dashboard/src/text/ko.ts';
import type { SystemReport } from '../../shared/contracts/system.ts';

type Camera = SystemReport['cameras'][number];
const camera = (cameraId: string, more: Partial<Camera> = {}): Camera => ({
  ...{ cameraId, name: cameraId, status: 'ok', wantedFps: 2, sampledFps: 2, countedFps: 2, reconnects: 0 },
  recentDrops: 0,
  ...more,
});
const service = (name: string) => ({ service: name, instance: `${name}-1`, startedAt: 0, seenAgoMs: 100 });
const whole: SystemReport = {
  ...{ at: 1_790_000_000_000, windowMs: 60_000, version: '1.0.0' },
  state: {
    ...{ ingest: 'up', inference: 'up', redis: 'up' },
    alerts: { leader: 'up', database: 'up', backlog: 0, failing: [] },
  },
  services: ['ingest', 'worker', 'alerts', 'gateway'].map(service),
  ...{ workers: [], latency: {}, drops: [], cameras: [camera('a')] },
};

describe('what asks for attention', () => {
  it('nothing, when all is well', () => {
    assert.deepEqual(problemsOf(whole, systemEn, en), []);
  });

  const gib = 1024 ** 3;
  const cases: [string, Partial<SystemReport>, RegExp, RegExp][] = [
    [
      'a service that is away',
      { services: [service('ingest'), service('alerts'), service('gateway')] },
      /Counting does not run/,
      /계수: 실행 중이 아닙니다/,
    ],
    [
      'no leader',
      { state: { ...whole.state, alerts: { leader: 'down' } } },
      /no reading is judged/,
      /판정하지 않습니다/,
    ],
    [
      'a configuration that no service could start with',
      { faultyConfig: 'headroom.yaml' },
      /headroom\.yaml has faults/,
      /headroom\.yaml에 오류가/,
    ],
    [
      'a full disk',
      { disk: { freeBytes: gib, totalBytes: 100 * gib, low: true } },
      /1\d{3} MiB|1 GiB left/,
      /1 GiB 남음/,
    ],
    [
      'a full Redis',
      { redis: { state: { usedBytes: 90, maxBytes: 100 }, frames: { usedBytes: 1 }, sameServer: false } },
      /^Redis, state: 90%/,
      /^Redis, 상태: .*90%/,
    ],
    [
      'a full Redis for both databases, once',
      {
        redis: { state: { usedBytes: 90, maxBytes: 100 }, frames: { usedBytes: 90, maxBytes: 100 }, sameServer: true },
      },
      /^Redis, all: 90%/,
      /^Redis, 전체: .*90%/,
    ],
    [
      'blind cameras',
      { cameras: [camera('a', { status: 'stale' }), camera('b', { status: 'no-signal' })] },
      /2 cameras without a count/,
      /2대/,
    ],
    ['slow counting', { cameras: [camera('a', { countedFps: 1 })] }, /1 camera counted more slowly/, /1대/],
    ['a refused model', { state: { ...whole.state, refusedModels: ['night'] } }, /refused.*night/, /night/],
  ];
  for (const [what, more, english, korean] of cases) {
    it(`${what}, in both languages`, () => {
      const report = { ...whole, ...more };
      const told = problemsOf(report, systemEn, en);
      assert.equal(told.length, 1, told.join(' | '));
      assert.match(told[0] ?? '', english);
      assert.match(problemsOf(report, systemKo, ko)[0] ?? '', korean);
    });
  }

  it('a young window accuses nobody of being slow', () => {
    assert.equal(isBehind(camera('a', { countedFps: 0 }), 5_000), false);
    assert.equal(isBehind(camera('a', { wantedFps: 0.05, countedFps: 0 }), 60_000), false, 'three pictures a minute');
    assert.equal(isBehind(camera('a', { countedFps: 1.7 }), 60_000), true);
    assert.deepEqual(missingServices(whole), []);
  });

  it('cameras without a count stand first, then slow ones, then by name', () => {
    const cameras = [camera('z'), camera('b', { countedFps: 0.1 }), camera('y', { status: 'no-signal' }), camera('a')];
    assert.deepEqual(
      orderedCameras({ cameras, windowMs: 60_000 }).map(({ cameraId }) => cameraId),
      ['y', 'b', 'a', 'z'],
    );
  });
});

describe('figures and lists', () => {
  it('sizes are short and binary', () => {
    assert.deepEqual(readableBytes(0), { value: 0, unit: 'B' });
    assert.equal(systemEn.bytes(45 * 1024 ** 2), '45 MiB');
    assert.equal(systemEn.bytes(1.5 * 1024 ** 3), '1.5 GiB');
    assert.equal(systemKo.bytes(999), '999 B');
  });

  it('deliveries by state and receiver', () => {
    const one = { messageId: 'm', attempts: 1, createdAt: 0, tries: [] };
    const records = [
      { ...one, deliveryId: '1', endpoint: 'a', status: 'dead' },
      { ...one, deliveryId: '2', endpoint: 'b', status: 'dead' },
      { ...one, deliveryId: '3', endpoint: 'a', status: 'delivered' },
    ];
    const ids = (status: string, endpoint: string) => filtered(records, { status, endpoint }).map((r) => r.deliveryId);
    assert.deepEqual(ids('', ''), ['1', '2', '3']);
    assert.deepEqual(ids('dead', ''), ['1', '2']);
    assert.deepEqual(ids('dead', 'a'), ['1']);
  });
});

describe("a model's card", () => {
  it('HTML in it stays text, and links lead only to the web', () => {
    const [token] = tokensOf('<script>alert(1)</script>');
    assert.equal(token?.type, 'html');
    assert.equal(safeHref('javascript:alert(1)'), undefined);
    assert.equal(safeHref('https://example.org/'), 'https://example.org/');
  });

  it("the shipped model's card is headings, paragraphs, tables and lists only", () => {
    const tokens = tokensOf(readFileSync('models/standard/MODEL_CARD.md', 'utf8'));
    const drawn = new Set(['heading', 'paragraph', 'table', 'list', 'space', 'code', 'hr', 'blockquote', 'text']);
    assert.deepEqual(
      [...new Set(tokens.map(({ type }) => type))].filter((type) => !drawn.has(type)),
      [],
    );
    assert.ok(tokens.some(({ type }) => type === 'table'));
  });
});
