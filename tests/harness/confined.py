#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a program under what a systemd unit says of it, where there is no systemd: limits, umask,
environment and the filter of system calls. Arguments: the unit file, the program and its arguments.
"""

import errno
import os
import resource
import socket
import subprocess
import sys

import seccomp

PROT_WRITE, PROT_EXEC, SHM_EXEC = 2, 4, 0o100000
NAMESPACES = {"newns": 0x20000, "newcgroup": 0x2000000, "newuts": 0x4000000, "newipc": 0x8000000,
              "newuser": 0x10000000, "newpid": 0x20000000, "newnet": 0x40000000}
SET_ID = (0o4000, 0o2000)
CHMOD = {"chmod": 1, "fchmod": 1, "fchmodat": 2, "mkdir": 1, "mkdirat": 2, "creat": 1, "mknod": 1,
         "mknodat": 2}
DENY = seccomp.ERRNO(errno.EPERM)


def read_unit(path):
    """(key, value) of [Service], in order."""
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    return [line.split("=", 1) for line in lines if "=" in line and not line.startswith("#")]


def expand(group):
    """The system calls of a group, by systemd's own table."""
    text = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True,
                          text=True, check=True).stdout
    names = set()
    for line in text.splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            names |= expand(word)
        elif word and not word.startswith("#"):
            names.add(word)
    return names


def allowed_calls(values):
    names = set()
    for value in values:
        words = value.removeprefix("~").split()
        found = set().union(*(expand(word) for word in words))
        names = names - found if value.startswith("~") else names | found
    # Without these no program runs, whatever the unit says.
    return names | expand("@default") | {"execve", "exit", "exit_group", "rt_sigreturn", "sigreturn"}


def rule(filter_, action, name, *conditions):
    try:
        filter_.add_rule(action, name, *conditions)
    except (RuntimeError, OSError):
        # Not on this machine.
        pass


def filter_calls(names):
    allow = seccomp.SyscallFilter(DENY)
    for name in names:
        rule(allow, seccomp.ALLOW, name)
    return allow


def restrict(families):
    """What the other lines of the unit forbid."""
    deny = seccomp.SyscallFilter(seccomp.ALLOW)
    both = PROT_WRITE | PROT_EXEC
    rule(deny, DENY, "mmap", seccomp.Arg(2, seccomp.MASKED_EQ, both, both))
    for name in ("mprotect", "pkey_mprotect"):
        rule(deny, DENY, name, seccomp.Arg(2, seccomp.MASKED_EQ, PROT_EXEC, PROT_EXEC))
    rule(deny, DENY, "shmat", seccomp.Arg(2, seccomp.MASKED_EQ, SHM_EXEC, SHM_EXEC))
    for flag in NAMESPACES.values():
        rule(deny, DENY, "unshare", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
        rule(deny, DENY, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    rule(deny, seccomp.ERRNO(errno.ENOSYS), "clone3")
    rule(deny, DENY, "setns")
    rule(deny, DENY, "personality", seccomp.Arg(0, seccomp.NE, 0))
    for name, place in CHMOD.items():
        for bit in SET_ID:
            rule(deny, DENY, name, seccomp.Arg(place, seccomp.MASKED_EQ, bit, bit))
    for number in range(64):
        if number not in families:
            rule(deny, seccomp.ERRNO(errno.EAFNOSUPPORT), "socket",
                 seccomp.Arg(0, seccomp.EQ, number))
    return deny


def main():
    unit, *argv = sys.argv[1:]
    lines = read_unit(unit)
    settings = dict(lines)
    for name in settings["UnsetEnvironment"].split():
        os.environ.pop(name, None)
    os.umask(int(settings["UMask"], 8))
    for limit, key in ((resource.RLIMIT_CORE, "LimitCORE"),
                       (resource.RLIMIT_NOFILE, "LimitNOFILE")):
        resource.setrlimit(limit, (int(settings[key]),) * 2)
    families = {int(getattr(socket, name)) for name in
                settings["RestrictAddressFamilies"].split()}
    filters = [restrict(families),
               filter_calls(allowed_calls([value for key, value in lines
                                           if key == "SystemCallFilter"]))]
    os.environ["SYSTEMD_EXEC_PID"] = str(os.getpid())
    # libseccomp sets NoNewPrivs. The stricter filter comes last: it forbids to load another.
    for one in filters:
        one.load()
    os.execv(argv[0], argv)


main()
