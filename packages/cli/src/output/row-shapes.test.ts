import { describe, expect, test } from 'vitest';
import { listDocumentFields } from '../../test/document-schema.js';
import * as shapes from './row-shapes.js';
import { listFields } from './row-template.js';

const {
  CHANGED_APP_ROWS,
  DEPLOYED_APP_ROWS,
  EXEC_ROWS,
  HISTORY_ROWS,
  FINDING_ROWS,
  HOST_ROWS,
  PROCESS_ROWS,
  PRUNED_APP_ROWS,
  SEEN_APP_ROWS,
} = shapes;

describe('what --format and --sort know is what the JSON has', () => {
  test.each([
    ['status', SEEN_APP_ROWS],
    ['start', CHANGED_APP_ROWS],
    ['wait', CHANGED_APP_ROWS],
    ['prune', PRUNED_APP_ROWS],
    ['deploy', DEPLOYED_APP_ROWS],
    ['rollback', DEPLOYED_APP_ROWS],
    ['history', HISTORY_ROWS],
    ['find', PROCESS_ROWS],
    ['doctor', FINDING_ROWS],
    ['exec', EXEC_ROWS],
    ['hosts', HOST_ROWS],
  ])('of %s', (verb, shape) => {
    expect([...listFields(shape)].sort()).toEqual(listDocumentFields(verb, shape.list).sort());
  });
});

test.each(Object.entries(shapes).filter(([name]) => name.endsWith('_ROWS')))(
  'every column of %s shows a field',
  (_name, shape) => {
    if (!('columns' in shape)) return;
    const known = listFields(shape);
    expect(Object.values(shape.columns).filter((field) => !known.includes(field))).toEqual([]);
  },
);
