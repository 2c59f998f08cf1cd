/** The words of the zone's page. They come with the page, so that the wall does not carry them. */
import type { LineDoubt } from '../../../../shared/contracts/reading.ts';
import type { Language } from '../text/texts.ts';
import type { RangeId } from './window.ts';
import { zoneEn } from './zone-en.ts';
import { zoneKo } from './zone-ko.ts';

export type ZoneTexts = {
  /** A date with time, to the minute. */
  dateTime: (at: number) => string;
  /** For axes: as much of date and time as the step between two marks needs. */
  axis: (at: number, stepMs: number) => string;
  duration: (ms: number) => string;
  /** People per m², two digits behind the point at most. */
  density: (peoplePerSqm: number) => string;
  camera: (name: string) => string;
  gone: string;
  wholePicture: string;
  now: { title: string; people: string; mean: string; peak: string; occupancy: string; notCalibrated: string };
  range: {
    label: string;
    names: Record<RangeId, string>;
    custom: string;
    from: string;
    to: string;
    show: string;
    wrong: string;
    earlier: string;
    later: string;
    closer: string;
    wider: string;
    live: string;
    keys: string;
  };
  count: { title: string; mean: string; interval: string; highest: string };
  densityChart: { title: string; mean: string; peak: string };
  blind: string;
  forecast: string;
  step: (duration: string) => string;
  summary: (mean: string, highest: string, highestAt: string) => string;
  summaryDensity: (densest: string, at: string) => string;
  summaryBlind: (duration: string) => string;
  empty: string;
  loading: string;
  failed: string;
  again: string;
  csv: string;
  csvDays: string;
  alerts: {
    title: string;
    none: string;
    span: (level: string, rule: string, from: string, to: string) => string;
    open: string;
  };
  table: {
    title: string;
    time: string;
    people: string;
    range: string;
    highest: string;
    mean: string;
    peak: string;
    pictures: string;
    counted: string;
  };
  flow: {
    title: string;
    line: string;
    in: string;
    out: string;
    inPerMin: string;
    outPerMin: string;
    since: (time: string) => string;
    blind: (duration: string) => string;
    doubts: Record<LineDoubt, string>;
    note: string;
    overTime: (line: string) => string;
    passed: (inside: string, outside: string, duration: string) => string;
    sum: (inside: string, outside: string) => string;
    unseen: (duration: string) => string;
    doubtful: string;
    none: string;
  };
  replay: {
    title: string;
    note: string;
    load: string;
    jumpTo: string;
    jump: string;
    missed: (time: string) => string;
    loading: string;
    off: string;
    none: string;
    failed: string;
    play: string;
    pause: string;
    speed: string;
    times: (factor: number) => string;
    slider: string;
    at: (time: string, people: string) => string;
    inPicture: string;
    inZone: string;
    gap: (duration: string) => string;
    newest: string;
    earlier: string;
    later: string;
    newestPicture: (time: string) => string;
    noPicture: string;
    map: string;
  };
};

const TEXTS: Record<Language, ZoneTexts> = { en: zoneEn, ko: zoneKo };
export const zoneTexts = (language: Language): ZoneTexts => TEXTS[language];
