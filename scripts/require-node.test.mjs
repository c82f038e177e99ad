import { createRequire } from 'node:module';
import { expect, test } from 'vitest';

const { isSupportedNode } = createRequire(import.meta.url)('./require-node.cjs');

test.each(['20.19.0', '20.20.2', '22.12.0', '22.21.1', '23.0.0', '24.0.0', '100.0.0'])(
  'Node %s is new enough',
  (version) => {
    expect(isSupportedNode(version)).toBe(true);
  },
);

test.each(['0.12.18', '6.17.1', '14.21.3', '18.20.8', '20.18.3', '21.7.3', '22.11.0'])(
  'Node %s is too old',
  (version) => {
    expect(isSupportedNode(version)).toBe(false);
  },
);
