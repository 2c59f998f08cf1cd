/**
 * With the keyboard on a small screen, or a large one enlarged to 200 %: what has the focus never stops behind the
 * alerts' bar, the bar that saves or the picture that stays in sight (WCAG 2.2, 2.4.11). And whoever asked for less motion
 * sees none.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { screensOf } from '../helpers/screens.ts';
import { WHOLE_PICTURE } from '../helpers/whole-picture.ts';

/** Enough to come to the foot of every page below. */
const STEPS = 60;
/** What has the focus, if nothing of it can be seen. */
const HIDDEN = `(() => {
  const it = document.activeElement;
  if (!it || it === document.body) return undefined;
  const { left, top, width, height } = it.getBoundingClientRect();
  const places = [0.05, 0.5, 0.95].flatMap((x) => [0.05, 0.5, 0.95].map((y) => [left + width * x, top + height * y]));
  const seen = places.some(([x, y]) => {
    const there = document.elementFromPoint(x, y);
    return there && (it.contains(there) || there.contains(it));
  });
  return seen ? undefined : it.tagName + ' ' + (it.dataset.testid ?? it.textContent.trim().slice(0, 30));
})()`;

const limits = {
  peoplePerSqm: { severe: 5 },
  occupancy: { alert: 1 },
  count: { alert: 70 },
  fillPerMin: { caution: 30 },
};
const cameras = ['gate', 'stairs', 'yard'].map((id) => ({
  id,
  zones: [{ id: 'all', capacity: 500, polygon: WHOLE_PICTURE, limits }],
}));
const screens = screensOf({ cameras });

for (const [what, size] of [
  ['a small phone', { width: 360, height: 740 }],
  ['1440 × 900 at 200 %', { width: 720, height: 450 }],
] as const) {
  for (const [hash, there] of [
    ['#/setup/gate', 'save-bar'],
    ['#/thresholds', 'thresholds'],
    ['#/system', 'nav-system'],
  ] as const) {
    test(`what has the focus is seen: ${hash} on ${what}`, async () => {
      const watched = await screens.browser.open('about:blank');
      const { page } = watched;
      await page.setViewportSize(size);
      await page.goto(`${screens.site.url}/${hash}`);
      await page.getByTestId(there).waitFor({ state: 'attached', timeout: 30_000 });
      await page.locator('main table, main input').first().waitFor({ state: 'attached' });
      if (hash === '#/setup/gate') {
        await page.getByTestId('tab-camera').focus();
        for (let tab = 0; tab < 4; tab++) await page.keyboard.press('ArrowRight');
        await page.getByTestId('own-count').waitFor();
      }
      const hidden: string[] = [];
      for (let step = 0; step < STEPS; step++) {
        await page.keyboard.press(step < STEPS / 2 ? 'Tab' : 'Shift+Tab');
        const one = await page.evaluate<string | undefined>(HIDDEN);
        if (one) hidden.push(one);
      }
      assert.deepEqual(hidden, []);
      watched.assertClean();
      await watched.close();
    });
  }
}

test('whoever asked for less motion sees none, while it connects, too', async () => {
  const watched = await screens.browser.open('about:blank');
  const { page } = watched;
  await page.emulateMedia({ reducedMotion: 'reduce' });
  // Nobody answers.
  await page.routeWebSocket(/\/ws$/, () => undefined);
  await page.goto(screens.site.url);
  await page.getByText('Connecting to Headroom').waitFor();
  const moving = `[...document.querySelectorAll('main *')].filter((it) => getComputedStyle(it).animationName !== 'none').length`;
  assert.equal(await page.evaluate<number>(moving), 0);
  watched.assertClean();
  await watched.close();
});
