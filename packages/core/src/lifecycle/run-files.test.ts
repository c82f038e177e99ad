import { expect, test } from 'vitest';
import { type AppSpec, DEFAULT_LOG, DEFAULT_RESTART, DEFAULT_STOP, NOT_DEPLOYED } from '../state/app-spec.js';
import { encodeToken } from '../wire/token.js';
import { buildRunFileFunctions } from './run-files.js';

const SPEC: AppSpec = {
  argv: ['sleep', '1000'],
  shell: false,
  cwd: null,
  env: {},
  secretEnv: {},
  hup: 'ignore',
  launcher: 'setsid',
  restart: DEFAULT_RESTART,
  stop: DEFAULT_STOP,
  log: DEFAULT_LOG,
  ...NOT_DEPLOYED,
};

function build(spec: Partial<AppSpec>): string {
  return buildRunFileFunctions({ ...SPEC, ...spec }, 'END_n0nce');
}

/** What stands outside of the texts between the delimiters: what the shell reads as its own. */
function removeTexts(script: string): string {
  return script.replace(/<<'END_n0nce'(.*)\n[\s\S]*?\nEND_n0nce\n/g, '<<TEXT$1\n');
}

/** The text that goes into one of the files. */
function readText(script: string, file: string): string {
  const isPrinted = file === 'launch' || file === 'settings';
  const start = isPrinted ? `print_${file}() {\n  cat <<'END_n0nce'` : `"$record_path.${file}" <<'END_n0nce'`;
  return script.split(start)[1]?.split('\n').slice(1).join('\n').split('\nEND_n0nce')[0] ?? '';
}

test('secrets stand in the texts that become files, and in what masks them', () => {
  const script = build({ secretEnv: { TOKEN: "s3cret 'x'\nEND" }, env: { PLAIN: 'visible' } });
  expect(script).toContain("export TOKEN='s3cret '\\''x'\\''\nEND'");
  const rest = removeTexts(script);
  const masking = rest.slice(rest.indexOf('mask_given() ('), rest.indexOf('\n  )', rest.indexOf('mask_given() (')));
  expect(masking).toContain('s3cret');
  expect(rest.replace(masking, '')).not.toMatch(/s3cret|visible|TOKEN/);
  expect(removeTexts(script).match(/<<TEXT/g)).toHaveLength(5);
});

test.each([
  [null, `cd -- "\${HOME:-/}" || cd /`],
  ['~', `cd -- "\${HOME:-/}" || cd /`],
  ['~/a b', `cd -- "\${HOME:-/}"/'a b' || exit 126`],
  ['/srv/app', 'cd -- /srv/app || exit 126'],
  ['app', `cd -- "\${HOME:-/}" || cd /; cd -- ./app || exit 126`],
  ['-app', `cd -- "\${HOME:-/}" || cd /; cd -- ./-app || exit 126`],
  ['~user', `cd -- "\${HOME:-/}" || cd /; cd -- './~user' || exit 126`],
])('the folder %j is entered first, and checked beforehand in the same way', (cwd, line) => {
  const script = build({ cwd });
  expect(readText(script, 'launch').split('\n')[0]).toBe(line);
  expect(removeTexts(script)).toContain(`(${line})`);
});

test('settings are whole seconds and tenths', () => {
  const restart = { policy: 'on-failure', max: 5, backoffSeconds: [2, 90] } as const;
  expect(readText(build({ restart, stop: { signal: 'INT', graceMs: 1234 } }), 'settings').split('\n')).toEqual([
    'policy=on-failure',
    'max_restarts=5',
    'backoff_min=2',
    'backoff_max=90',
    'stable_after=90',
    'settings_launcher=setsid',
    'settings_port=',
    'settings_signal=INT',
    'settings_grace=13',
    'log_max_size=0',
    'log_keep=3',
    'log_split=no',
  ]);
});

test('the app is reached through nohup unless hangups are its own matter', () => {
  expect(readText(build({}), 'launch')).toContain('set -- "$(command -v nohup)" sleep 1000');
  expect(readText(build({ hup: 'default' }), 'launch')).not.toContain('nohup');
  expect(readText(build({ argv: ['-x', 'y'] }), 'launch')).toContain('env -- -x y');
});

test('clients find what they asked for in the spec, as one token', () => {
  const script = build({ argv: ["it's", '$(id)'], secretEnv: { TOKEN: 's3cret' } });
  const token = readText(script, 'spec');
  expect(token).not.toContain('s3cret');
  expect(token).toContain(encodeToken(["it's", '$(id)']));
});
