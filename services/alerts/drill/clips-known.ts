/** What the ingest processes say of the clips they can play, and whether a scenario's are among them. */
import type { Redis } from 'ioredis';
import { clipKeys, type DrillClip, type DrillScenario, IngestClips } from '../../../shared/contracts/drill.ts';
import { wordsLike } from '../../../shared/runtime/words.ts';

/**
 * The newest word of each ingest process.
 * @param state state database
 * @throws when Redis does not answer
 */
export const clipWords = (state: Redis): Promise<IngestClips[]> => wordsLike(state, clipKeys.pattern, IngestClips);

/** Every clip by name; playable as soon as one process can play it. Pure. */
export function knownClips(words: readonly IngestClips[]): DrillClip[] {
  const clips = new Map<string, DrillClip>();
  for (const clip of words.flatMap(({ clips }) => clips)) {
    const known = clips.get(clip.name);
    if (!known || known.fault !== undefined) clips.set(clip.name, clip);
  }
  return [...clips.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/** @returns why a scenario's clips cannot be played, in words that say what to do; undefined when they can. Pure. */
export function clipFault({ cameras }: DrillScenario, words: readonly IngestClips[]): string | undefined {
  const clips = knownClips(words);
  for (const [index, { clip }] of cameras.entries()) {
    if (clip === undefined) continue;
    if (words.length === 0) return `no ingest process runs that could play ${clip}`;
    const known = clips.find(({ name }) => name === clip);
    const field = `cameras[${index}].clip`;
    if (known?.fault !== undefined) return `${field}: ${clip} cannot be played (${known.fault.replace(/\.$/, '')})`;
    if (!known) {
      const playable = clips.filter(({ fault }) => fault === undefined).map(({ name }) => name);
      const instead = playable.length > 0 ? `known are ${playable.join(', ')}` : 'none is known';
      return `${field}: ingest has no clip ${clip}; ${instead}. Put the file into ingest.clipsDir where ingest runs`;
    }
  }
  return undefined;
}
