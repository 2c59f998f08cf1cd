/** An error whose message is meant for a person: it names what is wrong and what to do. */
export class HeadroomError extends Error {
  override readonly name = 'HeadroomError';
  /** Stable, for logs and tests: `CONFIG_INVALID`, `MODEL_INVALID`, `REDIS_UNREACHABLE`, ... */
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  return error instanceof Error ? error.message || error.name : String(error);
}
