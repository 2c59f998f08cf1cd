/** The English texts of the system page. */
import { durationParts } from '../text/duration.ts';
import { readableBytes } from './report-view.ts';
import type { SystemTexts } from './system-texts.ts';

const UNITS = { day: 'd', hour: 'h', minute: 'min', second: 's' };
const one = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });
const time = new Intl.DateTimeFormat('en-GB', {
  ...{ month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
});
const plural = (count: number, what: string) => `${whole.format(count)} ${what}${count === 1 ? '' : 's'}`;

export const systemEn: SystemTexts = {
  title: 'System',
  asOf: (at) => `As of ${at}`,
  failed: 'The state of the system cannot be had now. What is shown is old.',
  again: 'Try again',
  over: (duration) => `Rates over the last ${duration}`,
  young: 'Rates follow in a few seconds',
  duration: (ms) =>
    durationParts(ms)
      .map(([value, unit]) => `${value} ${UNITS[unit]}`)
      .join(' '),
  milliseconds: (ms) => `${whole.format(ms)} ms`,
  perSecond: (rate) => `${one.format(rate)}/s`,
  bytes: (bytes) => {
    const { value, unit } = readableBytes(bytes);
    return `${(value < 10 ? one : whole).format(value)} ${unit}`;
  },
  dateTime: (at) => time.format(at),
  unknown: 'unknown',
  problems: {
    title: 'Needs attention',
    none: 'Everything runs.',
    service: (name) => `${name} does not run.`,
    leader: 'No alerts process leads: no reading is judged.',
    databaseAway: 'The database is away: alerts are judged, but neither kept nor told.',
    faultyConfig: (file) =>
      `${file} has faults: an older state of it is in force, also after a restart. Set-up names them.`,
    disk: (free) => `The disk is nearly full: ${free} left.`,
    memory: (name, share) => `${name}: ${share} of its memory is full.`,
    refused: (names) => `A model was refused; the one before goes on: ${names}.`,
    failing: (names) => `Receivers that do not take alerts: ${names}.`,
    cameras: (count) => `${plural(count, 'camera')} without a count.`,
    behind: (count) => `${plural(count, 'camera')} counted more slowly than wanted.`,
  },
  services: {
    title: 'Services',
    service: 'Service',
    instance: 'Process',
    up: 'Running for',
    seen: 'Last sign of life',
    missing: 'Not running',
    names: { ingest: 'Video input', worker: 'Counting', alerts: 'Alerts', gateway: 'Gateway' },
  },
  speed: {
    title: 'Speed',
    toReading: 'Capture to reading',
    toPush: 'Capture to screen',
    p50: 'half within (p50)',
    p99: '99% within (p99)',
    queue: 'Queue',
    jobs: (waiting, active) => `${waiting} waiting, ${active} in hand`,
    wait: 'Wait in the queue',
  },
  workers: {
    title: 'Counting processes',
    none: 'No worker runs.',
    model: 'Model',
    counted: 'Pictures counted',
    inference: 'Model time p50 / p99',
    crashes: 'Restarts of the model',
  },
  cameras: {
    title: 'Cameras',
    none: 'No camera is configured.',
    camera: 'Camera',
    state: 'State',
    wanted: 'Wanted',
    sampled: 'Arrive',
    counted: 'Counted',
    age: 'Newest picture',
    reconnects: 'Reconnects',
    drops: 'Not counted (last minute)',
    node: 'Watched by',
  },
  drops: {
    title: 'Pictures not counted',
    note: 'A newer picture replaces one that waits: some are normal when a camera sends more than is counted.',
    reason: 'Reason',
    recent: 'Last minute',
    total: 'Since start',
    reasons: {
      superseded: 'Replaced by a newer one',
      'redis-unavailable': 'Redis did not answer',
      'no-frame': 'The picture was gone',
      'too-old': 'Too old when its turn came',
      'already-counted': 'Counted already',
      fenced: 'A newer count was out already',
      'unknown-camera': 'Camera no longer configured',
      gated: 'Not fit to count (dark, blurred, moved or reshaped)',
      quarantined: 'Set aside after crashes of the model',
    },
  },
  storage: {
    title: 'Memory and disk',
    redisState: 'Redis, state',
    redisFrames: 'Redis, pictures and maps',
    redisBoth: 'Redis, all',
    of: (used, max) => `${used} of ${max}`,
    noLimit: 'no limit set',
    disk: 'Disk of the data folder',
    free: (free, total) => `${free} of ${total} free`,
    low: 'nearly full',
    database: 'Database',
    kinds: { sqlite: 'SQLite', postgresql: 'PostgreSQL' },
  },
  deliveries: {
    title: 'Deliveries to receivers',
    backlog: (count, oldest) =>
      count === 0 ? 'Nothing waits.' : `${whole.format(count)} waiting${oldest ? `, the oldest for ${oldest}` : ''}.`,
    failing: (endpoint, outcome, since) => `${endpoint}: ${outcome} since ${since}`,
    none: 'Nothing has been sent yet.',
    noneFits: 'None of these.',
    status: 'State',
    endpoint: 'Receiver',
    all: 'All',
    statuses: { pending: 'Waiting', delivered: 'Delivered', dead: 'Given up' },
    receiver: 'Receiver',
    message: 'Message',
    created: 'Made',
    tries: 'Tries',
    last: 'Last try',
    replay: 'Send again',
    replayed: 'Queued again.',
    replayFailed: 'That did not work; nothing was sent.',
    refresh: 'Refresh',
    shown: (count) => `${count === 1 ? '1 delivery' : `${whole.format(count)} deliveries`} shown, of the newest 200`,
  },
  model: {
    title: 'Counting model',
    inUse: 'in use',
    refused: (reason) => `Refused: ${reason}`,
    memory: (size) => `${size} of memory`,
    cameras: (count) => plural(count, 'camera'),
    card: (name) => `Model card of ${name}`,
    noCard: 'This model has no card here.',
    cardFailed: 'The card cannot be had now.',
  },
  versions: {
    title: 'Versions',
    headroom: 'Headroom',
    config: 'Thresholds and zones in force',
    thresholds: 'Thresholds, to print and sign',
    metrics: 'All metrics (Prometheus)',
    api: 'API description',
  },
};
