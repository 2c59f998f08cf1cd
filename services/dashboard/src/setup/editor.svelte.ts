/** What of a camera is being edited: the form in sight, and what is chosen and drawn on the picture. */
import type { PicturePoint } from '../../../../shared/contracts/common.ts';
import type { Draft } from './draft.svelte.ts';

export const TABS = ['camera', 'zones', 'lines', 'ground', 'limits'] as const;
export type Tab = (typeof TABS)[number];

export class Editor {
  readonly #draft: Draft;
  tab: Tab = $state('camera');
  zoneAt: number | undefined = $state();
  lineAt: number | undefined = $state();
  limitsOf: 'zones' | 'lines' = $state('zones');
  drawing = $state(false);
  gridPlane: 'ground' | 'heads' = $state('ground');
  /** The first end of a length whose second is still to be clicked. */
  lengthFrom: PicturePoint | undefined = $state();

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  get zone() {
    return this.zoneAt === undefined ? undefined : this.#draft.camera.zones?.[this.zoneAt];
  }

  get line() {
    return this.lineAt === undefined ? undefined : this.#draft.camera.lines?.[this.lineAt];
  }

  open(next: Tab): void {
    const { zones, lines } = this.#draft.camera;
    this.tab = next;
    this.drawing = false;
    this.lengthFrom = undefined;
    if (next === 'zones' || next === 'limits') this.zoneAt ??= zones?.length ? 0 : undefined;
    if (next === 'lines' || next === 'limits') this.lineAt ??= lines?.length ? 0 : undefined;
  }

  /** Opens the form where a fault is. */
  openField(field: string): void {
    const [, list, index] = /^(zones|lines)\[(\d+)\]/.exec(field) ?? [];
    if (list === 'zones') this.zoneAt = Number(index);
    if (list === 'lines') this.lineAt = Number(index);
    if (list && field.includes('.limits')) {
      this.limitsOf = list as 'zones' | 'lines';
      this.open('limits');
    } else if (list) this.open(list as Tab);
    else if (field === 'timeZone') this.open('lines');
    else this.open(field.startsWith('calibration') ? 'ground' : 'camera');
  }
}
