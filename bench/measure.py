"""Runs a program and tells what it took: python3 measure.py [--tree] PROGRAM ARGUMENTS...

Prints one JSON object: processor time of the program and of all that it has waited for, wall clock, the time until the first byte was on
its stdout, how many bytes came, and the largest resident set of any one process. With --tree also the largest proportional set size of
all processes together, looked at ten times a second, which costs time of its own.
"""

import glob
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time


def list_tree(root):
    found = [root]
    for pid in found:
        # Of every thread, since each has those that it has started.
        for children in glob.glob(f"/proc/{pid}/task/*/children"):
            try:
                with open(children) as file:
                    found.extend(map(int, file.read().split()))
            except OSError:
                continue
    return found


def read_pss(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup") as rollup:
            return next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0


def watch_tree(root, ended, told):
    while not ended.wait(0.1):
        told["treeKb"] = max(told.get("treeKb", 0), sum(map(read_pss, list_tree(root))))


def measure(argv, is_tree):
    told = {"first": None, "bytes": 0}
    with tempfile.TemporaryFile() as errors:
        began = time.monotonic()
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
        ended = threading.Event()
        watcher = threading.Thread(target=watch_tree, args=(child.pid, ended, told))
        if is_tree:
            watcher.start()
        while data := os.read(child.stdout.fileno(), 1 << 20):
            if told["first"] is None:
                told["first"] = time.monotonic() - began
            told["bytes"] += len(data)
        told["status"] = child.wait()
        told["wall"] = time.monotonic() - began
        ended.set()
        if is_tree:
            watcher.join()
        errors.seek(0)
        told["stderr"] = errors.read(2000).decode(errors="replace")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {**told, "cpu": used.ru_utime + used.ru_stime, "rssKb": used.ru_maxrss}


words = sys.argv[1:]
json.dump(measure(words[words[0] == "--tree" :], words[0] == "--tree"), sys.stdout)
