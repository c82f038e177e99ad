/**
 * The programs that nothing can replace, each with the verbs that refuse a host without it, as their `need` says; `outlast` stands for
 * every verb that looks at apps.
 */
export const REQUIRED_TOOLS: Readonly<Record<string, readonly string[]>> = {
  awk: ['outlast'],
  cat: ['start', 'restart', 'stop', 'status', 'signal', 'wait', 'inspect', 'find', 'rm'],
  chmod: ['start', 'restart'],
  cp: ['start', 'restart'],
  dd: ['logs'],
  grep: ['start', 'restart', 'stop', 'signal', 'inspect', 'find', 'rm'],
  head: ['logs -f'],
  id: ['outlast'],
  ln: ['start', 'restart', 'stop', 'signal', 'rm'],
  ls: ['outlast'],
  mkdir: ['start', 'restart'],
  mv: ['start', 'restart', 'stop', 'signal', 'rm'],
  od: ['outlast'],
  rm: ['start', 'restart', 'stop', 'signal', 'rm'],
  sleep: ['start', 'restart', 'stop', 'signal', 'wait', 'logs -f', 'rm'],
  tail: ['start', 'restart', 'logs -f'],
  tr: ['outlast'],
};

/** The programs that outlast does without, each with what is then different. */
export const OPTIONAL_TOOLS: Readonly<Record<string, string>> = {
  date: 'nobody knows when an app was started or ended, nor how far the clock is off',
  df: 'nobody sees how much space is left',
  getconf:
    'CPU and memory are reckoned with 100 ticks a second and pages of 4096 bytes, which is what most machines have',
  nohup: 'the shell itself makes apps ignore HUP, which does the same',
};
