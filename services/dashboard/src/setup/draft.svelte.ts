/** One camera while it is edited: what was loaded, what it has become, and what came of saving it. */
import type { PicturePoint } from '../../../../shared/contracts/common.ts';
import type { CameraSettings, FieldIssue } from '../../../../shared/contracts/config-api.ts';
import type { ProbeAnswer } from '../../../../shared/contracts/probe.ts';
import type { Failure } from './api.ts';
import { type Difference, same } from './difference.ts';
import type { CameraInput, StillPicture } from './inputs.ts';
import { forget } from './still.ts';
import { idFrom, joinUrl, splitUrl } from './url.ts';

export type Conflict = { theirs: CameraSettings; differences: Difference[] };

const NEW_ADDRESS = 'rtsp://';

export class Draft {
  readonly isNew: boolean;
  /** As it will be saved, but for the address. */
  camera: CameraInput = $state({ id: '', url: '' });
  parts = $state({ address: NEW_ADDRESS, user: '', password: '' });
  /** As it was loaded. */
  base: CameraSettings | undefined = $state.raw();
  /** Faults the server found, and in what. */
  refused: { value: CameraInput; issues: readonly FieldIssue[] } | undefined = $state.raw();
  /** Faults are shown from the first try to save on: a form that scolds while one types helps nobody. */
  tried = $state(false);
  saving = $state(false);
  failure: Failure | undefined = $state.raw();
  conflict: Conflict | undefined = $state.raw();
  picture: StillPicture | undefined = $state.raw();
  probe: ProbeAnswer | Failure | 'looking' | undefined = $state.raw();
  /** The address that was looked at: of another one the answer says nothing. */
  probed: string | undefined = $state.raw();

  constructor(camera: CameraSettings | undefined) {
    this.isNew = camera === undefined;
    if (camera) this.reset(camera);
  }

  /** Takes a camera as the server has it; what was typed is gone. */
  reset(camera: CameraSettings): void {
    const plain = structuredClone(camera) as unknown as CameraInput;
    this.base = normalised(camera);
    this.parts = splitUrl(plain.url);
    this.camera = plain;
    this.refused = undefined;
    this.failure = undefined;
    this.conflict = undefined;
    this.tried = false;
  }

  /** Another picture to draw on; without one the picture before stays. */
  show(picture: StillPicture | undefined): void {
    if (!picture) return;
    forget(this.picture);
    this.picture = picture;
  }

  /** What was sent is saved as `camera`; what was typed while it was on its way stays, and is not saved yet. */
  keep(camera: CameraSettings, sent: CameraInput): void {
    if (same(this.value, sent)) {
      this.reset(camera);
      return;
    }
    this.base = normalised(camera);
    this.refused = undefined;
  }

  /** The draft of a new camera that is there now, with what was typed since. */
  goOn(camera: CameraSettings): Draft {
    const next = new Draft(camera);
    next.picture = this.picture;
    if (this.dirty) {
      next.camera = { ...$state.snapshot(this.camera), id: camera.id } as CameraInput;
      next.parts = { ...this.parts };
    }
    return next;
  }

  // Getters, not $derived: a draft outlives the page that opened it, and a page's own deriveds end with it.
  /** As it would be saved. */
  get value(): CameraInput {
    return tidy({ ...this.camera, url: joinUrl(this.parts) }) as CameraInput;
  }

  get dirty(): boolean {
    if (this.base) return !same(this.value, this.base);
    return this.parts.address !== NEW_ADDRESS || !!this.camera.name;
  }

  /** Adds a zone and gives its place in the list. */
  addZone(name: string, polygon: PicturePoint[]): number {
    const id = freeId('zone', this.#taken('zones'));
    this.camera.zones = [...(this.camera.zones ?? []), { id, name, polygon }];
    return this.camera.zones.length - 1;
  }

  /** Ids follow the names until they are saved: from then on messages and history know them. */
  rename(list: 'zones' | 'lines', at: number, name: string): void {
    const all = this.camera[list] ?? [];
    const one = all[at];
    if (!one) return;
    one.name = name;
    if (name.trim() === '' || this.#saved(list).includes(one.id)) return;
    const taken = this.#taken(list).filter((id) => id !== one.id);
    one.id = idFrom(name, taken, list === 'zones' ? 'zone' : 'line');
  }

  #saved(list: 'zones' | 'lines'): string[] {
    return ((this.base?.[list] ?? []) as { id: string }[]).map(({ id }) => id);
  }

  /** Saved ones that were taken out here, too: their history and alerts must not go on as those of another place. */
  #taken(list: 'zones' | 'lines'): string[] {
    return [...this.#saved(list), ...(this.camera[list] ?? []).map(({ id }) => id)];
  }

  addLine(name: string, points: [PicturePoint, PicturePoint]): number {
    const id = freeId('line', this.#taken('lines'));
    this.camera.lines = [...(this.camera.lines ?? []), { id, name, points, in: 'left' }];
    return this.camera.lines.length - 1;
  }
}

function freeId(kind: string, taken: readonly string[]): string {
  for (let n = 1; ; n++) if (!taken.includes(`${kind}-${n}`)) return `${kind}-${n}`;
}

/** A camera as a draft of it would be saved untouched: an address may be written in two ways, and nothings left out. */
export function normalised(camera: CameraSettings): CameraSettings {
  return { ...(tidy(camera) as CameraSettings), url: joinUrl(splitUrl(camera.url)) };
}

/** Lists and groups of settings that say nothing when they are empty. */
const GROUPS = new Set(['zones', 'lines', 'neighbours', 'limits', 'pictureGate', 'runbooks']);

/** Without what was left empty: settings left out have their default. */
function tidy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidy);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value)
    .map(([key, inner]) => [key, tidy(inner)] as const)
    .filter(([key, inner]) => {
      if (inner === undefined || inner === null || inner === '') return false;
      return !(GROUPS.has(key) && Object.keys(inner as object).length === 0);
    });
  return Object.fromEntries(kept);
}
