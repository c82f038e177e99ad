#!/usr/bin/env sh
':' //; exec node -- "$0" "$@"

// Started by ssh for each of its questions (SSH_ASKPASS). Hands the question to the outlast that has started ssh, over a socket
// in its private folder, and prints the answer, which only ssh reads. What is only to be shown (SSH_ASKPASS_PROMPT=none) gets no
// answer: ssh ends us when it need not be shown any more.
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const { OUTLAST_ASKPASS_SOCKET: path, SSH_ASKPASS_PROMPT: kind } = process.env;
process.exitCode = 1;
const socket = connect(path ?? '/dev/null');
socket.on('error', () => undefined);
socket.write(`${JSON.stringify({ kind: kind ?? 'question', prompt: process.argv[2] ?? '', asker: process.ppid })}\n`);
// It passes the socket's errors on, as its own.
createInterface({ input: socket })
  .on('error', () => undefined)
  .once('line', (line) => {
    process.stdout.write(`${JSON.parse(line).answer}\n`);
    process.exitCode = 0;
  });
