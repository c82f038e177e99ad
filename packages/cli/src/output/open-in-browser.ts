import { spawn } from 'node:child_process';

/** What opens an address on a system: whatever the person has chosen as the browser. */
const OPENERS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};
const DEFAULT_OPENER = ['xdg-open'];
/** A program that runs longer is the browser itself. */
const OPENING_MS = 3_000;

/** Opens an address in the browser, which goes on by itself; resolves to why that could not be done, or undefined. `$BROWSER` wins where it is set. */
export function openInBrowser(url: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const own = env.BROWSER?.split(':')[0]?.trim().split(/\s+/) ?? [];
  const [program = '', ...args] = own[0] ? own : (OPENERS[process.platform] ?? DEFAULT_OPENER);
  return new Promise((resolve) => {
    const child = spawn(program, [...args, url], { env, stdio: 'ignore', detached: true });
    const timer = setTimeout(() => resolve(undefined), OPENING_MS);
    child.once('error', (error) =>
      resolve((error as NodeJS.ErrnoException).code === 'ENOENT' ? `no ${program}` : error.message),
    );
    child.once('exit', (code) => resolve(code === 0 ? undefined : `${program} ended with ${code}`));
    timer.unref();
    child.unref();
  });
}
