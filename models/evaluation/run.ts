/** The `evaluate` command: options in, figures out. */
import { ruleOf } from '../../shared/config/rule-words.ts';
import { FarField } from '../../shared/contracts/far-field.ts';
import { INFERENCE_WIDTH_PX } from '../../shared/contracts/inference-width.ts';
import { HeadroomError } from '../../shared/runtime/errors.ts';
import { compare, comparisonTable } from './compare.ts';
import { type Evaluation, evaluate } from './evaluate.ts';
import { labelsBelow } from './judged-part.ts';
import { readHeldOut, readLabelled } from './labelled-data.ts';
import type { CountFigures } from './metrics.ts';
import { writeWorstSheets } from './sheets.ts';
import { WEAR, type Wear } from './wear.ts';

export type EvaluateCommand = {
  data: string;
  model: string;
  steps?: number;
  width?: number;
  farField?: number;
  farWidth?: number;
  heldOut?: string;
  below?: number;
  wear?: string;
  limit?: number;
  worst?: string;
  compare?: boolean;
  json?: boolean;
};

/** Widths a camera may be counted at, px. */
const { least: LEAST_WIDTH_PX, most: MOST_WIDTH_PX } = INFERENCE_WIDTH_PX;

const isWear = (wear: string): wear is Wear => Object.hasOwn(WEAR, wear);
const isSteps = (steps: number): steps is 1 | 2 | 4 => steps === 1 || steps === 2 || steps === 4;

/** Prints figures for people, or one line of JSON. @throws HeadroomError */
export async function runEvaluate(command: EvaluateCommand): Promise<void> {
  const { model, steps, width, wear } = command;
  if (steps !== undefined && !isSteps(steps)) throw new HeadroomError('USAGE', '--steps must be 1, 2 or 4.');
  if (wear !== undefined && !isWear(wear)) {
    throw new HeadroomError('USAGE', `--wear must be one of ${Object.keys(WEAR).join(', ')}.`);
  }
  if (width !== undefined && !(Number.isInteger(width) && width >= LEAST_WIDTH_PX && width <= MOST_WIDTH_PX)) {
    throw new HeadroomError(
      'USAGE',
      `--width must be whole pixels, ${LEAST_WIDTH_PX} to ${MOST_WIDTH_PX}, as a camera's inferenceWidth.`,
    );
  }
  const farField = farFieldOf(command);
  const heldOut = command.heldOut === undefined ? undefined : await readHeldOut(command.heldOut);
  const below = command.below ?? 0;
  if (!(below >= 0 && below < 1)) throw new HeadroomError('USAGE', '--below must be a share of the height, 0 to 1.');
  const pictures = labelsBelow(await readLabelled(command.data, command.limit, heldOut), below);
  if (pictures.length === 0) {
    throw new HeadroomError(
      'DATA_MISSING',
      `Nothing to count in ${command.data}: no picture is labelled, or --held-out names none of it.`,
    );
  }
  const showProgress = process.stderr.isTTY;
  const onProgress = (done: number) => {
    if (showProgress) process.stderr.write(`\r${done}/${pictures.length} pictures`);
  };
  const shown = { width, farField, wear };
  if (command.compare) {
    const rows = await compare(pictures, { model, ...shown, below, onProgress });
    process.stdout.write(command.json ? `${JSON.stringify(rows)}\n` : comparisonTable(rows));
    return;
  }
  const { evaluation, counted } = await evaluate(pictures, { model, steps, ...shown, below, onProgress });
  if (showProgress) process.stderr.write('\r\x1b[K');
  if (command.worst) await writeWorstSheets(counted, command.worst);
  process.stdout.write(command.json ? `${JSON.stringify(evaluation)}\n` : table(evaluation));
}

/** The camera's setting from the options, by its own rules. */
function farFieldOf({ farField: until, farWidth: maxWidth }: EvaluateCommand): FarField | undefined {
  if (until === undefined && maxWidth === undefined) return undefined;
  if (until === undefined) throw new HeadroomError('USAGE', '--far-width needs --far-field: where the far field ends.');
  const result = FarField.safeParse({ until, maxWidth });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const option = issue?.path[0] === 'maxWidth' ? '--far-width' : '--far-field';
  throw new HeadroomError('USAGE', `${option} ${issue ? ruleOf(issue, false) : 'is wrong'}.`);
}

function table(evaluation: Evaluation): string {
  const { model, steps, msPerImage, heads } = evaluation;
  const columns = ['', 'images', 'people', 'MAE', 'RMSE', 'bias', 'NAE', 'coverage', 'width'];
  const row = (name: string, f: CountFigures) => [
    name,
    String(f.images),
    f.meanTruth.toFixed(1),
    f.mae.toFixed(2),
    f.rmse.toFixed(2),
    f.bias.toFixed(2),
    `${(100 * f.nae).toFixed(0)} %`,
    `${(100 * f.coverage).toFixed(0)} %`,
    f.intervalWidth.toFixed(1),
  ];
  const rows = [
    row('all', evaluation),
    ...Object.entries(evaluation.byFolder).map(([name, figures]) => row(name, figures)),
    ...Object.entries(evaluation.byPeople).map(([name, figures]) => row(`${name} people`, figures)),
  ];
  const found = Object.entries(heads).map(
    ([px, { precision, recall, f1 }]) =>
      `heads within ${px}: precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}, F1 ${f1.toFixed(3)}`,
  );
  return [
    `model ${model.name} ${model.version}, ${steps} step(s), ${msPerImage.toFixed(0)} ms a picture`,
    '',
    ...[columns, ...rows].map((cells) =>
      cells.map((cell, i) => (i === 0 ? cell.padEnd(26) : cell.padStart(10))).join(''),
    ),
    '',
    ...found,
    '',
  ].join('\n');
}
