/** Requests are checked by their routes' schemas here, and their faults told by field and rule. Pure. */
import type { FastifySchema, FastifySchemaCompiler } from 'fastify';
import { z } from 'zod';
import { ruleOf } from '../../shared/config/rule-words.ts';

type Issue = z.core.$ZodIssue;

/** What people call the parts of a request. */
const PARTS: Record<string, string> = { querystring: 'query', params: 'address' };

/** For fastify, in place of the one that comes with its zod types. */
export const requestCheck: FastifySchemaCompiler<FastifySchema> = ({ schema, httpPart }) => {
  const checked = strict(schema as unknown as z.ZodType);
  return (given: unknown) => {
    const { data, error } = checked.safeParse(given);
    const faults = error ? error.issues.flatMap((issue) => told(issue, given, checked)) : emptyNumbers(given, data);
    return faults.length > 0 ? { error: faults.map((message) => ({ message, httpPart })) as never } : { value: data };
  };
};

/** One text of all faults, in their order. */
export const requestFaults = (faults: { message?: string | undefined }[], part: string): Error =>
  new Error(`${PARTS[part] ?? part}: ${faults.map(({ message }) => message).join('; ')}`);

/** A filter with a slip in its name would be no filter, and a note no note: unknown names are refused. */
const strict = (schema: z.ZodType): z.ZodType =>
  schema instanceof z.ZodObject && !schema.def.catchall ? schema.strict() : schema;

function told(issue: Issue, given: unknown, schema: z.ZodType): string[] {
  if (issue.code === 'unrecognized_keys') {
    const known = schema instanceof z.ZodObject && issue.path.length === 0 ? Object.keys(schema.shape) : [];
    const instead = known.length > 0 ? `; known are ${known.join(', ')}` : '';
    return issue.keys.map((key) => `${[...issue.path, key].join('.')} is not known${instead}`);
  }
  if (issue.path.length === 0) {
    if (issue.code === 'invalid_union') return closest(issue.errors).flatMap((one) => told(one, given, schema));
    return [issue.code === 'invalid_type' ? 'must be a JSON object' : ruleOf(issue, false)];
  }
  const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], given);
  return [`${issue.path.join('.')} ${ruleOf(issue, value === undefined)}${meaning(issue, schema)}`];
}

/** What was meant, by all likelihood: the form with the fewest names that it does not know, then with the fewest faults. */
function closest(forms: Issue[][]): Issue[] {
  const strangers = (form: Issue[]) => form.filter(({ code }) => code === 'unrecognized_keys').length;
  const [best] = forms.toSorted((a, b) => strangers(a) - strangers(b) || a.length - b.length);
  return best ?? [];
}

/** A field of the wrong kind, or none, is explained as in the OpenAPI document. */
function meaning({ code, path }: Issue, schema: z.ZodType): string {
  const field = schema instanceof z.ZodObject && path.length === 1 ? schema.shape[String(path[0])] : undefined;
  const { description } = (field ?? {}) as z.ZodType;
  return code === 'invalid_type' && description ? ` (${description.replace(/\.$/, '')})` : '';
}

/** A number with nothing behind its name would read as 0, which is 1970 for an instant. */
function emptyNumbers(given: unknown, data: unknown): string[] {
  const numbers = Object.entries(data ?? {}).filter(([, value]) => typeof value === 'number');
  const raw = given as Record<string, unknown>;
  return numbers.flatMap(([name]) => (raw[name] === '' ? [`${name} must be a number, or left out`] : []));
}
