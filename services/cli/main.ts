/** The command line. Each command's own work stands in a file of its name. */
import { userInfo } from 'node:os';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { WEAR } from '../../models/evaluation/wear.ts';
import { DEFAULT_CONFIG } from '../../shared/config/own-config.ts';
import { HeadroomError, messageOf } from '../../shared/runtime/errors.ts';
import { EXIT_CANNOT_START } from '../../shared/runtime/process.ts';
import { scrub } from '../../shared/runtime/secrets.ts';

const EXIT_USAGE = 1;
const BENCHMARKS = ['pipeline', 'model', 'alerts', 'replay', 'dashboard', 'start'];
const oneOf = new Intl.ListFormat('en-GB', { type: 'disjunction' });
const CONFIG_OR_DEMO = `configuration; without one, ${DEFAULT_CONFIG} if it is there, else the demo's`;

const positive = (text: string): number => {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('must be a number above 0');
  return value;
};
const whole = (text: string): number => {
  if (!/^0*[1-9]\d*$/.test(text)) throw new InvalidArgumentError('must be a whole number above 0');
  return Number(text);
};
const steps = (text: string): number => {
  if (!['1', '2', '4'].includes(text)) throw new InvalidArgumentError('must be 1, 2 or 4');
  return Number(text);
};

/** Who runs the command. A container may run under a number that no user of it has: that has no name to ask for. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.()}`;
  }
}

const program = new Command('headroom')
  .description('Real-time crowd monitoring: RTSP cameras in, people counted, alerts out.')
  .showHelpAfterError('(headroom --help shows all commands)');

program
  .command('up')
  .description('run everything on this machine, in the foreground, until SIGTERM or Ctrl-C')
  .option('--config <file>', `configuration; without one, ${DEFAULT_CONFIG} if it is there, else the demo`)
  .option('--demo', 'watch the demo camera whatever configuration is there')
  .option('--reset-demo', 'the demo as it comes, without what was set up in an earlier one')
  .action(async (options: { config?: string; demo?: boolean; resetDemo?: boolean }) => {
    const { runUp } = await import('./run-up.ts');
    await runUp(options);
  });

for (const [name, does] of [
  ['ingest', 'take pictures from the cameras'],
  ['worker', 'count the people in them'],
  ['alerts', 'turn counts into alerts and deliver them'],
  ['gateway', 'serve the dashboard, the API and the live socket'],
] as const) {
  program
    .command(name)
    .description(`run this service alone: ${does} (needs REDIS_URL)`)
    .option('--config <file>', 'configuration', DEFAULT_CONFIG)
    .action(async () => {
      await import(`../${name}/main.ts`);
    });
}

program
  .command('doctor')
  .description('check ffmpeg, Redis, database, model files, ports, disk, every receiver and every camera')
  .option('--config <file>', CONFIG_OR_DEMO)
  .action(async (options: { config?: string }) => {
    const { runDoctor } = await import('./doctor.ts');
    process.exitCode = (await runDoctor(options.config)) ? 0 : 1;
  });

program
  .command('probe')
  .description('look at one camera: codec, picture size, rate, time to the first picture')
  .argument('<url>', 'rtsp://…; ${NAME} is read from the environment, so that no password stands in your shell history')
  .option('--out <file>', 'save the first picture as JPEG')
  .action(async (url: string, options: { out?: string }) => {
    const { runProbe } = await import('./probe.ts');
    process.exitCode = (await runProbe(url, options.out)) ? 0 : 1;
  });

program
  .command('drill')
  .description(
    'replay a scenario through the real path, every message marked as an exercise; without options, list them',
  )
  .option('--scenario <name>', 'one that comes with Headroom, or a YAML file')
  .option('--stop', 'end the drill under way')
  .option('--actor <name>', 'who starts or stops it: goes into the log', userName())
  .option('--url <address>', 'the gateway; by default the one of the configuration, on this machine')
  .option('--config <file>', CONFIG_OR_DEMO)
  .action(async (options) => {
    const { runDrill } = await import('./drill.ts');
    await runDrill(options);
  });

program
  .command('evaluate')
  .description('count labelled pictures and print how far the counts are from the truth')
  .requiredOption('--data <dir>', 'folder with images/ and labels.jsonl, or a folder of such folders')
  .option('--model <name>', 'folder under models/', 'standard')
  .option('--steps <n>', 'denoising steps: 1, 2 or 4', steps)
  .option('--width <px>', 'inference width; native by default', whole)
  .option('--far-field <share>', 'count the upper part of the picture, to this share of its height, in tiles', Number)
  .option('--far-width <px>', 'width the far field is counted at, at most; 2048 by default', whole)
  .option('--held-out <file>', 'only the pictures that models/training/splits/validation.json or the like names')
  .option('--below <share>', 'judge the pictures below this share of their height, where labels are complete', Number)
  .option('--wear <how>', `the pictures as the night or a poorer camera shows them: ${oneOf.format(Object.keys(WEAR))}`)
  .option('--limit <n>', 'at most this many pictures of each folder, evenly spread', whole)
  .option('--compare', 'steps 1, 2, 4 and warm start side by side; a folder is taken as consecutive frames')
  .option('--worst <dir>', 'write sheets of the worst pictures here')
  .option('--json', 'print one JSON object')
  .action(async (options) => {
    const { runEvaluate } = await import('../../models/evaluation/run.ts');
    await runEvaluate(options);
  });

program
  .command('bench')
  .description('measure; prints and never judges')
  .addArgument(new Argument('<what>', 'what to measure').choices(BENCHMARKS))
  .option('--cameras <n>', 'cameras', whole, 8)
  .option('--fps <n>', 'pictures a second and camera', positive, 2)
  .option('--seconds <n>', 'length of the measurement; 1800 for the dashboard', positive)
  .option('--width <px>', 'width of the camera pictures', whole, 640)
  .option('--models <names...>', 'folders under models/, side by side', ['standard'])
  .option('--json', 'print one JSON object')
  .action(async (what: string, given) => {
    const options = { ...given, seconds: given.seconds ?? (what === 'dashboard' ? 1800 : 20) };
    if (what === 'pipeline') await (await import('../../test/bench/pipeline.ts')).benchPipeline(options);
    else if (what === 'model') await (await import('../../test/bench/model.ts')).benchModel(options);
    else if (what === 'alerts') await (await import('../../test/bench/alerts.ts')).benchAlerts(options);
    else if (what === 'replay') await (await import('../../test/bench/replay.ts')).benchReplay(options);
    else if (what === 'dashboard') await (await import('../../test/bench/dashboard.ts')).benchDashboard(options);
    else await (await import('../../test/bench/start.ts')).benchStart(options);
  });

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${scrub(messageOf(error))}\n`);
  process.exit(error instanceof HeadroomError && error.code === 'USAGE' ? EXIT_USAGE : EXIT_CANNOT_START);
}
