/** Wraps text in a colour; the identity where colour is off. */
export type Style = (text: string) => string;

/** The few colours of outlast; all of them leave text as it is where colour is off. */
export interface Palette {
  readonly enabled: boolean;
  readonly red: Style;
  readonly green: Style;
  readonly yellow: Style;
  readonly cyan: Style;
  readonly dim: Style;
  readonly bold: Style;
  /** One style out of a short cycle, so that neighbouring hosts differ. */
  host(index: number): Style;
}

/** What the colour of a state depends on. */
export interface StateFacts {
  readonly state: string;
  readonly exitCode?: number | null;
}

const HOST_CODES = [36, 35, 34, 32, 33, 96, 95, 94, 92, 93] as const;

/** Builds the palette for one stream, after the colour decision was made. */
export function buildPalette(enabled: boolean): Palette {
  const style = (code: number, end = 39): Style =>
    enabled ? (text) => (text === '' ? '' : `\x1b[${code}m${text}\x1b[${end}m`) : (text) => text;
  const hosts = HOST_CODES.map((code) => style(code));
  return {
    enabled,
    red: style(31),
    green: style(32),
    yellow: style(33),
    cyan: style(36),
    dim: style(2, 22),
    bold: style(1, 22),
    host: (index) => hosts[index % hosts.length] as Style,
  };
}

/** Resolves the style of an app's state. */
export function resolveStateStyle(palette: Palette, { state, exitCode }: StateFacts): Style {
  switch (state) {
    case 'running':
      return palette.green;
    case 'starting':
    case 'stopping':
    case 'paused':
    case 'restarting':
    case 'rebooted':
      return palette.yellow;
    case 'killed':
    case 'lost':
    case 'crash-looping':
    case 'corrupt':
      return palette.red;
    case 'exited':
      return exitCode === 0 ? palette.dim : palette.red;
    default:
      return palette.dim;
  }
}
