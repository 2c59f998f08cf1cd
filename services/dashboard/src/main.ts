/** Starts the dashboard. */
import './zod-setup.ts';
import './styles/tokens.css';
import './styles/base.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { Live } from './live/live.svelte.ts';
import { AppUpdate } from './offline/app-update.svelte.ts';
import { keepNumbersSteady } from './parts/steady-numbers.ts';
import { Router } from './route.svelte.ts';
import { Settings } from './settings.svelte.ts';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app');

// Relative to the page, as every other address, so that the dashboard may live under a path prefix.
const url = new URL('./ws', location.href);
url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
url.hash = '';

const live = new Live(url.href);
const update = new AppUpdate();
mount(App, { target, props: { live, settings: new Settings(), router: new Router(), update } });
keepNumbersSteady();
live.start();
void update.start();
