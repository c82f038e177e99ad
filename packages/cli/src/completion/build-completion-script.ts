import { OutlastError } from '@outlast/core';
import { buildBashCompletion } from './bash-completion.js';
import type { CompletionModel } from './completion-model.js';
import { buildFishCompletion } from './fish-completion.js';
import { buildZshCompletion } from './zsh-completion.js';

const BUILDERS = new Map([
  ['bash', buildBashCompletion],
  ['zsh', buildZshCompletion],
  ['fish', buildFishCompletion],
]);

/**
 * Builds the completion script of a shell from what the verbs say of themselves.
 *
 * @throws OutlastError `E_USAGE` for a shell other than bash, zsh and fish.
 */
export function buildCompletionScript(shell: string, model: CompletionModel): string {
  const build = BUILDERS.get(shell);
  if (build === undefined) {
    const hint = `name one of ${[...BUILDERS.keys()].join(', ')}`;
    throw new OutlastError('E_USAGE', 'there is no completion for that shell', { hint });
  }
  return build(model);
}
