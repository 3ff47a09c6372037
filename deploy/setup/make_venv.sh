#!/usr/bin/env bash
# make_venv.sh PYTHON DIRECTORY: a virtual environment, also where Debian's python3-venv is missing.
set -euo pipefail
python=$1
venv=$2

say() { printf 'lienthong: %s\n' "$*" >&2; }

if ! command -v "$python" >/dev/null; then
    say "there is no '$python' on this machine. Install it (Debian: apt install python3 python3-venv)" \
        "or name another one: make PY=/path/to/python3.11"
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    say "'$python' is $("$python" -V 2>&1), and 3.11 or newer is needed." \
        "Install a newer one (Debian 12 and later have it) or name one: make PY=python3.11"
    exit 1
fi
if [ -d "$venv" ]; then
    say "$venv is incomplete: making it anew"
    rm -rf "$venv"
fi
if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    "$python" -m venv "$venv"
elif command -v uv >/dev/null; then
    uv venv --quiet --python "$python" "$venv"
elif "$python" -m pip --version >/dev/null 2>&1 && "$python" -c 'import venv' 2>/dev/null; then
    "$python" -m venv --without-pip "$venv"
else
    say "this Python can make no virtual environment: its module 'ensurepip' is missing." \
        "Install it (Debian, as root: apt install python3-venv), then run the same command again"
    exit 1
fi
