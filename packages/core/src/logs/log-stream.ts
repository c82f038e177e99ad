/** Which output of an app a log holds: both in their order, or one of the two where they are kept apart. */
export type LogStream = 'combined' | 'stdout' | 'stderr';

/** The name of a stream's file in the folder of its app. */
export function toLogFile(stream: LogStream): string {
  return stream === 'combined' ? 'log' : `log.${stream}`;
}

/** The stream whose file has this name. */
export function fromLogFile(file: string): LogStream {
  if (file === 'log.stdout') return 'stdout';
  return file === 'log.stderr' ? 'stderr' : 'combined';
}

/** From when on: so many seconds ago by the host's clock, or a second since the epoch. */
export type LogSince = { readonly agoSeconds: number } | { readonly epochSeconds: number };
