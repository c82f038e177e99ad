import { quoteWord } from '@outlast/core';
import { parseHostSpec } from '../inventory/host-spec.js';
import type { AppKind, RecognisedApp } from './recognise-app.js';

/** What the template is filled with; an example stands in for each part that is absent. */
export interface InitAnswers {
  /** Words such as `web1` or `deploy@192.0.2.11:22`. */
  readonly hosts?: readonly string[];
  /** The name of the app. */
  readonly app?: string;
  /** Its shell line; `{port}` stands for the port. */
  readonly run?: string;
  readonly port?: number;
  /** What the folder was found to hold: the app is deployed then. */
  readonly recognised?: RecognisedApp;
  /** The path or URL of the JSON Schema, for editors. */
  readonly schemaLocation?: string;
}

const GROUP = 'web';

/** What stands in the template where nobody says otherwise. */
export const INIT_DEFAULTS = {
  hosts: ['deploy@192.0.2.11', 'deploy@192.0.2.12'],
  app: 'dashboard',
  run: '.venv/bin/streamlit run app.py --server.port {port}',
  port: 8501,
};

/**
 * Gives the address of the JSON Schema of that version. The file is committed and shared, so a path on this machine would
 * lead nowhere on others; unpkg serves every file of every version that npm has, and needs nothing else to be published.
 */
export function getSchemaLocation(version: string): string {
  return `https://unpkg.com/outlast@${version}/schema/outlast.schema.json`;
}

/** Builds the commented `outlast.yaml` that `outlast init` writes; what is commented out shows what else there is. */
export function buildInitTemplate(answers: InitAnswers = {}): string {
  const { hosts, schemaLocation } = answers;
  const words = hosts === undefined || hosts.length === 0 ? INIT_DEFAULTS.hosts : hosts;
  const named = nameHosts(words);
  const entries = [...named].map(([name, word]) => `  ${name}:${name === word ? '' : ` ${quoteYaml(word)}`}`);
  const names = [...named.keys()];
  const header = schemaLocation === undefined ? '' : `# yaml-language-server: $schema=${schemaLocation}\n`;
  return `${header}${buildHostsPart(entries, names)}\n${buildAppsPart(answers)}`;
}

/** Gives each word a name: that of its host where it has one, since `web1` must never come to mean the host `web2`. */
function nameHosts(words: readonly string[]): Map<string, string> {
  const different = new Set(words);
  const own = new Map([...different].map((word) => [word, parseHostSpec(word).destination]));
  const taken = new Set(own.values());
  const named = new Map<string, string>();
  let number = 0;
  for (const [word, name] of own) {
    const isFree = word === name || !(different.has(name) || named.has(name));
    named.set(isFree && isNameInYaml(name) ? name : countOn(), word);
  }
  return named;

  function countOn(): string {
    do number++;
    while (taken.has(`${GROUP}${number}`));
    return `${GROUP}${number}`;
  }
}

/** Whether it can name a host as it stands: YAML takes some words for something other than text, and one names the group. */
function isNameInYaml(word: string): boolean {
  return /^[a-z][a-z0-9._-]*$/i.test(word) && !/^(?:true|false|null)$/i.test(word) && word !== GROUP;
}

// JSON is YAML.
function quoteYaml(text: string): string {
  return JSON.stringify(text);
}

function buildHostsPart(entries: readonly string[], names: readonly string[]): string {
  return `# Hosts by the names that you use after -H. A value is user@address:port, where user and port may be left out; what
# is left out comes from your ssh configuration. An empty value means that the name is an address or an alias of ssh.
# A value of this file may hold variables of your own environment: \${NAME}, or \${NAME:-default}; $\${ is a literal \${.
hosts:
${entries.join('\n')}
#  web8: { address: 192.0.2.18, user: deploy, port: 2222, tags: [eu], env: { REGION: eu } }
#  "db[01-03]": { user: deploy }
# With transport: openssh the ssh program connects, for certificates and security keys; at the top of the file, for all hosts.
#  vault: { address: 192.0.2.19, transport: openssh }

# Groups are chosen with -g; tags with -g tag:eu.
groups:
  ${GROUP}: [${names.join(', ')}]
#  all: [web, "db[01-03]", "tag:eu"]
`;
}

const STREAMLIT_ENV = `    env:
      STREAMLIT_SERVER_HEADLESS: "true"`;
const OTHER_ENV = '#    env: { LOG_LEVEL: info }';

function buildAppsPart(answers: InitAnswers): string {
  if (answers.recognised !== undefined) return buildDeployedPart(answers, answers.recognised);
  const { app, run, port } = answers;
  const line = run ?? INIT_DEFAULTS.run;
  return `apps:
  ${app === undefined ? INIT_DEFAULTS.app : quoteYaml(app)}:
    hosts: [${GROUP}]
    # A string is a shell line, in which variables are those of the host; a list is an argv: [python3, -m, http.server, "8501"]
    run: ${run === undefined ? line : quoteYaml(line)}
    # The folder on the host in which it runs; the home folder by default.
#    cwd: /srv/dashboard
    # Also given as $PORT.
    port: ${port ?? INIT_DEFAULTS.port}
${/\bstreamlit\b/.test(line) ? STREAMLIT_ENV : OTHER_ENV}
    # Kept secret: a file that is read as dotenv does, and names of variables that are set where you run outlast.
#    env_file: .env
#    secrets: [API_TOKEN]
    # Asked to end with this signal; ended with KILL after the grace period.
    stop: { signal: TERM, grace: 10s }
    # no, on-failure, always or unless-stopped
    restart: { policy: on-failure, max: 5, backoff: 1s..60s }
    # HUP is ignored, as nohup does; with default it ends or reloads the app.
#    hup: default
    # Where a logout ends what the login has started: systemd keeps it, while lingering is on.
#    launcher: systemd
`;
}

/** What an app of each kind has in its environment, and what it has to show before it counts as healthy. */
const KINDS: Readonly<
  Record<AppKind, { readonly env: readonly string[]; readonly health: (entry: string) => readonly string[] }>
> = {
  streamlit: {
    env: [
      'STREAMLIT_SERVER_HEADLESS: "true"',
      'STREAMLIT_BROWSER_GATHER_USAGE_STATS: "false"',
      'PYTHONUNBUFFERED: "1"',
    ],
    health: (entry) => [
      'http: /_stcore/health',
      '# Streamlit is healthy although its script is broken: this runs the script as a session would.',
      '# 78 says that waiting does not help.',
      'exec: |',
      `  python3 -m py_compile ${quoteWord(entry)} || exit 78`,
      "  python3 - <<'END'",
      '  import sys',
      '  from streamlit.testing.v1 import AppTest',
      `  run = AppTest.from_file(${JSON.stringify(entry)}, default_timeout=60).run()`,
      '  sys.exit(78 if run.exception else 0)',
      '  END',
      'within: 120s',
    ],
  },
  gradio: {
    env: ['GRADIO_ANALYTICS_ENABLED: "False"', 'PYTHONUNBUFFERED: "1"'],
    health: () => ['http: /', 'within: 120s'],
  },
  fastapi: {
    env: ['PYTHONUNBUFFERED: "1"'],
    health: () => ['http: /', '# It answers, be it that there is nothing at /.', 'status: 200-499'],
  },
  node: { env: ['NODE_ENV: production'], health: () => ['tcp: true'] },
  python: { env: ['PYTHONUNBUFFERED: "1"'], health: () => [] },
  unknown: { env: [], health: () => [] },
};

function buildDeployedPart({ app, run, port }: InitAnswers, recognised: RecognisedApp): string {
  const { kind, name, entry, needsPython, needsNvm, setup, hasEnvFile } = recognised;
  const { env, health } = KINDS[kind];
  const listens = !['python', 'unknown'].includes(kind);
  const probes = health(entry ?? '');
  const lines = [
    `hosts: [${GROUP}]`,
    '# Uploaded by outlast deploy, but for what .gitignore and .outlastignore leave out.',
    'source: .',
    ...(needsPython ? ['# A virtual environment, made anew when the requirements change.', 'python: venv'] : []),
    ...(needsNvm ? ['node: nvm'] : []),
    ...(setup === null ? ['#setup: make'] : [`setup: ${setup}`]),
    `run: ${quoteYaml(run ?? recognised.run)}`,
    ...(listens || port !== undefined
      ? [
          port === undefined ? '# The host chooses one that is free, also given as $PORT.' : '# Also given as $PORT.',
          `port: ${port ?? 'auto'}`,
        ]
      : ['#port: auto']),
    ...(env.length === 0 ? ['#env: { LOG_LEVEL: info }'] : ['env:', ...indent(env)]),
    ...(probes.length === 0 ? ['#health: { log: ready, within: 60s }'] : ['health:', ...indent(probes)]),
    '# Outlives every release.',
    '#shared_paths: [data]',
    '# Kept secret: a file that is read as dotenv does, and variables of yours.',
    `${hasEnvFile ? '' : '#'}env_file: .env`,
    '#secrets: [API_TOKEN]',
    '#keep_releases: 5',
    'restart: { policy: on-failure, max: 5, backoff: 1s..60s }',
    'log: { max_size: 50MB, keep: 3 }',
  ];
  return `apps:\n  ${app === undefined ? name : quoteYaml(app)}:\n${lines.map(placeInApp).join('')}`;
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

/** Builds the `.outlastignore` beside it: what is made anew on the host, or is of this machine. */
export function buildIgnoreFile(): string {
  return ['# Stays here, in the syntax of .gitignore.', '.venv/', 'venv/', 'node_modules/', '__pycache__/', ''].join(
    '\n',
  );
}

/** What is a comment by its first character keeps its column, so that it can be taken in by taking that away. */
function placeInApp(line: string): string {
  return /^#\S/.test(line) ? `#    ${line.slice(1)}\n` : `    ${line}\n`;
}
