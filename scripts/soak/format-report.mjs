/** What each campaign does, for readers of the report. */
const CAMPAIGNS = {
  'cut-anywhere':
    'start, status and stop against real sshds: the TCP link is cut behind a byte of either direction of any of their connections, the bytes being spread over the whole of a run; what is told is compared with /proc and the records',
  'cut-clients':
    'the real program against a real sshd: the client is killed, or its TCP link cut, at some byte of the answer or some change on the host, in start, stop and restart',
  'cut-deploys':
    'deploys to a real sshd, in place and beside what runs, whose client is killed, or whose TCP link is cut, at some byte of either direction: afterwards `current` is a whole release, what runs is all of the one or of the other, of one that is never healthy the old, and the next deploy puts it right',
  'followed-logs':
    'the real program against a real sshd: a log that is cut again and again is followed over links that are cut or go silent, and over restarts of the app; what arrives is compared byte by byte',
  'fork-churn':
    'stop of an app that keeps forking: new sessions, double forks, renamed, without environment, ignoring TERM',
  'full-disk':
    'start, stop, restart, signal and rm on a tmpfs with so many blocks or files free that some write is the first to fail',
  'killed-deploys':
    'deploys to a real sshd, in place, also of an app that takes a while to end, and beside what runs, of healthy releases and of such that never are, whose script is killed on the host at some moment, with its client, with its link, or alone: `current` and what runs are whole, one of the old and the new, what asks again because of its link is done once, and a deploy, healthy or not, a rollback, stop, start, restart or rm behind it does what it says',
  'killed-scripts': 'KILL of a script, the supervisor or the last stage before the app, at any statement',
  'pid-reuse':
    'the pids of apps and supervisors are forced to go to strangers, then the apps are stopped, signalled, removed, started',
  reboot: 'everything ends at once and pids start over, with the same boot id (a container) or another (a host)',
  'start-races': '2 to 60 clients start the same app at once, up to 90 % of them die with the lock in hand',
  'stopped-deploys':
    'deploys to a real sshd, of healthy releases and of such that never are, in place and beside what runs, whose app somebody stops at some moment: afterwards nothing runs, what was healthy is current unless the deploy was done, and the next deploy goes on',
};

/** Says whether none is missing, as after an interruption. */
export function hasAllCampaigns(figures) {
  return Object.keys(CAMPAIGNS).every((name) => figures.some((told) => told.name === name));
}

/** Formats one row a campaign. */
export function formatTable(figures) {
  const rows = figures.map(({ name, rounds, failed, seconds, figures: counted }) => {
    const what = Object.entries(counted).map(([figure, count]) => `${count.toLocaleString('en')} ${figure}`);
    const result = failed === 0 ? 'no promise broken' : `**${failed} rounds broke a promise**`;
    return `| ${name} | ${rounds} | ${what.join(', ')} | ${result} | ${seconds} s |`;
  });
  return ['| campaign | rounds | counted | result | time |', '| --- | ---: | --- | --- | ---: |', ...rows].join('\n');
}

/** Formats the whole of docs/reliability.md. */
export function formatReport(machine, figures) {
  return `# Reliability

Written by \`npm run soak\`, which breaks things as often as it says here, each time at another place that the seed chooses. \`npm test\`
plays the first of the same rounds. After every round what \`status\` says is compared with \`/proc\`.

${machine.map((line) => `- ${line}`).join('\n')}

${formatTable(figures)}

${Object.entries(CAMPAIGNS)
  .map(([name, what]) => `- **${name}**: ${what}.`)
  .join('\n')}

A round that breaks a promise prints its steps and the line that repeats it: \`npm run soak -- --seed 1 --only NAME --round N\`.
`;
}
