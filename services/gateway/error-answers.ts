/** What the OpenAPI document says of errors: every one is a problem of RFC 9457, also those that no route names. Pure. */
import { z } from 'zod';
import { Problem } from './routes/problem.ts';

const TYPE = 'application/problem+json';
const OTHER = {
  description:
    'Any other error: 400 a faulty request, 403 a page of a foreign origin, 413 too large, 415 not JSON, 421 a name that is not this server’s, 503 not available now.',
  content: { [TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
};

type Response = { description: string; content?: Record<string, unknown> };
type Responses = Record<string, Response>;
type Document = {
  paths?: Record<string, Record<string, { responses?: Responses }>>;
  components?: { schemas?: Record<string, unknown> };
};

/** The document with its errors' media type as it is sent, and with `default` for what every route may answer. */
export function withErrorAnswers(made: object): object {
  const document = made as Document;
  const paths = mapped(document.paths ?? {}, (operations) =>
    mapped(operations, (operation) => ({
      ...operation,
      responses: { ...mapped(operation.responses ?? {}, asSent), default: OTHER },
    })),
  );
  const { $schema: _, ...problem } = z.toJSONSchema(Problem, { target: 'draft-2020-12' });
  const schemas = { ...document.components?.schemas, Problem: problem };
  return { ...document, components: { ...document.components, schemas }, paths };
}

/** What tells a machine that it is not ready, for one, is no problem. */
function asSent(response: Response): Response {
  const [content] = Object.values(response.content ?? {});
  return JSON.stringify(content)?.includes('"about:blank"') ? { ...response, content: { [TYPE]: content } } : response;
}

const mapped = <A, B>(of: Record<string, A>, by: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(of).map(([key, value]) => [key, by(value)]));
