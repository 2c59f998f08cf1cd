/** The words for starting a drill. They come with the alerts' page, so that the wall does not carry them. */
import type { Language } from '../text/texts.ts';

const minutes = (locale: string, seconds: number): string =>
  new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(seconds / 60);

const en = {
  open: 'Start a drill …',
  title: 'Start a drill',
  loading: 'Asking which drills there are …',
  noAnswer: 'The alerts service does not answer now. No drill can be started.',
  again: 'Try again',
  scenario: 'What is played',
  option: (title: string, seconds: number, level: string) =>
    `${title} · ${minutes('en-GB', seconds)} min, up to ${level}`,
  place: 'Where',
  placeOf: (n: number) => `Where, place ${n}`,
  practice: 'No zone has thresholds yet: it is played on a practice ground.',
  happens: 'What will happen',
  screens: (seconds: number, level: string) =>
    `For ${minutes('en-GB', seconds)} min every screen shows a banner and a camera marked EXERCISE. Its crowd is played, and its alerts, up to ${level}, sound like real ones.`,
  lost: 'For a while that camera has no picture.',
  clip: 'A film runs through video input and model. Your thresholds decide which level it reaches, if any.',
  real: 'Real cameras go on being counted and judged. The first real alert at Alert or Severe ends the drill; none starts while one is on.',
  ends: 'It ends by itself, or by “End the drill” in the banner.',
  told: 'Who is told',
  nobodyTold: 'Nobody outside: no receiver hears of alerts up to this level.',
  atOnce: (names: string) => `${names}: at once`,
  later: (names: string) => `${names}: if nobody acknowledges in time`,
  marked: 'Every message is marked as an exercise (mode: exercise). Tell those who read them before you start.',
  unknownTold: 'Which receivers will be told cannot be read now.',
  realOn: 'A real alert is on. See to that first.',
  mode: 'This installation itself is set to exercise or test (alerts.mode).',
  start: 'Start the drill',
  starting: 'Starting …',
  cancel: 'Cancel',
  running: 'A drill is under way.',
  failures: {
    409: 'Another drill is under way, or a real alert at Alert or Severe is on: see to that first.',
    400: 'This drill does not fit here: the place needs thresholds, each camera may play one part only, and a clip must be one that ingest can play.',
    other: 'Not started: the server did not answer. Try again.',
  },
};
export type DrillTexts = typeof en;

const ko: DrillTexts = {
  open: '훈련 시작 …',
  title: '훈련 시작',
  loading: '훈련 목록을 불러오는 중 …',
  noAnswer: '경보 서비스가 응답하지 않아 훈련을 시작할 수 없습니다.',
  again: '다시 시도',
  scenario: '훈련 내용',
  option: (title, seconds, level) => `${title} · ${minutes('ko-KR', seconds)}분, 최고 ${level}`,
  place: '장소',
  placeOf: (n) => `장소 ${n}`,
  practice: '임계값이 있는 구역이 없어 연습용 장소에서 진행합니다.',
  happens: '진행되는 일',
  screens: (seconds, level) =>
    `${minutes('ko-KR', seconds)}분 동안 모든 화면에 훈련 띠와 “EXERCISE 훈련” 카메라가 나타납니다. 인원은 가상이며 최고 ${level} 단계까지 실제처럼 경보가 울립니다.`,
  lost: '그 카메라의 영상이 한동안 끊깁니다.',
  clip: '영상 클립이 영상 입력과 모델을 거칩니다. 어느 단계까지 오를지는 임계값에 달려 있습니다.',
  real: '실제 카메라는 계속 계수하고 판단합니다. 실제 경계 또는 심각 경보가 발령되면 훈련은 바로 끝나고, 발령 중에는 시작되지 않습니다.',
  ends: '훈련은 스스로 끝나며, 띠의 “훈련 끝내기”로 먼저 끝낼 수 있습니다.',
  told: '알림을 받는 곳',
  nobodyTold: '외부로는 없습니다. 이 단계의 경보를 받는 수신처가 없습니다.',
  atOnce: (names) => `${names}: 바로`,
  later: (names) => `${names}: 제때 확인하지 않으면`,
  marked: '모든 메시지에 훈련 표시(mode: exercise)가 붙습니다. 시작하기 전에 받는 사람에게 알리세요.',
  unknownTold: '어느 수신처가 알림을 받는지 지금은 읽을 수 없습니다.',
  realOn: '실제 경보가 발령 중입니다. 먼저 그것을 처리하세요.',
  mode: '이 설치는 설정(alerts.mode)부터 훈련 또는 시험입니다.',
  start: '훈련 시작',
  starting: '시작하는 중 …',
  cancel: '취소',
  running: '훈련이 진행 중입니다.',
  failures: {
    409: '다른 훈련이 진행 중이거나 실제 경계 또는 심각 경보가 발령 중입니다. 먼저 그것을 처리하세요.',
    400: '이 훈련은 여기에 맞지 않습니다. 장소에 임계값이 있어야 하고, 한 카메라는 한 역할만 할 수 있으며, 클립은 영상 수신에서 재생할 수 있어야 합니다.',
    other: '시작하지 못했습니다. 서버가 응답하지 않습니다. 다시 시도하세요.',
  },
};

export const drillTexts: Record<Language, DrillTexts> = { en, ko };
