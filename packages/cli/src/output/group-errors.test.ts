import { describe, expect, test } from 'vitest';
import { groupErrors, type HostError } from './group-errors.js';

interface Place {
  readonly host: string;
  readonly address?: string;
  readonly port?: number;
}

const refuse = ({ host, address = host, port = 22 }: Place): HostError => ({
  host,
  error: {
    code: 'E_CONNECT_REFUSED',
    message: `${address} port ${port} refused the connection`,
    hint: `try it by hand: ssh -F conf -p ${port} ${host}`,
    own: { names: [host, address], port },
  },
});

const read = (errors: readonly HostError[]) =>
  groupErrors(errors).map(({ hosts, error: { message, hint } }) => ({ hosts: hosts.join(' '), message, hint }));

describe('equal errors of several hosts', () => {
  test('are one, whatever each host is called and wherever it is', () => {
    const errors = [
      refuse({ host: 'web1', address: '192.0.2.1' }),
      refuse({ host: 'web2', address: '192.0.2.2' }),
      refuse({ host: 'db' }),
    ];
    expect(read(errors)).toEqual([
      {
        hosts: 'web1 web2 db',
        message: 'HOST port 22 refused the connection',
        hint: 'try it by hand: ssh -F conf -p 22 HOST',
      },
    ]);
  });

  test('are one over different ports, which are then left out', () => {
    const errors = [refuse({ host: '127.0.0.1:1022', address: '127.0.0.1', port: 1022 }), refuse({ host: 'web2' })];
    expect(read(errors)).toEqual([
      {
        hosts: '127.0.0.1:1022 web2',
        message: 'HOST refused the connection',
        hint: 'try it by hand: ssh -F conf -p PORT HOST',
      },
    ]);
  });

  test('are one where a host is told with its address behind it, or by its line in known_hosts', () => {
    const lost = (host: string, address: string, port: number): HostError => ({
      host,
      error: {
        code: 'E_HOST_KEY_CHANGED',
        message: `the key of ${host} (${address} port ${port}) has changed`,
        hint: `ssh-keygen -R '[${address}]:${port}'`,
        own: { names: [host, address], port },
      },
    });
    expect(read([lost('a', '2001:db8::1', 2201), lost('b', '2001:db8::2', 2202)])).toEqual([
      { hosts: 'a b', message: 'the key of HOST has changed', hint: "ssh-keygen -R 'HOST'" },
    ]);
  });

  test('are one with those of several names of one machine', () => {
    const errors = [
      refuse({ host: 'web1', address: '192.0.2.1' }),
      { ...refuse({ host: 'web1', address: '192.0.2.1' }), host: 'ann@web1' },
      refuse({ host: 'db' }),
    ];
    expect(read(errors).map(({ hosts, message }) => [hosts, message])).toEqual([
      ['web1 ann@web1 db', 'HOST port 22 refused the connection'],
    ]);
  });

  test('keep the words that they share to the letter', () => {
    const errors = ['10', '20'].map(
      (host): HostError => ({
        host,
        error: { code: 'E_TIMEOUT', message: 'no answer within 10 s', own: { names: [host], port: 22 } },
      }),
    );
    expect(read(errors)).toEqual([{ hosts: '10 20', message: 'no answer within 10 s' }]);
  });
});

describe('errors are not equal', () => {
  test('where more than the name differs, such as a fingerprint', () => {
    const unknown = (host: string, key: string): HostError => ({
      host,
      error: { code: 'E_HOST_KEY_UNKNOWN', message: `${host} presented ${key}`, own: { names: [host], port: 22 } },
    });
    const errors = [unknown('web1', 'SHA256:a'), unknown('web2', 'SHA256:b'), unknown('web3', 'SHA256:a')];
    expect(read(errors).map(({ hosts, message }) => [hosts, message])).toEqual([
      ['web1 web3', 'HOST presented SHA256:a'],
      ['web2', 'web2 presented SHA256:b'],
    ]);
  });

  test('where a name is only part of another word', () => {
    const told = (host: string, message: string): HostError => ({
      host,
      error: { code: 'E_RESOLVE', message, own: { names: [host], port: 22 } },
    });
    expect(read([told('web', 'web.example is gone'), told('db', 'db.example is gone')])).toHaveLength(2);
    expect(read([told('web', 'web-1 is gone'), told('db', 'db-1 is gone')])).toHaveLength(2);
    expect(read([told('web', 'web is gone.'), told('db', 'db is gone.')])).toHaveLength(1);
  });
});

test('one host alone is told by its name', () => {
  expect(read([refuse({ host: 'web1', address: '192.0.2.1' })])).toEqual([
    {
      hosts: 'web1',
      message: '192.0.2.1 port 22 refused the connection',
      hint: 'try it by hand: ssh -F conf -p 22 web1',
    },
  ]);
});

test('hosts that were not begun come last', () => {
  const skip = (host: string): HostError => ({ host, error: { code: 'E_SKIPPED', message: 'too many had failed' } });
  expect(read([skip('a'), refuse({ host: 'b' }), skip('c')]).map(({ hosts }) => hosts)).toEqual(['b', 'a c']);
});
