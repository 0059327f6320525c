"""Kernels that start at once: forks of a process that has loaded PyTorch.

Each page still has a kernel of its own, with the environment and in the folder
that it would have had. What is loaded beforehand, nearly every page imports.
"""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from unittest import mock

from jupyter_client.provisioning import local_provisioner

SERVER = """
import json, os, runpy, signal, sys
import ipykernel.kernelapp, matplotlib.pyplot, torch

signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # what has ended is gone at once
for line in sys.stdin:
    arguments, env, folder = json.loads(line)
    if os.fork() == 0:
        os.setsid(), os.chdir(folder), signal.signal(signal.SIGCHLD, 0)
        os.environ.clear(), os.environ.update(env)
        print(os.getpid(), flush=True)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0), os.dup2(nothing, 1)
        sys.argv = arguments
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
        break
"""
INLINE = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}


class Fork:
    """A kernel as jupyter_client knows it, which expects a `Popen`."""

    stdin = stdout = stderr = server = None

    def __init__(self, command, env, cwd=".", **_):
        if not Fork.server:
            Fork.server = subprocess.Popen(
                [sys.executable, "-c", SERVER],
                env=env | INLINE,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        # A kernel ends itself when its parent has ended.
        env = env | {"JPY_PARENT_PID": str(self.server.pid)}
        line = json.dumps([command[2:], env, str(cwd)])  # without python -m
        print(line, file=self.server.stdin, flush=True)
        self.pid = int(self.server.stdout.readline())

    def poll(self):
        """Return None while it runs; how it ended is not known."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0

    def wait(self, timeout=None):
        while self.poll() is None:
            time.sleep(0.01)

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)


def forked():
    """Start kernels so in a `with` statement, where processes can be forked.

    Only kernels of one environment: what Python reads from it when it starts,
    such as its path, is that of the first.
    """
    if not hasattr(os, "fork"):
        return nullcontext()
    return mock.patch.object(local_provisioner, "launch_kernel", Fork)
