/** The Korean texts beside the English ones: nothing that is filled in is left out, and one thing has one word. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { systemEn } from '../../services/dashboard/src/system/system-en.ts';
import { systemKo } from '../../services/dashboard/src/system/system-ko.ts';
import { en } from '../../services/dashboard/src/text/en.ts';
import { ko } from '../../services/dashboard/src/text/ko.ts';
import { thresholdsTexts } from '../../services/dashboard/src/thresholds/thresholds-texts.ts';
import { zoneEn } from '../../services/dashboard/src/zone/zone-en.ts';
import { zoneKo } from '../../services/dashboard/src/zone/zone-ko.ts';

/** Arguments that can be found again in what is said. Texts that reckon with theirs cannot take them, and are passed over. */
const MARKED = ['Q0Q', 'Q1Q', 'Q2Q', 'Q3Q', 'Q4Q'];
function marksIn(text: (...o: unknown[]) => unknown): string | undefined {
  try {
    return [...String(text(...MARKED)).matchAll(/Q\dQ/g)].flat().sort().join(' ');
  } catch {
    return undefined;
  }
}

/** Where the second leaves out, or adds, something that is filled in. */
function differing(one: unknown, other: unknown, at: string): string[] {
  if (typeof one === 'function') {
    const [marks, others] = [one, other].map((text) => marksIn(text as (...o: unknown[]) => unknown));
    return marks === undefined || marks === others ? [] : [`${at}: ${marks} and ${others}`];
  }
  if (typeof one !== 'object' || one === null) return typeof one === typeof other ? [] : [at];
  return Object.entries(one).flatMap(([key, inner]) => {
    const its = (other as Record<string, unknown>)[key];
    return its === undefined ? [`${at}.${key}`] : differing(inner, its, `${at}.${key}`);
  });
}

it('everything that is filled in stands in both languages', () => {
  const pages = { wall: [en, ko], system: [systemEn, systemKo], zone: [zoneEn, zoneKo] };
  const paper = [thresholdsTexts('en'), thresholdsTexts('ko')];
  for (const [page, [english, korean]] of Object.entries({ ...pages, paper }))
    assert.deepEqual(differing(english, korean, page), []);
});

it('the thresholds that are printed and confirmed go by the words of the screens', () => {
  const paper = thresholdsTexts('ko');
  assert.ok(paper.capacity('900').startsWith(ko.camera.capacity));
  assert.ok(paper.rules['zone-occupancy']?.startsWith(ko.camera.capacity));
  assert.ok(paper.units['of capacity']?.startsWith(ko.camera.capacity));
  assert.ok(paper.idle.occupancy.includes(ko.camera.capacity));
  assert.equal(paper.rules['zone-fill-rate'], ko.alerts.rules['zone-fill-rate']);
  assert.ok(paper.rules['ingest-down']?.startsWith(systemKo.services.names.ingest ?? '?'));
  assert.ok(paper.rules['inference-behind']?.startsWith(systemKo.services.names.worker ?? '?'));
  assert.ok(paper.evidence.modes.heatmap.includes(ko.alerts.evidence.heat));
});
