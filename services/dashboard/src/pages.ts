/**
 * The pages beside the wall and the cameras, one line each. A page is fetched when it is first opened, so that the wall
 * stays light, and must work without a single camera. Those with a word in `t.nav` stand in the navigation, in the
 * order of those words; the others are reached by links.
 */
import type { Component } from 'svelte';
import type { Live } from './live/live.svelte.ts';
import type { Router } from './route.svelte.ts';
import type { Settings } from './settings.svelte.ts';

/** `params`: what follows the page's name in the address, as in `#/zone/<camera>/<zone>`. */
export type PageProps = { live: Live; settings: Settings; router: Router; params: readonly string[] };

type Load = () => Promise<{ default: Component<PageProps> }>;

export const PAGES = {
  alerts: () => import('./alerts/AlertsPage.svelte'),
  zone: () => import('./zone/ZonePage.svelte'),
  setup: () => import('./setup/SetupPage.svelte'),
  thresholds: () => import('./thresholds/ThresholdsPage.svelte'),
  bench: () => import('./bench/BenchPage.svelte'),
  system: () => import('./system/SystemPage.svelte'),
} satisfies Record<string, Load>;

export type PageId = keyof typeof PAGES;

export const isPage = (id: string): id is PageId => Object.hasOwn(PAGES, id);
