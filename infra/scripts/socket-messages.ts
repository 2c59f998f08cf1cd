/** Titles and examples of the live socket's messages, for docs/asyncapi.yaml. A test parses every example. */
import type { ActiveAlert, AlertEvent } from '../../shared/contracts/alert.ts';
import { encodeHeatmap } from '../../shared/contracts/heatmap.ts';
import type { Runbooks } from '../../shared/contracts/runbook.ts';
import type { ClientMessage, ServerMessage } from '../../shared/contracts/socket.ts';

export type MessageText = {
  name: string;
  title: string;
  summary: string;
  examples: { name: string; payload: ServerMessage | ClientMessage }[];
};

const CAPTURED_AT = 1_790_000_000_000;

const camera = {
  id: 'gate-3',
  name: 'Gate 3',
  sampleFps: 2,
  staleAfterMs: 3000,
  zones: [
    {
      id: 'ramp',
      name: 'Ramp',
      polygon: [
        [0.1, 0.4],
        [0.9, 0.4],
        [0.9, 1],
        [0.1, 1],
      ] as [number, number][],
      capacity: 60,
      limits: {
        peoplePerSqm: { attention: 1.1, caution: 2, alert: 3, severe: 4 },
        occupancy: { attention: 0.8, caution: 0.9, alert: 1, severe: 1.1 },
      },
    },
  ],
  calibrated: true,
  neighbours: ['gate-4'],
};

const runbooks: Runbooks = {
  alert: { en: 'Slow the way in at gate 3.', ko: '3번 게이트 입장을 늦추십시오.' },
  severe: 'Stop the way in. Open the side exits.',
};

const counted: ServerMessage = {
  type: 'reading',
  cameraId: 'gate-3',
  seq: 123,
  capturedAt: CAPTURED_AT,
  status: 'ok',
  count: 41.6,
  interval: [37.1, 46],
  heads: 40,
  zones: [
    {
      zoneId: 'ramp',
      name: 'Ramp',
      count: 30.2,
      interval: [26.4, 34],
      calibrated: true,
      peoplePerSqm: 1.4,
      peoplePerSqmInterval: [1.2, 1.6],
      peakPeoplePerSqm: 2.3,
      peakPeoplePerSqmInterval: [1.5, 3.1],
      levelOfService: { letter: 'E', scale: 'walkway' },
      occupancy: 0.503,
      trend: {
        peoplePerMin: 2.4,
        peoplePerMinInterval: [1.3, 3.6],
        forecast: {
          level: 'alert',
          measure: 'density',
          limit: 3,
          inMs: 420_000,
          inMsInterval: [300_000, 700_000],
        },
      },
    },
  ],
  lines: [
    {
      lineId: 'door',
      name: 'Door',
      in: 412,
      out: 388,
      since: CAPTURED_AT - 36_000_000,
      from: 'midnight',
      blindMs: 4200,
      inPerMin: 23,
      outPerMin: 17,
    },
  ],
  model: { name: 'standard', version: '1.0.0', steps: 1, warmStart: true },
  publishedAt: CAPTURED_AT + 180,
};

const lost: ServerMessage = {
  type: 'reading',
  cameraId: 'gate-3',
  seq: 131,
  capturedAt: CAPTURED_AT + 4000,
  status: 'no-signal',
  reason: 'stalled',
  detail: 'The camera is connected but sends no more pictures.',
  since: CAPTURED_AT + 6600,
  zones: [{ zoneId: 'ramp', name: 'Ramp' }],
};

const behind: ServerMessage = {
  type: 'reading',
  cameraId: 'gate-4',
  status: 'stale',
  reason: 'inference-behind',
  since: CAPTURED_AT - 5000,
  zones: [],
};

const event: AlertEvent = {
  eventId: 'a1b2c3d4.2',
  epoch: 'f3a9',
  offset: 42,
  type: 'alert.level_changed',
  mode: 'actual',
  alertId: 'a1b2c3d4',
  sequence: 2,
  rule: 'zone-density',
  cameraId: 'gate-3',
  zoneId: 'ramp',
  from: { level: 'caution', condition: 'firing' },
  to: { level: 'alert', condition: 'firing' },
  peakLevel: 'alert',
  reason: 'level-rose',
  value: 4.2,
  threshold: 4,
  unit: 'people/m²',
  capturedAt: CAPTURED_AT,
  at: CAPTURED_AT + 200,
  model: 'standard 1.0.0',
  configVersion: '9f2c41d0',
  silenced: false,
  escalation: 0,
};

const active: ActiveAlert = {
  alertId: 'a1b2c3d4',
  rule: 'zone-density',
  cameraId: 'gate-3',
  zoneId: 'ramp',
  mode: 'actual',
  level: 'alert',
  peakLevel: 'alert',
  condition: 'firing',
  shownLevel: 'alert',
  startedAt: CAPTURED_AT - 20_000,
  changedAt: CAPTURED_AT + 200,
  value: 4.2,
  threshold: 4,
  unit: 'people/m²',
  capturedAt: CAPTURED_AT,
  sequence: 2,
  operator: { escalation: 0, unheardMs: 20_000 },
};

/** Server messages by type, and by status where one type has several forms. */
export const SERVER_MESSAGES: Record<string, MessageText> = {
  snapshot: {
    name: 'snapshot',
    title: 'Everything at once',
    summary: 'The first message of a connection.',
    examples: [
      {
        name: 'one camera',
        payload: {
          type: 'snapshot',
          serverTime: CAPTURED_AT + 500,
          cameras: [camera],
          runbooks,
          readings: [counted],
          system: {
            ingest: 'up',
            inference: 'up',
            redis: 'up',
            alerts: { leader: 'up', database: 'up', backlog: 0, failing: [] },
          },
        },
      },
    ],
  },
  'reading ok': {
    name: 'readingWithCount',
    title: 'A counted picture',
    summary: 'People in the picture and in each zone, with 90 % intervals. One message for each counted picture.',
    examples: [{ name: 'with one zone', payload: counted }],
  },
  'reading stale|no-signal|degraded': {
    name: 'readingWithoutCount',
    title: 'A camera without a count',
    summary: 'Sent when a camera loses its count or the reason changes. It never carries a count.',
    examples: [
      { name: 'camera lost', payload: lost },
      { name: 'counting is behind', payload: behind },
    ],
  },
  cameras: {
    name: 'cameras',
    title: 'The cameras have changed',
    summary: 'All cameras of the new configuration; replaces the earlier list.',
    examples: [{ name: 'one camera', payload: { type: 'cameras', cameras: [camera], runbooks } }],
  },
  heartbeat: {
    name: 'heartbeat',
    title: 'Sign of life',
    summary: 'Server time and the state of the services, every second.',
    examples: [
      {
        name: 'counting is down',
        payload: {
          type: 'heartbeat',
          serverTime: CAPTURED_AT + 1000,
          system: {
            ingest: 'up',
            inference: 'down',
            redis: 'up',
            alerts: {
              leader: 'up',
              database: 'up',
              backlog: 3,
              oldestUnsentMs: 42_000,
              failing: [{ endpoint: 'control-room', since: 1_781_950_000_000, outcome: 'refused' }],
            },
          },
        },
      },
    ],
  },
  drill: {
    name: 'drill',
    title: 'What is not the real thing',
    summary:
      'State, after the snapshot and with every change: the mode of the installation, and the drill under way. Cameras of a drill have `exercise: true`, and so has everything about them.',
    examples: [
      {
        name: 'a drill',
        payload: {
          type: 'drill',
          mode: 'actual',
          drill: {
            drillId: '6f1c',
            title: { en: 'Surge: to severe within a minute', ko: '급증: 1분 안에 심각 단계' },
            by: 'Kim',
            startedAt: CAPTURED_AT,
            endsAt: CAPTURED_AT + 240_000,
          },
        },
      },
      { name: 'none', payload: { type: 'drill', mode: 'actual' } },
    ],
  },
  alerts: {
    name: 'alerts',
    title: 'Running alerts',
    summary: 'State: all alerts that are on or not acknowledged. After the snapshot, and with every change.',
    examples: [
      { name: 'one alert', payload: { type: 'alerts', epoch: 'f3a9', offset: 42, active: [active] } },
      { name: 'all quiet', payload: { type: 'alerts', offset: 0, active: [] } },
    ],
  },
  alert: {
    name: 'alertEvent',
    title: 'An alert event',
    summary: 'Log: in order, never skipped. Keep its epoch and offset to resume after a reconnect.',
    examples: [{ name: 'the level rose', payload: { type: 'alert', event } }],
  },
  resumed: {
    name: 'resumed',
    title: 'The missed alert events are told',
    summary: 'Follows them. When not recovered, the log is to be read from GET /api/alerts/events.',
    examples: [{ name: 'recovered', payload: { type: 'resumed', recovered: true, epoch: 'f3a9', offset: 42 } }],
  },
  ordered: {
    name: 'ordered',
    title: 'What became of an order',
    summary:
      'To the client that sent the order. With code `no-answer` nothing is known to be done: send it again as it was.',
    examples: [
      { name: 'done', payload: { type: 'ordered', commandId: 'screen-2-000017', ok: true } },
      {
        name: 'refused',
        payload: {
          type: 'ordered',
          commandId: 'screen-2-000017',
          ok: false,
          code: 'unknown-alert',
          message: 'There is no such alert any more.',
        },
      },
    ],
  },
  error: {
    name: 'error',
    title: 'A message was not understood',
    summary: 'The connection stays open.',
    examples: [
      { name: 'bad message', payload: { type: 'error', code: 'bad-message', message: 'not a message of headroom.v1' } },
    ],
  },
};

/** Client messages by type. */
export const CLIENT_MESSAGES: Record<string, MessageText> = {
  heatmaps: {
    name: 'requestHeatmaps',
    title: 'Ask for heat maps',
    summary: 'Heat maps of these cameras, from now on; replaces the earlier list. An empty list ends them.',
    examples: [
      { name: 'two cameras', payload: { type: 'heatmaps', cameraIds: ['gate-3', 'gate-4'] } },
      { name: 'none', payload: { type: 'heatmaps', cameraIds: [] } },
    ],
  },
  order: {
    name: 'order',
    title: 'An operator’s order',
    summary:
      'Acknowledge, comment, escalate, assign, silence or end a silence. The client makes the `commandId`: the same one twice is carried out once. Answered by `ordered`; what it changed comes as alert events.',
    examples: [
      {
        name: 'acknowledge',
        payload: {
          type: 'order',
          command: { type: 'acknowledge', commandId: 'screen-2-000017', actor: 'Kim', alertId: event.alertId },
        },
      },
    ],
  },
  resume: {
    name: 'resume',
    title: 'Ask for missed alert events',
    summary: 'After a reconnect: the events after this place in the log, then a `resumed` message.',
    examples: [{ name: 'after event 40', payload: { type: 'resume', epoch: 'f3a9', offset: 40 } }],
  },
};

export const HEATMAP = {
  name: 'heatmap',
  title: 'Heat map of one picture, binary',
  summary: 'Sent after the reading of each counted picture of a camera asked for. A slow client skips some.',
  exampleBase64: Buffer.from(
    encodeHeatmap({
      cameraId: 'gate-3',
      seq: 123,
      capturedAt: CAPTURED_AT,
      width: 2,
      height: 2,
      peoplePerUnit: 0.01,
      values: Uint8Array.from([0, 12, 200, 3]),
      heads: [[0.25, 0.75]],
    }),
  ).toString('base64'),
};
