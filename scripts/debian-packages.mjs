/**
 * What the tests need of the machine beside Node: Debian's packages, and why.
 *
 * `packages`: names to try, the first that the archive has is taken (they differ between releases).
 * `program`: where it is there already, from wherever, nothing is installed.
 * `probe`: for what a program alone does not tell: an argv that succeeds where it is there.
 */
export const DEBIAN_PACKAGES = [
  {
    packages: ['openssh-server'],
    program: 'sshd',
    reason: 'the real SSH server that the tests start on a loopback port',
  },
  {
    packages: ['openssh-client'],
    program: 'ssh',
    reason: '`ssh -G` and `ssh-keygen -F`, whose answers ours are compared with',
  },
  { packages: ['docker.io'], program: 'dockerd', probe: ['docker', 'info'], reason: 'the dockerized hosts' },
  { packages: ['docker-cli', 'docker.io'], program: 'docker', reason: 'the dockerized hosts' },
  {
    packages: ['docker-compose', 'docker-compose-v2'],
    program: 'docker-compose',
    probe: ['docker', 'compose', 'version'],
    reason: 'brings the dockerized hosts up together',
  },
  { packages: ['debootstrap'], program: 'debootstrap', reason: 'builds their base image where none can be pulled' },
  { packages: ['busybox-static'], program: 'busybox', reason: 'the scripts in BusyBox ash' },
  { packages: ['dropbear-bin'], program: 'dropbear', reason: 'the SSH server of small hosts' },
  { packages: ['zsh'], program: 'zsh', reason: 'login shell and completion' },
  { packages: ['fish'], program: 'fish', reason: 'login shell and completion' },
  { packages: ['tcsh'], program: 'tcsh', reason: 'login shell' },
  { packages: ['ksh93u+m', 'ksh'], program: 'ksh93', reason: 'login shell, and the scripts in it' },
  { packages: ['mksh'], program: 'mksh', reason: 'login shell, and the scripts in it' },
  { packages: ['yash'], program: 'yash', reason: 'login shell, and the scripts in it' },
  { packages: ['posh'], program: 'posh', reason: 'the scripts in it' },
  { packages: ['shellcheck'], program: 'shellcheck', reason: 'reads the scripts that go over the wire' },
  { packages: ['procps'], program: 'ps', reason: '`ps`, which the tests compare `status` and `find` with' },
  { packages: ['tmux'], program: 'tmux', reason: 'a real terminal for the tests of tables, spinner and Ctrl-C' },
  {
    packages: ['clustershell'],
    program: 'clush',
    reason: 'the start-up time that ours is measured against, and host ranges that ours are compared with',
  },
  {
    packages: ['ansible-core'],
    probe: ['/usr/bin/python3', '-c', 'import ansible'],
    reason: 'reads the inventories that we read, and tells what is in them',
  },
  {
    packages: ['parallel'],
    probe: ['parallel', '--minversion', '20130222'],
    reason: 'GNU parallel, with the command lines of docs/sharding.md',
  },
  { packages: ['strace'], program: 'strace', reason: 'sees the argv of every program that is begun' },
  { packages: ['curl'], program: 'curl', reason: 'one of those by which a host asks an app for a page' },
  { packages: ['wget'], program: 'wget', reason: 'another one' },
  { packages: ['libarchive-tools'], program: 'bsdtar', reason: 'unpacks our archives' },
  { packages: ['chromium'], program: 'chromium', reason: 'the browser that a deployed app is used in' },
  {
    packages: ['python3-venv'],
    probe: ['python3', '-c', 'import ensurepip, venv'],
    reason: 'the virtual environment of the real Streamlit',
  },
];
