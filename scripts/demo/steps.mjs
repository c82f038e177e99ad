import { fetchPage } from './fetch-page.mjs';
import { isGone, isListening, waitFor } from './fixtures.mjs';

const READY_MS = 60_000;

/** Starts the app, and sees the client and its connections off. */
export async function startApp({ app, stage, here, narrator, signal }) {
  const before = stage.connections.countSeen();
  for (const line of app.buildStartLines(stage)) {
    const { code, text } = await here.type(line);
    expect(code === 0, `exit code 0, got ${code}`);
    expect(text.includes('Safe to disconnect.'), '"Safe to disconnect."');
  }
  await seeConnectionsClosed(stage, signal);
  const made = stage.connections.countSeen() - before;
  expect(made >= 2 * stage.hosts.length, `a second connection to each host, saw ${made} in all`);
  narrator.note(`the client is gone; it made ${made / stage.hosts.length} connections to each host, all closed now`);
}

/** Waits until the app serves on every host; resolves to `{ host, pid, port }` for each. */
export async function findProcesses({ app, stage, here, narrator, signal }) {
  const options = { what: `${app.name} to serve`, timeoutMs: READY_MS, giveUp: () => signal.aborted };
  const processes = await waitFor(async () => {
    const found = readProcesses(await here.ask(`outlast status ${app.name} -H ${stage.hostList} --json`));
    const pages = found.map(({ port }) => fetchPage(formatUrl(port, app.healthPath), signal));
    const healthy = (await Promise.all(pages)).every(({ status }) => status === 200);
    return healthy && found.length === stage.hosts.length ? found : undefined;
  }, options);
  for (const { host, port } of processes) narrator.note(`${host}: ${formatUrl(port, app.healthPath)} answers 200`);
  return processes;
}

/** Follows the log, kills the follower without warning, and sees the app live on. */
export async function killFollower({ app, stage, here, narrator, signal }, processes) {
  const follower = here.typeAndLeave(`outlast logs ${app.name} -f -H ${stage.hostList}`);
  const isFollowing = () => processes.every(({ host }) => follower.readText().includes(`${host} ${app.name} | `));
  let hasEnded = false;
  follower.ended.finally(() => (hasEnded = true)).catch(() => undefined);
  await waitFor(isFollowing, { what: 'lines of every host', giveUp: () => signal.aborted || hasEnded });
  narrator.typed(`kill -9 ${follower.pid}`);
  follower.kill('SIGKILL');
  const { killedBy } = await follower.ended;
  expect(killedBy === 'SIGKILL', `the client to be killed, but it had ended`);
  await seeConnectionsClosed(stage, signal);
  expect(!processes.some(({ pid }) => isGone(pid)), 'the app to live on');
  narrator.note('the client is dead and its connections are closed; the app lives on');
}

/** Shows the status to a laptop that knows nothing but the hosts. */
export async function showStatus({ app, stage, there, narrator }, processes) {
  const { code, text } = await there.type(`outlast status ${app.name} -H ${stage.hostList}`);
  expect(code === 0, `exit code 0, got ${code}`);
  for (const { host, pid, port } of processes) {
    const row = text.split('\n').find((line) => line.startsWith(`${host} `)) ?? '';
    const isSame = ['running', pid, port].every((fact) => row.split(/[\s,]+/).includes(String(fact)));
    expect(isSame, `${host} to run it as process ${pid} on port ${port}`);
  }
  narrator.note('the same processes as before');
}

/** Fetches the page of each host. */
export async function fetchPages({ app, narrator, signal }, processes) {
  for (const { host, pid, port } of processes) {
    const { status, text } = await fetchPage(formatUrl(port, '/'), signal);
    narrator.line(`GET ${formatUrl(port, '/')}  ${status}  ${app.formatPage(text)}`);
    expect(status === 200 && app.isPageOf(text, { host, pid }), `the page of ${host}`);
  }
}

/** Reads the last lines of the log. */
export async function showLogs({ app, stage, there }, processes) {
  const { code, text } = await there.type(`outlast logs ${app.name} -H ${stage.hostList} -n 5`);
  expect(code === 0, `exit code 0, got ${code}`);
  for (const { host, port } of processes) expect(app.isLogOf(text, { host, port }), `lines of ${host}`);
}

/** Stops the app on all hosts, and sees its processes gone and its ports free. */
export async function stopApp({ app, stage, there, narrator }, processes) {
  const { code } = await there.type(`outlast stop ${app.name} -H ${stage.hostList}`);
  expect(code === 0, `exit code 0, got ${code}`);
  for (const { host, pid, port } of processes) {
    expect(isGone(pid), `process ${pid} of ${host} to be gone`);
    expect(!(await isListening(port)), `port ${port} of ${host} to be free`);
  }
  narrator.note('the processes are gone, the ports are free');
}

/** Shows how it ended. */
export async function showStopped({ app, stage, here, narrator }) {
  const { code, text } = await here.type(`outlast status ${app.name} -H ${stage.hostList}`);
  expect(code === 3, `exit code 3, got ${code}`);
  for (const { alias } of stage.hosts) {
    const isStopped = text.split('\n').some((line) => line.startsWith(alias) && line.includes(' stopped '));
    expect(isStopped, `${alias} to have stopped it`);
  }
  narrator.note('exit code 3: it runs nowhere');
}

async function seeConnectionsClosed({ connections }, signal) {
  const options = { what: 'the connections of the client to close', giveUp: () => signal.aborted };
  await waitFor(() => connections.countOpen() === 0, options);
}

function readProcesses(answer) {
  return answer.outcomes.flatMap(({ host, apps: [app] = [] }) =>
    app?.state === 'running' && app.ports?.length > 0 ? [{ host, pid: app.pid, port: app.ports[0] }] : [],
  );
}

function formatUrl(port, path) {
  return `http://127.0.0.1:${port}${path}`;
}

function expect(isSo, what) {
  if (!isSo) throw new Error(`expected ${what}`);
}
