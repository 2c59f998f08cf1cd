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
const CONNECT_TIMEOUT_MS = 8_000;
/** A connection that held this long was a good one: the next failure starts again at the shortest wait. */
const SETTLED_MS = 10_000;
const MIN_WAIT_MS = 500;
const MAX_WAIT_MS = 15_000;

export type LostReason = 'unreachable' | 'closed' | 'silent' | 'slept' | 'too-many' | 'offline';

export type Connection =
  | { phase: 'connecting'; since: number; attempt: number; lost?: LostReason; lostAt?: number }
  | { phase: 'live'; since: number; attempt: number; lastMessageAt: number }
  | { phase: 'waiting'; attempt: number; lost: LostReason; lostAt: number; retryAt: number };

export type ConnectionEvent =
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
    case 'message':
      if (state.phase === 'live') return [{ ...state, lastMessageAt: now }, undefined];
      if (state.phase === 'connecting') {
        return [{ phase: 'live', since: now, attempt: state.attempt, lastMessageAt: now }, undefined];
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

/** Whether nothing has been heard for so long that somebody has to look elsewhere. `now` is monotonic. */
export function isCutOff(state: Connection, now: number): boolean {
  return state.phase !== 'live' && state.lostAt !== undefined && now - state.lostAt >= CUT_OFF_AFTER_MS;
}

function tick(state: Connection, now: number, random: number): [Connection, Effect] {
  if (state.phase === 'live' && now - state.lastMessageAt >= SILENCE_MS) {
    return [lose(state, 'silent', now, random), 'drop'];
  }
  if (state.phase === 'connecting' && now - state.since >= CONNECT_TIMEOUT_MS) {
    return [lose(state, 'unreachable', now, random), 'drop'];
  }
  if (state.phase === 'waiting' && now >= state.retryAt) return [reconnect(state, now), 'open'];
  return [state, undefined];
}

function reconnect(state: Connection & { phase: 'waiting' }, now: number): Connection {
  return { phase: 'connecting', since: now, attempt: state.attempt, lost: state.lost, lostAt: state.lostAt };
}

function lose(
  state: Exclude<Connection, { phase: 'waiting' }>,
  lost: LostReason,
  now: number,
  random: number,
): Connection {
  const settled = state.phase === 'live' && now - state.since >= SETTLED_MS;
  const attempt = settled ? 1 : state.attempt + 1;
  // The clock of "lost since" starts when the numbers stopped, not at the latest failed try.
  const lostAt = state.phase === 'connecting' ? (state.lostAt ?? now) : now;
  return { phase: 'waiting', attempt, lost, lostAt, retryAt: now + retryWaitMs(attempt, random) };
}

function closeReason(state: Connection, code: number): LostReason {
  if (code === CLOSE_CODES.tooMany) return 'too-many';
  return state.phase === 'live' ? 'closed' : 'unreachable';
}
