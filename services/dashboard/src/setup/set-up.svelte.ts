/** The configuration as the set-up pages know it, and the cameras being edited. Outlives the pages: no draft is lost. */
import { SvelteMap } from 'svelte/reactivity';
import type { CameraSettings, ConfigSaved, ConfigView } from '../../../../shared/contracts/config-api.ts';
import { api, type Failure } from './api.ts';
import { differences, same } from './difference.ts';
import { Draft, normalised } from './draft.svelte.ts';

/** The draft of a camera that is not there yet. No camera can have this id. */
export const NEW = '+';

export class SetUp {
  view: ConfigView | undefined = $state.raw();
  failure: Failure | undefined = $state.raw();
  readonly drafts = new SvelteMap<string, Draft>();
  #loading: Promise<void> | undefined;
  /** Questions for the configuration, and the latest that was answered. */
  #asked = 0;
  #taken = 0;

  constructor() {
    addEventListener('beforeunload', (event) => {
      if ([...this.drafts.values()].some((draft) => draft.dirty)) event.preventDefault();
    });
  }

  /** Reads the configuration. Drafts nobody has touched follow it. */
  load(): Promise<void> {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /** The draft of a camera; undefined for one that is not configured. */
  open(id: string): Draft | undefined {
    const there = this.drafts.get(id);
    if (there) return there;
    const camera = this.#camera(id);
    if (!camera && id !== NEW) return undefined;
    const draft = new Draft(camera);
    this.drafts.set(id, draft);
    return draft;
  }

  discard(id: string): void {
    const draft = this.drafts.get(id);
    const camera = this.#camera(id);
    if (draft && camera) draft.reset(camera);
    else this.drafts.delete(id);
  }

  /**
   * Saves a draft. A change of something else in between is no conflict; one of this camera is.
   * @returns whether it is saved
   */
  async save(draft: Draft, actor: string): Promise<boolean> {
    const { view } = this;
    if (!view || draft.saving) return false;
    draft.saving = true;
    draft.failure = undefined;
    try {
      const value = draft.value;
      if (this.#conflicts(draft)) return false;
      let answer = await api.putCamera(value, actor, view.version);
      if (!answer.ok && answer.failure.kind === 'changed') {
        await this.#load();
        const fresh = this.#fresh;
        // What has changed is not known: it may be this very camera.
        if (!fresh) {
          draft.failure = this.failure ?? answer.failure;
          return false;
        }
        if (this.#conflicts(draft)) return false;
        answer = await api.putCamera(value, actor, fresh.version);
      }
      if (!answer.ok) {
        draft.failure = answer.failure;
        if (answer.failure.kind === 'invalid') draft.refused = { value, issues: answer.failure.issues };
        return false;
      }
      const saved = answer.body.camera;
      if (saved) draft.keep(saved, value);
      await this.#load();
      if (saved) this.#follow(saved.id, answer.body);
      if (draft.isNew) {
        this.drafts.delete(NEW);
        if (saved) this.drafts.set(saved.id, draft.goOn(saved));
      }
      return true;
    } finally {
      draft.saving = false;
    }
  }

  /** Keeps what was typed in spite of a change by somebody else. */
  async overwrite(draft: Draft, actor: string): Promise<boolean> {
    if (!draft.conflict) return false;
    draft.base = normalised(draft.conflict.theirs);
    draft.conflict = undefined;
    return this.save(draft, actor);
  }

  /** Removes a camera as it is known here: one that somebody has changed meanwhile is looked at again first. */
  async remove(id: string, actor: string): Promise<Failure | undefined> {
    const known = this.#camera(id);
    for (let tries = 0; tries < 2; tries++) {
      if (!this.view) return { kind: 'nobody' };
      const answer = await api.removeCamera(id, actor, this.view.version);
      if (!answer.ok && answer.failure.kind === 'invalid')
        return { kind: 'still-named', fields: answer.failure.issues.map(({ field }) => field) };
      if (!answer.ok && answer.failure.kind !== 'changed') return answer.failure;
      await this.#load();
      if (answer.ok) this.#follow(id, answer.body);
      // What has changed is not known: it may be this very camera.
      else if (!this.#fresh) return this.failure ?? answer.failure;
      const now = this.#camera(id);
      if (answer.ok || !now) {
        this.drafts.delete(id);
        return undefined;
      }
      if (!same(now, known)) return { kind: 'edited' };
    }
    return { kind: 'refused' };
  }

  /** The configuration as it was just read; undefined when that failed, and what is known may be old. */
  get #fresh(): ConfigView | undefined {
    return this.failure ? undefined : this.view;
  }

  /**
   * Takes a change of our own that could not be read back: beside the camera as it was before, what was saved would read
   * as somebody else's work.
   */
  #follow(id: string, { version, camera }: ConfigSaved): void {
    const { view } = this;
    if (!view || this.#fresh) return;
    const known = view.cameras.some((one) => one.id === id);
    const cameras = view.cameras.flatMap((one) => (one.id === id ? (camera ?? []) : one));
    this.view = { ...view, version, cameras: known || !camera ? cameras : [...cameras, camera] };
  }

  #camera(id: string): CameraSettings | undefined {
    return this.view?.cameras.find((camera) => camera.id === id);
  }

  /**
   * Whether the camera as the server has it is not the one the draft was made from; then both are laid side by side. Of one
   * that is gone it is said once: who saves it then wants it back.
   */
  #conflicts(draft: Draft): boolean {
    const theirs = this.#camera(draft.camera.id);
    if (!theirs && draft.base) {
      draft.base = undefined;
      draft.failure = { kind: 'removed' };
      return true;
    }
    if (!theirs || (draft.base && same(normalised(theirs), draft.base))) return false;
    draft.conflict = { theirs, differences: differences(draft.value, normalised(theirs)) };
    return true;
  }

  async #load(): Promise<void> {
    this.#asked += 1;
    const mine = this.#asked;
    const answer = await api.view();
    // Overtaken: a later question has been answered, and this is how things were before.
    if (mine < this.#taken) return;
    this.#taken = mine;
    if (!answer.ok) {
      this.failure = answer.failure;
      return;
    }
    this.failure = undefined;
    this.view = answer.body;
    for (const [id, draft] of this.drafts) {
      const camera = answer.body.cameras.find((one) => one.id === id);
      if (camera && !draft.dirty && !draft.saving) draft.reset(camera);
      if (!camera && !draft.isNew && !draft.dirty) this.drafts.delete(id);
    }
  }
}

export const setUp = new SetUp();
