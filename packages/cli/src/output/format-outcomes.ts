import { type Palette, resolveStateStyle } from './colors.js';
import { type AppFacts, formatEnding, joinWords } from './describe-app.js';
import { escapeCell } from './escape-terminal.js';
import { formatHost } from './format-host.js';
import { type Cell, type Column, formatTable } from './table.js';

/** What a verb did to one app of one host. */
export interface AppOutcome {
  readonly host: string;
  readonly app: AppFacts & { readonly changed: boolean };
  /** What was asked: `start`, `stop`, `restart`, `signal`, … */
  readonly verb: string;
  /** The signal that was sent, without `SIG`, where the verb was `signal` or `kill`. */
  readonly sent?: string;
}

/** How outcomes are shown. */
export interface OutcomesLayout {
  readonly palette: Palette;
  /** Width of the terminal; 0 cuts nothing. */
  readonly width: number;
  /** Now, in milliseconds, for the age of what ended. */
  readonly nowMs: number;
}

const COLUMNS: readonly Column[] = [{ title: 'HOST' }, { title: 'APP' }, { title: 'STATE' }, { title: 'DETAIL' }];

/** Formats one aligned line an outcome, such as `web1  dashboard  running  pid 89398`; empty without any. */
export async function formatOutcomes(outcomes: readonly AppOutcome[], layout: OutcomesLayout): Promise<string> {
  const rows = outcomes.map((outcome): Cell[] => {
    const { host, app } = outcome;
    const style = resolveStateStyle(layout.palette, app);
    const [state, detail] = describeOutcome(outcome, layout.nowMs);
    return [formatHost(host), escapeCell(app.app), { text: state, style }, detail];
  });
  return formatTable(COLUMNS, rows, { width: layout.width, header: false });
}

function describeOutcome({ verb, app, sent }: AppOutcome, nowMs: number): [state: string, detail: string] {
  const state = escapeCell(app.state);
  if (verb === 'rm' && app.changed) return ['removed', 'with its log and its records'];
  if (verb === 'prune') return [app.changed ? 'removed' : `${state}, would be removed`, formatEnding(app, nowMs)];
  if (state === 'unknown') return ['unknown', 'no such app on this host'];
  if (verb === 'stop') return describeStop(app, nowMs);
  const notes = [formatPid(app), formatEnding(app, nowMs)];
  if ((verb === 'start' || verb === 'adopt') && !app.changed)
    return [`already ${state}`, joinWords(...notes, '(unchanged)')];
  if (sent !== undefined) notes.push(app.changed ? `(sent ${escapeCell(sent)})` : '(nothing sent)');
  return [state, joinWords(...notes)];
}

function describeStop(app: AppOutcome['app'], nowMs: number): [state: string, detail: string] {
  if (!app.changed || app.how === 'already-stopped') {
    // An app that ended by itself was never stopped: say how it ended.
    if (app.state === 'corrupt') return ['corrupt', formatEnding(app, nowMs)];
    return ['already stopped', app.state === 'stopped' ? '' : formatEnding(app, nowMs)];
  }
  return [escapeCell(app.state), joinWords(formatPid(app), app.how ? `(${escapeCell(app.how)})` : '')];
}

function formatPid({ pid }: AppFacts): string {
  return pid === null ? '' : `pid ${pid}`;
}
