/** What the person at this screen chose: language and overlays, kept in the browser. */
import { en } from './text/en.ts';
import { ko } from './text/ko.ts';
import { type Language, pickLanguage, type Texts } from './text/texts.ts';
import { isTileSize, type TileSize } from './wall/layout.ts';

const KEY = 'headroom.settings';
const TEXTS: Record<Language, Texts> = { en, ko };

type Stored = { language?: string; heat?: boolean; heads?: boolean; tileSize?: unknown; shortcuts?: boolean };

export class Settings {
  language: Language = $state('en');
  heat = $state(true);
  heads = $state(true);
  tileSize: TileSize = $state('auto');
  /** Whether single keys act (WCAG 2.2, 2.1.4). */
  shortcuts = $state(true);
  readonly t: Texts = $derived(TEXTS[this.language]);

  constructor() {
    const stored = read();
    this.heat = stored.heat ?? true;
    this.heads = stored.heads ?? true;
    this.#takePersonal(stored);
    // Chosen on another page of this browser. What lies over the pictures, and their size, is each screen's own.
    addEventListener('storage', ({ key }) => {
      if (key === KEY) this.#takePersonal(read());
    });
    if (isTileSize(stored.tileSize)) this.tileSize = stored.tileSize;
  }

  #takePersonal({ language, shortcuts }: Stored): void {
    this.language = pickLanguage(language, navigator.languages);
    this.shortcuts = shortcuts ?? true;
  }

  save(): void {
    const { language, heat, heads, tileSize, shortcuts } = this;
    const stored: Stored = { language, heat, heads, tileSize, shortcuts };
    try {
      localStorage.setItem(KEY, JSON.stringify(stored));
    } catch {
      // Storage may be full or forbidden: the choice then lasts as long as the page.
    }
  }
}

function read(): Stored {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
