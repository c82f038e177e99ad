// A link that carries so many bytes a second in each direction, in a process of its own.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const TICK_MS = 5;

/** Starts it in front of a server; resolves to its port and how it is ended. */
export async function startSlowLink({ address, port }, bytesPerSecond) {
  const child = fork(fileURLToPath(import.meta.url), [address, String(port), String(bytesPerSecond)]);
  const [own] = await once(child, 'message');
  return {
    port: own,
    stop: async () => {
      child.kill();
      await once(child, 'close');
    },
  };
}

/** Hands on what comes no faster than that; whoever sends waits. */
function throttle(from, to, bytesPerSecond) {
  const share = Math.max(1, Math.round((bytesPerSecond * TICK_MS) / 1000));
  const queue = [];
  let queued = 0;
  let ended = false;
  from.on('data', (chunk) => {
    queue.push(chunk);
    queued += chunk.length;
    if (queued > 4 * share) from.pause();
  });
  from.on('end', () => {
    ended = true;
  });
  let room = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    room = Math.min(4 * share, room + ((now - last) * bytesPerSecond) / 1000);
    last = now;
    while (room >= 1 && queue.length > 0) {
      const [chunk] = queue;
      const piece = chunk.subarray(0, Math.floor(room));
      room -= piece.length;
      queued -= piece.length;
      if (piece.length === chunk.length) queue.shift();
      else queue[0] = chunk.subarray(piece.length);
      to.write(piece);
    }
    if (queued <= 4 * share) from.resume();
    if (ended && queue.length === 0) {
      clearInterval(timer);
      to.end();
    }
  }, TICK_MS);
  const stop = () => {
    clearInterval(timer);
    from.destroy();
    to.destroy();
  };
  from.on('error', stop);
  from.on('close', () => {
    if (!ended) stop();
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [address, port, bytesPerSecond] = process.argv.slice(2);
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ host: address, port: Number(port), noDelay: true, allowHalfOpen: true });
    throttle(near, far, Number(bytesPerSecond));
    throttle(far, near, Number(bytesPerSecond));
  });
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
}
