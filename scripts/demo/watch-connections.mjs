import { subscribe, unsubscribe } from 'node:diagnostics_channel';

const CHANNEL = 'net.server.socket';

/** Counts the connections to the servers of this process, which are the SSH hosts. */
export function watchConnections() {
  const open = new Set();
  let seen = 0;
  const onSocket = ({ socket }) => {
    seen += 1;
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  };
  subscribe(CHANNEL, onSocket);
  return {
    countSeen: () => seen,
    countOpen: () => open.size,
    stop: () => unsubscribe(CHANNEL, onSocket),
  };
}
