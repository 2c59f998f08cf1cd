/** What most tests of the dashboard begin with: a simulated site and a browser, for all tests of one file. */
import { after, before } from 'node:test';
import { startBrowser, type TestBrowser } from './browser.ts';
import { type SimulatedOptions, type SimulatedSite, startSimulatedSite } from './simulated-site.ts';

export type Screens = {
  readonly site: SimulatedSite;
  readonly browser: TestBrowser;
};

/** Starts both before the file's tests, and stops them after; only tests may ask for one of them. */
export function screensOf(options: SimulatedOptions): Screens {
  let site: SimulatedSite | undefined;
  let browser: TestBrowser | undefined;
  before(async () => {
    site = await startSimulatedSite(options);
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    await site?.stop();
  });
  return {
    get site() {
      return started(site);
    },
    get browser() {
      return started(browser);
    },
  };
}

function started<T>(part: T | undefined): T {
  if (!part) throw new Error('asked for before the tests began');
  return part;
}
