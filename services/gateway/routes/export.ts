/** Lists of any length as CSV or JSON, sent page by page: nothing of them is held but the page that is on its way. */
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { AlertReply } from '../../../shared/contracts/alert-command.ts';
import type { CsvPart } from './csv.ts';
import { sendRefusal } from './order.ts';

/** The alerts service refused a page, or nobody answered. */
export class PageRefusedError extends Error {
  readonly answer: Exclude<AlertReply, { ok: true }> | undefined;

  constructor(answer: AlertReply | undefined) {
    super('a page of the export was refused');
    this.answer = answer?.ok === false ? answer : undefined;
  }
}

export type Export<T> = {
  format: 'csv' | 'json';
  /** Of the file, without its ending. */
  name: string;
  /** @throws PageRefusedError */
  pages: AsyncGenerator<T[]>;
  csv: (items: T[], part: CsvPart) => string;
};

/**
 * Sends an export. A refusal of the first page becomes an error response; at a later one the response is cut off rather
 * than ended, so that nobody takes half a list for the whole.
 */
export async function sendExport<T>(
  reply: FastifyReply,
  { format, name, pages, csv }: Export<T>,
): Promise<FastifyReply> {
  let first: IteratorResult<T[]>;
  try {
    first = await pages.next();
  } catch (error) {
    if (error instanceof PageRefusedError) return sendRefusal(reply, error.answer);
    throw error;
  }
  async function* text(): AsyncGenerator<string> {
    let begun = false;
    for (let page = first; !page.done; page = await pages.next()) {
      if (page.value.length === 0 && (begun || format === 'json')) continue;
      if (format === 'csv') yield csv(page.value, begun ? 'rows' : 'whole');
      else yield `${begun ? ',\n' : '['}${page.value.map((item) => JSON.stringify(item)).join(',\n')}`;
      begun = true;
    }
    if (format === 'json') yield begun ? ']\n' : '[]\n';
  }
  return reply
    .type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8')
    .header('content-disposition', `attachment; filename="${name}.${format}"`)
    .send(Readable.from(text(), { objectMode: false }));
}
