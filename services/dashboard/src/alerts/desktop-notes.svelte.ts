/**
 * Messages of the operating system for alerts, when nobody looks at this page. Off until somebody switches them on:
 * browsers ask for permission, and only a press may bring that question up.
 */
import type { Note, NotesState } from './note.ts';

const KEY = 'headroom.notes';

export class DesktopNotes {
  #wanted = $state(read());
  #permission: NotificationPermission | undefined = $state(
    'Notification' in globalThis ? Notification.permission : undefined,
  );
  /** By alert; nothing where the service worker shows it. */
  readonly #shown = new Map<string, Notification | undefined>();

  constructor() {
    // Switched on another page of this browser.
    addEventListener('storage', ({ key }) => {
      if (key !== KEY) return;
      this.#wanted = read();
      if ('Notification' in globalThis) this.#permission = Notification.permission;
    });
  }

  get state(): NotesState {
    if (this.#permission === undefined) return 'unsupported';
    if (this.#permission === 'denied') return 'denied';
    return this.#wanted && this.#permission === 'granted' ? 'on' : 'off';
  }

  /** Call from within a press: may bring up the browser's question. */
  async turnOn(): Promise<void> {
    if (this.#permission === undefined) return;
    this.#permission = await Notification.requestPermission();
    this.#want(this.#permission === 'granted');
  }

  turnOff(): void {
    this.#want(false);
    for (const alertId of this.#shown.keys()) void this.close(alertId);
  }

  async show(note: Note): Promise<void> {
    if (this.state !== 'on') return;
    const options = {
      body: note.body,
      tag: note.alertId,
      renotify: true,
      requireInteraction: note.sticky,
      lang: note.language,
      icon: './icon-192.png',
      data: { href: note.href },
    };
    this.#shown.set(note.alertId, undefined);
    const registration = await navigator.serviceWorker?.getRegistration().catch(() => undefined);
    // Phones only take them from the service worker, which also hears the click.
    if (registration?.active) return registration.showNotification(note.title, options);
    const shown = new Notification(note.title, options);
    shown.onclick = () => {
      focus();
      location.hash = note.href;
      shown.close();
    };
    this.#shown.set(note.alertId, shown);
  }

  /** Takes away what has nothing more to say: an acknowledgement may come with a list, without a word of its own. */
  closeWhere(isDealtWith: (alertId: string) => boolean): void {
    for (const alertId of this.#shown.keys()) if (isDealtWith(alertId)) void this.close(alertId);
  }

  /** Takes the message away: somebody dealt with the alert. */
  async close(alertId: string): Promise<void> {
    this.#shown.get(alertId)?.close();
    this.#shown.delete(alertId);
    const registration = await navigator.serviceWorker?.getRegistration().catch(() => undefined);
    for (const shown of (await registration?.getNotifications({ tag: alertId })) ?? []) shown.close();
  }

  #want(wanted: boolean): void {
    this.#wanted = wanted;
    try {
      localStorage.setItem(KEY, wanted ? 'on' : 'off');
    } catch {
      // Storage may be full or forbidden: the choice then lasts as long as the page.
    }
  }
}

function read(): boolean {
  try {
    return localStorage.getItem(KEY) === 'on';
  } catch {
    return false;
  }
}
