/** The few words that people read at receivers which show texts of ours. */
import type { RaisedLevel } from '../../../shared/contracts/alert.ts';

export type Language = 'en' | 'ko';

type Texts = {
  levels: Record<RaisedLevel, string>;
  threshold: string;
  camera: string;
  zone: string;
  line: string;
  heartbeat: string;
  test: string;
  noData: string;
  count: string;
  density: string;
  peakDensity: string;
  level: string;
  blind: string;
  people: string;
};

export const TEXTS: Record<Language, Texts> = {
  en: {
    levels: { attention: 'Attention', caution: 'Caution', alert: 'Alert', severe: 'Severe' },
    threshold: 'threshold',
    camera: 'camera',
    zone: 'zone',
    line: 'line',
    heartbeat: 'Headroom judges readings. When this ends, it no longer does.',
    test: 'A test message of Headroom. Nothing has happened.',
    noData: 'no picture now; this was the last that was seen',
    count: 'People',
    density: 'Density',
    peakDensity: 'Peak density',
    level: 'Level',
    blind: 'No count',
    people: 'people',
  },
  ko: {
    levels: { attention: '관심', caution: '주의', alert: '경계', severe: '심각' },
    threshold: '기준',
    camera: '카메라',
    zone: '구역',
    line: '계수선',
    heartbeat: 'Headroom이 판정 중입니다. 이 알림이 끝나면 판정이 멈춘 것입니다.',
    test: 'Headroom 시험 메시지입니다. 실제 상황이 아닙니다.',
    noData: '현재 영상 없음, 마지막으로 확인된 값',
    count: '인원',
    density: '밀집도',
    peakDensity: '최고 밀집도',
    level: '단계',
    blind: '계수 불가',
    people: '명',
  },
};

/** A figure as people write it: at most two decimals. */
export const figure = (value: number): string => String(Math.round(value * 100) / 100);
