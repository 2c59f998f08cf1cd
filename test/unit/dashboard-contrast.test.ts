/** The dashboard's colours against WCAG 2.2: text 4.5:1, what shows a state or where to type 3:1; levels without any hue. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const CSS = readFileSync(new URL('../../services/dashboard/src/styles/tokens.css', import.meta.url), 'utf8');
const colours = new Map([...CSS.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, hex]) => [name, hex]));
const SURFACES = ['ground', 'surface', 'raised', 'pressed'];
const LEVELS = ['attention', 'caution', 'alert', 'severe', 'unknown'];

type Rgb = [number, number, number];
const rgb = (name: string): Rgb => {
  const hex = name.startsWith('#') ? name : colours.get(name);
  assert.ok(hex, `no colour ${name}`);
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as Rgb;
};

/** Relative luminance as WCAG defines it. */
function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: Rgb, other: Rgb): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** `color-mix(in srgb, over share, under)`. */
const mixed = (over: Rgb, share: number, under: Rgb) =>
  over.map((part, at) => part * share + (under[at] ?? 0) * (1 - share)) as Rgb;

function assertContrast(least: number, what: string, one: Rgb, other: Rgb): void {
  const found = contrast(one, other);
  assert.ok(found >= least, `${what}: ${found.toFixed(2)}:1, not ${least}:1`);
}

test('the measure is that of WCAG', () => {
  assert.equal(contrast(rgb('#000000'), rgb('#ffffff')), 21);
  assert.equal(contrast(rgb('#777777'), rgb('#ffffff')).toFixed(2), '4.48');
});

test('every colour of text and of a state can be read on every surface', () => {
  const texts = ['text', 'text-quiet', 'text-faint', 'accent', 'ok', 'stale', 'no-signal', 'degraded'];
  for (const text of [...texts, ...LEVELS.map((level) => `level-${level}`)])
    for (const surface of SURFACES) assertContrast(4.5, `${text} on ${surface}`, rgb(text), rgb(surface));
});

test('what stands on a level’s colour can be read: its word, and the text of an alert’s card', () => {
  const onLevel = rgb(/--on-level: (#[0-9a-f]{6})/.exec(CSS)?.[1] ?? '');
  for (const level of LEVELS) {
    assertContrast(4.5, `the word on ${level}`, onLevel, rgb(`level-${level}`));
    const card = mixed(rgb(`level-${level}`), 0.14, rgb('raised'));
    for (const text of ['text', 'text-quiet', 'stale'])
      assertContrast(4.5, `${text} on a card of ${level}`, rgb(text), card);
  }
});

test('where to type and what has the focus is seen', () => {
  for (const surface of SURFACES) {
    assertContrast(3, `a field on ${surface}`, rgb('line-field'), rgb(surface));
    assertContrast(3, `the focus on ${surface}`, rgb('focus'), rgb(surface));
  }
});
