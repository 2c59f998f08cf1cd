/** Rules made from a configuration, their defaults, and the trend behind forecasts. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { observeZone, type Trends } from '../../services/alerts/rules/observe.ts';
import { isClearOf, reaches } from '../../services/alerts/rules/rule.ts';
import { rulesOf } from '../../services/alerts/rules/rules-of.ts';
import { configVersion } from '../../services/alerts/thresholds/config-version.ts';
import { parseConfig } from '../../shared/config/load.ts';
import { Config } from '../../shared/config/schema.ts';
import { RAISED_LEVELS } from '../../shared/contracts/alert.ts';
import { addToTrend, emptyTrend, slopeOf, type Trend } from '../../shared/readings/trend.ts';
import { countedBy } from '../../shared/readings/zone-trend.ts';
import { calibrated, withCapacity } from '../helpers/timeline.ts';

const kinds = (config: unknown): string[] => rulesOf(Config.parse(config)).map((rule) => rule.kind);

/** A figure a second, from a function of the seconds. */
function trendOf(seconds: number, figure: (atS: number) => number, windowMs = 300_000): Trend {
  let trend = emptyTrend();
  for (let s = 0; s < seconds; s++) trend = addToTrend(trend, s * 1000, figure(s), windowMs);
  return trend;
}

/** Repeatable noise, -1..1. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

describe('rules of a configuration', () => {
  it('the smallest configuration is valid and has the rules on blindness', () => {
    const config = parseConfig('cameras:\n  - { id: gate-3, url: "rtsp://10.0.0.13/stream" }\n');
    assert.deepEqual(
      rulesOf(config).map((rule) => rule.key),
      ['gate-3~camera-picture', 'inference-behind', 'ingest-down'],
    );
  });

  it('density needs calibration, occupancy a capacity, a forecast something to reach', () => {
    const always = ['camera-picture', 'inference-behind', 'ingest-down'];
    assert.deepEqual(kinds(calibrated()), ['zone-density', 'zone-forecast', 'not-judged', ...always]);
    assert.deepEqual(kinds(withCapacity()), ['zone-occupancy', 'zone-forecast', 'not-judged', ...always]);
    assert.deepEqual(kinds(withCapacity({ zone: { capacity: undefined } })), always);
  });

  it('clear lines lie below their thresholds, for every profile', () => {
    for (const profile of ['standing', 'moving', 'stairs', 'queue']) {
      const rule = rulesOf(Config.parse(calibrated({ zone: { profile } })))[0];
      assert.ok(rule);
      for (const level of RAISED_LEVELS) assert.ok((rule.clearAt[level] ?? 0) < (rule.raiseAt[level] ?? 0));
    }
  });

  it('a forecast of an hour or more is raised by what fills, and is over when nothing does', () => {
    for (const cautionMin of [10, 58, 60, 90]) {
      const config = Config.parse({ ...withCapacity(), alerts: { forecast: { cautionMin, alertMin: 5 } } });
      const rule = rulesOf(config).find(({ kind }) => kind === 'zone-forecast');
      const target = rule?.trend?.follows[0]?.target;
      assert.ok(rule?.trend && target && rule.zoneId && rule.cameraId);
      const { of, windowMs } = rule.trend;
      const minutesAt = (perMin: number): number => {
        const figure = (s: number) => target - perMin * 30 - ((300 - s) / 60) * perMin - (perMin === 0 ? 30 : 0);
        const model = { name: 'm', version: '1' };
        let trend = emptyTrend(countedBy(of, model));
        for (let s = 0; s < 300; s++) trend = addToTrend(trend, s * 1000, figure(s), windowMs);
        const zone = {
          zoneId: rule.zoneId as string,
          name: 'z',
          count: figure(300),
          interval: [0, 99],
          calibrated: false,
        };
        const reading = {
          type: 'reading',
          cameraId: rule.cameraId,
          status: 'ok',
          seq: 9,
          capturedAt: 300_000,
          zones: [zone],
          model,
        };
        const { observation } = observeZone(rule, reading as never, { count: trend });
        assert.equal(observation.kind, 'value');
        return (observation as { value: number }).value;
      };
      assert.ok(Math.abs(minutesAt(1) - 30) < 0.1, `full in 30 minutes, told ${minutesAt(1)}`);
      const still = minutesAt(0);
      assert.ok(
        !reaches(rule, still, rule.raiseAt.caution as number),
        `nobody comes, and ${still} min raise ${cautionMin}`,
      );
      assert.ok(isClearOf(rule, still, rule.clearAt.caution as number), `nobody comes, and ${still} min are not clear`);
    }
  });

  it('a forecast tells of whatever comes first: a density that rises says nothing of people over capacity', () => {
    const alerts = { trendWindowMs: 300_000, trendMinMs: 180_000 };
    const both = calibrated({ alerts, zone: { capacity: 100, limits: { count: { severe: 200 } } } });
    const rule = rulesOf(Config.parse(both)).find(({ kind }) => kind === 'zone-forecast');
    assert.ok(rule?.zoneId);
    const minutes = (perMin: { density: number; count: number }): number | undefined => {
      let trends: Trends | undefined;
      let value: number | undefined;
      for (let s = 0; s <= 300; s++) {
        const figures = { count: 60 + (perMin.count * s) / 60, peakPeoplePerSqm: 2 + (perMin.density * s) / 60 };
        const zone = { zoneId: rule.zoneId, name: 'z', interval: [0, 99], calibrated: true, ...figures };
        const model = { name: 'm', version: '1' };
        const reading = { status: 'ok', cameraId: rule.cameraId, seq: s, capturedAt: s * 1000, zones: [zone], model };
        const seen = observeZone(rule, reading as never, trends);
        trends = seen.trends;
        value = seen.observation.kind === 'value' ? seen.observation.value : undefined;
      }
      return value;
    };
    // Severe: 110 people (110 % of the capacity, before the 200), 5 per m².
    assert.equal(Math.round(minutes({ density: 0, count: 8 }) ?? Number.NaN), 1, 'people alone rise: 100 of 110');
    assert.equal(Math.round(minutes({ density: 0.4, count: 0 }) ?? Number.NaN), 3, 'density alone rises: 4 of 5');
    assert.equal(Math.round(minutes({ density: 0.4, count: 8 }) ?? Number.NaN), 1, 'both: the people come first');
    assert.equal(minutes({ density: 0, count: 0 }), 60, 'neither');
  });

  it('thresholds that do not rise are refused, by name and without their values', () => {
    const text = 'alerts:\n  profiles:\n    standing: { caution: 4.125, severe: 3.875 }\n';
    assert.throws(
      () => parseConfig(text, 'f'),
      (error: Error) => {
        assert.match(error.message, /f:3:\d+ {2}alerts\.profiles\.standing\.severe: must be above the level before it/);
        return !error.message.includes('3.875');
      },
    );
  });

  it('the version changes with a threshold and with nothing else', () => {
    const version = (alerts: object) => configVersion(Config.parse(calibrated({ alerts })));
    assert.equal(version({}), version({}));
    assert.notEqual(version({}), version({ clearMs: 61_000 }));
    const other = Config.parse({ ...calibrated(), gateway: { port: 9999 } });
    assert.equal(configVersion(other), version({}));
  });

  it('the documented defaults are the defaults', async () => {
    const page = await readFile(new URL('../../docs/thresholds.md', import.meta.url), 'utf8');
    const { alerts } = Config.parse({});
    for (const [profile, thresholds] of Object.entries(alerts.profiles)) {
      const row = RAISED_LEVELS.map((level) => (thresholds[level] ?? 0).toFixed(1)).join(' | ');
      assert.ok(page.includes(`| \`${profile}\` | ${row} |`), `${profile}: ${row}`);
    }
    const dwell = RAISED_LEVELS.map((level) => alerts.dwellMs[level] / 1000).join(' | ');
    assert.ok(page.includes(`| \`dwellMs\`, s | ${dwell} |`), dwell);
    const occupancy = RAISED_LEVELS.map((level) => `${Math.round((alerts.occupancy[level] ?? 0) * 100)} %`).join(' | ');
    assert.ok(page.includes(`| \`occupancy\` | ${occupancy} |`), occupancy);
  });
});

describe('trend', () => {
  it('finds a slope, in people a minute', () => {
    const slope = slopeOf(
      trendOf(300, (s) => 20 + s / 4),
      180_000,
    );
    assert.ok(slope?.significant);
    assert.ok(Math.abs(slope.perMin - 15) < 0.01);
  });

  it('says nothing before enough has been seen', () => {
    assert.equal(
      slopeOf(
        trendOf(170, (s) => s),
        180_000,
      ),
      undefined,
    );
  });

  for (const stepMs of [500, 530, 3000, 11_000]) {
    it(`with a window no longer than the least time states a slope, too, at a picture every ${stepMs} ms`, () => {
      let trend = emptyTrend();
      for (let at = 0; at < 600_000; at += stepMs) trend = addToTrend(trend, at, at / 4000, 180_000);
      assert.ok(slopeOf(trend, 180_000)?.significant);
    });
  }

  it('shrugs off a fifth of wild counts', () => {
    const slope = slopeOf(
      trendOf(300, (s) => (s % 50 < 10 ? 500 : s / 4)),
      180_000,
    );
    assert.ok(slope && Math.abs(slope.perMin - 15) < 2, String(slope?.perMin));
  });

  it('finds slopes in pure noise no more often than one time in ten', () => {
    let found = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const random = noise(seed * 7919);
      if (
        slopeOf(
          trendOf(300, () => 100 + 10 * random()),
          180_000,
        )?.significant
      )
        found += 1;
    }
    assert.ok(found <= 20, `${found} of 200`);
  });

  it('is not fooled much more by counts that wander slowly', () => {
    let found = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const random = noise(seed * 104_729);
      let level = 0;
      const wander = () => {
        level = 0.95 * level + random();
        return 100 + 5 * level;
      };
      if (slopeOf(trendOf(300, wander), 180_000)?.significant) found += 1;
    }
    assert.ok(found <= 40, `${found} of 200`);
  });

  it('starts anew after a long gap and never lets a clock step in', () => {
    let trend = trendOf(300, (s) => s);
    trend = addToTrend(trend, 300_000 + 600_000, 0, 300_000);
    assert.equal(trend.bins.length, 0);
    const back = addToTrend(
      trendOf(300, (s) => s / 4),
      -600_000,
      75,
      300_000,
    );
    const slope = slopeOf(back, 180_000);
    assert.ok(slope && Math.abs(slope.perMin - 15) < 0.01);
  });

  it('holds no more than its window, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -5000, max: 40_000 }), fc.double({ min: 0, max: 1e4, noNaN: true }))),
        (parts) => {
          let trend = emptyTrend();
          let at = 0;
          for (const [stepMs, value] of parts) {
            at += stepMs;
            trend = addToTrend(trend, at, value, 300_000);
            assert.ok(trend.bins.length <= 31);
            assert.ok(trend.bins.every((bin) => Number.isFinite(bin.value)));
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
