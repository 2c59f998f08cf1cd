/** Thresholds tried on recorded history: the live machine's own decisions, played over the past. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tryThresholds } from '../../services/alerts/trial.ts';
import { parseConfig } from '../../shared/config/load.ts';
import type { HistoryPoint } from '../../shared/contracts/history.ts';

const FROM = 1_800_000_000_000;
const MINUTE = 60_000;
const { cameras, alerts } = parseConfig(`
cameras:
  - id: gate
    url: rtsp://h/s
    calibration: { mount: { heightM: 8, tiltDeg: 30 }, verticalFovDeg: 45 }
    zones:
      - { id: plaza, polygon: [[0, 0], [1, 0], [1, 1]], capacity: 100 }
      - { id: other, polygon: [[0, 0], [1, 0], [1, 1]], limits: { count: { severe: 1 } } }
`);
const [camera] = cameras;
assert.ok(camera);

/** Ten-second spans; `undefined` where nothing was counted. */
const spans = (densityAt: (minute: number) => number | undefined, people = 10): HistoryPoint[] =>
  Array.from({ length: 360 }, (_, index) => ({ at: FROM + index * 10_000, density: densityAt(index / 6) })).flatMap(
    ({ at, density }) =>
      density === undefined
        ? []
        : [
            {
              cameraId: 'gate',
              zoneId: 'plaza',
              at,
              stepMs: 10_000,
              countedMs: 10_000,
              samples: 20,
              countMean: people,
              countMin: people,
              countMax: people,
              densityMean: density / 2,
              densityPeak: density,
            },
          ],
  );
const trial = (history: HistoryPoint[], zoneId = 'plaza', of = camera) =>
  tryThresholds({ camera: of, zoneId, alerts, history, from: FROM, to: FROM + 60 * MINUTE });

describe('trying thresholds on the last hour', () => {
  it('raises nothing over a calm hour', async () => {
    const { episodes, spans: counted, highestDensity } = await trial(spans(() => 1));
    assert.deepEqual({ episodes, counted, highestDensity }, { episodes: [], counted: 360, highestDensity: 1 });
  });

  it('raises at the height of a crush after its dwell, and ends by the rules', async () => {
    const { episodes } = await trial(spans((minute) => (minute >= 20 && minute < 25 ? 6 : 1)));
    const [episode, ...others] = episodes.filter(({ rule }) => rule === 'zone-density');
    assert.ok(episode);
    assert.deepEqual(others, []);
    assert.equal(episode.peakLevel, 'severe');
    const raisedAfter = (episode.reached.severe ?? 0) - (FROM + 20 * MINUTE);
    assert.ok(raisedAfter >= alerts.dwellMs.severe && raisedAfter <= 20_000, `${raisedAfter} ms`);
    assert.ok(episode.to && episode.to > FROM + 26 * MINUTE, 'stepping down takes its time');
  });

  it('tells the same of a camera whose pictures are soon too old', async () => {
    const crush = spans((minute) => (minute >= 20 && minute < 25 ? 6 : 1));
    const { episodes } = await trial(crush, 'plaza', { ...camera, staleAfterMs: 1000 });
    const usual = (await trial(crush)).episodes;
    assert.deepEqual(
      episodes.map(({ rule, to }) => [rule, to !== undefined]),
      usual.map(({ rule, to }) => [rule, to !== undefined]),
    );
  });

  it('counts a short peak below the dwell as nothing', async () => {
    const { episodes } = await trial(spans((minute) => (minute >= 20 && minute < 20.1 ? 2.5 : 1)));
    assert.deepEqual(episodes, []);
  });

  it('lets an hour without pictures end no alert', async () => {
    const { episodes } = await trial(spans((minute) => (minute < 10 ? 6 : undefined)));
    assert.deepEqual(
      episodes.filter(({ rule }) => rule === 'zone-density').map(({ peakLevel, to }) => [peakLevel, to]),
      [['severe', undefined]],
    );
  });

  it('judges people against capacity, and only the zone that was asked for', async () => {
    const { episodes, rules } = await trial(
      spans(() => 1, 105),
      'plaza',
    );
    assert.ok(rules.includes('zone-occupancy') && !rules.includes('zone-count'));
    assert.deepEqual(
      episodes.map(({ rule, peakLevel }) => [rule, peakLevel]),
      [['zone-occupancy', 'alert']],
    );
  });

  it('says when there is no history', async () => {
    assert.deepEqual(await trial([]), {
      from: FROM,
      to: FROM + 60 * MINUTE,
      spans: 0,
      spansWithDensity: 0,
      rules: ['zone-occupancy', 'zone-density', 'zone-forecast'],
      episodes: [],
    });
  });
});
