import type { DeployStep } from '@outlast/core';
import type { OutcomeClass } from '../fleet/outcome.js';
import { type Palette, resolveStateStyle, type Style } from './colors.js';
import { type AppFacts, formatEnding, joinWords } from './describe-app.js';
import { escapeCell } from './escape-terminal.js';
import { formatHost } from './format-host.js';
import { type Cell, type Column, formatTable } from './table.js';

/** What became of a deploy or a rollback on one host. */
export interface DeployOutcome {
  readonly host: string;
  readonly became: OutcomeClass;
  /** What it is called when it went well: `deployed`, `rolled back`. */
  readonly done: string;
  readonly app: AppFacts & {
    readonly changed: boolean | null;
    readonly attemptedRelease: string | null;
    readonly rolledBack: boolean;
    readonly steps: readonly DeployStep[];
  };
}

/** How outcomes are shown. */
export interface DeploysLayout {
  readonly palette: Palette;
  /** Width of the terminal; 0 cuts nothing. */
  readonly width: number;
  /** Now, in milliseconds, for the age of what ended. */
  readonly nowMs: number;
}

const COLUMNS: readonly Column[] = [
  { title: 'HOST' },
  { title: 'APP' },
  { title: 'RESULT' },
  { title: 'RELEASE' },
  { title: 'STATE' },
  { title: 'DETAIL', shrinks: true },
];

/** Formats one aligned line an outcome: what became of the deploy, which release runs now, and how. */
export async function formatDeploys(outcomes: readonly DeployOutcome[], layout: DeploysLayout): Promise<string> {
  const rows = outcomes.map((outcome): Cell[] => {
    const { host, app } = outcome;
    const [result, style] = describeResult(outcome, layout.palette);
    const state = { text: escapeCell(app.state), style: resolveStateStyle(layout.palette, app) };
    const running = app.pid === null ? formatEnding(app, layout.nowMs) : `pid ${app.pid}`;
    const tried = outcome.became === 'failed' ? describeAttempt(app) : '';
    const detail = joinWords(running, tried, formatSteps(app.steps));
    return [
      formatHost(host),
      escapeCell(app.app),
      { text: result, style },
      escapeCell(app.release ?? '-'),
      state,
      detail,
    ];
  });
  return formatTable(COLUMNS, rows, { width: layout.width, header: false });
}

function describeResult({ became, done, app }: DeployOutcome, palette: Palette): [text: string, style: Style] {
  if (app.rolledBack && app.release !== null) return ['rolled back by itself', palette.red];
  if (became === 'unknown') return ['not known', palette.yellow];
  if (became === 'skipped') return ['skipped', palette.dim];
  if (became !== 'ok') return ['failed', palette.red];
  return app.changed ? [done, palette.green] : ['unchanged', palette.dim];
}

/** Which release was to run; one with other settings is the same one. */
function describeAttempt({ attemptedRelease, release }: DeployOutcome['app']): string {
  if (attemptedRelease === null) return '';
  return attemptedRelease === release ? '(as it was before)' : `(not ${attemptedRelease})`;
}

/** What took its time: `(upload 1.2s, setup 31.0s)`. */
function formatSteps(steps: readonly DeployStep[]): string {
  const long = steps.filter(({ seconds }) => seconds >= 1).map(({ name, seconds }) => `${name} ${seconds.toFixed(1)}s`);
  return long.length === 0 ? '' : `(${long.join(', ')})`;
}
