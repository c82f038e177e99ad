import { connect, type Socket } from 'node:net';
import type { Send } from './channel.js';
import { createUnframer, encodeField, FieldReader } from './packets.js';

// PROTOCOL.mux of OpenSSH; the proxy mode is there since 7.4.
const HELLO = 0x00000001;
const VERSION = 4;
const PROXY = 0x1000000f;
const PROXY_GRANTED = 0x8000000f;
const REQUEST_ID = 0;

const LONGEST_FRAME = 1 << 20;

/** Our way into the connection of a master: the SSH connection protocol, in the clear, over its control socket. */
export interface MuxLink {
  readonly send: Send;
  /** Resolves when the link is gone; never rejects. */
  readonly closed: Promise<void>;
  destroy(): void;
}

/**
 * Opens a link and asks for the proxy mode. Each message that comes is handed to `onMessage`, its type first.
 *
 * @throws Error when the master takes nobody, or speaks another version of the protocol.
 */
export function openMuxLink(controlPath: string, onMessage: (message: Buffer) => void): Promise<MuxLink> {
  const socket = connect(controlPath);
  const link: MuxLink = {
    // In front of the type stands the length of a padding that there is none of.
    send: (message, sent) => socket.write(Buffer.concat([encodeField(message.length + 1), PADDING, message]), sent),
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
    destroy: () => socket.destroy(),
  };
  return new Promise((resolve, reject) => {
    let problem = new Error('the control socket of ssh was closed');
    socket.on('error', (error) => {
      problem = error;
    });
    socket.once('close', () => reject(problem));
    sendFrame(socket, HELLO, VERSION);
    sendFrame(socket, PROXY, REQUEST_ID);
    const unframe = createUnframer(LONGEST_FRAME);
    let take = createGreeter(() => {
      take = (frame) => onMessage(frame.subarray(1));
      resolve(link);
    });
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const frame of unframe(chunk)) take(frame);
      } catch (error) {
        socket.destroy(error as Error);
      }
    });
  });
}

const PADDING = Buffer.from([0]);

function sendFrame(socket: Socket, ...numbers: readonly number[]): void {
  socket.write(encodeField(Buffer.concat(numbers.map(encodeField))));
}

/** Takes the two frames that come before the first message. */
function createGreeter(onGranted: () => void): (frame: Buffer) => void {
  let greeted = false;
  return (frame) => {
    const fields = new FieldReader(frame);
    const [type, value] = [fields.uint32(), fields.uint32()];
    if (!greeted && type === HELLO && value === VERSION) greeted = true;
    else if (greeted && type === PROXY_GRANTED && value === REQUEST_ID) onGranted();
    else throw new Error(`the control socket of ssh answers ${type.toString(16)} ${value}`);
  };
}
