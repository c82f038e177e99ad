import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runOrThrow, runProgram } from './run-program.js';

const PUBLIC_IMAGE = 'debian:bookworm-slim';
const LOCAL_IMAGE = 'outlast-test-base:bookworm';
const DEFAULT_MIRROR = 'http://deb.debian.org/debian';

/**
 * Finds the image that the test hosts are built on: `$BASE_IMAGE`; else the public Debian image, pulled if need be; else
 * the same made with debootstrap from this machine's Debian mirror, which is kept and used again.
 *
 * @throws Error saying why it can neither be pulled nor made.
 */
export async function ensureBaseImage(report: (line: string) => void = () => undefined): Promise<string> {
  const chosen = process.env.BASE_IMAGE;
  if (chosen !== undefined && chosen !== '') return chosen;
  for (const image of [PUBLIC_IMAGE, LOCAL_IMAGE]) {
    if (await hasImage(image)) return image;
  }
  report(`pulling ${PUBLIC_IMAGE}`);
  const pulled = await runProgram(['docker', 'pull', '--quiet', PUBLIC_IMAGE], { timeoutMs: 180_000 }).catch(
    (error: Error) => ({ exitCode: null, stderr: error.message }),
  );
  if (pulled.exitCode === 0) return PUBLIC_IMAGE;
  const mirror = await findMirror();
  report(`it cannot be pulled: making ${LOCAL_IMAGE} with debootstrap from ${mirror}`);
  try {
    await makeLocalImage(mirror);
  } catch (error) {
    const why = `${PUBLIC_IMAGE} cannot be pulled: ${pulled.stderr.trim()}`;
    throw new Error(`${why}\nand it cannot be made with debootstrap: ${(error as Error).message}`);
  }
  return LOCAL_IMAGE;
}

/** Says whether the engine has an image. */
export async function hasImage(image: string): Promise<boolean> {
  return (await runProgram(['docker', 'image', 'inspect', image])).exitCode === 0;
}

async function makeLocalImage(mirror: string): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('only root can run debootstrap; set BASE_IMAGE to an image you have');
  const folder = await mkdtemp(join(tmpdir(), 'outlast-base-'));
  const tree = join(folder, 'tree');
  try {
    const variant = ['--variant=minbase', '--include=openssh-server,procps'];
    await runOrThrow(['debootstrap', ...variant, 'bookworm', tree, mirror], { timeoutMs: 900_000 });
    const archive = join(folder, 'tree.tar');
    await runOrThrow(['tar', '-C', tree, '-cf', archive, '.']);
    await runOrThrow(['docker', 'import', archive, LOCAL_IMAGE]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Finds the Debian mirror that this machine's apt uses. */
async function findMirror(): Promise<string> {
  const folder = '/etc/apt/sources.list.d';
  const others = await readdir(folder).catch(() => []);
  for (const file of ['/etc/apt/sources.list', ...others.map((name) => join(folder, name))]) {
    const mirror = parseMirror(await readFile(file, 'utf8').catch(() => ''));
    if (mirror !== undefined) return mirror;
  }
  return DEFAULT_MIRROR;
}

/** Parses either form of apt's sources: "deb [options] http://host/debian suite" and "URIs: http://host/debian". */
export function parseMirror(sources: string): string | undefined {
  return /^(?:deb\s+(?:\[[^\]]*\]\s+)?|URIs:\s*)(https?:\/\/\S+\/debian)\/?(?:\s|$)/m.exec(sources)?.[1];
}
