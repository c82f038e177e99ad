/** What is known when the colour of a stream is decided. */
export interface ColorFacts {
  /** `--color` is true, `--no-color` false; undefined when neither was given. */
  readonly flag?: boolean | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTTY: boolean;
}

/**
 * Resolves whether a stream gets colour: the flag, then a non-empty `NO_COLOR`, then `FORCE_COLOR`
 * (`0` and `false` mean off), then whether it is a terminal that is not dumb.
 */
export function resolveColor({ flag, env, isTTY }: ColorFacts): boolean {
  if (flag !== undefined) return flag;
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '') {
    return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  }
  return isTTY && env.TERM !== 'dumb';
}
