import { raw, sh } from '../shell/template.js';
import type { AppSpec } from '../state/app-spec.js';

/** Shell that exports the app's own variables, secrets included. */
export function buildExports({ env, secretEnv }: Pick<AppSpec, 'env' | 'secretEnv'>): string {
  return Object.entries({ ...env, ...secretEnv })
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => buildExport(name, value))
    .join('\n');
}

/** Where bash is /bin/sh, an assignment to one of these ends the whole shell without a word of why. */
const READ_ONLY_IN_BASH: ReadonlySet<string> = new Set([
  'UID',
  'EUID',
  'PPID',
  'BASHOPTS',
  'SHELLOPTS',
  'BASH_VERSINFO',
]);

function buildExport(name: string, value: string): string {
  const assignment = sh`export ${raw(name)}=${[value]}`;
  if (!READ_ONLY_IN_BASH.has(name)) return assignment;
  return sh`(${raw(assignment)}) 2>/dev/null || { echo ${`outlast: the shell of this host does not let ${name} be set`} >&2; exit 126; }
${raw(assignment)}`;
}
