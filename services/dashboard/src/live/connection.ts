/**
 * The connection to the gateway as a state machine: events in, next state and what to do out. No timers, no sockets.
 *
 *   connecting ──message──► live ──silence, close──► waiting ──time──► connecting
 */
import { CLOSE_CODES } from '../../../../shared/contracts/socket.ts';

/** Without any message for this long the connection counts as lost, whatever the socket says. */
export const SILENCE_MS = 5_000;
/** A screen that hears of no alert says so aloud after this long; shorter breaks mend themselves. */
export const CUT_OFF_AFTER_MS = 15_000;
/** Time for the first message, a site's whole state. */
const CONNECT_TIMEOUT_MS = 8_000;
/** Where an open socket was too slow, both times double with each try up to these: else it is begun anew for ever. */
const LONGEST_CONNECT_MS = 64_000;
const LONGEST_SILENCE_MS = 20_000;
/** A connection that held this long was a good one: the next failure starts again at the shortest wait. */
const SETTLED_MS = 10_000;
const MIN_WAIT_MS = 500;
const MAX_WAIT_MS = 15_000;

export type LostReason = 'unreachable' | 'closed' | 'silent' | 'slept' | 'too-many' | 'offline';

export type Connection = {
  attempt: number;
  /** How often in a row an open socket brought too little in time. */
  slow?: number;
} & (
  | { phase: 'connecting'; since: number; openedAt?: number; lost?: LostReason; lostAt?: number }
  | { phase: 'live'; since: number; openedAt?: number; lastMessageAt: number }
  | { phase: 'waiting'; lost: LostReason; lostAt: number; retryAt: number }
);

export type ConnectionEvent =
  | { type: 'opened' }
  | { type: 'message' }
  | { type: 'closed'; code: number }
  | { type: 'tick' }
  | { type: 'slept' }
  | { type: 'offline' }
  | { type: 'retry-now' };

/** What the thin ring around this has to do. */
export type Effect = 'open' | 'drop' | undefined;

export function startConnection(now: number): Connection {
  return { phase: 'connecting', since: now, attempt: 0 };
}

/** Full jitter between half a second and a ceiling that doubles from 2 to 15 s, so that a crowd of clients spreads out. */
export function retryWaitMs(attempt: number, random: number): number {
  const ceiling = Math.min(MAX_WAIT_MS, 1_000 * 2 ** Math.min(attempt, 10));
  return MIN_WAIT_MS + random * (ceiling - MIN_WAIT_MS);
}

/** `now` is monotonic; `random` is 0–1. */
export function nextConnection(
  state: Connection,
  event: ConnectionEvent,
  now: number,
  random: number,
): [Connection, Effect] {
  switch (event.type) {
    case 'opened':
      return [state.phase === 'connecting' ? { ...state, openedAt: now } : state, undefined];
    case 'message':
      if (state.phase === 'live') return [{ ...state, lastMessageAt: now }, undefined];
      if (state.phase === 'connecting') {
        const { attempt, slow = 0, openedAt = now } = state;
        return [{ phase: 'live', since: now, openedAt, attempt, slow, lastMessageAt: now }, undefined];
      }
      return [state, undefined]; // a late message of a socket already given up
    case 'closed':
      if (state.phase === 'waiting') return [state, undefined];
      return [lose(state, closeReason(state, event.code), now, random), undefined];
    case 'tick':
      return tick(state, now, random);
    case 'slept':
    case 'offline':
      if (state.phase === 'waiting') return [state, undefined];
      return [lose(state, event.type, now, random), 'drop'];
    case 'retry-now':
      if (state.phase !== 'waiting') return [state, undefined];
      return [reconnect(state, now), 'open'];
  }
}

/**
 * When the server wrote its snapshot, by the local clock: as it took the call. On a slow line it comes much later, and by
 * then what stands in it would pass for fresh.
 */
export function snapshotAt(state: Connection, now: number): number {
  return (state.phase === 'live' ? state.openedAt : undefined) ?? now;
}

/** Whether nothing has been heard for so long that somebody has to look elsewhere. `now` is monotonic. */
export function isCutOff(state: Connection, now: number): boolean {
  return state.phase !== 'live' && state.lostAt !== undefined && now - state.lostAt >= CUT_OFF_AFTER_MS;
}

function tick(state: Connection, now: number, random: number): [Connection, Effect] {
  if (state.phase === 'live' && now - state.lastMessageAt >= silenceMs(state)) {
    return [lose(state, 'silent', now, random), 'drop'];
  }
  if (state.phase === 'connecting' && now - state.since >= connectMs(state)) {
    return [lose(state, 'unreachable', now, random), 'drop'];
  }
  if (state.phase === 'waiting' && now >= state.retryAt) return [reconnect(state, now), 'open'];
  return [state, undefined];
}

/** A server that does not take the call is never waited for longer: it may be back any moment. */
function connectMs({ openedAt, slow = 0 }: Connection & { phase: 'connecting' }): number {
  return openedAt !== undefined ? Math.min(LONGEST_CONNECT_MS, CONNECT_TIMEOUT_MS * 2 ** slow) : CONNECT_TIMEOUT_MS;
}

/** Longer only for what comes after the first message, such as the alerts: then messages are small. */
function silenceMs({ since, lastMessageAt, slow = 0 }: Connection & { phase: 'live' }): number {
  const settled = lastMessageAt - since >= SETTLED_MS;
  return settled ? SILENCE_MS : Math.min(LONGEST_SILENCE_MS, SILENCE_MS * 2 ** slow);
}

function reconnect(state: Connection & { phase: 'waiting' }, now: number): Connection {
  const { attempt, slow = 0, lost, lostAt } = state;
  return { phase: 'connecting', since: now, attempt, slow, lost, lostAt };
}

function lose(
  state: Exclude<Connection, { phase: 'waiting' }>,
  lost: LostReason,
  now: number,
  random: number,
): Connection {
  const settled = state.phase === 'live' && state.lastMessageAt - state.since >= SETTLED_MS;
  const attempt = settled ? 1 : state.attempt + 1;
  const tooSlow =
    lost === 'silent' || (lost === 'unreachable' && state.phase === 'connecting' && state.openedAt !== undefined);
  const slow = (settled ? 0 : (state.slow ?? 0)) + (tooSlow ? 1 : 0);
  // The clock of "lost since" starts when the numbers stopped, not at the latest failed try.
  const lostAt = state.phase === 'connecting' ? (state.lostAt ?? now) : now;
  return { phase: 'waiting', attempt, slow, lost, lostAt, retryAt: now + retryWaitMs(attempt, random) };
}

function closeReason(state: Connection, code: number): LostReason {
  if (code === CLOSE_CODES.tooMany) return 'too-many';
  return state.phase === 'live' ? 'closed' : 'unreachable';
}
