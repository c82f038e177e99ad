/**
 * The programs that nothing can replace, each with the verbs that refuse a host without it, as their `need` says. `every verb` are those
 * that look at apps: `exec` takes what there is.
 */
export const REQUIRED_TOOLS: Readonly<Record<string, readonly string[]>> = {
  awk: ['every verb'],
  cat: ['start', 'stop', 'restart', 'status', 'signal', 'wait', 'inspect', 'find', 'rm'],
  chmod: ['start', 'restart'],
  cp: ['start', 'restart'],
  dd: ['start', 'restart', 'logs', 'logs -f'],
  grep: ['start', 'stop', 'restart', 'signal', 'inspect', 'find', 'rm'],
  head: ['logs', 'logs -f'],
  id: ['every verb'],
  ln: ['start', 'stop', 'restart', 'signal', 'rm'],
  ls: ['every verb'],
  mkdir: ['start', 'restart'],
  mv: ['start', 'stop', 'restart', 'signal', 'rm'],
  od: ['every verb'],
  rm: ['start', 'stop', 'restart', 'signal', 'rm'],
  sleep: ['start', 'stop', 'restart', 'logs', 'logs -f', 'signal', 'wait', 'rm'],
  tail: ['start', 'restart', 'logs', 'logs -f'],
  tr: ['every verb'],
};

/** The programs that outlast does without, each with what is then different. */
export const OPTIONAL_TOOLS: Readonly<Record<string, string>> = {
  date: 'nobody knows when an app was started or ended, nor how far the clock is off; logs --since knows no ages',
  df: 'nobody sees here how much space is left',
  getconf:
    'CPU and memory are reckoned with 100 ticks a second and pages of 4096 bytes, which is what most machines have',
  nohup: 'the shell itself makes apps ignore HUP, which does the same',
};
