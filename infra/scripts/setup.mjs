// Sets up all that a command needs, on whatever Node started it, with nothing but Node's own modules: npm packages,
// the pinned Node, ffmpeg, Redis, the dashboard; for tests also a browser and an RTSP server. Done steps cost nothing.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const OLDEST_NODE = 20;

/** Debian packages by what they are looked for. */
const PROGRAMS = {
  ffmpeg: { found: () => onPath('ffmpeg'), packages: ['ffmpeg'] },
  'redis-server': { found: () => onPath('redis-server'), packages: ['redis-server'] },
  'GStreamer RTSP server': {
    found: () =>
      runs('/usr/bin/python3', [
        '-c',
        "import gi; gi.require_version('GstRtspServer', '1.0'); gi.require_version('GstApp', '1.0')",
      ]),
    packages: ['python3-gi', 'gir1.2-gst-rtsp-server-1.0'],
  },
  Chromium: { found: () => Boolean(process.env.CHROMIUM) || onPath('chromium'), packages: ['chromium'] },
  PostgreSQL: { found: () => postgresFolder() !== undefined, packages: ['postgresql'] },
  mosquitto: { found: () => onPath('mosquitto') || existsSync('/usr/sbin/mosquitto'), packages: ['mosquitto'] },
  Alertmanager: { found: () => onPath('prometheus-alertmanager'), packages: ['prometheus-alertmanager'] },
};

/** @param {'start' | 'test'} purpose */
export async function setUp(purpose) {
  const ownRedis = purpose === 'test' || !process.env.REDIS_URL;
  // Tests start their own, whatever is set.
  const instead = purpose === 'test' ? '' : 'or set REDIS_URL to a Redis that runs';
  const steps = [
    ['npm packages', installPackages],
    ['programs', () => installPrograms(ownRedis ? ['ffmpeg', 'redis-server'] : ['ffmpeg'], true, instead)],
    // The demo has an RTSP server of its own for machines where GStreamer's cannot be installed.
    purpose === 'test'
      ? [
          'test programs',
          () => installPrograms(['GStreamer RTSP server', 'Chromium', 'PostgreSQL', 'mosquitto', 'Alertmanager'], true),
        ]
      : ['demo camera', () => installPrograms(['GStreamer RTSP server'], false)],
    ['dashboard', buildDashboard],
  ];
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    throw new Error(`Node ${process.versions.node} is too old: install Node ${OLDEST_NODE} or newer`);
  }
  for (const [index, [name, work]] of steps.entries()) {
    const startedAt = Date.now();
    const label = `[${index + 1}/${steps.length}] ${name}`;
    try {
      const done = await work((what) => process.stderr.write(`${label}: ${what} …\n`));
      if (done) process.stderr.write(`${label}: done in ${((Date.now() - startedAt) / 1000).toFixed(0)} s\n`);
    } catch (error) {
      throw new Error(`Set-up stopped at "${name}": ${error.message}`);
    }
  }
}

/** The folder of initdb and pg_ctl; Debian keeps it off the PATH, one for each version. Undefined when there is none. */
export function postgresFolder() {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(debian, version, 'bin')), ...(process.env.PATH ?? '').split(':')];
  return folders.find((folder) => folder && existsSync(join(folder, 'initdb')));
}

/** The Node that runs everything else. */
export const pinnedNode = () => join(ROOT, 'node_modules/node/bin/node');

/** With what builds the dashboard, also where NODE_ENV=production would leave it out. */
export const NPM_CI = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];

async function installPackages(say) {
  const stampFile = join(ROOT, 'node_modules/.headroom-setup');
  const stamp = hashOf([join(ROOT, 'package-lock.json')]);
  if (read(stampFile) === stamp && existsSync(pinnedNode())) return false;
  say('installing (a minute or two the first time)');
  await run('npm', NPM_CI, {
    // CPU inference needs no CUDA libraries; docs/gpu.md tells how to get them.
    ONNXRUNTIME_NODE_INSTALL: process.env.ONNXRUNTIME_NODE_INSTALL ?? 'skip',
  });
  if (!existsSync(pinnedNode())) {
    throw new Error(
      'the npm package "node" brought no Node for this system; npm must be allowed to run its install script',
    );
  }
  writeFileSync(stampFile, stamp);
  return true;
}

/**
 * @param {string[]} names
 * @param {boolean} required whether to stop when something is missing and cannot be installed
 * @param {string} [insteadOfRedis] what else may be done where redis-server is missing
 */
export async function installPrograms(names, required, insteadOfRedis = '') {
  const missing = names.filter((name) => !PROGRAMS[name].found());
  if (missing.length === 0) return false;
  const packages = missing.flatMap((name) => PROGRAMS[name].packages);
  const instead = insteadOfRedis && missing.includes('redis-server') ? ` (${insteadOfRedis})` : '';
  const byHand = `apt-get install ${packages.join(' ')}`;
  const mayInstall = process.getuid?.() === 0 && onPath('apt-get');
  if (!mayInstall) {
    if (required)
      throw new Error(`${missing.join(', ')} missing. Install it, on Debian or Ubuntu as root: ${byHand}${instead}`);
    return false;
  }
  process.stderr.write(`      installing ${missing.join(', ')} with apt …\n`);
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await run('apt-get', ['update', '-qq'], quiet, true);
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], quiet, true);
  } catch (error) {
    if (required) throw new Error(`${byHand} failed${instead}: ${error.message}`);
    process.stderr.write(`      ${missing.join(', ')} cannot be installed; going on without\n`);
    return false;
  }
  return true;
}

/** All that the dashboard is built from: when one of these files changes, it is built anew. */
export function dashboardSources() {
  const source = join(ROOT, 'services/dashboard');
  return [
    ...[join(source, 'src'), join(source, 'public'), join(ROOT, 'shared')].flatMap(walk),
    ...['index.html', 'vite.config.ts', 'shell-plugin.ts', 'compressed-plugin.ts', 'service-worker.js'].map((name) =>
      join(source, name),
    ),
    // The test bench works out its figures with the code of "evaluate".
    join(ROOT, 'models/evaluation/metrics.ts'),
    join(ROOT, 'package-lock.json'),
  ];
}

async function buildDashboard(say) {
  const source = join(ROOT, 'services/dashboard');
  const stamp = hashOf(dashboardSources());
  const stampFile = join(source, 'dist/.built');
  if (read(stampFile) === stamp) return false;
  say('building');
  await run(pinnedNode(), [join(ROOT, 'node_modules/vite/bin/vite.js'), 'build', source, '--logLevel', 'warn']);
  writeFileSync(stampFile, stamp);
  return true;
}

/** Runs a program; its output is shown, or, when `quiet`, only after a failure. */
function run(program, args, env = {}, quiet = false) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', quiet ? 'pipe' : 2, quiet ? 'pipe' : 2],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (data) => {
        output = (output + data).slice(-4000);
      });
    }
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`"${program} ${args.join(' ')}" ended with code ${code}\n${output}`));
    });
  });
}

function onPath(program) {
  return (process.env.PATH ?? '').split(':').some((dir) => dir && existsSync(join(dir, program)));
}

function runs(program, args) {
  try {
    execFileSync(program, args, { stdio: 'ignore', timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function walk(dir) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files) if (existsSync(file)) hash.update(file.slice(ROOT.length)).update(readFileSync(file));
  return hash.digest('hex');
}
