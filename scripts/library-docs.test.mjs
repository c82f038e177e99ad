import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './run-step.mjs';

const PAGE = join(ROOT, 'docs', 'library.md');
const HOME = join(ROOT, 'examples', '.cache');

/** What is written between ```ts and ``` on a page, each with the line where it begins. */
function readBlocks(page) {
  return [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(({ 1: code, index }) => ({
    code,
    line: page.slice(0, index).split('\n').length + 1,
  }));
}

/** What the compiler says of them; they stand where the examples stand, so that packages are found by their names. */
function check(blocks) {
  mkdirSync(HOME, { recursive: true });
  const folder = mkdtempSync(join(HOME, 'docs-'));
  try {
    for (const { code, line } of blocks) writeFileSync(join(folder, `line-${line}.mts`), code);
    // Found beside outlast, which is where a user's own would be installed.
    const paths = { '@outlast/core': ['../../../packages/core/dist/index.d.ts'] };
    const config = {
      extends: '../../tsconfig.json',
      compilerOptions: { paths, incremental: false },
      include: ['*.mts'],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { encoding: 'utf8' });
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the code of docs/library.md has the types that it says', () => {
  const blocks = readBlocks(readFileSync(PAGE, 'utf8'));
  expect(blocks.length).toBeGreaterThan(6);
  expect(check(blocks)).toBe('');
  expect(check([{ code: "import { connect } from 'outlast';\nawait connect(1);\n", line: 1 }])).toContain('TS2345');
});
