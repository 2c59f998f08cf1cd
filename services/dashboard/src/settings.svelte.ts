/** What the person at this screen chose: language and overlays, kept in the browser. */
import { en } from './text/en.ts';
import { ko } from './text/ko.ts';
import { type Language, pickLanguage, type Texts } from './text/texts.ts';

const KEY = 'headroom.settings';
const TEXTS: Record<Language, Texts> = { en, ko };

type Stored = { language?: string; heat?: boolean; heads?: boolean };

export class Settings {
  language: Language = $state('en');
  heat = $state(true);
  heads = $state(true);
  readonly t: Texts = $derived(TEXTS[this.language]);

  constructor() {
    const stored = read();
    this.language = pickLanguage(stored.language, navigator.languages);
    this.heat = stored.heat ?? true;
    this.heads = stored.heads ?? true;
  }

  save(): void {
    const stored: Stored = { language: this.language, heat: this.heat, heads: this.heads };
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
