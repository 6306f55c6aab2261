#!/usr/bin/env bash
# Makes a Python environment for the plug-in, or says what an existing one lacks. Run again, it goes on where it stopped.
#
#   install.sh DIR [--python PYTHON] [--torch-index URL]   make it in DIR
#   install.sh --check PYTHON                              change nothing, tell what is there
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

say() { printf '%s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
usage() { sed -n '2,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 64; }

directory= python= index=
while (($#)); do
    case $1 in
        --check)
            [[ $# -eq 2 ]] || usage
            PYTHONPATH=$here exec "$2" -m lofisup_musicgen.doctor ;;
        --python) python=${2:?--python wants a program}; shift 2 ;;
        --torch-index) index=${2:?--torch-index wants an address}; shift 2 ;;
        -*) usage ;;
        *) [[ -z $directory ]] || usage; directory=$1; shift ;;
    esac
done
[[ -n $directory ]] || usage

suits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }
if [[ -z $python ]]; then
    for each in python3 python3.13 python3.12 python3.11; do
        if command -v "$each" >/dev/null && suits "$each"; then python=$each; break; fi
    done
    [[ -n $python ]] || fail "no Python 3.11, 3.12 or 3.13 was found: install one (apt install python3) or name it with --python"
fi
command -v "$python" >/dev/null || fail "there is no $python"
suits "$python" || fail "$python is $("$python" --version 2>&1 || true); wanted is 3.11, 3.12 or 3.13"
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "$python has no module venv or ensurepip: apt install python3-venv, or name another with --python"

# What an environment was made from stands in it, so that a second run knows whether anything is to be done.
wanted=$(cat "$here"/requirements.txt "$here"/requirements-nodeps.txt | sha256sum | cut -d' ' -f1)
mark=$directory/lofisup-requirements
if [[ -f $mark && $(<"$mark") == "$wanted" && -x $directory/bin/python ]]; then
    say "$directory is complete already"
else
    space=$(df -Pk "$(dirname "$directory")" 2>/dev/null | awk 'NR == 2 { print $4 }' || true)
    [[ -z $space || $space -gt 3000000 ]] || fail "$(dirname "$directory") has less than 3 GB to spare"
    say "1/4 $("$python" --version) in $directory"
    [[ -x $directory/bin/python ]] || "$python" -m venv "$directory"
    pip=("$directory/bin/python" -m pip --disable-pip-version-check --no-input install --progress-bar off)
    unreachable="pip failed: see its words above; without a network this cannot work. Run the same command again to go on"
    say "2/4 torch and transformers (some hundred megabytes; minutes)"
    "${pip[@]}" ${index:+--extra-index-url "$index"} -r "$here/requirements.txt" || fail "$unreachable"
    say "3/4 AudioCraft"
    "${pip[@]}" --no-deps -r "$here/requirements-nodeps.txt" || fail "$unreachable"
    printf '%s' "$wanted" >"$mark"
fi
# `python -m lofisup_musicgen` finds the plug-in from anywhere.
site=$("$directory/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
printf '%s\n' "$here" >"$site/lofisup_musicgen.pth"

say "4/4 does it work?"
"$directory/bin/python" -m lofisup_musicgen.doctor || fail "the environment is not complete: see above"
say "weights are not part of this: $directory/bin/python -m lofisup_musicgen.download small"
say "licence: MusicGen's weights are CC-BY-NC 4.0. They may not be used on a monetised channel. The code is MIT."
