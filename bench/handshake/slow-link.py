"""A link with a delay between two network namespaces, for benchmarks that count round trips.

Real TCP on both ends, so that what Nagle's algorithm, delayed acknowledgements and the TCP handshake cost is measured too; a proxy
in user space would hide all three. Start it in a network namespace of its own (`unshare -n`): that becomes the near end, 10.9.0.1.
The far end, 10.9.0.2, is the namespace of this process. A line on stdin sets the delay each way, in milliseconds; the process ends
with its stdin. Needs Linux, root and /dev/net/tun.
"""

import collections
import ctypes
import fcntl
import os
import select
import struct
import subprocess
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN_NO_PI = 0x0001 | 0x1000
CLONE_NEWNET = 0x40000000
MTU = 65535


def open_end(name, address):
    end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN_NO_PI))
    for words in (
        ["link", "set", "lo", "up"],
        ["addr", "add", f"{address}/24", "dev", name],
        ["link", "set", name, "up"],
    ):
        subprocess.run(["ip", *words], check=True)
    return end


def carry(near, far, commands):
    peer = {near: far, far: near}
    waiting = {near: collections.deque(), far: collections.deque()}
    delay = 0.0
    while True:
        due = [queue[0][0] for queue in waiting.values() if queue]
        timeout = max(0.0, min(due) - time.monotonic()) if due else None
        for ready in select.select([near, far, commands], [], [], timeout)[0]:
            if ready == commands:
                line = os.read(commands, 64)
                if not line:
                    return
                delay = float(line.split()[-1]) / 1000
                os.write(1, b"set\n")
                continue
            waiting[peer[ready]].append((time.monotonic() + delay, os.read(ready, MTU)))
        now = time.monotonic()
        for end, queue in waiting.items():
            while queue and queue[0][0] <= now:
                os.write(end, queue.popleft()[1])


near_end = open_end("near", "10.9.0.1")
if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
    sys.exit(f"no network namespace: {os.strerror(ctypes.get_errno())}")
far_end = open_end("far", "10.9.0.2")
os.write(1, b"up\n")
carry(near_end, far_end, 0)
