import { describe, expect, test } from 'vitest';
import { loadMeasure } from './display-width.js';
import { createProgressCount } from './progress-line.js';

const measure = await loadMeasure(['…']);

function createCount(begun: Readonly<Record<string, number>>, total = 1000) {
  const count = createProgressCount('asking for the status', total);
  for (const [host, atMs] of Object.entries(begun)) count.begin(host, atMs);
  return { ...count, at: (nowMs: number, limit = 200) => count.format(nowMs, limit, measure) };
}

describe('the line of progress', () => {
  test('counts hosts that are done, and those of them that failed', () => {
    const { end, at } = createCount({});
    expect(at(0)).toBe('asking for the status  0/1000 hosts');
    end('web1', false);
    end('web2', true);
    expect(at(0)).toBe('asking for the status  2/1000 hosts  1 failed');
  });

  test('says how long a pause still is, until the next host is begun', () => {
    const { begin, pause, at } = createCount({});
    pause(30_000);
    expect(at(0)).toBe('asking for the status  0/1000 hosts  pausing 30s');
    expect(at(10_000, 30)).toBe('0/1000 hosts  pausing 20s');
    expect(at(30_000)).toBe('asking for the status  0/1000 hosts');
    begin('web1', 20_000);
    expect(at(20_000)).toBe('asking for the status  0/1000 hosts');
  });

  test('names three hosts, those that have been under way longest first, once they have been for 3 s', () => {
    const { end, at } = createCount({ web7: 0, db2: 3_000, web9: 4_000, web1: 5_000, late: 9_500 });
    expect(at(2_999)).not.toContain('slow');
    expect(at(3_000)).toBe('asking for the status  0/1000 hosts  slow: web7 3s');
    expect(at(12_000)).toBe('asking for the status  0/1000 hosts  slow: web7 12s, db2 9s, web9 8s');
    end('db2', false);
    expect(at(12_000)).toBe('asking for the status  1/1000 hosts  slow: web7 12s, web9 8s, web1 7s');
  });

  test('names as many as there is room for, none of them cut', () => {
    const { at } = createCount({ web7: 0, db2: 3_000, web9: 4_000 });
    expect(at(12_000, 62)).toBe('asking for the status  0/1000 hosts  slow: web7 12s, db2 9s');
    expect(at(12_000, 58)).toBe('asking for the status  0/1000 hosts  slow: web7 12s');
  });

  test('cannot be made longer or act on the terminal by a name', () => {
    const { at } = createCount({ 'a\u001b[2J\n': 0, bücher: 1, 服务器: 2 });
    expect(at(5_000)).toContain('slow: a\\x1b[2J\\n 5s, xn--bcher-kva 4s, xn--');
    for (let limit = 1; limit < 100; limit++) expect(measure(at(5_000, limit))).toBeLessThanOrEqual(limit);
  });

  test('keeps the numbers longest where there is little room', () => {
    const { end, at } = createCount({ web7: 0 });
    end('web1', true);
    expect(at(60_000, 60)).toBe('asking for the status  1/1000 hosts  1 failed  slow: web7 1m');
    expect(at(60_000, 50)).toBe('1/1000 hosts  1 failed  slow: web7 1m');
    expect(at(60_000, 36)).toBe('asking for …  1/1000 hosts  1 failed');
    expect(at(60_000, 25)).toBe('1/1000 hosts  1 failed');
    expect(at(60_000, 10)).toBe('1/1000 ho…');
  });
});
