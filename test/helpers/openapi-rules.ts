/** The rules of OpenAPI 3.1 that our document must keep, as far as it uses them; every other field is refused. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { z } from 'zod';

/** JSON Schema 2020-12, checked by its own meta-schema. */
const ajv = new Ajv2020({ strict: false });
const Schema = z.unknown().superRefine((schema, ctx) => {
  if (ajv.validateSchema(schema as object) !== true) {
    ctx.addIssue({ code: 'custom', message: `is no JSON Schema: ${ajv.errorsText(ajv.errors)}` });
  }
});
const Text = z.string().min(1);
const MediaType = z.strictObject({ schema: Schema.optional(), example: z.unknown().optional() });
const Content = z.record(z.string().regex(/^[a-z]+\/[a-z0-9.+-]+$/), MediaType);

const Parameter = z
  .strictObject({
    name: Text,
    in: z.enum(['path', 'query', 'header', 'cookie']),
    required: z.boolean().optional(),
    description: Text.optional(),
    schema: Schema,
  })
  .refine((p) => p.in !== 'path' || p.required === true, 'a path parameter must be required');

const Operation = z.strictObject({
  operationId: Text.optional(),
  summary: Text,
  description: Text.optional(),
  tags: z.array(Text).min(1),
  parameters: z.array(Parameter).optional(),
  requestBody: z.strictObject({ required: z.boolean().optional(), content: Content }).optional(),
  responses: z.record(
    z.string().regex(/^([1-5]\d\d|default)$/),
    z.strictObject({
      description: z.string(),
      headers: z.record(Text, z.unknown()).optional(),
      content: Content.optional(),
    }),
  ),
  security: z.array(z.record(Text, z.array(z.string()))).optional(),
});

const Document = z.strictObject({
  openapi: z.string().regex(/^3\.1\.\d+$/),
  info: z.strictObject({ title: Text, version: Text, description: Text.optional() }),
  components: z.strictObject({
    schemas: z.record(z.string(), Schema).optional(),
    securitySchemes: z.record(z.string(), z.unknown()).optional(),
  }),
  paths: z.record(
    z.string().startsWith('/'),
    z.partialRecord(z.enum(['get', 'put', 'post', 'delete', 'patch']), Operation),
  ),
  tags: z.array(z.strictObject({ name: Text, description: Text })),
});

/** Every fault of a document as one line; none when it keeps the rules. */
export function openapiFaults(document: unknown): string[] {
  const parsed = Document.safeParse(document);
  if (!parsed.success) return parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  const { paths, tags } = parsed.data;
  const known = new Set(tags.map((tag) => tag.name));
  const ids = new Set<string>();
  const faults: string[] = [];
  for (const [path, methods] of Object.entries(paths)) {
    const wanted = [...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1]).sort();
    for (const [method, operation] of Object.entries(methods)) {
      const at = `${method} ${path}`;
      const given = (operation.parameters ?? []).filter((p) => p.in === 'path').map((p) => p.name);
      if (given.sort().join() !== wanted.join()) faults.push(`${at}: path parameters ${given} instead of ${wanted}`);
      for (const tag of operation.tags) if (!known.has(tag)) faults.push(`${at}: the tag ${tag} is not declared`);
      if (!Object.keys(operation.responses).some((status) => status.startsWith('2'))) faults.push(`${at}: no success`);
      if (operation.operationId) {
        if (ids.has(operation.operationId)) faults.push(`${at}: operationId ${operation.operationId} is used twice`);
        ids.add(operation.operationId);
      }
    }
  }
  return [...faults, ...danglingReferences(document)];
}

function danglingReferences(document: unknown): string[] {
  const faults: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key === '$ref' && typeof inner === 'string' && resolve(document, inner) === undefined) {
        faults.push(`${inner} leads nowhere`);
      }
      visit(inner);
    }
  };
  visit(document);
  return faults;
}

/** What a local JSON pointer such as `#/components/schemas/Reading` points at. */
export function resolve(document: unknown, reference: string): unknown {
  const parts = reference.startsWith('#/') ? reference.slice(2).split('/') : ['?'];
  return parts.reduce<unknown>((at, part) => {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    return typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined;
  }, document);
}
