/** The words of the system page. They come with the page, so that the wall does not carry them. */
import type { Language } from '../text/texts.ts';
import { systemEn } from './system-en.ts';
import { systemKo } from './system-ko.ts';

export type SystemTexts = {
  title: string;
  asOf: (time: string) => string;
  failed: string;
  again: string;
  over: (duration: string) => string;
  young: string;
  duration: (ms: number) => string;
  milliseconds: (ms: number) => string;
  perSecond: (rate: number) => string;
  bytes: (bytes: number) => string;
  dateTime: (at: number) => string;
  unknown: string;
  problems: {
    title: string;
    none: string;
    service: (name: string) => string;
    leader: string;
    databaseAway: string;
    faultyConfig: (file: string) => string;
    disk: (free: string) => string;
    memory: (name: string, share: string) => string;
    refused: (names: string) => string;
    failing: (names: string) => string;
    cameras: (count: number) => string;
    behind: (count: number) => string;
  };
  services: {
    title: string;
    service: string;
    instance: string;
    up: string;
    seen: string;
    missing: string;
    names: Record<string, string>;
  };
  speed: {
    title: string;
    toReading: string;
    toPush: string;
    p50: string;
    p99: string;
    queue: string;
    jobs: (waiting: number, active: number) => string;
    wait: string;
  };
  workers: { title: string; none: string; model: string; counted: string; inference: string; crashes: string };
  cameras: {
    title: string;
    none: string;
    camera: string;
    state: string;
    wanted: string;
    sampled: string;
    counted: string;
    age: string;
    reconnects: string;
    drops: string;
    node: string;
  };
  drops: {
    title: string;
    note: string;
    reason: string;
    recent: string;
    total: string;
    reasons: Record<string, string>;
  };
  storage: {
    title: string;
    redisState: string;
    redisFrames: string;
    redisBoth: string;
    of: (used: string, max: string) => string;
    noLimit: string;
    disk: string;
    free: (free: string, total: string) => string;
    low: string;
    database: string;
    kinds: Record<'sqlite' | 'postgresql', string>;
  };
  deliveries: {
    title: string;
    backlog: (count: number, oldest: string | undefined) => string;
    failing: (endpoint: string, outcome: string, since: string) => string;
    none: string;
    noneFits: string;
    status: string;
    endpoint: string;
    all: string;
    statuses: Record<string, string>;
    receiver: string;
    message: string;
    created: string;
    tries: string;
    last: string;
    replay: string;
    replayed: string;
    replayFailed: string;
    refresh: string;
    shown: (count: number) => string;
  };
  model: {
    title: string;
    inUse: string;
    refused: (reason: string) => string;
    memory: (size: string) => string;
    cameras: (count: number) => string;
    card: (name: string) => string;
    noCard: string;
    cardFailed: string;
  };
  versions: { title: string; headroom: string; config: string; thresholds: string; metrics: string; api: string };
};

const TEXTS: Record<Language, SystemTexts> = { en: systemEn, ko: systemKo };
export const systemTexts = (language: Language): SystemTexts => TEXTS[language];
