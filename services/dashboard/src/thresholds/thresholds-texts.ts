/** The words of the thresholds page. They come with the page, so that the wall does not carry them. */
import type { RuleKind } from '../../../../shared/contracts/alert.ts';
import type { EvidencePrivacy } from '../../../../shared/contracts/evidence.ts';
import type { ReceiverKind } from '../../../../shared/contracts/thresholds.ts';
import type { Language } from '../text/texts.ts';

const locales: Record<Language, string> = { en: 'en-GB', ko: 'ko-KR' };

const en = {
  title: 'Thresholds in force',
  intro:
    'Headroom assists; it is not a certified life-safety system. Defaults are starting points: agree on these figures with your competent person.',
  failed: 'The alerts service does not tell its thresholds now.',
  print: 'Print',
  facts: {
    source: 'Installation',
    mode: 'Mode',
    version: 'Configuration version',
    since: 'In force since',
    by: 'Changed by',
    byHand: 'not recorded: the file was changed by hand',
    unknown: 'not known',
    models: 'Model',
    printed: 'Printed',
  },
  camera: (name: string, id: string) => (name === id ? `Camera ${name}` : `Camera ${name} (${id})`),
  calibrated: 'calibrated: people per m²',
  uncalibrated: 'not calibrated: counts only',
  sampling: (fps: string, stale: string) => `${fps} pictures a second; out of date after ${stale}`,
  zone: (name: string, id: string) => (name === id ? name : `${name} (${id})`),
  profiles: { standing: 'standing', moving: 'moving', stairs: 'stairs', queue: 'queue' } as Record<string, string>,
  capacity: (people: string) => `capacity ${people}`,
  importance: { low: 'low importance', normal: 'normal importance', high: 'high importance' } as Record<string, string>,
  noZones: 'No zone: nothing is judged here but the camera itself.',
  unguarded: 'No threshold: no crowd raises an alert here. Calibrate the camera, or state a capacity or limits.',
  idle: {
    peoplePerSqm: 'Own densities are stated and not in force: the camera is not calibrated.',
    occupancy: 'Own shares of capacity are stated and not in force: the zone has no capacity.',
  },
  table: {
    rule: 'Rule',
    unit: 'Unit',
    raise: 'from',
    clear: 'clear',
    dwell: 'after',
    settle: 'Clear for',
    smooth: 'Median over',
  },
  line: (name: string) => `line ${name}`,
  below: 'fewer is worse',
  anyCamera: 'any camera',
  rules: {
    'zone-density': 'Peak density',
    'zone-occupancy': 'Share of capacity',
    'zone-count': 'People',
    'zone-fill-rate': 'Filling',
    'zone-forecast': 'Time to severe',
    'line-in': 'People in',
    'line-out': 'People out',
    'line-net': 'In less out',
    'line-counter-flow': 'Counter-flow',
    'not-judged': 'Not counted, or without its density',
    'camera-picture': 'Camera without picture',
    'inference-behind': 'Counting is behind',
    'ingest-down': 'No pictures are taken',
  } as Partial<Record<RuleKind, string>>,
  units: {} as Record<string, string>,
  system: 'Headroom itself',
  chain: {
    title: 'Escalation and receivers',
    steps: (severe: string, alert: string, steps: number) =>
      `Unacknowledged, a severe alert goes one step up after ${severe}, an alert after ${alert}; ${steps} steps at most.`,
    receiver: 'Receiver',
    kind: 'Kind',
    kinds: { webhook: 'Webhook', alertmanager: 'Alertmanager', mqtt: 'MQTT broker' } as Record<ReceiverKind, string>,
    minLevel: 'From level',
    step: 'From step',
    cameras: 'Cameras',
    all: 'all',
    none: 'No receiver is configured: alerts are shown on screens only.',
  },
  evidence: {
    title: 'Evidence',
    modes: {
      off: 'Nothing is kept.',
      heatmap: 'Heat maps are kept, no pictures.',
      blurred: 'Pictures are kept with people made unrecognisable.',
      picture: 'Pictures are kept as they are.',
    } as Record<EvidencePrivacy, string>,
    days: (days: number) => `Deleted after ${days} days.`,
  },
  confirm: {
    title: 'Confirmation',
    none: (version: string, since: string) => `Version ${version} is not confirmed. In force since ${since}.`,
    last: (version: string, who: string, when: string) => `Last confirmed: version ${version}, by ${who}, ${when}.`,
    never: 'No version was ever confirmed.',
    done: (who: string, when: string) => `Confirmed by ${who}, ${when}`,
    name: 'Name in full',
    role: 'Role',
    rolePlaceholder: 'Safety officer',
    note: 'Note',
    button: (version: string) => `I have read version ${version} and confirm it`,
    changed: (read: string, now: string) =>
      `The thresholds changed while this page was open: from version ${read} to ${now}. Read them again.`,
    readAgain: (version: string) => `Read version ${version} from the top`,
    refused: 'Not confirmed: another version is in force by now. Read it first.',
    nobody: 'Not confirmed: the server did not answer.',
    earlier: 'All confirmations',
    lines: ['Name', 'Role', 'Date', 'Signature'],
  },
};
export type ThresholdsTexts = typeof en;

const ko: ThresholdsTexts = {
  title: '적용 중인 경보 기준',
  intro:
    'Headroom은 보조 수단이며 인증된 인명 안전 시스템이 아닙니다. 기본값은 출발점일 뿐이므로, 안전 책임자와 협의하여 기준을 정하십시오.',
  failed: '경보 서비스가 지금 기준을 알려 주지 않습니다.',
  print: '인쇄',
  facts: {
    source: '설치 위치',
    mode: '모드',
    version: '설정 버전',
    since: '적용 시작',
    by: '변경한 사람',
    byHand: '기록 없음: 파일을 직접 수정함',
    unknown: '알 수 없음',
    models: '모델',
    printed: '인쇄 시각',
  },
  camera: (name, id) => (name === id ? `카메라 ${name}` : `카메라 ${name} (${id})`),
  calibrated: '보정됨: 제곱미터당 인원',
  uncalibrated: '보정 안 됨: 인원수만',
  sampling: (fps, stale) => `초당 ${fps}장, ${stale} 지나면 오래된 화면으로 표시`,
  zone: (name, id) => (name === id ? name : `${name} (${id})`),
  profiles: { standing: '서 있는 곳', moving: '이동 통로', stairs: '계단·경사', queue: '대기 줄' },
  capacity: (people) => `수용 인원 ${people}명`,
  importance: { low: '중요도 낮음', normal: '중요도 보통', high: '중요도 높음' },
  noZones: '구역 없음: 카메라 상태만 판단합니다.',
  unguarded:
    '기준 없음: 여기서는 인파가 몰려도 경보가 울리지 않습니다. 카메라를 보정하거나 수용 인원 또는 기준을 정하세요.',
  idle: {
    peoplePerSqm: '구역 자체 밀도 기준이 있지만 카메라가 보정되지 않아 적용되지 않습니다.',
    occupancy: '구역 자체 수용 인원 대비 기준이 있지만 수용 인원이 없어 적용되지 않습니다.',
  },
  table: {
    rule: '규칙',
    unit: '단위',
    raise: '시작',
    clear: '해제',
    dwell: '지속',
    settle: '해제 유지',
    smooth: '중앙값 구간',
  },
  line: (name) => `선 ${name}`,
  below: '작을수록 위험',
  anyCamera: '한 대라도',
  rules: {
    'zone-density': '최고 밀집도',
    'zone-occupancy': '수용 인원 대비',
    'zone-count': '인원',
    'zone-fill-rate': '인원 증가 속도',
    'zone-forecast': '심각까지 남은 시간',
    'line-in': '유입 인원',
    'line-out': '유출 인원',
    'line-net': '순유입',
    'line-counter-flow': '역방향 흐름',
    'not-judged': '계수 또는 밀집도 없음',
    'camera-picture': '카메라 화면 없음',
    'inference-behind': '계수 지연',
    'ingest-down': '영상 수신 중단',
  },
  units: {
    'people/m²': '명/m²',
    people: '명',
    'of capacity': '수용 인원 대비',
    'people/min': '명/분',
    min: '분',
    blind: '화면 없음',
    'share of cameras': '카메라 비율',
  },
  system: 'Headroom 자체',
  chain: {
    title: '단계적 통보와 수신처',
    steps: (severe, alert, steps) =>
      `확인되지 않은 심각 경보는 ${severe}, 경계 경보는 ${alert} 뒤에 다음 단계로 통보됩니다. 최대 ${steps}단계.`,
    receiver: '수신처',
    kind: '종류',
    kinds: { webhook: '웹훅', alertmanager: 'Alertmanager', mqtt: 'MQTT 브로커' },
    minLevel: '최소 단계',
    step: '통보 단계',
    cameras: '카메라',
    all: '전체',
    none: '설정된 수신처가 없습니다. 경보는 화면에만 표시됩니다.',
  },
  evidence: {
    title: '증거 자료',
    modes: {
      off: '보관하지 않습니다.',
      heatmap: '화면 없이 밀집도 지도만 보관합니다.',
      blurred: '사람을 알아볼 수 없게 처리하여 보관합니다.',
      picture: '화면을 그대로 보관합니다.',
    },
    days: (days) => `${days}일 뒤 삭제됩니다.`,
  },
  confirm: {
    title: '확인',
    none: (version, since) => `버전 ${version}은(는) 확인되지 않았습니다. 적용 시작: ${since}.`,
    last: (version, who, when) => `마지막 확인: 버전 ${version}, ${who}, ${when}.`,
    never: '확인된 버전이 없습니다.',
    done: (who, when) => `확인: ${who}, ${when}`,
    name: '성명',
    role: '직책',
    rolePlaceholder: '안전관리자',
    note: '비고',
    button: (version) => `버전 ${version}을(를) 읽고 확인합니다`,
    changed: (read, now) => `이 화면이 열려 있는 동안 기준이 바뀌었습니다(버전 ${read} → ${now}). 다시 읽어 주십시오.`,
    readAgain: (version) => `버전 ${version} 처음부터 읽기`,
    refused: '확인되지 않음: 이미 다른 버전이 적용 중입니다. 먼저 읽어 주십시오.',
    nobody: '확인되지 않음: 서버가 응답하지 않았습니다.',
    earlier: '확인 기록',
    lines: ['성명', '직책', '날짜', '서명'],
  },
};

/** The page's words and its way to write figures; paper needs dates in full. */
export function thresholdsTexts(language: Language): ThresholdsTexts & {
  when: (at: number) => string;
  figure: (value: number) => string;
  duration: (ms: number) => string;
} {
  const locale = locales[language];
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'medium', hourCycle: 'h23' });
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 4 });
  const unit = (name: string) => new Intl.NumberFormat(locale, { style: 'unit', unit: name, maximumFractionDigits: 2 });
  const seconds = unit('second');
  const minutes = unit('minute');
  return {
    ...(language === 'ko' ? ko : en),
    when: (at) => date.format(at),
    figure: (value) => number.format(value),
    duration: (ms) => (ms >= 120_000 && ms % 60_000 === 0 ? minutes.format(ms / 60_000) : seconds.format(ms / 1000)),
  };
}
