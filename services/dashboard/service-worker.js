/**
 * Keeps the shell of the dashboard (pages, styles, icons), so that it opens at once, can be installed, and can say "not
 * connected" when the server is away. Never keeps data: `/api` and `/ws` go past it, and a shell without a server shows
 * no number. Also brings up desktop messages on phones, and opens the alert they are about.
 *
 * The build puts the files of this version in; a new version waits until the page says that nobody is in the middle of
 * something.
 */
/* global self, caches, clients */

/** Set by the build: `{ version, files }`. */
const SHELL = __SHELL__;
const CACHE = `headroom-shell-${SHELL.version}`;
const PREFIX = 'headroom-shell-';
/** A server that takes longer to hand out the page is as good as away. */
const PAGE_TIMEOUT_MS = 4_000;

const root = new URL('./', self.location.href);
const known = new Set(SHELL.files.map((file) => new URL(file, root).href));

self.addEventListener('install', (event) => {
  const files = SHELL.files.map((file) => new Request(new URL(file, root), { cache: 'reload' }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(files)));
});

self.addEventListener('activate', (event) => {
  const old = caches
    .keys()
    .then((names) => names.filter((name) => name.startsWith(PREFIX) && name !== CACHE))
    .then((names) => Promise.all(names.map((name) => caches.delete(name))));
  event.waitUntil(old.then(() => self.clients.claim()));
});

self.addEventListener('message', ({ data }) => {
  if (data === 'activate') void self.skipWaiting();
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET') return;
  const url = new URL(request.url);
  url.hash = '';
  url.search = '';
  if (request.mode === 'navigate') {
    if (url.href === root.href) event.respondWith(page(request));
  } else if (known.has(url.href)) event.respondWith(asset(request));
});

/** The page itself comes from the server while there is one: a reload is the newest version. */
async function page(request) {
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(PAGE_TIMEOUT_MS) });
    if (response.ok) return response;
  } catch {
    // The server is away: the shell says so.
  }
  return (await caches.match(root, { cacheName: CACHE })) ?? Response.error();
}

/** Names of assets change with their content: what is kept is what was asked for. */
async function asset(request) {
  return (await caches.match(request, { cacheName: CACHE, ignoreVary: true })) ?? fetch(request);
}

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.href ?? '#/'));
});

async function open(href) {
  const [screen] = await self.clients.matchAll({ type: 'window' });
  if (!screen) return self.clients.openWindow(new URL(href, root));
  await screen.focus();
  screen.postMessage({ type: 'open', href });
}
