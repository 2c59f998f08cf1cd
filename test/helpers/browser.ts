/** Chromium for tests of the dashboard. A page fails its test on any console error, page error or failed request. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Where systems keep it; `CHROMIUM` goes first. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium'];

/** No sandbox: tests often run as root, and load nothing but our own pages. The rest keeps the browser off the network. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const ARTIFACTS = resolve('artifacts');

export const SIZES = {
  desktop: { width: 1440, height: 900 },
  phone: { width: 390, height: 844 },
  small: { width: 360, height: 740 },
} as const;

/**
 * How much of the page sticks out sideways, in a page's own words. Against the screen, not `innerWidth`: a phone's browser
 * makes that as wide as what sticks out.
 */
export const SIDEWAYS_PX = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

export type PageOptions = { size?: keyof typeof SIZES; language?: 'en-GB' | 'ko-KR' };

export type WatchedPage = {
  readonly page: Page;
  /** From here on the server may be gone: requests to it may fail, anything else still counts. */
  expectServerGone(): void;
  /** Answers with these codes are what the test is about: they are no trouble from here on. */
  expectRefusals(codes: number[]): void;
  /** Saves a picture of the page under `artifacts/`, for people to look at. */
  screenshot(name: string): Promise<void>;
  /** @throws AssertionError naming everything that went wrong on the page so far */
  assertClean(): void;
  close(): Promise<void>;
};

export type TestBrowser = { open(url: string, options?: PageOptions): Promise<WatchedPage>; close(): Promise<void> };

/** The system's Chromium. @throws AssertionError when there is none */
export function launchChromium(): Promise<Browser> {
  const executablePath = [process.env.CHROMIUM, ...PLACES].find((path) => path && existsSync(path));
  assert.ok(executablePath, `no Chromium found: install it, or set CHROMIUM (looked at ${PLACES.join(', ')})`);
  return chromium.launch({ executablePath, args: FLAGS });
}

export async function startBrowser(): Promise<TestBrowser> {
  const browser = await launchChromium();
  return {
    open: (url, options) => openPage(browser, url, options),
    close: () => browser.close(),
  };
}

async function openPage(browser: Browser, url: string, options: PageOptions = {}): Promise<WatchedPage> {
  const size = options.size ?? 'desktop';
  const phone = size !== 'desktop';
  const context = await browser.newContext({
    viewport: SIZES[size],
    locale: options.language ?? 'en-GB',
    isMobile: phone,
    hasTouch: phone,
    deviceScaleFactor: phone ? 2 : 1,
  });
  const page = await context.newPage();
  const problems: string[] = [];
  let serverGone = false;
  let expected: number[] = [];

  page.on('pageerror', (error) => problems.push(`page error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    // Chromium has many words for it: refused, reset, an empty response; an answer of a server has a status instead.
    if (serverGone && /net::ERR_|WebSocket connection to/.test(message.text())) return;
    if (expected.some((code) => message.text().includes(`status of ${code} `))) return;
    problems.push(`console ${message.type()}: ${message.text()}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400 && !expected.includes(response.status()))
      problems.push(`${response.status()} ${response.url()}`);
  });
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText ?? 'failed';
    // The page itself gives up requests whose answer nobody waits for any more.
    if (reason === 'net::ERR_ABORTED' || serverGone) return;
    problems.push(`${reason} ${request.url()}`);
  });

  await page.goto(url);
  return {
    page,
    expectServerGone() {
      serverGone = true;
    },
    expectRefusals(codes) {
      expected = codes;
    },
    async screenshot(name) {
      await mkdir(ARTIFACTS, { recursive: true });
      await page.screenshot({ path: join(ARTIFACTS, `${name}.png`) });
    },
    assertClean: () => assert.deepEqual(problems, [], 'the page ran into trouble'),
    async close() {
      // A route's answer still under way would fail once the page is gone, after the test that it belongs to has passed.
      for (const open of context.pages()) await open.unrouteAll({ behavior: 'ignoreErrors' });
      await context.close();
    },
  };
}
