#!/usr/bin/env bash
# Says what is missing before an installation fails half-way: check-python.sh PYTHON
set -euo pipefail
python=${1:-python3}

if ! command -v "$python" >/dev/null; then
  echo "There is no $python. On Debian: apt-get install python3 python3-venv" >&2
  exit 1
fi
if ! "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))'; then
  echo "Corridor needs Python 3.11, 3.12 or 3.13; $python is $("$python" -V 2>&1 | cut -d ' ' -f 2)." >&2
  echo "On Debian 12 and later: apt-get install python3 python3-venv. Another one: make PYTHON=python3.11 ..." >&2
  exit 1
fi
if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
  echo "$python cannot make virtual environments. On Debian: apt-get install python3-venv" >&2
  exit 1
fi
