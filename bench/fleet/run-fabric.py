"""Runs a line on many hosts with fabric, so many at a time: run-fabric.py SSH_CONFIG HOSTS_FILE AT_ONCE LINE

ThreadingGroup has no limit of its own, so it gets so many hosts after so many others where that is asked for.
"""

import sys

from fabric import Config, ThreadingGroup

path, hosts_file, at_once, line = sys.argv[1:]
hosts = open(hosts_file).read().split()
config = Config(overrides={"load_ssh_configs": True}, runtime_ssh_path=path)
for start in range(0, len(hosts), int(at_once)):
    group = ThreadingGroup(*hosts[start : start + int(at_once)], config=config)
    group.run(line, hide="stderr", in_stream=False)
    group.close()
