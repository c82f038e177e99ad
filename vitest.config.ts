import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const SECOND = 1_000;
const BUNDLE_SETUP = 'scripts/bundle-setup.mjs';
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
  /** When it runs: one order after the other. */
  readonly order: number;
  /** Files at the same time, which all projects of an order share. */
  readonly workers: number;
  readonly globalSetup?: readonly string[];
}

// One kind of host after the other: they share two cores, and their deadlines are real ones. Most of what runs on hosts waits,
// embedded ones most of all.
const projects: readonly Project[] = [
  {
    name: 'unit',
    include: ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.mjs'],
    timeout: 10 * SECOND,
    order: 0,
    workers: 2,
  },
  buildHostProject('embedded', { timeout: 60 * SECOND, order: 1, workers: 4 }),
  buildHostProject('sshd', { timeout: 60 * SECOND, order: 2, workers: 3 }),
  // How long something takes is told with nothing beside it.
  buildHostProject('timing', { timeout: 60 * SECOND, order: 3, workers: 1 }),
  buildHostProject('docker', {
    timeout: 180 * SECOND,
    order: 4,
    workers: 2,
    globalSetup: [BUNDLE_SETUP, DOCKER_SETUP],
  }),
  // It waits for PyPI first.
  buildHostProject('streamlit', { timeout: 300 * SECOND, order: 4, workers: 2 }),
];

/**
 * Larger files come first; these take longer than their size tells. Those of each kind that have the closest deadlines stand at the head of
 * it, together with such as do little but wait.
 */
const FIRST = [
  'embedded/lease',
  'embedded/log-keeper',
  'embedded/log-reading',
  'embedded/doctor',
  'embedded/log-rotation',
  'embedded/reliability/killed-scripts',
  'sshd/black-holes',
  'sshd/dead-names',
  'sshd/logs',
  'sshd/reliability/cut-deploys',
  'sshd/reliability/cut-clients',
  'streamlit/streamlit',
  'docker/streamlit',
  'docker/systemd-launcher',
  'docker/login-shells',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rankOf = ({ moduleId }: TestSpecification) => {
      const rank = FIRST.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return rank === -1 ? FIRST.length : rank;
    };
    return (await super.sort(files)).toSorted((left, right) => rankOf(left) - rankOf(right));
  }
}

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({ test: { projects: projects.map(buildProject), sequence: { sequencer: LongestFirst } } });

function buildHostProject(
  name: string,
  { globalSetup = [BUNDLE_SETUP], ...rest }: Pick<Project, 'timeout' | 'order' | 'workers' | 'globalSetup'>,
): Project {
  const include = [`packages/*/test/${name}/**/*.test.ts`, `packages/*/test/${name}.test.ts`];
  return { name, include, globalSetup, ...rest };
}

function buildProject({ name, include, timeout, order, workers, globalSetup = [] }: Project): TestProjectConfiguration {
  return {
    test: {
      name,
      include: [...include],
      pool: 'forks',
      // A process for each of two hundred files would cost half a second of a core, each: none leaves anything behind in its process.
      isolate: false,
      maxWorkers: workers,
      sequence: { groupOrder: order },
      testTimeout: timeout,
      hookTimeout: timeout,
      globalSetup: [...globalSetup],
    },
  };
}
