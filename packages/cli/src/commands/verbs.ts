import type { VerbEntry } from './verb.js';

/** Every verb, in the order in which `--help` lists them. */
export const VERBS: readonly VerbEntry[] = [
  entry('start', 'start an app detached, and prove that it runs', () => import('./start.js').then((m) => m.startVerb)),
  entry('stop', 'stop apps: TERM to the whole tree, grace period, KILL', () =>
    import('./stop.js').then((m) => m.stopVerb),
  ),
  entry('restart', 'stop an app and start it again', () => import('./restart.js').then((m) => m.restartVerb)),
  entry('status', 'show every managed app on the hosts', () => import('./status.js').then((m) => m.statusVerb), [
    'ps',
    'ls',
  ]),
  entry('logs', 'show the last lines of logs, or follow them', () => import('./logs.js').then((m) => m.logsVerb)),
  entry('signal', 'send a signal to apps', () => import('./signal.js').then((m) => m.signalVerb)),
  entry('kill', 'kill the whole tree of apps at once', () => import('./signal.js').then((m) => m.killVerb)),
  entry('wait', 'block until an app ends, exit with its code', () => import('./wait.js').then((m) => m.waitVerb)),
  entry('inspect', 'show everything recorded about apps', () => import('./inspect.js').then((m) => m.inspectVerb)),
  entry('find', "search the hosts' processes, managed or not", () => import('./find.js').then((m) => m.findVerb)),
  entry('adopt', 'make an app of a process that runs already', () => import('./adopt.js').then((m) => m.adoptVerb)),
  entry('rm', 'forget ended apps and their logs', () => import('./rm.js').then((m) => m.rmVerb)),
  entry('prune', 'forget apps that ended long ago, with their logs', () =>
    import('./prune.js').then((m) => m.pruneVerb),
  ),
  entry('exec', 'run a program in the foreground on the hosts', () => import('./exec.js').then((m) => m.execVerb)),
  entry('deploy', 'upload a release, start it, and go back where it is not healthy', () =>
    import('./deploy.js').then((m) => m.deployVerb),
  ),
  entry('rollback', 'start the release that was healthy before', () =>
    import('./rollback.js').then((m) => m.rollbackVerb),
  ),
  entry('releases', 'list the releases of an app', () => import('./releases.js').then((m) => m.releasesVerb)),
  entry('history', 'show who deployed what, and what came of it', () =>
    import('./history.js').then((m) => m.historyVerb),
  ),
  entry('forward', 'bring the port of an app to this laptop', () => import('./forward.js').then((m) => m.forwardVerb)),
  entry('open', 'the same, and open it in the browser', () => import('./forward.js').then((m) => m.openVerb)),
  entry('doctor', 'find what would get in the way, on the hosts and here', () =>
    import('./doctor.js').then((m) => m.doctorVerb),
  ),
  entry('hosts', 'show which hosts are meant, and how they are reached', () =>
    import('./hosts.js').then((m) => m.hostsVerb),
  ),
  entry('merge', 'join the documents of all shards of a run', () => import('./merge.js').then((m) => m.mergeVerb)),
  entry('init', 'write a commented outlast.yaml', () => import('./init.js').then((m) => m.initVerb)),
  entry('completion', 'print the completion of a shell', () => import('./completion.js').then((m) => m.completionVerb)),
];

function entry(name: string, summary: string, load: VerbEntry['load'], aliases: readonly string[] = []): VerbEntry {
  return { name, aliases, summary, load };
}
