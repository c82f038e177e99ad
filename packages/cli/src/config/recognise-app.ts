import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** What kind of app a folder holds. */
export type AppKind = 'streamlit' | 'gradio' | 'fastapi' | 'node' | 'python' | 'unknown';

/** What a folder says of the app in it. */
export interface RecognisedApp {
  readonly kind: AppKind;
  /** A name for it, made of that of the folder. */
  readonly name: string;
  /** The file that is run; null where none is known. */
  readonly entry: string | null;
  /** Its shell line; `{port}` stands for the port. */
  readonly run: string;
  /** Shell lines that prepare a release. */
  readonly setup: string | null;
  /** It has requirements, so that it gets a virtual environment. */
  readonly needsPython: boolean;
  /** It names the version of node that it wants. */
  readonly needsNvm: boolean;
  /** It has a `.env`. */
  readonly hasEnvFile: boolean;
  /** Nothing says yet what of it stays on the laptop. */
  readonly needsIgnoreFile: boolean;
}

/** Where apps mostly begin, the likeliest first; any other script of the folder comes behind them. */
const ENTRIES = [
  'streamlit_app.py',
  'app.py',
  'main.py',
  'Home.py',
  'home.py',
  'dashboard.py',
  'server.py',
  'api.py',
  'bot.py',
];
/** Where a package begins that does not say so; the first is what node itself takes. */
const NODE_ENTRIES = ['index.js', 'server.js', 'app.js', 'main.js'];
const FASTAPI = /^\s*(\w+)\s*(?::\s*[\w.]+\s*)?=\s*(?:fastapi\.)?FastAPI\(/m;
/** A name that needs no quotes, wherever it is put. */
const SCRIPT = /^\w[\w.-]*\.py$/;

/** Looks at what is in a folder; of several kinds the first counts in which it says more of itself than its name. */
export async function recogniseApp(folder: string): Promise<RecognisedApp> {
  const read = (name: string) => readFile(join(folder, name), 'utf8').catch(() => undefined);
  const [requirements, pyproject, lock, packageJson, nvmrc] = await Promise.all(
    ['requirements.txt', 'pyproject.toml', 'uv.lock', 'package.json', '.nvmrc'].map(read),
  );
  const others = await readdir(folder).catch((): string[] => []);
  const base = {
    hasEnvFile: others.includes('.env'),
    needsIgnoreFile: !['.gitignore', '.outlastignore'].some((name) => others.includes(name)),
    name: buildName(basename(folder)),
    needsPython: requirements !== undefined || lock !== undefined,
    needsNvm: nvmrc !== undefined,
    setup: null,
  };
  const names = [...new Set([...ENTRIES, ...others.filter((name) => SCRIPT.test(name)).sort()])];
  const sources = await Promise.all(names.map(async (entry) => ({ entry, text: await read(entry) })));
  const scripts = sources.flatMap(({ entry, text }) => (text === undefined ? [] : [{ entry, text }]));
  const wanted = `${requirements ?? ''}\n${pyproject ?? ''}`;
  const python = recognisePython(scripts, wanted);
  if (python !== undefined) return { ...base, ...python };
  if (packageJson !== undefined)
    return { ...base, ...recogniseNode(packageJson, await read('package-lock.json'), others) };
  const [first] = scripts;
  if (first !== undefined && ENTRIES.includes(first.entry))
    return { ...base, kind: 'python', entry: first.entry, run: `exec python3 -u ${first.entry}` };
  return { ...base, kind: 'unknown', entry: null, run: './run.sh' };
}

interface Script {
  readonly entry: string;
  readonly text: string;
}

type Recognised = Pick<RecognisedApp, 'kind' | 'entry' | 'run'>;

function recognisePython(scripts: readonly Script[], wanted: string): Recognised | undefined {
  const find = (pattern: RegExp) => scripts.find(({ text }) => pattern.test(text));
  const streamlit =
    find(/^\s*(?:import|from)\s+streamlit\b/m) ?? (/^\s*"?streamlit\b/m.test(wanted) ? scripts[0] : undefined);
  if (streamlit !== undefined) {
    const run = `exec streamlit run ${streamlit.entry} --server.port {port} --server.address 127.0.0.1`;
    return { kind: 'streamlit', entry: streamlit.entry, run };
  }
  const gradio = find(/^\s*(?:import|from)\s+gradio\b/m);
  if (gradio !== undefined) {
    const run = `GRADIO_SERVER_NAME=127.0.0.1 GRADIO_SERVER_PORT={port} exec python3 -u ${gradio.entry}`;
    return { kind: 'gradio', entry: gradio.entry, run };
  }
  const fastapi = find(FASTAPI);
  if (fastapi === undefined) return undefined;
  const module = fastapi.entry.replace(/\.py$/, '');
  const variable = FASTAPI.exec(fastapi.text)?.[1] ?? 'app';
  return {
    kind: 'fastapi',
    entry: fastapi.entry,
    run: `exec uvicorn ${module}:${variable} --host 127.0.0.1 --port {port}`,
  };
}

function recogniseNode(
  packageJson: string,
  lock: string | undefined,
  names: readonly string[],
): Pick<RecognisedApp, 'kind' | 'entry' | 'run' | 'setup'> {
  const { scripts, main } = parsePackage(packageJson);
  const isStarted = scripts.has('start');
  const entry = main ?? (isStarted ? null : (NODE_ENTRIES.find((name) => names.includes(name)) ?? 'index.js'));
  const setup = lock === undefined ? 'npm install --omit=dev' : 'npm ci --omit=dev';
  return { kind: 'node', entry, run: isStarted ? 'exec npm start' : `exec node ${entry}`, setup };
}

function parsePackage(text: string): { readonly scripts: ReadonlySet<string>; readonly main: string | undefined } {
  try {
    const { scripts = {}, main } = JSON.parse(text) as { scripts?: object; main?: unknown };
    return {
      scripts: new Set(Object.keys(scripts)),
      main: typeof main === 'string' && /^[\w./-]+$/.test(main) ? main : undefined,
    };
  } catch {
    return { scripts: new Set(), main: undefined };
  }
}

/** What is left of a folder's name that the name of an app may hold. */
function buildName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  return name === '' ? 'app' : name;
}
