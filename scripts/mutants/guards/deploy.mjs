const DEPLOY = 'packages/core/src/deploy';
const TESTS = 'packages/cli/test/sshd/deploy/deploy.test.ts';
const LOCK_TESTS = 'packages/cli/test/sshd/deploy/lock.test.ts';
const SECRETS = 'packages/cli/test/sshd/deploy/secrets.test.ts';
const HEALTH_TEST =
  'packages/cli/test/sshd/deploy/health.test.ts > a host with nothing to ask for a page with asks over the connection, for a rollback too';
const NO_GOOD = `${TESTS} > a release that is no good`;
const BESIDE = `${TESTS} > with a port that the host chooses`;

/** A bad release is never what people see for long, and one deploys at a time. */
export const DEPLOY_MUTANTS = [
  {
    guard: 'whoever deploys is not disturbed',
    file: `${DEPLOY}/lock.ts`,
    text: 'if [ "$lock" -gt 0 ] && [ ! -e "$lock_path.done" ] && is_recorded_alive "$lock_path"; then',
    instead: 'if false; then',
    test: `${LOCK_TESTS} > one deploys at a time: whoever comes is told who does, since when and why, and may wait`,
  },
  {
    guard: 'a file counts by its hash',
    file: `${DEPLOY}/manifest.ts`,
    text: '!= $3) print FNR }\n      /^f /{ if',
    instead: '== "") print FNR }\n      /^f /{ if',
    test: `${TESTS} > what is uploaded is only what has changed, and what was changed on the host comes anew`,
  },
  {
    guard: 'a file has the mode that is wanted now',
    file: `${DEPLOY}/manifest.ts`,
    text: 'for_lines chmod "$mode"',
    instead: ':',
    test: `${TESTS} > what is uploaded is only what has changed, and what was changed on the host comes anew`,
  },
  {
    guard: 'what is no longer there goes from the next release',
    file: `${DEPLOY}/manifest.ts`,
    text: 'if (wanted[path] == $3 && !(path in there)) print path }',
    instead: 'if (!(path in there)) print path }',
    test: `${TESTS} > what is uploaded is only what has changed, and what was changed on the host comes anew`,
  },
  {
    guard: 'a full disk is given back what an upload has taken',
    file: `${DEPLOY}/receive-upload.ts`,
    text: 'rm -rf "$incoming" "$parts" "$lists"\n      fail',
    instead: 'fail',
    test: 'packages/cli/test/sshd/deploy/full-disk.test.ts > an upload is refused on a full disk, what it brought is taken away again, and what runs goes on',
  },
  {
    guard: 'what a setup says is masked',
    file: `${DEPLOY}/set-up-release.ts`,
    text: '| mask_secrets 2>/dev/null >>"$setup_log"',
    instead: '| cat >>"$setup_log"',
    test: `${NO_GOOD} whose setup fails is never switched to, and its log is shown without secrets`,
  },
  {
    guard: 'what was found healthy by something else is looked at again',
    file: 'packages/core/src/operations/deploy.ts',
    text: '&&\n      [ "$(cat "$deploy_dir/records/$release.health" 2>/dev/null)" = "$health_asked" ]',
    instead: '',
    test: `${TESTS} > a deploy of another health looks again, at the same release started again`,
  },
  {
    guard: 'what a page says is masked',
    file: `${DEPLOY}/probe-health.ts`,
    text: '| mask_secrets | LC_ALL=C cut',
    instead: '| LC_ALL=C cut',
    test: `${SECRETS} > a page that is no good is quoted without secrets, and a probe that hangs is told as such`,
  },
  {
    guard: 'of a redirect and where it leads, the redirect is what was asked for',
    file: `${DEPLOY}/get-page.ts`,
    text: 'if (code == "" && $i',
    instead: 'if ($i',
    test: 'packages/cli/test/sshd/deploy/health.test.ts > a host that has nothing but wget asks for a page by it',
  },
  {
    guard: 'what a probe says is masked',
    file: `${DEPLOY}/probe-health.ts`,
    text: '| mask_secrets)',
    instead: ')',
    test: `${SECRETS} > a secret is in no argv, log, record that others can read, printout or error, and reaches setup, app and probe`,
  },
  {
    guard: 'a release that fails gives its place back',
    file: `${DEPLOY}/activate-release.ts`,
    text: 'run_step rollback undo_switch',
    instead: ':',
    test: `${NO_GOOD} that ends at once gives its place back`,
  },
  {
    guard: 'what ran before can be started again',
    file: `${DEPLOY}/activate-release.ts`,
    text: 'cp "$kept_run.$part" "$lock_path.run.$part" 2>/dev/null && continue',
    instead: 'continue',
    test: `${NO_GOOD} that ends at once gives its place back`,
  },
  {
    guard: 'an app has to stay healthy',
    file: `${DEPLOY}/probe-health.ts`,
    text: '[ "$clock" -lt $((healthy_since +',
    instead: '[ "$clock" -lt $((0 +',
    test: `${NO_GOOD} that ends while it has to stay healthy gives its place back`,
  },
  {
    guard: 'the new release is healthy before the old one is stopped',
    file: `${DEPLOY}/activate-release.ts`,
    text: '&& [ "$wanted_port" = auto ]; then',
    instead: '&& false; then',
    test: `${BESIDE} the new release is healthy on a port of its own before the old one is stopped`,
  },
  {
    guard: 'one that is given up leaves the old one the latest',
    file: `${DEPLOY}/activate-release.ts`,
    text: '(stop_run - - beside) || return 1\n    drop_run',
    instead: '(stop_run - - beside) || return 1',
    test: `${BESIDE} a release that is no good leaves the old one alone: the same process, on the same port`,
  },
  {
    guard: 'a stop takes what was left running beside the latest run',
    file: 'packages/core/src/lifecycle/stop-app.ts',
    text: 'if is_left_running $((run - 1)); then',
    instead: 'if false; then',
    test: `${BESIDE} what was left running beside the latest run is stopped with it`,
  },
  {
    guard: 'the next deploy ends what was never switched to',
    file: 'packages/core/src/operations/deploy.ts',
    text: 'clear_up\n    mend_runs',
    instead: 'clear_up',
    test: `${BESIDE} the next deploy clears up what was never switched to, and says so`,
  },
  {
    guard: 'a release that was not healthy is never gone back to',
    file: 'packages/core/src/operations/rollback.ts',
    text: '[ "$release_state" = good ] && [ -r "$run_source.launch" ]',
    instead: '[ -d "$deploy_dir/releases/$release" ]',
    test: `${TESTS} > rollback never goes to a release that was not healthy, and says what there is`,
  },
  {
    guard: 'the release to go back to is kept',
    file: `${DEPLOY}/switch-release.ts`,
    text: '$running $good_before $release "',
    instead: '$running $release "',
    test: `${TESTS} > what outlives a release are so many releases as are to be kept, and the one to go back to`,
  },
  {
    guard: 'a port that somebody else has is told',
    file: 'packages/core/src/lifecycle/port.ts',
    text: 'find_holder "$wanted_port" || return 0',
    instead: 'return 0',
    test: 'packages/core/test/embedded/port.test.ts > a port on which somebody else listens is told before anything is started, with who that is',
  },
  {
    guard: 'a link that leads out is not uploaded',
    file: 'packages/cli/src/deploy/read-source.ts',
    text: 'if (this.#leadsOut(path, target)) {',
    instead: "if (path === '' && this.#leadsOut(path, target)) {",
    test: `${TESTS} > what is uploaded with a link to somewhere else is refused, before anything is sent`,
  },
  {
    guard: 'an app that ended is told as ended',
    file: `${DEPLOY}/probe-health.ts`,
    text: 'ended="$2 $3"',
    instead: "ended=''",
    test: `${NO_GOOD} that ends while it has to stay healthy gives its place back`,
  },
  {
    guard: 'a host with nothing to ask with has its page asked for',
    file: `${DEPLOY}/get-page.ts`,
    text: 'asker=client\n',
    instead: 'asker=bash\n',
    test: HEALTH_TEST,
  },
  {
    guard: 'what a server answered to the client is read by its status',
    file: `${DEPLOY}/get-page.ts`,
    text: 'is_cut || { asker_gone=no code=$(split_answer); }',
    instead: 'is_cut || { asker_gone=no code=200; split_answer >/dev/null; }',
    test: HEALTH_TEST,
  },
  {
    guard: 'what a login shell says by itself is no variable',
    file: 'packages/core/src/runtime/runtime.ts',
    text: 'add_runtime "\\${exports##*"@@$nonce"}" ;;',
    instead: 'add_runtime "$exports" ;;',
    test: 'packages/cli/test/sshd/deploy/runtime.test.ts > an app runs with what a login shell exports, whatever else that says',
  },
  {
    guard: 'a forwarded port follows the app',
    file: 'packages/cli/src/fleet/forward-port.ts',
    text: '        remotePort = await options.findPort(session);\n      }',
    instead: '      }',
    test: 'packages/cli/test/sshd/forward.test.ts > forward follows the app to another port',
  },
];
