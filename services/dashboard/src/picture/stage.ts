/**
 * One camera's canvases: keeps at most two decoded pictures (on the screen, and waiting for its map), draws what
 * `choosePair` decides, and frees every bitmap it lets go.
 */
import type { Heatmap } from '../../../../shared/contracts/heatmap.ts';
import { clear, drawHeads, drawHeat, drawPicture } from './draw.ts';
import type { LoadedFrame } from './frame-loader.ts';
import { choosePair, holdMs, type Stamp } from './pairing.ts';
import { nextTop } from './scale.ts';

export type Overlay = { heat: boolean; heads: boolean };

export type StageOptions = {
  picture: HTMLCanvasElement;
  overlay: HTMLCanvasElement;
  onShown: (shown: Stamp & { aspect: number }) => void;
};

export class PictureStage {
  readonly #options: StageOptions;
  #periodMs = 1_000;
  #want: Overlay = { heat: true, heads: true };
  #shown: Stamp | undefined;
  #waiting: (LoadedFrame<ImageBitmap> & { since: number }) | undefined;
  #heatmap: Heatmap | undefined;
  #top: number | undefined;
  #holdTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: StageOptions) {
    this.#options = options;
  }

  set(periodMs: number, want: Overlay): void {
    this.#periodMs = periodMs;
    this.#want = want;
    this.#render();
  }

  addFrame(frame: LoadedFrame<ImageBitmap>): void {
    this.#waiting?.bitmap.close();
    this.#waiting = { ...frame, since: performance.now() };
    this.#render();
  }

  addHeatmap(map: Heatmap | undefined): void {
    if (map === this.#heatmap) return;
    if (map) {
      const elapsed = map.capturedAt - (this.#heatmap?.capturedAt ?? map.capturedAt);
      this.#top = nextTop(this.#top, map.values, map.peoplePerUnit, map.width, elapsed);
    }
    this.#heatmap = map;
    this.#render();
  }

  close(): void {
    clearTimeout(this.#holdTimer);
    this.#waiting?.bitmap.close();
    this.#waiting = undefined;
  }

  #render(): void {
    clearTimeout(this.#holdTimer);
    const waiting = this.#waiting;
    const waitedMs = waiting ? performance.now() - waiting.since : 0;
    const { advance, overlay } = choosePair({
      shown: this.#shown,
      waiting,
      heatmap: this.#heatmap,
      waitedMs,
      periodMs: this.#periodMs,
      overlayWanted: this.#want.heat || this.#want.heads,
    });
    if (waiting && advance) this.#show(waiting);
    else if (waiting) this.#holdTimer = setTimeout(() => this.#render(), holdMs(this.#periodMs) - waitedMs);
    this.#drawOverlay(overlay);
  }

  #show(frame: LoadedFrame<ImageBitmap>): void {
    const { seq, capturedAt, bitmap } = frame;
    drawPicture(this.#options.picture, bitmap);
    const { width, height } = bitmap;
    bitmap.close();
    this.#waiting = undefined;
    this.#shown = { seq, capturedAt };
    this.#options.onShown({ seq, capturedAt, aspect: width / height });
  }

  #drawOverlay(visible: boolean): void {
    const { picture, overlay } = this.#options;
    if (overlay.width !== picture.width || overlay.height !== picture.height) {
      overlay.width = picture.width;
      overlay.height = picture.height;
    } else {
      clear(overlay);
    }
    const map = this.#heatmap;
    if (!visible || !map) return;
    if (this.#want.heat && this.#top !== undefined) drawHeat(overlay, map, this.#top);
    if (this.#want.heads) drawHeads(overlay, map.heads);
  }
}
