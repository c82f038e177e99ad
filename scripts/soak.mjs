import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { bootstrap } from './bootstrap.mjs';
import { ensureDebianPackages } from './install-debian-packages.mjs';
import { ROOT, runOnTerminal, runStep } from './run-step.mjs';
import { describeMachine } from './soak/describe-machine.mjs';
import { formatReport, formatTable, hasAllCampaigns } from './soak/format-report.mjs';

const REPORT = join(ROOT, 'docs', 'reliability.md');
/** Folders whose campaigns are played; a campaign is called as its file is. */
const FOLDERS = ['packages/core/test/embedded/reliability', 'packages/cli/test/sshd/reliability'];

const HELP = `npm run soak                     break everything as often as docs/reliability.md says, and write the figures there
npm run soak -- --seed N         with other choices of where to break it; 1 when left out
npm run soak -- --only NAME      only that campaign; nothing is written
npm run soak -- --scale 0.1      a tenth of the counts; nothing is written below 1
npm run soak -- --round N        only that round of it, to repeat a failure; nothing is written
`;

/** Plays every campaign with its full count; resolves to the exit code. */
export async function main(args) {
  const options = parse(args);
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  await bootstrap();
  await ensureDebianPackages();
  const machine = describeMachine(options.seed);
  process.stdout.write(`${machine.join('\n')}\n`);
  const { code, figures } = await play(options);
  process.stdout.write(`${formatTable(figures)}\n`);
  const whole = options.only === undefined && options.round === undefined && Number(options.scale) >= 1;
  if (whole && hasAllCampaigns(figures)) await writeReport(formatReport(machine, figures));
  return code;
}

async function writeReport(text) {
  mkdirSync(dirname(REPORT), { recursive: true });
  writeFileSync(REPORT, text);
  const biome = join(ROOT, 'node_modules', '.bin', 'biome');
  await runStep('putting the format of the report right', biome, ['format', '--write', REPORT]);
}

function parse(args) {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: 'string', default: '1' },
      scale: { type: 'string', default: '1' },
      only: { type: 'string' },
      round: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (!(Number(values.scale) > 0)) throw new Error(`--scale ${values.scale}: give a number above 0`);
  return values;
}

async function play({ seed, scale, only, round }) {
  const folder = mkdtempSync(join(tmpdir(), 'outlast-soak-'));
  const path = join(folder, 'figures');
  const env = { ...process.env, SOAK_SEED: seed, SOAK_SCALE: scale, SOAK_FIGURES: path };
  if (round !== undefined) env.SOAK_ROUND = round;
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const files = only === undefined ? FOLDERS : FOLDERS.map((name) => join(name, `${only}.test.ts`));
  try {
    const projects = ['--project', 'embedded', '--project', 'sshd'];
    const code = await runOnTerminal(process.execPath, [vitest, 'run', ...projects, ...files], env);
    return { code, figures: existsSync(path) ? readFigures(path) : [] };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readFigures(path) {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line)).sort((a, b) => (a.name < b.name ? -1 : 1));
}
