import { OutlastError } from '@outlast/core';
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../fleet/outcome.js';
import { formatLines, sortRows } from './format-rows.js';
import { parseRowOrder } from './row-order.js';
import type { RowShape } from './row-shapes.js';
import { parseRowTemplate } from './row-template.js';

type Pids = readonly number[];

const SHAPE: RowShape = { list: 'processes', fields: ['pid'], columns: { HOST: 'host', PID: 'pid' } };
const rows = { shape: SHAPE, split: (pids: Pids) => pids.map((pid) => [pid]) };
const toJson = (pids: Pids) => ({ processes: pids.map((pid) => ({ pid })) });

const OUTCOMES: readonly Outcome<Pids>[] = [
  { host: 'web10', ok: true, reached: true, value: [3, 1] },
  { host: 'web3', ok: false, reached: false, error: new OutlastError('E_AUTH', 'not let in') },
  { host: 'web2', ok: true, reached: true, value: [2] },
  { host: 'web4', ok: true, reached: true, value: [] },
];

const lines = (template: string, sort?: string) =>
  formatLines(OUTCOMES, parseRowTemplate(template, SHAPE), {
    rows,
    toJson,
    order: sort === undefined ? undefined : parseRowOrder(sort, SHAPE),
  });

describe('--format', () => {
  test('prints a line for each row of the hosts that have some', () => {
    expect(lines('{host} {pid}')).toBe('web10 3\nweb10 1\nweb2 2\n');
  });

  test('prints one for a host that failed where it asks how hosts fared', () => {
    expect(lines('{host} {pid} {error.code}')).toBe('web10 3 -\nweb10 1 -\nweb3 - E_AUTH\nweb2 2 -\n');
    expect(lines('{host} {ok}')).toContain('web3 false\n');
  });

  test('goes with --sort', () => {
    expect(lines('{host} {pid}', 'pid')).toBe('web10 1\nweb2 2\nweb10 3\n');
    expect(lines('{host} {pid}', 'host,-pid')).toBe('web2 2\nweb10 3\nweb10 1\n');
  });

  test('prints the rows of no host first', () => {
    const others = [{ own: { pid: 7 }, outcome: { host: null } }];
    const arrangement = { rows: { ...rows, others }, toJson, order: undefined };
    expect(formatLines(OUTCOMES, parseRowTemplate('{host} {pid}', SHAPE), arrangement)).toMatch(/^- 7\nweb10 3\n/);
  });

  test('has a line for each host where hosts are the rows', () => {
    const whole = { shape: { fields: ['exitCode'], columns: {} } };
    const template = parseRowTemplate('{host} {exitCode}', whole.shape);
    const told = formatLines(OUTCOMES, template, { rows: whole, toJson: () => ({ exitCode: 0 }), order: undefined });
    expect(told).toBe('web10 0\nweb3 -\nweb2 0\nweb4 0\n');
  });
});

test('--sort mixes the rows of several hosts', () => {
  const order = parseRowOrder('pid', SHAPE);
  const sorted = sortRows(OUTCOMES, { rows, toJson, order });
  expect(sorted.map(({ host, value }) => [host, value])).toEqual([
    ['web10', [1]],
    ['web2', [2]],
    ['web10', [3]],
  ]);
  expect(sortRows(OUTCOMES, { rows, toJson, order: undefined })).toBe(OUTCOMES);
});
