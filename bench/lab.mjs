// A home of its own on this machine, in which the very scripts run that go over the wire, with real apps.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_LOG, DEFAULT_RESTART, DEFAULT_STOP, start, stop } from '../packages/core/dist/index.js';
import { median } from './median.mjs';

const BY = 'bench@here';
const STOPPED_AT_ONCE = 50;

export const home = mkdtempSync(join(tmpdir(), 'outlast-bench-'));
const apps = join(home, '.local/state/outlast/apps');
const env = { PATH: process.env.PATH, HOME: home, LOGNAME: 'bench' };
const PLAIN_SPEC = {
  argv: ['sleep', '100000'],
  shell: false,
  cwd: null,
  env: {},
  secretEnv: {},
  hup: 'ignore',
  launcher: 'setsid',
  restart: DEFAULT_RESTART,
  stop: DEFAULT_STOP,
  log: DEFAULT_LOG,
};

export const createFrame = () => ({ nonce: randomBytes(12).toString('hex') });

export function buildStart(app, spec = {}) {
  const request = randomBytes(12).toString('hex');
  return start.build({ app, spec: { ...PLAIN_SPEC, ...spec }, request, by: BY, settleMs: 0 }, createFrame());
}

/** Feeds a script to /bin/sh as sshd would, and gives milliseconds and output. */
export function runScript(script) {
  const began = performance.now();
  const { status: code, stdout, error } = spawnSync('/bin/sh', ['-s'], { env, input: script, maxBuffer: 1 << 28 });
  const ms = performance.now() - began;
  if (error || code !== 0 || !/ END 0\n$/.test(stdout.toString())) throw error ?? new Error(`no whole answer: ${code}`);
  return { ms, output: stdout.toString() };
}

/** The same without waiting here. */
export function runScriptAside(script) {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-s'], { env, stdio: ['pipe', 'ignore', 'ignore'] });
    child.once('error', reject).once('close', resolve);
    child.stdin.end(script);
  });
}

export const appDir = (app) => join(apps, app);

/** The pids that a record of each app's first run begins with. */
export function readRecordedPids(record) {
  return readdirSync(apps).map((app) => Number.parseInt(readFileSync(join(apps, app, `run.1.${record}`), 'utf8'), 10));
}

/** Stops what was started, and takes the home away. */
export function tearDown() {
  const names = existsSync(apps) ? readdirSync(apps) : [];
  while (names.length > 0) {
    runScript(stop.build({ apps: names.splice(0, STOPPED_AT_ONCE), graceMs: 0, by: BY }, createFrame()));
  }
  rmSync(home, { recursive: true, force: true });
}

export const spread = (values, digits = 1) =>
  [Math.min(...values), median(values), Math.max(...values)].map((value) => value.toFixed(digits));
export const write = (line) => process.stdout.write(`${line}\n`);
export const row = (...cells) =>
  write(cells.map((cell, at) => (at === 0 ? cell.padEnd(34) : cell.padStart(11))).join(''));

/** Prints whether a goal is met; one that is missed makes the exit code 1. */
export function judge(name, value, goal, unit) {
  const met = value <= goal;
  if (!met) process.exitCode = 1;
  write(`goal: ${name} at most ${goal} ${unit}: ${value.toFixed(0)} ${unit}, ${met ? 'met' : 'missed'}`);
}
