import { OutlastError, parsePort, quoteForMessage } from '@outlast/core';
import { describeRule, type Problem } from '../../config/problem.js';
import type { Target } from '../../ssh/transport.js';
import { parseHostAddress, parseHostUser } from '../host-spec.js';
import type { Variable, Variables } from './inventory-draft.js';

/** How a host is reached, as far as its variables say so. */
export interface Reach {
  readonly target: Target;
  /** What its variables say and cannot be done; the host is not to be used with any of them. */
  readonly problems: readonly Problem[];
  /** The variables that would change how it is reached, and are not followed. */
  readonly notFollowed: readonly string[];
}

// The old form of a name counts more, as in Ansible.
const HOST = ['ansible_ssh_host', 'ansible_host'];
const PORT = ['ansible_ssh_port', 'ansible_port'];
const USER = ['ansible_ssh_user', 'ansible_user'];
const KEY_FILE = ['ansible_ssh_private_key_file', 'ansible_private_key_file'];
const FOLLOWED = new Set([...HOST, ...PORT, ...USER, ...KEY_FILE]);

const OVER_SSH = /^(?:ansible\.(?:builtin|legacy)\.|ansible\.netcommon\.)?(?:ssh|smart|paramiko|paramiko_ssh|libssh)$/;
const REACHING =
  /^ansible_(?:ssh_|sftp_|scp_|sshpass_|paramiko_|become|sudo|su$|su_|password$|host_key_checking$|shell_type$|shell_executable$|winrm_|psrp_|docker_|podman_|kubectl_|timeout$)/;
// What makes no difference here: they only say how Ansible itself goes about it.
const WITHOUT_EFFECT =
  /^ansible_(?:ssh_pipelining|ssh_transfer_method|ssh_retries|ssh_use_tty|scp_if_ssh|sftp_batch_mode|sshpass_prompt|(?:ssh|sftp|scp)_executable)$/;
const HARMLESS = /^(?:|no|false|off|0|sh|\/bin\/sh)$/i;

/** Resolves the variables of a host to the way it is reached. Pure. */
export function resolveReach(name: string, variables: Variables): Reach {
  const reader = new VariableReader(variables);
  const address = reader.read(HOST, (text) => parseHostAddress(text.replace(/^\[(.*:.*)\]$/, '$1')));
  const port = reader.read(PORT, parsePort);
  const user = reader.read(USER, parseHostUser);
  const keyFile = reader.read(KEY_FILE, parseKeyFile);
  const target: Target = {
    name,
    destination: address ?? parseHostAddress(name),
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port }),
    ...(keyFile === undefined ? {} : { identityFiles: [keyFile] }),
  };
  return { target, problems: reader.problems, notFollowed: listNotFollowed(variables) };
}

class VariableReader {
  readonly problems: Problem[] = [];
  readonly #variables: Variables;

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  /** Reads the first of the names that is set to something; what cannot be read is a problem. */
  read<T>(names: readonly string[], parse: (text: string) => T): T | undefined {
    for (const name of names) {
      const variable = this.#variables.get(name);
      if (variable === undefined || variable.value === null || variable.value === '') continue;
      try {
        return parse(readText(variable));
      } catch (error) {
        this.problems.push({ place: variable.place, message: `\`${name}\`: ${describeRule(error)}` });
        return undefined;
      }
    }
    return undefined;
  }
}

function readText({ value }: Variable): string {
  if (typeof value !== 'string') {
    throw new OutlastError('E_CONFIG', `the value ${value?.unusable ?? 'is empty'}, which cannot be followed`);
  }
  if (/\{\{|\{%|\{#/.test(value)) {
    throw new OutlastError('E_CONFIG', `${quoteForMessage(value)} is a template, which only Ansible can fill in`, {
      hint: 'write the value itself, or leave the host out with -x',
    });
  }
  return value;
}

function parseKeyFile(text: string): string {
  if (/[\0\r\n]/.test(text) || text.startsWith('-')) {
    throw new OutlastError('E_CONFIG', `${quoteForMessage(text)} is not the path of a key`);
  }
  return text;
}

function listNotFollowed(variables: Variables): string[] {
  const found: string[] = [];
  for (const [name, { value }] of variables) {
    if (name === 'ansible_connection') {
      if (typeof value !== 'string' || !OVER_SSH.test(value)) found.push(formatConnection(value));
    } else if (
      REACHING.test(name) &&
      !FOLLOWED.has(name) &&
      !WITHOUT_EFFECT.test(name) &&
      makesDifference(name, value)
    ) {
      found.push(name);
    }
  }
  return found.sort();
}

function formatConnection(value: Variable['value']): string {
  return typeof value === 'string' && /^[a-z0-9_.]{1,60}$/.test(value)
    ? `ansible_connection=${value}`
    : 'ansible_connection';
}

function makesDifference(name: string, value: Variable['value']): boolean {
  if (value === null) return false;
  // Not checking host keys is what we do not do; checking them is.
  if (name.endsWith('host_key_checking')) return typeof value === 'string' && HARMLESS.test(value) && value !== '';
  return typeof value !== 'string' || !HARMLESS.test(value);
}
