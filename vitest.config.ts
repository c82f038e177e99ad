import { existsSync } from 'node:fs';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';

const SECOND = 1_000;
const DOCKER_SETUP = 'packages/cli/test/docker/global-setup.ts';

// What somebody has set for the terminal or for ssh must not decide what a test sees.
for (const name of Object.keys(process.env)) {
  if (
    /^(SSH_|OUTLAST_|XDG_|npm_(package|lifecycle)_)|^(NO_COLOR|FORCE_COLOR|CLICOLOR|CLICOLOR_FORCE|COLUMNS|LINES)$/.test(
      name,
    )
  ) {
    delete process.env[name];
  }
}

interface Project {
  readonly name: string;
  readonly include: readonly string[];
  readonly timeout: number;
  readonly workers?: number;
  readonly globalSetup?: string;
}

// One kind of host after the other: they share two cores, and their deadlines are real ones. Most of what is embedded waits.
const projects: readonly Project[] = [
  { name: 'unit', include: ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.mjs'], timeout: 10 * SECOND },
  { ...buildHostProject('embedded', 60 * SECOND), workers: 4 },
  buildHostProject('sshd', 60 * SECOND),
  { ...buildHostProject('docker', 180 * SECOND), ...(existsSync(DOCKER_SETUP) ? { globalSetup: DOCKER_SETUP } : {}) },
  buildHostProject('streamlit', 300 * SECOND),
];

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({ test: { projects: projects.map(buildProject) } });

function buildHostProject(name: string, timeout: number): Project {
  return { name, include: [`packages/*/test/${name}/**/*.test.ts`, `packages/*/test/${name}.test.ts`], timeout };
}

function buildProject(
  { name, include, timeout, workers = 2, globalSetup }: Project,
  order: number,
): TestProjectConfiguration {
  return {
    test: {
      name,
      include: [...include],
      pool: 'forks',
      // A process for each file would be a fifth of the time of all tests: none of them leaves anything behind in its process.
      isolate: false,
      maxWorkers: workers,
      sequence: { groupOrder: order },
      testTimeout: timeout,
      hookTimeout: timeout,
      ...(globalSetup === undefined ? {} : { globalSetup }),
    },
  };
}
