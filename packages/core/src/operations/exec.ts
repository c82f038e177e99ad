import { protectProgramName } from '../shell/quote.js';
import type { Frame } from '../shell/script.js';
import { buildScript } from '../shell/script.js';
import { raw, sh } from '../shell/template.js';

/** A foreground program. */
export interface ExecOptions {
  readonly argv: readonly string[];
  /** Passes the channel's input on, which begins behind the BEGIN record; otherwise the input is empty. */
  readonly stdin: boolean;
}

/**
 * Builds the script that becomes one foreground program: everything behind its BEGIN record is the program's own output, and the
 * channel ends as the program does.
 */
export function buildExecScript({ argv, stdin }: ExecOptions, frame: Frame): string {
  return buildScript(frame, {
    title: 'exec',
    functions: [],
    keepEnvironment: true,
    keepStdin: stdin,
    body: sh`
      set -- "$user_umask"
      eval "$environment" # any variable may be the login's own
      umask "$1"
      exec ${protectProgramName(argv)}${raw(stdin ? ' <&3 3<&-' : '')}
    `,
  });
}
