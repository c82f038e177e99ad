import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { listHostAliases, readConfigFiles } from './config-files.js';

const folder = mkdtempSync(join(tmpdir(), 'outlast-config-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'conf.d'));

function read(text: string): ReturnType<typeof readConfigFiles> {
  const path = join(folder, 'config');
  writeFileSync(path, text.replaceAll('FOLDER', folder));
  return readConfigFiles(path);
}

test('the aliases are the names without a pattern, those of included files too', async () => {
  writeFileSync(join(folder, 'conf.d/work'), 'Host db1 web1\nHost *.corp\n');
  const files = await read(
    'Host web1 web2 !web3 web?\nMatch host x\nInclude FOLDER/conf.d/*\nHost "odd" last\nHost *\n',
  );
  expect(listHostAliases(files)).toEqual(['web1', 'web2', 'db1', 'last']);
  expect(files.understood).toBe(false);
});

test('files that bring in each other come to an end, and are left to ssh', async () => {
  writeFileSync(join(folder, 'conf.d/loop'), `Include ${folder}/conf.d/loo* ${folder}/conf.d/loop\nHost looped\n`);
  const files = await read('Include FOLDER/conf.d/loop\nHost after\n');
  expect(files.understood).toBe(false);
  expect(files.paths.length).toBeLessThanOrEqual(512);
  expect(listHostAliases(files)).toContain('after');
});

test('a file that cannot be read is left to ssh, one that is not there is none', async () => {
  expect(await readConfigFiles(folder)).toMatchObject({ understood: false });
  expect(await readConfigFiles(join(folder, 'none'))).toMatchObject({ understood: true, paths: [] });
  expect(await readConfigFiles('none')).toMatchObject({ understood: true, paths: [] });
});
