import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBaseImage, hasImage } from './base-image.js';
import type { DockerEngine } from './docker-engine.js';
import { runOrThrow } from './run-program.js';

const IMAGE_SOURCES = join(import.meta.dirname, '../docker');

/** The services that have an image of their own, which is called `outlast-test-SERVICE`. */
const BUILT = ['debian', 'busybox', 'systemd'] as const;

/** The Compose file that describes the dockerized hosts. */
export const COMPOSE_FILE = join(import.meta.dirname, '../../../docker-compose.test.yml');

/**
 * Builds the images of the dockerized hosts unless they are there already.
 *
 * @returns the environment by which the Compose file finds them.
 */
export async function prepareImages(
  engine: DockerEngine,
  report: (line: string) => void,
): Promise<Record<string, string>> {
  const base = await ensureBaseImage(report);
  const tag = hashSources(base);
  const names = { BASE_IMAGE: base, OUTLAST_TEST_TAG: tag };
  const present = await Promise.all(BUILT.map((service) => hasImage(`outlast-test-${service}:${tag}`)));
  if (present.every(Boolean)) return names;
  report(`building the images of the test hosts on ${base}`);
  const argv = [...engine.compose, '-f', COMPOSE_FILE, 'build', ...BUILT];
  // Compose reads the whole file, and with it what only running containers need.
  const env = { ...process.env, ...names, AUTHORIZED_KEY: 'none yet' };
  await runOrThrow(argv, { env, timeoutMs: 900_000 });
  return names;
}

/** Hashes what the images are made from, so that they are built again exactly when that has changed. */
function hashSources(base: string): string {
  const hash = createHash('sha256').update(base);
  for (const entry of readdirSync(IMAGE_SOURCES, { recursive: true, withFileTypes: true }).sort(byPath)) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) hash.update(`\0${path.slice(IMAGE_SOURCES.length)}\0`).update(readFileSync(path));
  }
  return hash.digest('hex').slice(0, 12);
}

function byPath(left: { parentPath: string; name: string }, right: { parentPath: string; name: string }): number {
  return join(left.parentPath, left.name) < join(right.parentPath, right.name) ? -1 : 1;
}
