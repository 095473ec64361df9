"""Becomes a server program that ends with its parent and that does not run as root, although root started it.

Run by path, without site packages: ``python -I -S child.py SIGNAL IDENTITY PROGRAM ARGUMENT...``. SIGNAL is what the
program gets when its parent dies. IDENTITY is `same`, or for programs that refuse root: `namespace` (uid 65534 inside
a user namespace, while every file stays root's) or `nobody` (that user, for containers that forbid user namespaces).
"""

import ctypes
import os
import sys

NOBODY = 65534

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CLONE_NEWUSER = 0x10000000
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


def libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def enter_user_namespace() -> None:
    """Map uid and gid 65534 inside a new user namespace to root outside; raises OSError where that is forbidden."""
    if libc().unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "user namespaces are forbidden here")
    for name, content in (("setgroups", "deny"), ("uid_map", f"{NOBODY} 0 1"), ("gid_map", f"{NOBODY} 0 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123 -- pathlib costs start-up time here
            file.write(content)


def become_nobody() -> None:
    """Give up root, but keep the right to pass through folders that only root may enter, such as root's home.

    Without it the program could not reach a checkout below /root. It is no more than root had anyway; where even that
    right is missing, the program says which folder it cannot read.
    """
    libc().prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    kept = 1 << CAP_DAC_OVERRIDE
    effective_permitted_inheritable = (ctypes.c_uint32 * 6)(kept, kept, kept, 0, 0, 0)
    if libc().capset(header, effective_permitted_inheritable) == 0:
        libc().prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def main() -> None:
    signal, identity, *command = sys.argv[1:]
    parent = os.getppid()
    if identity == "namespace":
        enter_user_namespace()
    elif identity == "nobody":
        become_nobody()
    if sys.platform == "linux":
        # After the change of identity, which would clear it; a parent that died in between is noticed here.
        libc().prctl(PR_SET_PDEATHSIG, int(signal), 0, 0, 0)
        if os.getppid() != parent:
            return
    os.execv(command[0], command)  # noqa: S606 -- to become that program is the purpose


if __name__ == "__main__":
    main()
