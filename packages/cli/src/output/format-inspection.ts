import type { AppEnd, Inspection } from '@outlast/core';
import { joinWords } from './describe-app.js';
import { escapeCell } from './escape-terminal.js';
import { formatHost } from './format-host.js';

/** Formats everything recorded of one app as `name  value` lines under a heading; ends with a newline. */
export function formatInspection(host: string, { report, spec, identity, ...details }: Inspection): string {
  const facts: Readonly<Record<string, unknown>> = {
    ...report,
    run: details.run,
    startedBy: details.startedBy,
    identity: identity && `${identity.pid} started ${identity.start} boot ${identity.boot}`,
    supervisorPid: details.supervisorPid,
    adopted: details.adopted,
    port: details.port,
    pids: details.pids,
    ends: details.ends.length === 0 ? null : details.ends.map(formatEnd).join(', '),
    damaged: details.damaged,
    stateDir: details.stateDir,
    shell: spec?.shell ?? null,
    env: spec?.env ?? null,
    secretEnv: spec === null ? null : Object.keys(spec.secretEnv),
    hup: spec?.hup ?? null,
    launcher: spec?.launcher ?? null,
    runtime: spec?.runtime ?? null,
    restart: spec?.restart ?? null,
    stop: spec?.stop ?? null,
    log: spec?.log ?? null,
  };
  const { app: _app, ...shown } = facts as { app: string };
  const width = Math.max(...Object.keys(shown).map((name) => name.length));
  const lines = Object.entries(shown).map(([name, value]) => `  ${name.padEnd(width)}  ${formatValue(value)}\n`);
  return `${formatHost(host)}  ${escapeCell(report.app)}\n${lines.join('')}`;
}

/** `run 2: exited 1 at 2026-…`, or with the restart that it came after: `run 2.3: …`. */
function formatEnd({ run, restarts, exitCode, signal, endedAt, cause }: AppEnd): string {
  const how = signal === null ? `exited ${exitCode}` : `killed by ${signal}`;
  return joinWords(
    `run ${run}${restarts > 0 ? `.${restarts}` : ''}:`,
    how,
    cause && `(${cause})`,
    endedAt && `at ${endedAt}`,
  );
}

function formatValue(value: unknown): string {
  if (value === null) return '-';
  return escapeCell(typeof value === 'string' ? value : JSON.stringify(value));
}
