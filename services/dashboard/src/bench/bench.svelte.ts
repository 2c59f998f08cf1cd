/**
 * The session on the test bench: pictures, clicks, and what the model says of them. Lives as long as the dashboard, so
 * that going to another page and back loses nothing.
 */
import { SvelteMap } from 'svelte/reactivity';
import { BENCH_LIMITS, type BenchAnswer, type Look } from '../../../../shared/contracts/bench.ts';
import type { FarField } from '../../../../shared/contracts/far-field.ts';
import type { ModelState } from '../../../../shared/contracts/models.ts';
import type { CameraLive } from '../live/camera-live.svelte.ts';
import { type Failure, type LookQuery, look, lookAtClip, models, newestPicture } from './api.ts';
import { type Clicks, clicksOf, type Point, type Size } from './clicks.ts';
import { comparedOf, countedNow, type Figures, figuresOf, type Setting } from './figures.ts';
import { readZip, writeZip, ZipFault } from './labelled-zip.ts';
import { PictureStore } from './store.ts';
import { upright } from './upright.ts';

/** Settings are moved by hand: what is passed on the way is not looked at. */
const SETTLE_MS = 350;
const SAVE_MS = 400;

export class BenchPicture {
  readonly id: string;
  readonly name: string;
  readonly blob: Blob;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly addedAt: number;
  clicks: Clicks = $state.raw(clicksOf());
  complete = $state(false);
  look: Look | undefined = $state.raw();
  failure: Failure | undefined = $state.raw();
  looking = $state(false);
  /** The question that is being answered, or was last. */
  asked: string | undefined;
  /** Model, width and far field of the look. */
  lookedWith: string | undefined = $state();

  constructor(o: Pick<BenchPicture, 'name' | 'blob' | 'widthPx' | 'heightPx'> & { id?: string; addedAt?: number }) {
    this.id = o.id ?? crypto.randomUUID();
    this.name = o.name;
    this.blob = o.blob;
    this.widthPx = o.widthPx;
    this.heightPx = o.heightPx;
    this.addedAt = o.addedAt ?? Date.now();
  }
}

/** What could not be taken in, and why: said in words by the page. */
export type Trouble =
  | { kind: 'not-a-picture' | 'too-large' | 'other-size' | 'no-picture'; name: string }
  | { kind: 'clip'; name: string; failure: Failure }
  | { kind: 'zip'; name: string; why: ZipFault['why']; line?: number | undefined }
  | { kind: 'not-stored' };

type Labelled = Size & { points: readonly Point[] };

export type ClipProgress = { name: string; done: number; of: number | undefined; stop: () => void };

export class Bench {
  pictures: BenchPicture[] = $state.raw([]);
  selectedId: string | undefined = $state();
  troubles: Trouble[] = $state.raw([]);
  models: ModelState[] = $state.raw([]);
  clip: ClipProgress | undefined = $state.raw();

  /** Settings of the look. `upToSteps`: 1 to so many are tried; the model's own number by default. */
  model: string | undefined = $state();
  width: number | undefined = $state();
  farField: FarField | undefined = $state.raw();
  upToSteps: number | undefined = $state();
  seeds = $state(1);
  /** Which of the runs is shown; the model's own by default. */
  setting: Setting | undefined = $state.raw();
  /** Height above which a peak is a head; the model's own by default. */
  threshold: number | undefined = $state();
  withinPx = $state(16);
  clipFps = $state(1);

  readonly selected = $derived(this.pictures.find(({ id }) => id === this.selectedId));
  readonly #store = new PictureStore();
  readonly #saves = new Map<string, ReturnType<typeof setTimeout>>();
  /** Decoded pictures, so that going back to one does not flicker. */
  readonly bitmaps = new SvelteMap<string, ImageBitmap>();
  #running: { picture: BenchPicture; stop: AbortController } | undefined;
  #settle: ReturnType<typeof setTimeout> | undefined;
  #opened: Promise<void> | undefined;
  /** The clips under way, one after the other: each is told, stopped and taken in by itself. */
  #clips: Promise<void> = Promise.resolve();
  /** How often all was removed: what was still to be taken in then is not wanted any more. */
  #cleared = 0;

  /** Brings back what this browser kept, once; nothing is taken in before, or it would come back a second time. */
  open(): Promise<void> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  async #open(): Promise<void> {
    void models().then((known) => {
      this.models = known;
    });
    const stored = await this.#store.all();
    const back = stored.map((one) => {
      const picture = new BenchPicture(one);
      picture.clicks = clicksOf(one.points);
      picture.complete = one.complete;
      return picture;
    });
    this.pictures = [...back, ...this.pictures];
    this.selectedId ??= this.pictures[0]?.id;
    this.refresh();
  }

  /** Takes in pictures, clips and zips. */
  async addFiles(files: readonly File[]): Promise<void> {
    this.troubles = [];
    const cleared = this.#cleared;
    for (const file of files) {
      if (cleared !== this.#cleared) return;
      if (file.type.startsWith('video/')) await this.addClip(file);
      else if (/zip/.test(file.type) || file.name.endsWith('.zip')) await this.addZip(file);
      else await this.addPicture(file, file.name);
    }
  }

  /**
   * @param o.labelled heads that were clicked elsewhere, in a picture of this size
   * @param o.byItself comes without a press of its own: it is shown only where no other is, whose heads may be being clicked
   * @returns the picture, unless it is none
   */
  async addPicture(file: Blob, name: string, o: { labelled?: Labelled; byItself?: boolean } = {}) {
    const cleared = this.#cleared;
    const [taken] = await Promise.all([upright(file).catch(() => undefined), this.open()]);
    if (cleared !== this.#cleared) return void taken?.bitmap.close();
    if (!taken) return this.#trouble({ kind: 'not-a-picture', name });
    const { blob, bitmap } = taken;
    if (blob.size > BENCH_LIMITS.pictureBytes || bitmap.width * bitmap.height > BENCH_LIMITS.pixels) {
      bitmap.close();
      return this.#trouble({ kind: 'too-large', name });
    }
    const { labelled } = o;
    if (labelled && (labelled.widthPx !== bitmap.width || labelled.heightPx !== bitmap.height)) {
      bitmap.close();
      return this.#trouble({ kind: 'other-size', name });
    }
    const picture = new BenchPicture({ name, blob, widthPx: bitmap.width, heightPx: bitmap.height });
    picture.clicks = clicksOf(labelled?.points);
    picture.complete = labelled !== undefined;
    this.bitmaps.set(picture.id, bitmap);
    this.pictures = [...this.pictures, picture];
    if (!o.byItself || !this.selected) this.selectedId = picture.id;
    await this.#save(picture);
    this.refresh();
    return picture;
  }

  /** Takes a camera's newest picture, and its far field, or that it has none, along: otherwise the picture would be counted as another's. */
  async addCamera({ id, info: { name, farField } }: CameraLive, at: string): Promise<void> {
    this.troubles = [];
    const blob = await newestPicture(id);
    if (!blob) return this.#trouble({ kind: 'no-picture', name });
    this.farField = farField;
    await this.addPicture(blob, `${name} ${at}`);
  }

  /** Has a clip looked at; its pictures come one by one, each already counted. */
  addClip(file: File): Promise<void> {
    const cleared = this.#cleared;
    this.#clips = this.#clips.catch(() => undefined).then(() => this.#addClip(file, cleared));
    return this.#clips;
  }

  async #addClip(file: File, cleared: number): Promise<void> {
    if (cleared !== this.#cleared) return;
    const kind = file.type === 'video/quicktime' ? new File([file], file.name, { type: 'video/mp4' }) : file;
    if (kind.size > BENCH_LIMITS.clipBytes) {
      this.#trouble({ kind: 'too-large', name: file.name });
      return;
    }
    const stop = new AbortController();
    this.clip = { name: file.name, done: 0, of: undefined, stop: () => stop.abort() };
    const steps = this.setting ? [this.setting.steps] : undefined;
    const common = this.#common();
    const query = { ...common, steps, fps: this.clipFps, frames: BENCH_LIMITS.clipFrames };
    let refused: Failure | undefined;
    const failure = await lookAtClip(kind, query, stop.signal, async (answer) => {
      if (answer.type === 'refused') refused = { status: 422, detail: answer.reason };
      else await this.#takeFrame(file.name, answer, JSON.stringify(common));
    });
    const trouble = refused ?? failure;
    if (trouble && !stop.signal.aborted) this.#trouble({ kind: 'clip', name: file.name, failure: trouble });
    this.clip = undefined;
    this.refresh();
  }

  /** @param countedWith model, width and far field that the clip was sent with: others may have been chosen since */
  async #takeFrame(name: string, answer: BenchAnswer, countedWith: string): Promise<void> {
    if (!this.clip) return;
    if (answer.type === 'cut') this.clip = { ...this.clip, of: answer.frames };
    if (answer.type !== 'frame') return;
    this.clip = { ...this.clip, done: answer.index + 1 };
    const bytes = Uint8Array.from(atob(answer.jpeg), (letter) => letter.charCodeAt(0));
    const seconds = (answer.atMs / 1000).toFixed(1);
    const jpeg = new Blob([bytes], { type: 'image/jpeg' });
    const picture = await this.addPicture(jpeg, `${name} ${seconds} s`, { byItself: true });
    if (!picture) return;
    picture.look = answer.look;
    picture.lookedWith = countedWith;
  }

  async addZip(file: File): Promise<void> {
    const cleared = this.#cleared;
    try {
      const zip = await file.arrayBuffer().catch(() => new ArrayBuffer(0));
      const found = readZip(new Uint8Array(zip));
      for (const { bytes, type, name, ...labelled } of found) {
        if (cleared !== this.#cleared) return;
        await this.addPicture(new Blob([bytes as Uint8Array<ArrayBuffer>], { type }), name, { labelled });
      }
    } catch (error) {
      if (!(error instanceof ZipFault)) throw error;
      this.#trouble({ kind: 'zip', name: file.name, why: error.why, line: error.line });
    }
  }

  /** The pictures whose every head was clicked, as a zip. */
  async exported(): Promise<Blob> {
    const pictures = await Promise.all(
      this.pictures
        .filter(({ complete }) => complete)
        .map(async ({ name, blob, widthPx, heightPx, clicks }) => {
          const bytes = new Uint8Array(await blob.arrayBuffer());
          return { name, bytes, widthPx, heightPx, points: clicks.points };
        }),
    );
    return new Blob([writeZip(pictures)], { type: 'application/zip' });
  }

  click(picture: BenchPicture, clicks: Clicks): void {
    // The first click says that somebody is at it; an empty square is said to be one by hand.
    if (picture.clicks.points.length === 0 && clicks.points.length > 0) picture.complete = true;
    picture.clicks = clicks;
    this.#saveSoon(picture);
    this.refresh();
  }

  setComplete(picture: BenchPicture, complete: boolean): void {
    picture.complete = complete;
    this.#saveSoon(picture);
    this.refresh();
  }

  remove(picture: BenchPicture): void {
    const at = this.pictures.indexOf(picture);
    this.pictures = this.pictures.filter((one) => one !== picture);
    if (this.selectedId === picture.id) this.selectedId = (this.pictures[at] ?? this.pictures.at(-1))?.id;
    if (this.#running?.picture === picture) this.#running.stop.abort();
    this.#forget(picture);
    clearTimeout(this.#saves.get(picture.id));
    void this.#store.delete(picture.id);
    this.refresh();
  }

  clear(): void {
    for (const timer of this.#saves.values()) clearTimeout(timer);
    this.#running?.stop.abort();
    this.#cleared += 1;
    this.clip?.stop();
    for (const picture of this.pictures) this.#forget(picture);
    this.pictures = [];
    this.selectedId = undefined;
    this.troubles = [];
    void this.#store.clear();
  }

  #forget({ id }: BenchPicture): void {
    this.bitmaps.get(id)?.close();
    this.bitmaps.delete(id);
  }

  async bitmapOf(picture: BenchPicture): Promise<void> {
    if (this.bitmaps.has(picture.id)) return;
    const bitmap = await createImageBitmap(picture.blob).catch(() => undefined);
    if (bitmap) this.bitmaps.set(picture.id, bitmap);
  }

  /** The height above which a peak of this look is a head. */
  thresholdOf(of: Look): number {
    return this.threshold ?? of.model.headThreshold;
  }

  /** Figures over one picture, or over all that were clicked; of those that the present settings have counted. */
  figures(of: readonly BenchPicture[] = this.pictures): Figures | undefined {
    const now = countedNow(of, JSON.stringify(this.#common()));
    const [any] = now;
    return any && figuresOf(comparedOf(now, this.setting), this.thresholdOf(any.look), this.withinPx);
  }

  /** Has everything looked at again that the present settings ask for; the picture on the screen first. */
  refresh(settled = true): void {
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => void this.#next(), settled ? 0 : SETTLE_MS);
  }

  async #next(): Promise<void> {
    const wanted = this.#mostWanted();
    const running = this.#running;
    if (running) {
      // What is being looked at may no longer be what is wanted first.
      if (wanted !== running.picture || this.#question(wanted) !== running.picture.asked) running.stop.abort();
      return;
    }
    if (!wanted) return;
    const stop = new AbortController();
    this.#running = { picture: wanted, stop };
    wanted.asked = this.#question(wanted);
    wanted.looking = true;
    wanted.failure = undefined;
    const common = this.#common();
    const asked = await look(wanted.blob, this.#queryOf(wanted), stop.signal);
    wanted.looking = false;
    this.#running = undefined;
    if (asked.ok) {
      wanted.look = asked.body;
      wanted.lookedWith = JSON.stringify(common);
    } else if (stop.signal.aborted) wanted.asked = undefined;
    else wanted.failure = asked.failure;
    await this.#next();
  }

  #mostWanted(): BenchPicture | undefined {
    const { selected } = this;
    if (selected && this.lacks(selected)) return selected;
    return this.pictures.find((picture) => picture.complete && this.lacks(picture));
  }

  /** Whether the look at hand does not have what the settings ask for. What failed is tried again when they change. */
  lacks(picture: BenchPicture): boolean {
    const { look: seen, failure, asked } = picture;
    if (failure && asked === this.#question(picture)) return false;
    if (!seen || picture.lookedWith !== JSON.stringify(this.#common())) return true;
    const { steps = [seen.model.defaultSteps], seeds } = this.#queryOf(picture);
    const has = (wanted: number, seed: number) => seen.runs.some((run) => run.steps === wanted && run.seed === seed);
    return steps.some((wanted) => Array.from({ length: seeds }, (_, i) => i + 1).some((seed) => !has(wanted, seed)));
  }

  tryAgain(picture: BenchPicture): void {
    picture.asked = undefined;
    this.refresh();
  }

  #question(picture: BenchPicture): string {
    return JSON.stringify(this.#queryOf(picture));
  }

  /** All settings for the picture on the screen; for the others the one that is compared. */
  #queryOf(picture: BenchPicture): LookQuery {
    if (picture.id === this.selectedId) {
      const { upToSteps } = this;
      const steps = upToSteps ? Array.from({ length: upToSteps }, (_, i) => i + 1) : undefined;
      return { ...this.#common(), steps, seeds: this.seeds };
    }
    const { setting } = this;
    return { ...this.#common(), steps: setting && [setting.steps], seeds: setting?.seed ?? 1 };
  }

  #common() {
    const { model, width, farField } = this;
    return { model, width, farField: farField?.until, farWidth: farField?.maxWidth };
  }

  async #save(picture: BenchPicture): Promise<void> {
    const { id, name, blob, widthPx, heightPx, complete, addedAt } = picture;
    const points = picture.clicks.points.map(([x, y]): Point => [x, y]);
    const kept = await this.#store.put({ id, name, blob, widthPx, heightPx, points, complete, addedAt });
    if (!kept && !this.troubles.some(({ kind }) => kind === 'not-stored')) this.#trouble({ kind: 'not-stored' });
  }

  #saveSoon(picture: BenchPicture): void {
    clearTimeout(this.#saves.get(picture.id));
    this.#saves.set(
      picture.id,
      setTimeout(() => void this.#save(picture), SAVE_MS),
    );
  }

  #trouble(trouble: Trouble): undefined {
    this.troubles = [...this.troubles, trouble];
    return undefined;
  }
}

export const bench = new Bench();
