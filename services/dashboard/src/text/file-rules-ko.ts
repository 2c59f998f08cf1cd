/** Rules of the configuration file that name a figure, a kind or a place in YAML: as the server words them, in Korean. */

const KINDS: Record<string, string> = {
  text: '글자',
  'a number': '숫자',
  'a whole number': '정수',
  'true or false': 'true 또는 false',
  'a list': '목록',
  'a group of settings': '설정 묶음',
};

const YAML: Record<string, string> = {
  TAB_AS_INDENT: '탭으로 들여 썼습니다. 공백만 쓸 수 있습니다',
  BAD_INDENT: '들여쓰기가 이웃 줄과 맞지 않거나 괄호가 닫히지 않았습니다',
  DUPLICATE_KEY: '같은 설정이 한 곳에 두 번 있습니다',
  MULTIPLE_DOCS: '여기서 두 번째 문서가 시작됩니다. 파일에는 문서가 하나만 있어야 합니다',
  MISSING_CHAR: '따옴표, 괄호, 쉼표 또는 이름 뒤의 콜론이 빠졌습니다',
  BLOCK_AS_IMPLICIT_KEY: '콜론이 하나 많습니다. ": "가 든 글은 따옴표로 묶으세요',
  BAD_SCALAR_START: '@, `, %로 시작하는 글은 따옴표로 묶으세요',
  MULTILINE_IMPLICIT_KEY: '앞줄의 이름 뒤에 콜론이 빠졌습니다',
  UNEXPECTED_TOKEN: '올 수 없는 것이 있습니다. 따옴표나 괄호가 많거나, 목록이 이름 옆에 있습니다',
  BAD_ALIAS: '*로 시작하는 글은 따옴표로 묶으세요',
  BAD_DQ_ESCAPE: '큰따옴표 안의 \\ 표기를 알 수 없습니다. 작은따옴표 안에서는 \\를 그대로 씁니다',
};

const bound = (how: string, limit: string): string =>
  ({
    'at least': `${limit} 이상이어야 합니다`,
    'at most': `${limit} 이하여야 합니다`,
    above: `${limit}보다 커야 합니다`,
    below: `${limit}보다 작아야 합니다`,
  })[how] ?? '';

const FORMS: readonly [RegExp, (...found: string[]) => string | undefined][] = [
  [/^is missing; (.+)$/, (rest) => `값이 없습니다. ${fileRuleKo(rest ?? '') ?? rest}`],
  [/^is missing$/, () => '값이 없습니다'],
  [
    /^is not valid YAML(?:: .+)? \((\w+)\)$/,
    (code = '') => `YAML 오류: ${YAML[code] ?? '형식이 맞지 않습니다'} (${code})`,
  ],
  [/^must be (at least|at most|above|below) (\S+)$/, (how = '', limit = '') => bound(how, limit)],
  [
    /^must have (at least|at most|above|below) (\d+) (character|item)s?$/,
    (how = '', limit, what) => bound(how, `${limit}${what === 'item' ? '개' : '자'}`),
  ],
  [/^must be one of (.+)$/, (values) => `다음 중 하나여야 합니다: ${values}`],
  [/^must be (.+)$/, (kind = '') => KINDS[kind] && `${KINDS[kind]} 값이어야 합니다`],
  [/^must be ([\w-]+)$/, (value) => `${value}만 쓸 수 있습니다`],
];

/** The rule in Korean; undefined where it is none of these forms. Pure. */
export function fileRuleKo(rule: string): string | undefined {
  for (const [form, words] of FORMS) {
    const found = form.exec(rule);
    const said = found && words(...found.slice(1));
    if (said) return said;
  }
  return undefined;
}
