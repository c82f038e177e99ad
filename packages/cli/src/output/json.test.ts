import { expect, test } from 'vitest';
import { formatJson, formatNdjson } from './json.js';

const hostile = { 'k\u202e': 'a\x1b[0m\x00\x7f\u009b\u200e\u2028\u2029\u061c\u2069\ud800\n' };

test('controls of terminals never stand in the JSON, in keys neither', () => {
  const text = formatJson(hostile);
  expect(text).toMatch(/^[\n\x20-\x7e]*$/);
  expect(text).toContain('"k\\u202e"');
  expect(text).toContain('a\\u001b[0m\\u0000\\u007f\\u009b\\u200e\\u2028\\u2029\\u061c\\u2069\\ud800\\n');
});

test('what was escaped is read back as it was', () => {
  expect(JSON.parse(formatJson(hostile))).toEqual(hostile);
  expect(JSON.parse(formatNdjson(hostile))).toEqual(hostile);
});

test('an event is one line, a document is indented', () => {
  expect(formatNdjson({ a: [1, 'x\ny'] })).toBe('{"a":[1,"x\\ny"]}\n');
  expect(formatJson({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}\n');
});

test('absent values are null, never missing', () => {
  expect(formatNdjson({ pid: undefined })).toBe('{"pid":null}\n');
});
