/** 시스템 화면의 한국어 문구. The Korean texts of the system page. */
import { durationParts } from '../text/duration.ts';
import { readableBytes } from './report-view.ts';
import type { SystemTexts } from './system-texts.ts';

const UNITS = { day: '일', hour: '시간', minute: '분', second: '초' };
const one = new Intl.NumberFormat('ko-KR', { maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat('ko-KR', { maximumFractionDigits: 0 });
const time = new Intl.DateTimeFormat('ko-KR', {
  ...{ month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
});

export const systemKo: SystemTexts = {
  title: '시스템',
  asOf: (at) => `${at} 기준`,
  failed: '지금은 시스템 상태를 불러올 수 없습니다. 표시된 값은 이전 값입니다.',
  again: '다시 시도',
  over: (duration) => `최근 ${duration} 동안의 속도`,
  young: '속도는 몇 초 후 표시됩니다',
  duration: (ms) =>
    durationParts(ms)
      .map(([value, unit]) => `${value}${UNITS[unit]}`)
      .join(' '),
  milliseconds: (ms) => `${whole.format(ms)} ms`,
  perSecond: (rate) => `초당 ${one.format(rate)}`,
  bytes: (bytes) => {
    const { value, unit } = readableBytes(bytes);
    return `${(value < 10 ? one : whole).format(value)} ${unit}`;
  },
  dateTime: (at) => time.format(at),
  unknown: '알 수 없음',
  problems: {
    title: '확인 필요',
    none: '모두 정상 작동 중입니다.',
    service: (name) => `${name}: 실행 중이 아닙니다.`,
    leader: '주도하는 경보 프로세스가 없어 계수를 판정하지 않습니다.',
    databaseAway: '데이터베이스에 연결할 수 없습니다. 경보는 판정되지만 저장하거나 알리지 못합니다.',
    faultyConfig: (file) =>
      `${file}에 오류가 있어 이전 내용이 적용 중이며, 다시 시작해도 마찬가지입니다. 설정 화면에서 오류를 확인하세요.`,
    disk: (free) => `디스크가 거의 찼습니다. ${free} 남음.`,
    memory: (name, share) => `${name}: 메모리 사용률 ${share}.`,
    refused: (names) => `거부된 모델이 있어 이전 모델을 계속 사용합니다: ${names}.`,
    failing: (names) => `경보를 받지 못하는 수신처: ${names}.`,
    cameras: (count) => `계수 없는 카메라 ${whole.format(count)}대.`,
    behind: (count) => `원하는 주기보다 느리게 계수되는 카메라 ${whole.format(count)}대.`,
  },
  services: {
    title: '서비스',
    service: '서비스',
    instance: '프로세스',
    up: '실행 시간',
    seen: '마지막 신호',
    missing: '실행 중 아님',
    names: { ingest: '영상 수신', worker: '계수', alerts: '경보', gateway: '게이트웨이' },
  },
  speed: {
    title: '속도',
    toReading: '촬영에서 계수까지',
    toPush: '촬영에서 화면까지',
    p50: '절반이 이내(p50)',
    p99: '99%가 이내(p99)',
    queue: '대기열',
    jobs: (waiting, active) => `대기 ${waiting}, 처리 중 ${active}`,
    wait: '대기열 대기 시간',
  },
  workers: {
    title: '계수 프로세스',
    none: '실행 중인 워커가 없습니다.',
    model: '모델',
    counted: '계수한 영상',
    inference: '모델 시간 p50 / p99',
    crashes: '모델 재시작',
  },
  cameras: {
    title: '카메라',
    none: '설정된 카메라가 없습니다.',
    camera: '카메라',
    state: '상태',
    wanted: '목표',
    sampled: '수신',
    counted: '계수',
    age: '최신 영상',
    reconnects: '재연결',
    drops: '계수 안 됨(최근 1분)',
    node: '담당 프로세스',
  },
  drops: {
    title: '계수하지 않은 영상',
    note: '기다리는 영상은 새 영상으로 바뀝니다. 카메라가 더 많이 보내면 일부는 정상입니다.',
    reason: '이유',
    recent: '최근 1분',
    total: '시작 이후',
    reasons: {
      superseded: '새 영상으로 대체됨',
      'redis-unavailable': 'Redis 응답 없음',
      'no-frame': '영상이 사라짐',
      'too-old': '차례가 왔을 때 너무 오래됨',
      'already-counted': '이미 계수됨',
      fenced: '더 새로운 계수가 이미 나감',
      'unknown-camera': '더 이상 설정되지 않은 카메라',
      gated: '계수할 수 없는 영상(어두움, 흐림, 카메라 이동, 화면 비율 변경)',
      quarantined: '모델 오류 후 잠시 제외됨',
    },
  },
  storage: {
    title: '메모리와 디스크',
    redisState: 'Redis, 상태',
    redisFrames: 'Redis, 영상과 지도',
    redisBoth: 'Redis, 전체',
    of: (used, max) => `${max} 중 ${used}`,
    noLimit: '한도 없음',
    disk: '데이터 폴더의 디스크',
    free: (free, total) => `${total} 중 ${free} 남음`,
    low: '거의 참',
    database: '데이터베이스',
    kinds: { sqlite: 'SQLite', postgresql: 'PostgreSQL' },
  },
  deliveries: {
    title: '수신처 전달',
    backlog: (count, oldest) =>
      count === 0
        ? '대기 중인 전달이 없습니다.'
        : `대기 ${whole.format(count)}건${oldest ? `, 가장 오래된 것 ${oldest}` : ''}.`,
    failing: (endpoint, outcome, since) => `${endpoint}: ${since}부터 ${outcome}`,
    none: '아직 보낸 것이 없습니다.',
    noneFits: '해당하는 전달이 없습니다.',
    status: '상태',
    endpoint: '수신처',
    all: '전체',
    statuses: { pending: '대기', delivered: '전달됨', dead: '포기함' },
    receiver: '수신처',
    message: '메시지',
    created: '생성',
    tries: '시도',
    last: '마지막 시도',
    replay: '다시 보내기',
    replayed: '다시 대기열에 넣었습니다.',
    replayFailed: '실패했습니다. 아무것도 보내지 않았습니다.',
    refresh: '새로 고침',
    shown: (count) => `${whole.format(count)}건 표시(최근 200건까지)`,
  },
  model: {
    title: '계수 모델',
    inUse: '사용 중',
    refused: (reason) => `거부됨: ${reason}`,
    memory: (size) => `메모리 ${size}`,
    cameras: (count) => `카메라 ${whole.format(count)}대`,
    card: (name) => `${name} 모델 카드`,
    noCard: '이 모델의 카드가 없습니다.',
    cardFailed: '지금은 카드를 불러올 수 없습니다.',
  },
  versions: {
    title: '버전',
    headroom: 'Headroom',
    config: '적용 중인 기준값과 구역',
    thresholds: '기준값 인쇄와 서명',
    metrics: '모든 지표(Prometheus)',
    api: 'API 설명',
  },
};
