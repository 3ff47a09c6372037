#!/usr/bin/env bash
# install_locked.sh PYTHON DIRECTORY LOCK: what deploy/locks/LOCK.txt names, each checked by its hash, then this project.
set -euo pipefail
python=$1
venv=$2
lock=deploy/locks/$3.txt

say() { printf 'lienthong: %s\n' "$*" >&2; }

if "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    pip=("$venv/bin/python" -m pip --disable-pip-version-check)
elif command -v uv >/dev/null; then
    export VIRTUAL_ENV=$PWD/$venv
    pip=(uv pip)
else
    pip=("$python" -m pip --disable-pip-version-check --python "$venv/bin/python")
fi

count=$(grep -c == "$lock")
say "installing $count packages from $lock (about 400 MB on the first time)"
begin=$SECONDS
# One line a package, and whatever is not ordinary.
show='
    /^Collecting / { printf "  %d/%d %s\n", ++n, count, $2; fflush(); next }
    /^(Requirement already|Ignoring|Successfully|Installing collected|Looking in|  |Attempting|Found existing)/ { next }
    { print }
'
if ! "${pip[@]}" install --require-hashes -r "$lock" 2>&1 | awk -v count="$count" "$show"; then
    say "installing from $lock failed; the lines above say why. Check the network, the disk" \
        "($(df -h --output=avail . | tail -1 | tr -d ' ') free) and the package index that pip uses (pip config list)," \
        "then run the same command again"
    exit 1
fi
"${pip[@]}" install --quiet --no-deps --no-build-isolation -e .
touch "$venv/$3.stamp"
say "installed in $((SECONDS - begin)) s"
