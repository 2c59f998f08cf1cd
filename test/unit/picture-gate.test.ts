/** Synthetic scenes: fixed buildings, people that walk, and everything that can happen to a camera. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GreyPicture } from '../../services/ingest/gate/grey-picture.ts';
import { type KnownView, PictureGate } from '../../services/ingest/gate/picture-gate.ts';
import { look } from '../../services/ingest/gate/sharpness.ts';
import { ViewReference } from '../../services/ingest/gate/view-reference.ts';
import { PictureGate as Settings } from '../../shared/config/picture-gate.ts';
import { random } from '../helpers/random.ts';

const [W, H] = [160, 90];
/** The world is larger than the view, so that the view can move over it. */
const [WORLD_W, WORLD_H] = [400, 300];

/** Houses, kerbs, windows: rectangles and slanted stripes of all sizes. */
function world(seed: number): Float32Array {
  const next = random(seed);
  const values = new Float32Array(WORLD_W * WORLD_H).fill(110);
  for (let n = 0; n < 220; n++) {
    const [x, y] = [next() * WORLD_W, next() * WORLD_H];
    const [w, h, slant] = [4 + next() * 40, 4 + next() * 30, (next() - 0.5) * 1.5];
    const grey = 30 + next() * 190;
    for (let row = Math.floor(y); row < Math.min(WORLD_H, y + h); row++) {
      const left = Math.floor(x + slant * (row - y));
      for (let column = Math.max(0, left); column < Math.min(WORLD_W, left + w); column++) {
        values[row * WORLD_W + column] = grey;
      }
    }
  }
  return values;
}

type Shot = {
  dx?: number;
  dy?: number;
  people?: number;
  light?: number;
  invert?: boolean;
  noise?: number;
  height?: number;
};

const streets = world(7);

/** One picture of the world. `people` is the share of the picture that a crowd covers. */
function shot(second: number, o: Shot = {}, scene = streets): GreyPicture {
  const next = random(1000 + second);
  const height = o.height ?? H;
  const values = new Float32Array(W * height);
  const [left, top] = [120 + (o.dx ?? 0), 100 + (o.dy ?? 0)];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < W; x++) values[y * W + x] = scene[(y + top) * WORLD_W + x + left] as number;
  for (let n = 0; n < (o.people ?? 0.1) * 900; n++) {
    const [x, y, grey] = [next() * W, next() * height, next() * 255];
    for (let row = 0; row < 6; row++) {
      for (let column = 0; column < 4; column++) {
        const at = (Math.floor(y) + row) * W + Math.floor(x) + column;
        if (Math.floor(y) + row < height && Math.floor(x) + column < W) values[at] = grey;
      }
    }
  }
  const light = o.light ?? 1;
  return {
    width: W,
    height,
    values: Uint8Array.from(values, (value) => {
      const lit = (o.invert ? 255 - value : value) * light + (next() - 0.5) * (o.noise ?? 6);
      return Math.max(0, Math.min(255, Math.round(lit)));
    }),
  };
}

function blurred({ width, height, values }: GreyPicture, times: number): GreyPicture {
  let from = Float32Array.from(values);
  for (let n = 0; n < times; n++) {
    const to = from.slice();
    for (let y = 1; y < height - 1; y++) {
      for (let x = 1; x < width - 1; x++) {
        let sum = 0;
        for (const dy of [-1, 0, 1]) for (const dx of [-1, 0, 1]) sum += from[(y + dy) * width + x + dx] as number;
        to[y * width + x] = sum / 9;
      }
    }
    from = to;
  }
  return { width, height, values: Uint8Array.from(from) };
}

/** A gate that has seen a minute of its street, and what it says of each second after it. */
function watched(
  settings: object = {},
  drawn = true,
  usual: (second: number) => GreyPicture = (second) => shot(second),
) {
  const gate = new PictureGate(Settings.parse(settings), drawn ? 'zones and calibration' : undefined);
  let second = 0;
  for (; second < 70; second++) assert.equal(gate.judge(usual(second), second * 1000).trouble, undefined);
  const after = (seconds: number, picture: (second: number) => GreyPicture): (string | undefined)[] =>
    Array.from({ length: seconds }, () => gate.judge(picture(second), second++ * 1000).trouble);
  return { gate, after, detail: (picture: GreyPicture) => gate.judge(picture, second++ * 1000) };
}

const none = (verdicts: unknown[]): boolean => verdicts.every((verdict) => verdict === undefined);

describe('black', () => {
  it('is told at the first picture and over at the first that is not', () => {
    const { after } = watched();
    assert.deepEqual(
      after(2, (s) => shot(s, { light: 0.02 })),
      ['black', 'black'],
    );
    assert.deepEqual(
      after(1, (s) => shot(s)),
      [undefined],
    );
  });
  it('is not a night with lamps', () => {
    const gate = new PictureGate(Settings.parse({}), 'zones');
    const night = shot(1, { light: 0.05 });
    for (let y = 20; y < 24; y++) for (let x = 30; x < 60; x++) night.values[y * W + x] = 220;
    assert.equal(gate.judge(night, 0).trouble, undefined);
  });
  it('can be switched off', () => {
    assert.ok(none(watched({ black: false, blur: false, moved: false }).after(3, (s) => shot(s, { light: 0.02 }))));
  });
});

describe('blurred', () => {
  it('is told after three seconds, and over two seconds after it is sharp again', () => {
    const { after } = watched({ moved: false });
    const verdicts = after(6, (s) => blurred(shot(s), 4));
    assert.deepEqual(verdicts, [undefined, undefined, undefined, 'blurred', 'blurred', 'blurred']);
    assert.deepEqual(
      after(4, (s) => shot(s)),
      ['blurred', 'blurred', undefined, undefined],
    );
  });
  it('is measured against the camera itself: a soft one is not gated', () => {
    const { after } = watched({ moved: false }, true, (s) => blurred(shot(s), 4));
    assert.ok(none(after(30, (s) => blurred(shot(s), 4))));
  });
  it('does not last for ever: after half an hour the camera is taken as it is', () => {
    const { after } = watched({ moved: false });
    const soft = blurred(shot(0), 4);
    const verdicts = after(1900, () => soft);
    assert.equal(verdicts[1700], 'blurred');
    assert.equal(verdicts.at(-1), undefined);
  });
  it('a lens that is covered in daylight is told at its first picture and for as long as it is covered', () => {
    const gate = new PictureGate(Settings.parse({}), 'zones');
    const covered = (second: number): GreyPicture => {
      const next = random(second);
      return { width: W, height: H, values: Uint8Array.from({ length: W * H }, () => 126 + Math.floor(next() * 6)) };
    };
    for (let second = 0; second < 2400; second++) {
      assert.deepEqual(gate.judge(covered(second), second * 1000), { trouble: 'blurred' }, `second ${second}`);
    }
    assert.equal(gate.judge(shot(2401), 2_401_000).trouble, undefined, 'over at the first that is not');
  });

  it('is not a change of light, of the crowd, or noise', () => {
    const { after } = watched({ moved: false });
    assert.ok(none(after(10, (s) => shot(s, { light: 0.4 }))));
    assert.ok(none(after(10, (s) => shot(s, { people: 1 }))));
    assert.ok(none(after(10, (s) => shot(s, { people: 0 }))));
    assert.ok(none(after(10, (s) => shot(s, { noise: 40 }))));
  });
  it('sharpness does not depend on light', () => {
    const [bright, dim] = [look(shot(1, { noise: 0 })).sharpness, look(shot(1, { noise: 0, light: 0.5 })).sharpness];
    assert.ok(bright && dim && Math.abs(bright / dim - 1) < 0.05, `${bright} ${dim}`);
  });
});

describe('resolution', () => {
  const cut = (picture: GreyPicture, height: number): GreyPicture => ({
    width: W,
    height,
    values: Uint8Array.from({ length: W * height }, (_, i) => picture.values[i % (W * H)] as number),
  });
  it('another shape is told with its first picture and says what no longer fits, and is over with the last', () => {
    const { after, detail } = watched();
    assert.deepEqual(
      after(2, (s) => cut(shot(s), 120)),
      ['resolution-changed', 'resolution-changed'],
    );
    const verdict = detail(cut(shot(9), 120));
    assert.equal(
      'detail' in verdict ? verdict.detail : '',
      'changed its shape from 16:9 to 4:3: its zones and calibration no longer fit',
    );
    assert.ok(none(after(5, (s) => shot(s))));
  });
  it('sizes that round to another pixel are the same shape', () => {
    assert.ok(none(watched().after(3, (s) => cut(shot(s), 91))));
  });
  it('changes nothing where nothing was drawn', () => {
    assert.ok(none(watched({}, false).after(3, (s) => cut(shot(s), 120))));
  });
  it('can be switched off', () => {
    assert.ok(none(watched({ resolution: false }).after(3, (s) => cut(shot(s), 120))));
  });
});

describe('moved', () => {
  for (const [dx, dy] of [
    [7, 0],
    [-12, 3],
    [0, 9],
    [30, -15],
  ] as const) {
    it(`by ${dx}, ${dy} px of 160 is told within three seconds, and is over when the camera is back`, () => {
      const { after } = watched();
      assert.equal(after(4, (s) => shot(s, { dx, dy })).at(-1), 'moved');
      assert.ok(none(after(5, (s) => shot(s)).slice(2)));
    });
  }
  it('says what no longer fits', () => {
    const { after, detail } = watched();
    after(4, (s) => shot(s, { dx: 16 }));
    const verdict = detail(shot(99, { dx: 16 }));
    assert.match('detail' in verdict ? verdict.detail : '', /^moved by 10 % .*zones and calibration no longer fit$/);
  });
  it('to another view is told, though nothing of the old one is found', () => {
    const { after } = watched();
    assert.equal(after(8, (s) => shot(s, {}, world(99))).at(-1), 'moved');
  });
  it('is not a mast in the wind', () => {
    assert.ok(none(watched().after(20, (s) => shot(s, { dx: s % 3, dy: -(s % 2) }))));
  });
  it('is not a crowd that comes, stays and goes, even from edge to edge', () => {
    const { after } = watched();
    assert.ok(none(after(120, (s) => shot(s, { people: Math.min(1.5, (s - 70) / 60) }))));
    assert.ok(none(after(30, (s) => shot(s))));
  });
  it('is not a switch of light, nor of day and night', () => {
    const { after } = watched({ blur: false });
    assert.ok(none(after(10, (s) => shot(s, { light: 0.3 }))));
    assert.ok(none(after(10, (s) => shot(s, { invert: true }))));
    assert.ok(none(after(10, (s) => shot(s, { noise: 30 }))));
  });
  it('after an outage of an hour is told', () => {
    const gate = new PictureGate(Settings.parse({}), 'zones');
    for (let s = 0; s < 70; s++) gate.judge(shot(s), s * 1000);
    const verdicts = Array.from({ length: 8 }, (_, s) => gate.judge(shot(s, {}, world(5)), 4e6 + s * 1000).trouble);
    assert.equal(verdicts.at(-1), 'moved');
  });
  describe('before ingest was started', () => {
    const settings = Settings.parse({});
    const { gate: before } = watched();
    const kept = before.known as KnownView;
    /** A gate that begins with the view kept in Redis, and what it says of its first seconds. */
    const started = (seconds: number, picture: (second: number) => GreyPicture, known = kept) => {
      const steady = known.view.steady.map((edge) => ({ ...edge }));
      const gate = new PictureGate(settings, 'zones', {
        ...known,
        view: ViewReference.of(known.view.width, known.view.height, steady),
      });
      const verdicts = Array.from({ length: seconds }, (_, s) => gate.judge(picture(1000 + s), s * 1000).trouble);
      return { gate, verdicts };
    };
    for (const [dx, dy] of [
      [10, 0],
      [-12, 8],
      [20, 0],
      [-20, -16],
      [0, 15],
      [24, 8],
      [-40, 0],
      [40, 10],
    ] as const) {
      it(`is told as long as it lasts, by ${dx}, ${dy} px of 160`, () => {
        const { gate, verdicts } = started(20, (s) => shot(s, { dx, dy }));
        assert.ok(verdicts.slice(4).every((verdict) => verdict === 'moved'));
        assert.deepEqual(gate.known?.view.steady, kept.view.steady, 'what is kept is the view as it was');
      });
    }
    it('to another view is told as long as it lasts, of six scenes in five at least', () => {
      const told = [20, 21, 22, 23, 25, 26].filter((seed) => {
        const { verdicts } = started(20, (s) => shot(s, {}, world(seed)));
        return verdicts.slice(8).every((verdict) => verdict === 'moved');
      });
      assert.ok(told.length >= 5, String(told));
    });
    it('is told at its first picture where it was told before, and is over when the camera is back', () => {
      const { verdicts } = started(3, (s) => shot(s, { dx: 20 }), { ...kept, moved: 'moved by 12 %' });
      assert.deepEqual(verdicts, ['moved', 'moved', 'moved']);
      assert.deepEqual(started(4, (s) => shot(s), { ...kept, moved: 'moved' }).verdicts.at(-1), undefined);
    });
    it('a blurred lens is told, too: at once where it was told before', () => {
      assert.equal(started(4, (s) => blurred(shot(s), 4)).verdicts.at(-1), 'blurred');
      const still = started(30, (s) => blurred(shot(s), 4), { ...kept, blurred: true });
      assert.deepEqual(new Set(still.verdicts), new Set(['blurred']));
      assert.equal(still.gate.known?.blurred, true);
      assert.equal(started(4, (s) => shot(s), { ...kept, blurred: true }).verdicts.at(-1), undefined);
    });
    it('is none where nothing moved: by day, in the dark, at night, with a crowd', () => {
      for (const o of [{}, { light: 0.3 }, { invert: true }, { noise: 30 }, { people: 0.5 }]) {
        assert.ok(none(started(20, (s) => shot(s, o)).verdicts), JSON.stringify(o));
      }
    });
  });
  it('of a camera without zones, lines or calibration is learned, not told', () => {
    const { after } = watched({}, false);
    assert.ok(none(after(60, (s) => shot(s, { dx: 30 }))));
  });
  it('is not told of a camera on tour, which has no usual view', () => {
    const gate = new PictureGate(Settings.parse({ blur: false }), 'zones');
    const verdicts = Array.from({ length: 200 }, (_, s) =>
      gate.judge(shot(s, { dx: (Math.floor(s / 10) % 5) * 25 - 50 }), s * 1000),
    );
    assert.ok(none(verdicts.map(({ trouble }) => trouble)));
  });
  it('is told again after a change of the picture’s shape, from the view as it is then', () => {
    const { after } = watched({ resolution: false });
    assert.ok(none(after(70, (s) => shot(s, { height: 120 }))));
    assert.equal(after(4, (s) => shot(s, { height: 120, dx: 16 })).at(-1), 'moved');
  });
});

describe('what is drawn anew', () => {
  const settings = Settings.parse({});
  it('ends a move, and a move from the view there is now is told', () => {
    const { gate, after } = watched();
    assert.equal(after(10, (s) => shot(s, { dx: 30 })).at(-1), 'moved');
    gate.configure(settings, 'zones', true);
    assert.ok(none(after(70, (s) => shot(s, { dx: 30 }))));
    assert.equal(after(10, (s) => shot(s)).at(-1), 'moved');
  });
  it('for the first time makes a move matter', () => {
    const { gate, after } = watched({}, false);
    gate.configure(settings, 'zones', true);
    assert.ok(none(after(70, (s) => shot(s))));
    assert.equal(after(10, (s) => shot(s, { dx: 30 })).at(-1), 'moved');
  });
  it('leaves what is known of the lens', () => {
    const { gate, after } = watched();
    gate.configure(settings, 'zones', true);
    assert.equal(after(6, (s) => blurred(shot(s), 4)).at(-1), 'blurred');
  });
  it('is not another setting: a move goes on', () => {
    const { gate, after } = watched();
    assert.equal(after(10, (s) => shot(s, { dx: 30 })).at(-1), 'moved');
    gate.configure(Settings.parse({ blur: false }), 'zones', false);
    assert.equal(after(1, (s) => shot(s, { dx: 30 })).at(-1), 'moved');
  });
});
