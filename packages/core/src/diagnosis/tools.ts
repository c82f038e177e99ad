/**
 * The programs that nothing can replace, each with the verbs that refuse a host without it, as their `need` says. `every verb` are those
 * that look at apps: `exec` takes what there is.
 */
export const REQUIRED_TOOLS: Readonly<Record<string, readonly string[]>> = {
  awk: ['every verb'],
  cat: ['start', 'stop', 'restart', 'status', 'signal', 'wait', 'inspect', 'find', 'adopt', 'rm', 'prune'],
  chmod: ['start', 'restart', 'adopt'],
  cp: ['start', 'restart', 'adopt'],
  cut: ['logs --grep'],
  dd: ['start', 'restart', 'logs', 'logs -f', 'logs --grep', 'adopt'],
  grep: [
    'start',
    'stop',
    'restart',
    'status',
    'logs --grep',
    'signal',
    'wait',
    'inspect',
    'find',
    'adopt',
    'rm',
    'prune',
  ],
  head: ['logs', 'logs -f', 'logs --grep'],
  id: ['every verb'],
  ln: ['start', 'stop', 'restart', 'signal', 'adopt', 'rm', 'prune'],
  ls: ['every verb'],
  mkdir: ['start', 'restart', 'adopt'],
  mv: ['start', 'stop', 'restart', 'signal', 'adopt', 'rm', 'prune'],
  od: ['every verb'],
  readlink: ['adopt'],
  rm: ['start', 'stop', 'restart', 'signal', 'adopt', 'rm', 'prune'],
  sed: ['adopt'],
  sleep: ['start', 'stop', 'restart', 'logs', 'logs -f', 'logs --grep', 'signal', 'wait', 'adopt', 'rm', 'prune'],
  tr: ['every verb'],
  wc: ['logs --grep', 'adopt'],
};

/** The programs that outlast does without, each with what is then different. */
export const OPTIONAL_TOOLS: Readonly<Record<string, string>> = {
  date: 'nobody knows when an app was started or ended, nor how far the clock is off; logs --since knows no ages',
  df: 'nobody sees here how much space is left',
  getconf: 'find reckons memory in pages of 4096 bytes, which is what most machines have',
  tail: 'the last lines are found by awk, which takes longer where logs are long',
  nohup: 'the shell itself makes apps ignore HUP, which does the same',
};
