/** All English texts. */
import { alertsEn } from './alerts-en.ts';
import { benchEn } from './bench-en.ts';
import { makeFormat } from './format.ts';
import { setupEn } from './setup-en.ts';
import type { LostTexts, ReasonTexts, StatusTexts } from './texts.ts';

const UNITS = { second: 's', minute: 'min', hour: 'h', day: 'd' };
const format = makeFormat('en-GB', (value, unit) => `${value} ${UNITS[unit]} ago`);

const status: StatusTexts = { ok: 'Live', stale: 'Out of date', 'no-signal': 'No signal', degraded: 'Not counted' };

const CHECK_CAMERA = 'Check the camera, its power and its network cable.';
const CHECK_LOG = 'The log of the worker says more.';

const reasons: ReasonTexts = {
  'auth-failed': {
    what: 'The camera refuses the user name or password.',
    todo: 'Correct them in Set-up or in headroom.yaml.',
  },
  'not-found': {
    what: 'The camera answers, but has no such stream.',
    todo: 'Check the path at the end of its address, in Set-up or in headroom.yaml.',
  },
  unreachable: { what: 'The camera cannot be reached on the network.', todo: CHECK_CAMERA },
  refused: {
    what: 'The camera refuses the connection.',
    todo: 'Check that its video stream is switched on and the port is right.',
  },
  timeout: { what: 'The camera does not answer in time.', todo: CHECK_CAMERA },
  stalled: { what: 'The camera is connected but sends no picture.', todo: 'Restart the camera if this stays.' },
  ended: { what: 'The camera ended its stream.', todo: 'Headroom keeps trying. Check whether it was switched off.' },
  corrupt: {
    what: 'What the camera sends is not a readable video.',
    todo: 'Check its encoder settings (H.264 works).',
  },
  'forbidden-source': {
    what: 'This kind of camera address is not allowed.',
    todo: 'Allow it in headroom.yaml or use rtsp.',
  },
  'ffmpeg-failed': { what: 'The video reader failed.', todo: 'Headroom keeps trying. The log of ingest says more.' },
  'invalid-output': { what: 'The count made no sense and was thrown away.', todo: CHECK_LOG },
  undecodable: { what: 'The picture cannot be decoded.', todo: CHECK_CAMERA },
  'inference-failed': { what: 'Counting failed for this picture.', todo: CHECK_LOG },
  'decode-errors': { what: 'The picture is damaged.', todo: 'Check the network between camera and server.' },
  'decoding-behind': {
    what: 'The video is decoded more slowly than it comes: the picture was old.',
    todo: "Give Headroom the camera's smaller stream, or fewer cameras for each machine.",
  },
  frozen: { what: 'The picture is frozen: it has not changed for a while.', todo: 'Restart the camera if this stays.' },
  black: { what: 'The picture is black.', todo: 'Check the light, and whether the lens is covered.' },
  blurred: { what: 'The picture is blurred.', todo: 'Clean the lens, check its focus, look for fog or smoke.' },
  moved: {
    what: 'The camera has moved: its zones and calibration no longer fit.',
    todo: 'Turn it back, or draw all its zones and lines and calibrate it anew.',
  },
  'resolution-changed': {
    what: 'The picture has another shape than before: its zones and calibration no longer fit.',
    todo: "Set the camera's resolution back, or draw its zones and calibrate it anew.",
  },
  'no-picture-yet': { what: 'Waiting for the first picture.', todo: 'This takes a few seconds after a start.' },
  'late-picture': { what: 'Pictures arrive too late.', todo: 'Check the network between camera and server.' },
  'inference-behind': {
    what: 'Counting cannot keep up.',
    todo: 'Lower sampleFps or add a worker.',
  },
  'ingest-down': { what: 'Video input is down.', todo: 'Start the ingest service again.' },
  'no-message': { what: 'No new count has arrived.', todo: 'Headroom shows it as soon as one does.' },
  'clock-ahead': {
    what: 'The picture bears a time in the future, so its age is not known.',
    todo: 'Set the clocks of the servers right (NTP).',
  },
  'no-connection': { what: 'No connection to the server.', todo: 'Headroom reconnects by itself.' },
};

const lost: LostTexts = {
  unreachable: 'The server does not answer',
  closed: 'Connection to the server lost',
  silent: 'The server has gone silent',
  slept: 'This computer was asleep',
  'too-many': 'This screen asked the server for too much at once',
  offline: 'This computer is offline',
};

export const en = {
  format,
  status,
  reasons,
  lost,
  alerts: alertsEn,
  bench: benchEn,
  setup: setupEn,
  productClaim: 'Live crowd counts',
  nav: {
    label: 'Pages',
    menu: 'Menu',
    wall: 'Wall',
    alerts: 'Alerts',
    setup: 'Set-up',
    bench: 'Test bench',
    system: 'System',
    thresholds: 'Thresholds',
  },
  update: { ready: 'A newer version is ready.', apply: 'Load it' },
  page: {
    loading: 'Loading …',
    failed: 'This page could not be fetched.',
    again: 'Try again',
  },
  /** Behind the figure, as it is shown. */
  people: (shown: number): string => (shown === 1 ? 'person' : 'people'),
  peopleSpoken: (count: number) => (Math.round(count) === 1 ? '1 person' : `${format.whole(count)} people`),
  range90: '90% range',
  range90Short: '90%',
  range90Hint: 'In 9 of 10 pictures the true number lies in this range.',
  countedAgo: (ago: string) => `counted ${ago}`,
  lastCounted: (ago: string) => `last counted ${ago}`,
  noCountSince: (time: string) => `since ${time}`,
  noCount: 'No count',
  notLive: 'Not live',
  pictureAgo: (ago: string) => `Picture from ${ago}`,
  pictureAt: (time: string) => `Picture from ${time}`,
  pictureOf: (name: string) => `Picture of ${name}`,
  header: {
    total: 'People now',
    totalNote: (live: number) => (live === 1 ? '1 live camera' : `${live} live cameras`),
    totalHint: 'Sum over live cameras only. People seen by two cameras count twice.',
    oldest: (ago: string) => `oldest ${ago}`,
    camerasLive: 'Cameras live',
    liveOf: (live: number, all: number) => `${live} of ${all}`,
    clock: 'Time',
    system: 'System',
    parts: { ingest: 'Video input', inference: 'Counting', redis: 'Data store', alerts: 'Alerting' },
    databaseAway: 'The database of the alerts cannot be reached.',
    databaseAwayNote:
      'Pictures and counts go on. New alerts are noticed, but neither shown nor sent to anybody until it is back: watch the pictures. Acknowledging, silencing and drills do not work meanwhile.',
    mayGoDark: {
      what: 'This screen may go dark by itself.',
      insecure: 'Browsers keep a screen on only for pages over https.',
      unsupported: 'This browser cannot keep a screen on.',
      refused: 'The device does not allow this page to keep it on (a low battery, saving power).',
      todo: 'Set in the device that it stays on.',
      understood: 'Understood',
    },
    up: 'up',
    down: 'down',
    unknown: 'unknown',
  },
  connection: {
    connecting: 'Connecting',
    live: 'Connected',
    lost: 'Connection lost',
    nothingLive: 'No number on this screen is live.',
    retryIn: (seconds: number) => (seconds <= 0 ? 'Trying again now.' : `Trying again in ${seconds} s.`),
    trying: 'Trying again now.',
    retryNow: 'Try now',
    broken:
      'Some messages of the server could not be read. Reload this page; if it stays, the server is of another version.',
    reload: 'Reload',
  },
  controls: {
    overlays: 'Overlays',
    heat: 'Heat map',
    heads: 'Heads',
    language: 'Language',
    legend: 'Density in the picture',
    few: 'few',
    many: 'many',
  },
  wall: {
    label: 'Cameras',
    open: (name: string) => `Open ${name}`,
    moreZones: (more: number) => `+${more} more`,
    help: 'Arrow keys move, Enter opens a camera.',
    size: 'Tile size',
    sizes: { auto: 'All at once', small: 'Small', medium: 'Medium', large: 'Large' },
  },
  camera: {
    back: 'All cameras',
    previous: 'Previous camera',
    next: 'Next camera',
    position: (at: number, of: number) => `${at} of ${of}`,
    zones: 'Zones',
    zone: 'Zone',
    people: 'People',
    capacity: 'Capacity',
    full: 'Full',
    noZones: 'This camera has no zones: the count is for the whole picture.',
    wholePicture: 'Whole picture',
    model: 'Counted by',
    modelSteps: (steps: number) => (steps === 1 ? '1 step' : `${steps} steps`),
    heads: 'Heads located',
    sampling: 'Pictures counted',
    perSecond: (fps: number) =>
      `${new Intl.NumberFormat('en-GB', { maximumFractionDigits: 2 }).format(fps)} per second`,
    gone: 'This camera is no longer configured.',
    facts: 'Details',
  },
  density: {
    unit: 'people/m²',
    peak: 'fullest',
    mean: 'mean',
    peakHint: 'The fullest patch of at least 4 m² in the zone.',
    peakOf: (zone: string) => `people per m², fullest patch of ${zone}`,
    service: 'LOS',
    serviceHint: 'Level of service (Fruin), A to F: comfort, not danger.',
    notCalibrated: 'not calibrated',
    noZone: 'no zone drawn',
  },
  rate: {
    /** Right behind the figure. */
    unit: '/min',
    label: 'people/min',
    rising: (people: string) => `Filling by ${people} people a minute.`,
    falling: (people: string) => `Emptying by ${people} people a minute.`,
    forecast: (level: string, begins: string, minutes: string, range: string) =>
      `At this rate ${level} (${begins}) in about ${minutes} min (${range} min).`,
    withinAMinute: (level: string, begins: string, range: string) =>
      `At this rate ${level} (${begins}) within a minute (${range} min).`,
    hint: 'Slope of the last 3 to 5 minutes, where it is certain, with its 95 % range.',
  },
  trend: {
    title: 'People over time',
    spark: 'People over the last minutes',
    sparkOf: (what: string) => `Last minutes: ${what}`,
    collecting: (minutes: number) => `Fills while this page is open, up to ${minutes} minutes.`,
    count: 'Count',
    gapNote: 'Gaps: no count at that time.',
  },
  start: {
    connecting: 'Connecting to Headroom',
    connectingNote: 'Numbers appear as soon as the server answers.',
    cannotReach: 'Headroom cannot be reached',
    noCameras: 'No cameras yet',
    noCamerasNote: 'Add it here, or write it into headroom.yaml. It appears by itself, without a restart.',
    file: 'headroom.yaml',
    examplePassword: 'The password stays out of the file: set GATE3_PASSWORD in the environment.',
  },
  announce: {
    camera: (name: string, what: string) => `${name}: ${what}`,
    many: (count: number) => `${count} cameras changed state`,
    lost: 'Connection to the server lost. No number is live.',
    back: (live: number, all: number) => `Connected again. ${live} of ${all} cameras live.`,
  },
};
