import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { availableParallelism, release, totalmem } from 'node:os';
import { ROOT } from '../run-step.mjs';

/** Describes on what the figures were got, a line for each thing that they may depend on. */
export function describeMachine(seed) {
  const gibibytes = (totalmem() / 2 ** 30).toFixed(1);
  return [
    `seed ${seed}`,
    `commit ${read('git', 'rev-parse', '--short', 'HEAD')}${read('git', 'status', '--porcelain', '-uno') === '' ? '' : ', changed'}`,
    `${availableParallelism()} cores, ${gibibytes} GiB, Linux ${release()}, ${readSystem()}`,
    `Node ${process.versions.node}, ${read('ssh', '-V')}, /bin/sh is ${realpathSync('/bin/sh')}`,
  ];
}

function readSystem() {
  const [, name = 'unknown system'] = readFileSync('/etc/os-release', 'utf8').match(/^PRETTY_NAME="?([^"\n]*)/m) ?? [];
  return name;
}

function read(program, ...args) {
  const { stdout, stderr } = spawnSync(program, args, { cwd: ROOT, encoding: 'utf8' });
  return (stdout || stderr || '').trim();
}
