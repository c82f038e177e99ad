"""Answers for many inventories what Ansible makes of each: a JSON list of lists of paths on stdin, a JSON list on stdout."""

import json
import os
import sys

import ansible.inventory.group as group_module
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader
from ansible.vars.manager import VariableManager


class OrderedSet(dict):
    """A set that goes through what is in it in the order in which it came in."""

    def __init__(self, items=()):
        super().__init__((item, None) for item in items)

    def add(self, item):
        self[item] = None

    def remove(self, item):
        del self[item]

    def update(self, items):
        super().update((item, None) for item in items)

    def difference_update(self, items):
        for item in items:
            self.pop(item, None)

    def copy(self):
        return OrderedSet(self)


# Below the second level Ansible lists hosts in the order of a set, which is another one in every run.
group_module.set = OrderedSet

ssh = connection_loader.get("ssh", PlayContext(), os.devnull)
known = {}


def reach(variables):
    own = {name: value for name, value in variables.items() if name.startswith("ansible_")}
    own["inventory_hostname"] = variables["inventory_hostname"]
    key = repr(own)
    if key not in known:
        known[key] = read_options(own)
    return known[key]


def read_options(variables):
    ssh.set_options(var_options=variables)
    port = ssh.get_option("port")
    return {
        "host": ssh.get_option("host"),
        "port": None if port is None else int(port),
        "user": ssh.get_option("remote_user") or None,
        "key": ssh.get_option("private_key_file") or None,
    }


def answer(sources):
    loader = DataLoader()
    inventory = InventoryManager(loader, sources)
    manager = VariableManager(loader=loader, inventory=inventory)
    hosts = inventory.get_hosts("all")
    return {
        "hosts": [host.name for host in hosts],
        "groups": {name: [host.name for host in group.get_hosts()] for name, group in inventory.groups.items()},
        "reach": [reach(manager.get_vars(host=host, include_hostvars=False)) for host in hosts],
    }


def answer_safely(sources):
    try:
        return answer(sources)
    except Exception as error:
        return {"error": str(error)}


json.dump([answer_safely(sources) for sources in json.load(sys.stdin)], sys.stdout)
