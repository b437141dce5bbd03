"""The last Python before PostgreSQL: gives up root, leaves the terminal, then becomes the program.

A program of its own, run by cluster: a `preexec_fn` can deadlock in a process with threads.
"""

import ctypes
import fcntl
import os
import sys

CLONE_NEWUSER = 0x10000000
BUSY = 75  # the exit code when another server holds the cluster


def _enter_namespace(uid, gid):
    """Be `uid` in a user namespace of our own; outside of it, and on disk, everything stays the caller's."""
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "the kernel forbids user namespaces")
    for name, content in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {outer_uid} 1"),
        ("gid_map", f"{gid} {outer_gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(content)


def become(identity):
    """`caller` changes nothing, `namespace:UID:GID` renames root for this process, `user:UID:GID` drops it."""
    kind, *numbers = identity.split(":")
    if kind == "namespace":
        _enter_namespace(*map(int, numbers))
    elif kind == "user":
        uid, gid = map(int, numbers)
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def hold(cluster):
    """Lock the cluster for as long as the server, or any of its children, lives: they inherit the open file."""
    fd = os.open(cluster, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(BUSY)
    os.set_inheritable(fd, True)


def detach(log):
    """Become a process of nobody's terminal and nobody's child, with its output in `log`."""
    fd = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.setsid()
    if os.fork():
        os._exit(0)
    for stream, target in ((os.open(os.devnull, os.O_RDONLY), 0), (fd, 1), (fd, 2)):
        os.dup2(stream, target)


def main(identity, directory, log, *command):
    """Run `command` in `directory`; with a `log`, as a server that stays and holds the directory."""
    os.umask(0o077)
    if log:
        hold(directory)
        detach(log)
    become(identity)
    os.chdir(directory)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
