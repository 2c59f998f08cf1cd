/** The shape of the texts of alerts, filled by every language. */

import type { AlertEventType, AlertMode, RuleKind, ShownLevel } from '../../../../shared/contracts/alert.ts';
import type { EvidenceGap, EvidencePrivacy } from '../../../../shared/contracts/evidence.ts';

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
  open: string;
  close: string;
  help: string;
  act: {
    acknowledge: string;
    acknowledgeOf: Say;
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
    showCamera: Say;
  };
  history: {
    title: string;
    loading: string;
    failed: string;
    by: Say;
    csv: string;
    events: Record<AlertEventType, string>;
  };
  assign: { label: string; send: string; toMe: string };
  evidence: {
    title: string;
    loading: string;
    failed: string;
    none: string;
    pending: string;
    heat: string;
    picture: Say;
    deleted: string;
    privacy: Record<EvidencePrivacy, string>;
    gaps: Record<EvidenceGap, string>;
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
