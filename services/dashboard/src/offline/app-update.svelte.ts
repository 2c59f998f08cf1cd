/** Installs the service worker, and tells when a newer version of the dashboard waits. Never reloads by itself. */
const LOOK_EVERY_MS = 3_600_000;

export class AppUpdate {
  /** A newer version is fetched and waits for a press. */
  ready = $state(false);
  #registration: ServiceWorkerRegistration | undefined;

  /** Call once the page shows: what is on the screen goes first. */
  async start(): Promise<void> {
    const { serviceWorker } = navigator;
    // Only in secure contexts (https, or the machine itself); a page without it works as well, but online only.
    if (!serviceWorker || !import.meta.env.PROD) return;
    serviceWorker.addEventListener('message', ({ data }: MessageEvent<{ type?: unknown; href?: unknown }>) => {
      if (data?.type === 'open' && typeof data.href === 'string' && data.href.startsWith('#/'))
        location.hash = data.href;
    });
    try {
      const registration = await serviceWorker.register('./sw.js');
      this.#registration = registration;
      this.#look(registration);
      registration.addEventListener('updatefound', () => {
        registration.installing?.addEventListener('statechange', () => this.#look(registration));
      });
      setInterval(() => void registration.update().catch(() => undefined), LOOK_EVERY_MS);
    } catch {
      // Blocked by a setting of the browser: nothing on the screen depends on it.
    }
  }

  /** Takes the new version up: the page is loaded again. */
  apply(): void {
    const waiting = this.#registration?.waiting;
    if (!waiting) {
      location.reload();
      return;
    }
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
    waiting.postMessage('activate');
  }

  #look(registration: ServiceWorkerRegistration): void {
    // The very first version waits for nobody.
    this.ready = registration.waiting !== null && navigator.serviceWorker.controller !== null;
  }
}
