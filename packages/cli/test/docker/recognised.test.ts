import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { readDocument } from '../document-schema.js';
import { addLaptop, appOf, codesOf } from '../program-lab.js';
import { giveCertificates, makeUser, needDocker } from './docker-lab.js';

/** Installing Gradio from PyPI is most of it. */
const TIMEOUT_MS = 300_000;

beforeEach(needDocker);

const FASTAPI = `
from fastapi import FastAPI
api = FastAPI()
@api.get("/hello")
def hello(): return "hello"
`;
const GRADIO = `
import gradio as gr
gr.Interface(lambda name: name, "text", "text", title="hello").launch()
`;

test.each([
  ['FastAPI', 'server.py', FASTAPI, 'fastapi\nuvicorn\n', '/hello'],
  ['Gradio', 'main.py', GRADIO, 'gradio\n', '/'],
])(
  'what init writes for a %s app is deployed as it stands',
  { timeout: TIMEOUT_MS },
  async (kind, entry, source, requirements, path) => {
    const host = await makeUser('debian');
    await giveCertificates(host);
    const laptop = await addLaptop([host]);
    const folder = join(laptop.home, 'project');
    await mkdir(folder);
    await writeFile(join(folder, entry), source);
    await writeFile(join(folder, 'requirements.txt'), requirements);
    const init = await laptop.run([...laptop.argvOf(['init']).slice(0, 2), 'init', '--streamlit', '-H', 'debian'], {
      cwd: folder,
    });
    expect(init.stderr).toContain(`This folder holds a ${kind} app, ${entry}.`);
    const { stdout } = await laptop.outlast(['deploy', '--json'], { cwd: folder, timeoutMs: TIMEOUT_MS });
    const told = { document: readDocument('deploy', stdout) };
    expect(codesOf(told), stdout).toEqual(['ok']);
    const [port] = appOf(told).ports ?? [];
    const get = `exec 3<>/dev/tcp/127.0.0.1/${port}; printf 'GET ${path} HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`;
    expect((await host.run(`bash -c "${get.replaceAll('"', '\\"')}"`)).stdout).toContain('hello');
  },
);
