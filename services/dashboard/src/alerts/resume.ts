/**
 * The place in the ordered log of alert events, kept over reconnects: asks for what was missed, takes every event once
 * and says when the log must be read from REST instead. Events in, next state and what to do out.
 *
 * After a reconnect new events may come before the missed ones: until the server says `resumed`, the place stays.
 */
export type Place = { epoch: string; offset: number };

export type Following = {
  readonly place?: Place | undefined;
  /** The server had an empty log: whatever it holds later is news. */
  readonly empty?: boolean | undefined;
  /** Waiting for `resumed`, and what came meanwhile. */
  readonly asked?: readonly Place[] | undefined;
};

export type LogInput =
  | { type: 'connected' }
  | { type: 'list'; epoch?: string | undefined; offset: number }
  | { type: 'event'; epoch: string; offset: number }
  | { type: 'resumed'; recovered: boolean; epoch?: string | undefined; offset: number };

/** `reload`: read the log over REST; events after `after`, or the newest when that is not known. */
export type LogTodo = { type: 'resume'; place: Place } | { type: 'reload'; upTo: Place; after?: number };

export type LogStep = { state: Following; fresh: boolean; todo?: LogTodo };

/** A longer log did not begin while nobody listened: the server itself had lost sight of it, and it is no news. */
const BEGUN_WITH_AT_MOST = 300;

export function follow(state: Following, input: LogInput): LogStep {
  const { place } = state;
  switch (input.type) {
    case 'connected':
      return place
        ? { state: { place, asked: [] }, fresh: false, todo: { type: 'resume', place } }
        : { state, fresh: false };
    case 'list': {
      if (input.epoch === undefined) return { state: place ? state : { empty: true }, fresh: false };
      if (state.asked || input.epoch === place?.epoch) return { state, fresh: false };
      const upTo = { epoch: input.epoch, offset: input.offset };
      return { state: { place: upTo }, fresh: false, todo: { type: 'reload', upTo, ...begun(state, upTo) } };
    }
    case 'event':
      return state.asked && place ? hearAhead(place, state.asked, input) : hear(state, input);
    case 'resumed':
      return resumed(state, input);
  }
}

/** Where to read a log from that has begun since it was empty. */
function begun({ place, empty }: Following, { offset }: Place): { after: number } | undefined {
  return empty && !place && offset <= BEGUN_WITH_AT_MOST ? { after: 0 } : undefined;
}

function hear(state: Following, { epoch, offset }: Place): LogStep {
  const { place } = state;
  const here = { epoch, offset };
  if (!place) {
    const missed = offset > 1 && begun(state, here);
    return {
      state: { place: here },
      fresh: true,
      ...(missed ? { todo: { type: 'reload', upTo: here, ...missed } } : {}),
    };
  }
  if (place.epoch !== epoch) {
    return { state: { place: here }, fresh: true, todo: { type: 'reload', upTo: here } };
  }
  if (offset <= place.offset) return { state: { place }, fresh: false };
  const gap = offset > place.offset + 1;
  return {
    state: { place: here },
    fresh: true,
    ...(gap ? { todo: { type: 'reload', upTo: here, after: place.offset } } : {}),
  };
}

function hearAhead(place: Place, asked: readonly Place[], { epoch, offset }: Place): LogStep {
  const known =
    (epoch === place.epoch && offset <= place.offset) ||
    asked.some((other) => other.epoch === epoch && other.offset === offset);
  return known
    ? { state: { place, asked }, fresh: false }
    : { state: { place, asked: [...asked, { epoch, offset }] }, fresh: true };
}

function resumed(state: Following, answer: Extract<LogInput, { type: 'resumed' }>): LogStep {
  const { place, asked = [] } = state;
  const epoch = answer.epoch ?? asked.at(-1)?.epoch;
  // It has no log now: when it has one again, this is still the place in it.
  if (epoch === undefined) return { state: { place }, fresh: false };
  const heard = asked.filter((other) => other.epoch === epoch).map(({ offset }) => offset);
  const upTo = { epoch, offset: Math.max(answer.offset, ...heard) };
  if (answer.recovered) return { state: { place: upTo }, fresh: false };
  const same = place?.epoch === epoch && place.offset <= upTo.offset;
  return {
    state: { place: upTo },
    fresh: false,
    todo: { type: 'reload', upTo, ...(same && place ? { after: place.offset } : {}) },
  };
}
