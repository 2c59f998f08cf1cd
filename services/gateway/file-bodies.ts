/** What the OpenAPI document says of routes that take a file: they read bytes, so no schema of theirs tells of a body. Pure. */
import { jsonSchemaTransform } from 'fastify-type-provider-zod';

const BYTES = { type: 'string', format: 'binary' };

/** A route's schema for the document; one that says what it consumes, and nothing of a body, consumes a file. */
export const withFiles: typeof jsonSchemaTransform = (route) => {
  const told = jsonSchemaTransform(route);
  const { schema } = told;
  return schema && 'consumes' in schema && !schema.body ? { ...told, schema: { ...schema, body: BYTES } } : told;
};
