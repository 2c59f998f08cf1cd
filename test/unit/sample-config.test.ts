/** What the documents show of headroom.yaml works, is complete, and is true. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { cameraSource, parseConfig } from '../../shared/config/load.ts';
import { Config } from '../../shared/config/schema.ts';
import { allSettings, states } from '../helpers/settings.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}/${path}`, 'utf8');

const sample = read('headroom.example.yaml');
/** The sample with the settings that are off switched on. */
const complete = sample.replace(/^(\s*)#(?=[a-z])/gim, '$1');

const smallest = `gateway: { port: 8080 }
cameras:
  - { id: gate-3, url: "rtsp://user:\${GATE3_PASSWORD}@10.0.0.13/stream", sampleFps: 2 }
`;

describe('headroom.example.yaml', () => {
  it('is a configuration as it stands, and with every setting on', () => {
    assert.equal(parseConfig(sample).cameras.length, 3);
    assert.equal(parseConfig(complete).worker.httpPort, 9102);
  });

  it('has every setting', () => {
    const value: unknown = parse(complete);
    const missing = allSettings().filter(({ path }) => !states(value, path));
    assert.deepEqual(missing, []);
  });

  it('would be refused with a setting that does not exist', () => {
    assert.throws(() => parseConfig(sample.replace('maxConnecting:', 'maxConecting:')), /is not a known setting/);
  });

  it('shows defaults where it shows no example', () => {
    const { cameras: _, deliveries, ...shown } = parseConfig(sample);
    const { cameras: __, deliveries: usual, ...defaults } = Config.parse({});
    const { runbooks, ...alerts } = shown.alerts;
    assert.deepEqual({ ...shown, alerts: { ...alerts, runbooks: {} } }, defaults);
    assert.ok(runbooks.severe, 'an example of a text');
    assert.deepEqual({ ...deliveries, endpoints: [] }, usual);
  });

  it('points editors at the schema', () => {
    const [, path] = /yaml-language-server: \$schema=(\S+)/.exec(sample) ?? [];
    assert.ok(JSON.parse(read(path as string)).properties.cameras);
  });
});

describe('the smallest configuration', () => {
  const [camera] = parseConfig(smallest).cameras;

  it('works', () => {
    assert.equal(camera?.sampleFps, 2);
    assert.equal(camera?.inferenceWidth, 'native');
  });

  it('takes its password from the environment, percent-encoded', () => {
    const source = cameraSource(camera as NonNullable<typeof camera>, { GATE3_PASSWORD: 'a/b@c d' });
    assert.equal(source.reveal(), 'rtsp://user:a%2Fb%40c%20d@10.0.0.13/stream');
    assert.ok(!String(source).includes('a%2Fb'));
  });
});

describe('docs/configuration.md', () => {
  const text = read('docs/configuration.md');
  const blocks = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block]) => block as string);

  it('has examples', () => assert.ok(blocks.length >= 5));

  for (const [index, block] of blocks.entries()) {
    it(`example ${index + 1} (${block.split('\n')[0]}) is a configuration`, () => void parseConfig(block));
  }

  /** Rows of the tables: setting, default, text. */
  const rows = new Map(
    [...text.matchAll(/^\| `([^`]+)` \| (.*?) \| (.+) \|$/gm)].map(([, path, ...rest]) => [path, rest]),
  );

  for (const { path, fallback } of allSettings()) {
    it(`tells ${path} with its default`, () => {
      const [shown = '', why = ''] = rows.get(path) ?? [];
      assert.ok(why.length > 10, `no row for ${path}`);
      const [, value] = /^`(.*)`$/.exec(shown) ?? [];
      if (fallback === undefined) assert.ok(!value && shown, `${path} has no default, but ${shown} is shown`);
      else assert.deepEqual(value && parse(value), fallback);
    });
  }

  it('tells of no setting that does not exist', () => {
    const known = new Set(allSettings().map(({ path }) => path));
    const invented = [...rows.keys()].filter((path) => !known.has(path as string) && !/^[A-Z_]+$/.test(path as string));
    assert.deepEqual(invented, []);
  });

  it('tells of every environment variable that the code reads', () => {
    const files = globSync(['services/**/*.ts', 'shared/**/*.ts', 'infra/scripts/*.sh'], { cwd: ROOT });
    const text = files
      .filter((file) => !file.startsWith('services/dashboard/'))
      .map(read)
      .join('\n');
    const used = text.matchAll(/\benv\.([A-Z][A-Z_]+)|\$\{(HEADROOM_[A-Z_]+):-/g);
    const names = new Set([...used].map(([, inCode, inShell]) => inCode ?? inShell));
    assert.ok(names.has('HEADROOM_FFMPEG') && names.size >= 6, String([...names]));
    assert.deepEqual(
      [...names].filter((name) => !rows.has(name)),
      [],
    );
  });
});
