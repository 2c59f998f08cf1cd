/**
 * `bench dashboard`: the wall in real Chromium on a simulated site, as an operator leaves it open. Prints first paint and
 * first number of browsers that were never there, bundle, and once a minute the heap after a forced collection, what the
 * page's main thread did for ten seconds, how long a key waited for it, and how many pictures each tile got. Prints and
 * never judges.
 *
 * Tasks are measured twice: as the browser reports them (`longtask`, time on the wall, which grows on a busy machine),
 * and by the CPU time they took (a trace), which does not.
 */
import { availableParallelism, loadavg } from 'node:os';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { launchChromium } from '../helpers/browser.ts';
import { startSimulatedSite } from '../helpers/simulated-site.ts';
import { filesFetched, gzippedBytes } from '../helpers/wall-bundle.ts';
import { quantile } from './statistics.ts';
import { COUNT_PICTURES, PICTURES, WATCH } from './wall-watch.ts';

const SCREEN = { width: 1920, height: 1080 };
/** Opening the page is one thing, watching it another. */
const OPENING_S = 20;
const TRACE_MS = 10_000;
const LINES_FULL_S = 16 * 60;
const LONG_TASK_MS = 50;
const OPENINGS = 9;
/** A key that means nothing, pressed this often while the page is looked at: how long until the page hears of it? */
const KEY_MS = 400;
const LIVE_TILE = '[data-testid="tile"][data-live="true"]';

export type DashboardBench = { cameras: number; fps: number; seconds: number; json?: boolean };

type Sample = {
  atS: number;
  heapMb: number;
  domNodes: number;
  listeners: number;
  liveTiles: number;
  /** CPU time of the main thread, share of one core. */
  busy: number;
  /** CPU time of each task in the traced seconds. */
  tasksMs: number[];
  /** How long each key waited until the page heard of it. */
  keysMs: number[];
  /** Pictures a second: of the tile in view that got fewest, of the one that got most, and of all others together. */
  pictures: { fewest: number; most: number; outOfView: number };
};

export async function benchDashboard({ cameras, fps, seconds, json }: DashboardBench): Promise<void> {
  const site = await startSimulatedSite({
    cameras: Array.from({ length: cameras }, (_, index) => simulatedCamera(index, fps)),
    config: { alerts: { escalationSteps: 0 } },
  });
  const chromium = await launchChromium();
  try {
    const openings = await measureOpenings(chromium, site.url);
    const page = await chromium.newPage({ viewport: SCREEN });
    await page.addInitScript(WATCH);
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
    await page.goto(site.url);
    await page.locator(LIVE_TILE).first().waitFor({ timeout: 300_000 });
    const files = await filesFetched(page);
    const samples: Sample[] = [];
    const startedAt = performance.now();
    const elapsedS = () => (performance.now() - startedAt) / 1000;
    // Crowds change all the while, so that levels, order and lines do, too.
    const crowds = setInterval(() => {
      for (let i = 0; i < cameras; i += 1) site.setPeople(`c${i}`, Math.round(40 + 35 * Math.sin(elapsedS() / 40 + i)));
    }, 1000);
    if (!json)
      process.stdout.write(
        '     at   heap after GC   DOM nodes   listeners   live tiles   main thread   longest task (CPU)   longest key   pictures/s a tile\n',
      );
    for (let at = OPENING_S; ; at += 60) {
      const next = Math.min(at, seconds);
      await page.waitForTimeout(Math.max(0, (next - elapsedS()) * 1000));
      const sample = await measure(chromium, page, devtools, elapsedS());
      samples.push(sample);
      if (!json) process.stdout.write(line(sample));
      if (next >= seconds) break;
    }
    clearInterval(crowds);
    const tasks = await page.evaluate<[number, number][]>('window.longTasks');
    const watching = tasks.filter(([startMs]) => startMs > OPENING_S * 1000).map(([, ms]) => ms);
    const cpuMs = samples.flatMap(({ tasksMs }) => tasksMs);
    const busy = samples.map((sample) => sample.busy);
    const keysMs = samples.flatMap((sample) => sample.keysMs);
    const pictures = samples.map((sample) => sample.pictures);
    const report = {
      cameras,
      picturesPerSecond: cameras * fps,
      seconds: Math.round(elapsedS()),
      cores: availableParallelism(),
      load: Number((loadavg()[0] ?? 0).toFixed(1)),
      firstContentfulPaintP50Ms: Math.round(quantile(openings.paintMs, 0.5)),
      firstContentfulPaintMaxMs: Math.round(Math.max(...openings.paintMs)),
      firstLiveNumberP50Ms: Math.round(quantile(openings.numberMs, 0.5)),
      firstLiveNumberMaxMs: Math.round(Math.max(...openings.numberMs)),
      wallBundleGzipKb: Number((gzippedBytes(files) / 1000).toFixed(1)),
      mainThreadShare: Number((busy.reduce((sum, share) => sum + share, 0) / busy.length).toFixed(2)),
      tracedTasks: cpuMs.length,
      taskCpuP999Ms: Number(quantile(cpuMs, 0.999).toFixed(1)),
      longestTaskCpuMs: Number(cpuMs.reduce((longest, ms) => Math.max(longest, ms), 0).toFixed(1)),
      tasksOver50MsCpu: cpuMs.filter((ms) => ms > LONG_TASK_MS).length,
      longTasksOpening: tasks.length - watching.length,
      longTasksWatching: watching.length,
      longTasksPerMinute: Number((watching.length / ((elapsedS() - OPENING_S) / 60)).toFixed(2)),
      longTaskP50Ms: Math.round(quantile(watching, 0.5)),
      longestTaskMs: Math.round(Math.max(0, ...watching)),
      keyDelayP50Ms: Number(quantile(keysMs, 0.5).toFixed(1)),
      keyDelayP99Ms: Number(quantile(keysMs, 0.99).toFixed(1)),
      keyDelayMaxMs: Number(Math.max(0, ...keysMs).toFixed(1)),
      picturesPerSecondFewest: Math.min(...pictures.map(({ fewest }) => fewest)),
      picturesPerSecondMost: Math.max(...pictures.map(({ most }) => most)),
      picturesPerSecondOutOfView: Math.max(...pictures.map(({ outOfView }) => outOfView)),
      heapFirstMb: samples[0]?.heapMb,
      heapLastMb: samples.at(-1)?.heapMb,
      heapMbPerHour: Number(slopePerHour(samples).toFixed(2)),
    };
    if (json)
      process.stdout.write(
        `${JSON.stringify({ ...report, samples: samples.map(({ tasksMs: _, keysMs: __, ...sample }) => sample) })}\n`,
      );
    else for (const [name, value] of Object.entries(report)) process.stdout.write(`${name.padEnd(24)} ${value}\n`);
  } finally {
    await chromium.close();
    await site.stop();
  }
}

function simulatedCamera(index: number, sampleFps: number) {
  const half = (id: string, left: number) => ({
    id,
    polygon: [
      [left, 0.1],
      [left + 0.5, 0.1],
      [left + 0.5, 1],
      [left, 1],
    ],
    capacity: 60,
  });
  // Every other camera is calibrated, as on a real site.
  const calibration =
    index % 2 === 0 ? { calibration: { mount: { heightM: 8, tiltDeg: 30 }, verticalFovDeg: 45 } } : {};
  return {
    id: `c${index}`,
    name: `Camera ${index + 1}`,
    sampleFps,
    zones: [half('left', 0), half('right', 0.5)],
    ...calibration,
  };
}

async function measure(chromium: Browser, page: Page, devtools: CDPSession, atS: number): Promise<Sample> {
  const metrics = async () => {
    const { metrics: all } = await devtools.send('Performance.getMetrics');
    return (name: string) => all.find((metric) => metric.name === name)?.value ?? 0;
  };
  const before = await metrics();
  const from = performance.now();
  await chromium.startTracing(page, { categories: ['toplevel'], screenshots: false });
  await page.evaluate(COUNT_PICTURES);
  const watchedFrom = performance.now();
  while (performance.now() - from < TRACE_MS) {
    await page.keyboard.press('Shift');
    await page.waitForTimeout(KEY_MS);
  }
  const keysMs = await page.evaluate<number[]>('window.keyDelays');
  const counted = await page.evaluate<{ inView: number[]; outOfView: number[] }>(PICTURES);
  const watchedS = (performance.now() - watchedFrom) / 1000;
  const perSecond = (count: number) => Number((count / watchedS).toFixed(2));
  const tasksMs = mainThreadTasks(await chromium.stopTracing());
  const after = await metrics();
  const seconds = (performance.now() - from) / 1000;
  await devtools.send('HeapProfiler.collectGarbage');
  const of = await metrics();
  return {
    atS: Math.round(atS),
    heapMb: Number((of('JSHeapUsedSize') / 1e6).toFixed(2)),
    domNodes: of('Nodes'),
    listeners: of('JSEventListeners'),
    liveTiles: await page.locator(LIVE_TILE).count(),
    busy: Number(((after('TaskDuration') - before('TaskDuration')) / seconds).toFixed(3)),
    tasksMs,
    keysMs,
    pictures: {
      fewest: perSecond(Math.min(...counted.inView)),
      most: perSecond(Math.max(...counted.inView)),
      outOfView: perSecond(counted.outOfView.reduce((sum, count) => sum + count, 0)),
    },
  };
}

type TraceEvent = { name: string; ph: string; pid: number; tid: number; tdur?: number; args: { name?: string } };

/** CPU milliseconds of every task on the page's main thread. */
function mainThreadTasks(trace: Buffer): number[] {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const main = traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
  return traceEvents
    .filter(
      ({ name, ph, pid, tid }) =>
        name === 'ThreadControllerImpl::RunTask' &&
        ph === 'X' &&
        main.some((thread) => thread.pid === pid && thread.tid === tid),
    )
    .map(({ tdur = 0 }) => tdur / 1000);
}

function line({ atS, heapMb, domNodes, listeners, liveTiles, busy, tasksMs, keysMs, pictures }: Sample): string {
  const cells: [string, number][] = [
    [`${atS} s`, 7],
    [`${heapMb.toFixed(2)} MB`, 16],
    [String(domNodes), 12],
    [String(listeners), 12],
    [String(liveTiles), 13],
    [`${(busy * 100).toFixed(0)} %`, 14],
    [`${Math.max(0, ...tasksMs).toFixed(1)} ms`, 21],
    [`${Math.max(0, ...keysMs).toFixed(0)} ms`, 14],
    [`${pictures.fewest} to ${pictures.most}`, 20],
  ];
  return `${cells.map(([text, width]) => text.padStart(width)).join('')}\n`;
}

/** Opens the wall several times as a browser that has never been here: until it paints, and until it shows a number. */
async function measureOpenings(chromium: Browser, url: string): Promise<{ paintMs: number[]; numberMs: number[] }> {
  const paintMs: number[] = [];
  const numberMs: number[] = [];
  for (let opening = 0; opening < OPENINGS; opening += 1) {
    const context = await chromium.newContext({ viewport: SCREEN });
    const page = await context.newPage();
    await page.goto(url);
    await page.locator(LIVE_TILE).first().waitFor({ timeout: 300_000 });
    const [paint, now] = await page.evaluate<[number, number]>(
      "[performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0, performance.now()]",
    );
    paintMs.push(paint);
    numberMs.push(now);
    await context.close();
  }
  return { paintMs, numberMs };
}

/** Least squares. The page keeps a quarter of an hour of every line: only after that can the heap be expected flat. */
function slopePerHour(samples: Sample[]): number {
  const full = samples.filter(({ atS }) => atS > LINES_FULL_S);
  const late = full.length > 2 ? full : samples.slice(1);
  const meanAt = late.reduce((sum, { atS }) => sum + atS, 0) / late.length;
  const meanHeap = late.reduce((sum, { heapMb }) => sum + heapMb, 0) / late.length;
  const spread = late.reduce((sum, { atS }) => sum + (atS - meanAt) ** 2, 0);
  if (spread === 0) return 0;
  return (3600 * late.reduce((sum, { atS, heapMb }) => sum + (atS - meanAt) * (heapMb - meanHeap), 0)) / spread;
}
