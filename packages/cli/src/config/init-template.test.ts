import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkNames } from './check-names.js';
import { buildInitTemplate, getSchemaLocation } from './init-template.js';
import { parseConfigFile } from './parse-config-file.js';

function checkTemplate(text: string) {
  const file = parseConfigFile(text, { path: '/p/outlast.yaml', name: 'outlast.yaml', isUserFile: false }, {});
  expect([...file.problems, ...checkNames([file])]).toEqual([]);
  return file.settings;
}

test('the template is a valid configuration', () => {
  const settings = checkTemplate(buildInitTemplate());
  expect(settings?.hosts?.web1).toMatchObject({ destination: '192.0.2.11', user: 'deploy' });
  expect(settings?.apps?.dashboard?.hosts).toEqual(['web']);
});

test('what is commented out is valid too', () => {
  const template = buildInitTemplate();
  const settings = checkTemplate(template.replace(/^#(?= )(?! [A-Z])(.*(?:[:\]}]|: .*))$/gm, '$1'));
  expect(Object.keys(settings?.hosts ?? {})).toContain('db[01-03]');
  expect(settings?.hosts?.vault).toMatchObject({ transport: 'openssh' });
  expect(settings?.apps?.dashboard).toMatchObject({
    cwd: '/srv/dashboard',
    hup: 'default',
    launcher: 'systemd',
    env_file: '.env',
    secrets: ['API_TOKEN'],
  });
});

test('app, line and port are filled in, whatever is in them', () => {
  const run = 'echo "a: b" # ${HOME} \\ {port}';
  const settings = checkTemplate(buildInitTemplate({ app: '1.0', run, port: 80 }));
  expect(settings?.apps?.['1.0']).toMatchObject({ run, port: 80, hosts: ['web'] });
});

test('the schema of a version is where npm has it', () => {
  const { files, name } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(files).toContain('schema');
  expect(getSchemaLocation('1.2.3')).toBe(`https://unpkg.com/${name}@1.2.3/schema/outlast.schema.json`);
});

test('hosts and the place of the schema are filled in', () => {
  const template = buildInitTemplate({ hosts: ['root@[::1]:22', 'alias'], schemaLocation: './outlast.schema.json' });
  expect(template).toMatch(/^# yaml-language-server: \$schema=\.\/outlast\.schema\.json\n/);
  expect(checkTemplate(template)?.hosts).toEqual({
    web1: { name: 'root@[::1]:22', destination: '::1', user: 'root', port: 22 },
    alias: null,
  });
});

test('a host keeps its name, and no other gets it', () => {
  const hosts = ['root@web2', 'deploy@192.0.2.1', 'web1', 'root@web1:22', 'web', 'null', 'web1'];
  const settings = checkTemplate(buildInitTemplate({ hosts }));
  expect(settings?.hosts).toMatchObject({
    web1: null,
    web2: { destination: 'web2', user: 'root' },
    web3: { destination: '192.0.2.1' },
    web4: { destination: 'web1', port: 22 },
    web5: { destination: 'web' },
    web6: { destination: 'null' },
  });
  expect(settings?.groups?.web).toEqual(['web2', 'web3', 'web1', 'web4', 'web5', 'web6']);
});
