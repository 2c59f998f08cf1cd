/** zod's findings as rules for whoever wrote the file: what a setting must be, and never what it was given. */
import type { z } from 'zod';

/** What zod calls a kind of value, as the file's writer knows it. */
const KINDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of settings',
};

/** What the sizes of a value are counted in; numbers have none. */
const COUNTED: Record<string, string> = { string: 'character', array: 'item' };

/** The rule that a setting breaks. Pure. @param missing whether it is not there at all */
export function ruleOf(issue: z.core.$ZodIssue, missing: boolean): string {
  if (!missing) return brokenRule(issue);
  return issue.code === 'invalid_value' ? `is missing; ${brokenRule(issue)}` : 'is missing';
}

function brokenRule(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${KINDS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
    case 'invalid_union':
      return unionRule(issue);
    // A rule with words of its own keeps them.
    case 'too_small':
      return issue.message.startsWith('Too small')
        ? boundRule(issue, issue.minimum, 'at least', 'above')
        : issue.message;
    case 'too_big':
      return issue.message.startsWith('Too big') ? boundRule(issue, issue.maximum, 'at most', 'below') : issue.message;
    default:
      return issue.message;
  }
}

/** Every form it may have, unless the union has words of its own. */
function unionRule({ errors, message, ...issue }: z.core.$ZodIssueInvalidUnion): string {
  const named = 'options' in issue && Array.isArray(issue.options) ? issue.options : [];
  if (named.length === 0 && message !== 'Invalid input') return message;
  const told = errors.flatMap(([first]) => (first ? [brokenRule(first).replace(/^must be /, '')] : []));
  const forms = named.length > 0 ? named.filter((name) => typeof name === 'string') : told;
  return `must be ${[forms.slice(0, -1).join(', '), forms.at(-1)].filter(Boolean).join(' or ')}`;
}

function boundRule(
  { origin, inclusive }: { origin: string; inclusive?: boolean | undefined },
  bound: number | bigint,
  including: string,
  beyond: string,
): string {
  const what = COUNTED[origin];
  const limit = `${inclusive ? including : beyond} ${bound}`;
  return what ? `must have ${limit} ${what}${Number(bound) === 1 ? '' : 's'}` : `must be ${limit}`;
}
