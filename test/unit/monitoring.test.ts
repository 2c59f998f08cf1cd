/** Prometheus rules, the Grafana dashboard and the list in docs/operations.md speak of metrics that exist. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { z } from 'zod';
import { expressionFaults, type MetricFact, metricsCatalogue, metricsIn } from '../helpers/metrics-catalogue.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Comes with Prometheus; the one judge of what an expression says to real series. */
const promtool = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'promtool')));
const read = (path: string): string => readFileSync(`${ROOT}/${path}`, 'utf8');

let own: Map<string, MetricFact>;
let all: Map<string, MetricFact>;
before(async () => {
  own = await metricsCatalogue();
  all = await metricsCatalogue(true);
});

const Rules = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Headroom[A-Z]\w+$/),
          expr: z.string(),
          for: z
            .string()
            .regex(/^\d+[smh]$/)
            .optional(),
          labels: z.strictObject({ severity: z.enum(['page', 'ticket']) }),
          annotations: z.strictObject({ summary: z.string().min(10) }),
        }),
      ),
    }),
  ),
});

describe('infra/prometheus/alerts.yml', () => {
  const { groups } = Rules.parse(parse(read('infra/prometheus/alerts.yml')));
  const rules = groups.flatMap((group) => group.rules);

  for (const { alert, expr, annotations } of rules) {
    it(`${alert} asks for what is there`, () => {
      assert.deepEqual(expressionFaults(expr, all), []);
      for (const [, label = ''] of annotations.summary.matchAll(/\$labels\.(\w+)/g)) {
        assert.match(expr, new RegExp(`by \\([^)]*\\b${label}\\b`), `${label} is not in the result`);
      }
    });
  }

  it('fires on series that call for it, and on no others', { skip: !promtool && 'no promtool here' }, async () => {
    await promisify(execFile)('promtool', ['test', 'rules', 'test/fixtures/alert-rules.yaml'], { cwd: ROOT });
  });

  it('has no alert twice', () => assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length));
});

describe('infra/prometheus/prometheus.yml', () => {
  const config = parse(read('infra/prometheus/prometheus.yml'));

  it('loads the rules, and scrapes the gateway of the compose file alone', () => {
    assert.deepEqual(config.rule_files, ['alerts.yml']);
    const [job, ...others] = config.scrape_configs;
    assert.deepEqual(others, []);
    assert.equal(job.honor_labels, true);
    const compose = parse(read('docker-compose.yml'), { merge: true });
    const [host, port] = job.static_configs[0].targets[0].split(':');
    assert.ok(compose.services[host].ports[0].endsWith(`:${port}`));
  });
});

type Panel = {
  title: string;
  gridPos: Record<'x' | 'y' | 'w' | 'h', number>;
  targets: { expr: string; legendFormat: string }[];
};

describe('infra/grafana/headroom.json', () => {
  const { panels } = JSON.parse(read('infra/grafana/headroom.json')) as { panels: Panel[] };

  for (const { title, targets } of panels) {
    it(`"${title}" asks for what is there`, () => {
      for (const { expr } of targets) assert.deepEqual(expressionFaults(expr, all), [], expr);
    });
  }

  it('shows every metric of ours', () => {
    const shown = new Set(panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => metricsIn(expr))));
    const missing = [...own].filter(([name]) => !shown.has(name) && !shown.has(`${name}_bucket`)).map(([name]) => name);
    assert.deepEqual(missing, []);
  });

  it('lays no panel over another', () => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    assert.equal(new Set(cells).size, cells.length);
    assert.ok(panels.every(({ gridPos }) => gridPos.x + gridPos.w <= 24));
  });
});

describe('docs/operations.md', () => {
  /** Rows: metric, type, labels. */
  const rows = [...read('docs/operations.md').matchAll(/^\| `(headroom_\w+)` \| (\w+) \| ([^|]*) \|/gm)];

  it('lists every metric of ours with its type and labels', () => {
    const told = rows.map(([, name, type, labels = '']) => [
      name,
      type,
      [...labels.matchAll(/`(\w+)`/g)].map((m) => m[1]),
    ]);
    const real = [...own].map(([name, { type, labels }]) => [name, type, labels]);
    const byName = (a: unknown[], b: unknown[]) => String(a[0]).localeCompare(String(b[0]));
    assert.deepEqual(told.sort(byName), real.sort(byName));
  });
});

describe('the check itself', () => {
  for (const [expression, fault] of [
    ['headroom_frames_smapled_total', /no metric headroom_frames_smapled_total/],
    ['rate(headroom_queue_wait_seconds[5m])', /take its _bucket/],
    ['rate(headroom_camera_live[5m])', /no rate/],
    ['sum by (cmaera) (headroom_camera_live)', /label cmaera/],
    ['headroom_camera_live{cam="a"}', /label cam/],
    ['headroom_camera_live_bucket', /no metric/],
  ] as const) {
    it(`refuses ${expression}`, () => assert.match(expressionFaults(expression, all).join(), fault));
  }
});
