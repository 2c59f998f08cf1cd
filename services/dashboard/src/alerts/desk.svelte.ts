/** What this screen's operator has open and switched on; what the panel, the keys and the banners share. */
import { DesktopNotes } from './desktop-notes.svelte.ts';
import { ListOrder } from './list-order.svelte.ts';
import { Sound } from './sound.svelte.ts';

export class AlertDesk {
  readonly sound = new Sound();
  readonly notes = new DesktopNotes();
  readonly order = new ListOrder();
  /** The list on narrow screens. */
  listOpen = $state(false);
  /** The help on keys. */
  helpOpen = $state(false);
}
