/**
 * `bench dashboard`: the wall in real Chromium on a simulated site, as an operator leaves it open. Prints first paint,
 * bundle, long tasks, and once a minute the heap after a forced collection. Prints and never judges.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { CDPSession, Page } from 'playwright-core';
import { launchChromium } from '../helpers/browser.ts';
import { startSimulatedSite } from '../helpers/simulated-site.ts';
import { quantile } from './statistics.ts';

const DIST = fileURLToPath(new URL('../../services/dashboard/dist/', import.meta.url));
const SCREEN = { width: 1920, height: 1080 };
/** Opening the page is one thing, watching it another. */
const OPENING_S = 20;

/** Runs before the page: keeps every long task with its time. */
const WATCH_LONG_TASKS = `
  window.longTasks = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) window.longTasks.push([startTime, duration]);
  }).observe({ type: 'longtask', buffered: true });
`;

export type DashboardBench = { cameras: number; fps: number; seconds: number; json?: boolean };

type Sample = { atS: number; heapMb: number; domNodes: number; listeners: number; liveTiles: number };

export async function benchDashboard({ cameras, fps, seconds, json }: DashboardBench): Promise<void> {
  const site = await startSimulatedSite({
    cameras: Array.from({ length: cameras }, (_, index) => simulatedCamera(index, fps)),
    config: { alerts: { escalationSteps: 0 } },
  });
  const chromium = await launchChromium();
  try {
    const page = await chromium.newPage({ viewport: SCREEN });
    await page.addInitScript(WATCH_LONG_TASKS);
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Performance.enable');
    await page.goto(site.url);
    await page.locator('[data-testid="tile"][data-live="true"]').first().waitFor({ timeout: 60_000 });
    const opened = await page.evaluate<{ firstPaintMs: number; files: string[] }>(`({
      firstPaintMs: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
      files: ['index.html', ...performance.getEntriesByType('resource')
        .filter(({ initiatorType }) => initiatorType === 'script' || initiatorType === 'link' || initiatorType === 'css')
        .map(({ name }) => new URL(name).pathname.slice(1))],
    })`);
    const samples: Sample[] = [];
    const startedAt = performance.now();
    const elapsedS = () => (performance.now() - startedAt) / 1000;
    // Crowds change all the while, so that levels, order and lines do, too.
    const crowds = setInterval(() => {
      for (let i = 0; i < cameras; i += 1) site.setPeople(`c${i}`, Math.round(40 + 35 * Math.sin(elapsedS() / 40 + i)));
    }, 1000);
    if (!json) process.stdout.write('     at   heap after GC   DOM nodes   listeners   live tiles\n');
    for (let at = OPENING_S; ; at += 60) {
      const next = Math.min(at, seconds);
      await page.waitForTimeout(Math.max(0, (next - elapsedS()) * 1000));
      const sample = await measure(page, devtools, elapsedS());
      samples.push(sample);
      if (!json) process.stdout.write(line(sample));
      if (next >= seconds) break;
    }
    clearInterval(crowds);
    const tasks = await page.evaluate<[number, number][]>('window.longTasks');
    const watching = tasks.filter(([startMs]) => startMs > OPENING_S * 1000).map(([, ms]) => ms);
    const report = {
      cameras,
      picturesPerSecond: cameras * fps,
      seconds: Math.round(elapsedS()),
      cores: availableParallelism(),
      load: Number((loadavg()[0] ?? 0).toFixed(1)),
      firstContentfulPaintMs: Math.round(opened.firstPaintMs),
      wallBundleGzipKb: Number((gzippedBytes(opened.files) / 1000).toFixed(1)),
      longTasksOpening: tasks.length - watching.length,
      longTasksWatching: watching.length,
      longTasksPerMinute: Number((watching.length / ((elapsedS() - OPENING_S) / 60)).toFixed(2)),
      longTaskP50Ms: Math.round(quantile(watching, 0.5)),
      longestTaskMs: Math.round(Math.max(0, ...watching)),
      heapFirstMb: samples[0]?.heapMb,
      heapLastMb: samples.at(-1)?.heapMb,
      heapMbPerHour: Number(slopePerHour(samples).toFixed(2)),
    };
    if (json) process.stdout.write(`${JSON.stringify({ ...report, samples })}\n`);
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

async function measure(page: Page, devtools: CDPSession, atS: number): Promise<Sample> {
  await devtools.send('HeapProfiler.collectGarbage');
  const { metrics } = await devtools.send('Performance.getMetrics');
  const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? 0;
  return {
    atS: Math.round(atS),
    heapMb: Number((of('JSHeapUsedSize') / 1e6).toFixed(2)),
    domNodes: of('Nodes'),
    listeners: of('JSEventListeners'),
    liveTiles: await page.locator('[data-testid="tile"][data-live="true"]').count(),
  };
}

function line({ atS, heapMb, domNodes, listeners, liveTiles }: Sample): string {
  const cells: [string, number][] = [
    [`${atS} s`, 7],
    [`${heapMb.toFixed(2)} MB`, 16],
    [String(domNodes), 12],
    [String(listeners), 12],
    [String(liveTiles), 13],
  ];
  return `${cells.map(([text, width]) => text.padStart(width)).join('')}\n`;
}

/** What the browser fetched to show the wall, gzipped. */
function gzippedBytes(files: string[]): number {
  return files.reduce((sum, file) => sum + gzipSync(readFileSync(`${DIST}${file}`)).length, 0);
}

/** Least squares over all samples but the first minute, in which pictures, charts and caches fill. */
function slopePerHour(samples: Sample[]): number {
  const late = samples.slice(1);
  const meanAt = late.reduce((sum, { atS }) => sum + atS, 0) / late.length;
  const meanHeap = late.reduce((sum, { heapMb }) => sum + heapMb, 0) / late.length;
  const spread = late.reduce((sum, { atS }) => sum + (atS - meanAt) ** 2, 0);
  if (spread === 0) return 0;
  return (3600 * late.reduce((sum, { atS, heapMb }) => sum + (atS - meanAt) * (heapMb - meanHeap), 0)) / spread;
}
