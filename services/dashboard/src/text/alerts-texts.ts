/** The shape of the texts of alerts, filled by every language. */

import type { AlertEventType, AlertMode, RuleKind, ShownLevel } from '../../../../shared/contracts/alert.ts';
import type { EvidenceGap, EvidencePrivacy } from '../../../../shared/contracts/evidence.ts';
import type { NotesState } from '../alerts/note.ts';

type Say = (...words: string[]) => string;
type Amount = (value: number) => string;

export type AlertTexts = {
  title: string;
  levels: Record<ShownLevel, string>;
  rules: Record<RuleKind, string>;
  amount: Partial<Record<RuleKind, Amount>> & { other: Amount };
  from: Say;
  under: Say;
  wholeSystem: string;
  lastKnown: Say;
  counted: Say;
  since: Say;
  peak: Say;
  noData: Say;
  noDataUnknown: Say;
  recovering: string;
  over: Say;
  left: Say;
  leftAcknowledged: string;
  acknowledged: Say;
  brokeThrough: Say;
  unacknowledged: string;
  assignee: Say;
  escalated: (step: number) => string;
  silencedUntil: Say;
  none: string;
  noneNote: string;
  waiting: string;
  deaf: string;
  asOf: Say;
  summary: (on: number, unheard: number) => string;
  modes: Record<Exclude<AlertMode, 'actual'>, string>;
  modeNote: Record<Exclude<AlertMode, 'actual'>, string>;
  modeMixed: string;
  open: string;
  close: string;
  act: {
    acknowledge: string;
    sending: string;
    more: string;
    less: string;
    comment: string;
    commentLabel: string;
    send: string;
    silence: string;
    silenceWhat: string;
    upTo: string;
    duration: string;
    minutes: (minutes: number) => string;
    reason: string;
    startSilence: string;
    nobody: string;
    refused: string;
  };
  history: {
    title: string;
    loading: string;
    failed: string;
    by: Say;
    csv: string;
    events: Record<AlertEventType, string>;
    escalatedByHand: string;
  };
  drill: { language: 'en' | 'ko'; line: Say; stop: string };
  assign: { label: string; send: string; toMe: string };
  paper: {
    alert: string;
    began: string;
    printed: string;
    timeZone: string;
  };
  evidence: {
    title: string;
    loading: string;
    failed: string;
    none: string;
    pending: string;
    heat: string;
    picture: Say;
    deleted: string;
    notNow: string;
    noHeat: string;
    heatDeleted: string;
    privacy: Record<EvidencePrivacy, string>;
    gaps: Record<EvidenceGap, string>;
  };
  page: {
    open: string;
    all: string;
    gone: string;
    place: string;
    neighbours: string;
    noNeighbours: string;
    log: string;
    escalate: string;
    escalateNote: string;
  };
  runbook: { title: string; none: string };
  notes: Record<Exclude<NotesState, 'unsupported'>, string> & { turnOn: string; turnOff: string };
  keys: {
    title: string;
    close: string;
    single: string;
    note: string;
    list: readonly (readonly [key: string, what: string])[];
    always: string;
    alwaysList: readonly (readonly [key: string, what: string])[];
  };
  silences: { title: string; everywhere: string; line: Say; end: string; endOf: Say };
  sound: {
    on: string;
    off: string;
    offNote: string;
    turnOn: string;
    muted: string;
    mute: string;
    unmute: string;
  };
  name: {
    title: string;
    note: string;
    label: string;
    save: string;
    cancel: string;
    as: Say;
    change: string;
  };
  spoken: Say;
  spokenMany: (count: number) => string;
  pageTitle: Say;
};
