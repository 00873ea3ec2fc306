#!/usr/bin/env bash
# Sets up and starts Keepline. Every verb does all its own set-up, can be started again after an interruption, and says what it does.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here"

usage() {
    cat <<'TXT'
Keepline: voicemail and fax that only the practice's own people can open.

  ./install.sh try [--once]   the whole appliance on a real-parts line, without hardware; page on https://localhost:8443
                              --once: one call, one check, then it ends and leaves nothing running
  ./install.sh test [ARGS]    every test, the real-parts ones included; ARGS go to pytest
  ./install.sh bench          the measured figures, each beside its peer's
  ./install.sh install        this machine becomes the box: users, program, Asterisk, units (asks for root)
  ./install.sh --help         this text

It runs on Debian 12, Debian 13 and Raspberry Pi OS (64 bit), with Python 3.11 to 3.13.
TXT
}

# --- talking -----------------------------------------------------------------------------------------------------------------------------------------

say() { printf '%s\n' "$*"; }

fail() {
    printf '\n%s\n' "$*" >&2
    exit 1
}

# Runs a long step in the background, shows that it goes on, and shows what it printed only when it failed.
step() {
    local what=$1 log started pid
    shift
    log=$(mktemp)
    started=$SECONDS
    printf '%s ...' "$what"
    "$@" >"$log" 2>&1 </dev/null &
    pid=$!
    trap 'kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; rm -f "$log"; printf "\nInterrupted. Start it again: it goes on where it stopped.\n" >&2; exit 130' INT TERM
    while kill -0 "$pid" 2>/dev/null; do
        if [ -t 1 ]; then printf '\r%s ... %s s' "$what" "$((SECONDS - started))"; fi
        sleep 0.2
    done
    trap - INT TERM
    if wait "$pid"; then
        printf '\r%s ... done in %s s\n' "$what" "$((SECONDS - started))"
        rm -f "$log"
    else
        printf '\n'
        tail -n 30 "$log" >&2
        rm -f "$log"
        fail "That step failed: $what. The lines above say why. Mend it and start again: what is done is not done twice."
    fi
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -- "$@"; fi
}

# --- set-up ------------------------------------------------------------------------------------------------------------------------------------------

find_python() {
    local candidate
    for candidate in /usr/bin/python3 python3.13 python3.12 python3.11 python3; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "Python 3.11, 3.12 or 3.13 is needed. On Debian: apt-get install python3"
}

# Installs the Debian packages that are missing, and only those.
packages() {
    local missing=() name
    for name in "$@"; do
        if [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" != installed ]; then missing+=("$name"); fi
    done
    if [ ${#missing[@]} -eq 0 ]; then
        say "Debian packages: all there."
        return
    fi
    command -v apt-get >/dev/null || fail "This is not a Debian system (no apt-get). Keepline runs on Debian 12, Debian 13 and Raspberry Pi OS."
    if [ "$(id -u)" -eq 0 ]; then
        say "Debian packages to install: ${missing[*]}"
    else
        command -v sudo >/dev/null || fail "These Debian packages are missing: ${missing[*]}. Install them as root: apt-get install ${missing[*]}"
        say "Debian packages to install (sudo may ask for your password): ${missing[*]}"
        sudo -v
    fi
    step "Refreshing the package lists" as_root apt-get -q update
    # a package's own service must not start by itself: what runs here is started, and ended, by us
    step "Installing ${#missing[@]} Debian packages" as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
        apt-get -q install -y --no-install-recommends "${missing[@]}"
}

# Makes the virtual environment $1 from the lock files named after it; does nothing when they have not changed.
environment() {
    local folder=$1 python stamp wanted name requirements=()
    shift
    python=$(find_python)
    for name in "$@"; do requirements+=(-r ".lock/$name.txt"); done
    wanted=$({ "$python" --version; for name in "$@"; do cat ".lock/$name.txt"; done; cat setup.py; } | sha256sum)
    stamp=$folder/keepline.stamp
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && "$folder/bin/python" -c 'import appliance' 2>/dev/null; then
        say "Python packages: all there."
        return
    fi
    rm -f "$stamp"
    [ -x "$folder/bin/pip" ] || step "Making the Python environment" "$python" -m venv --clear "$folder"
    step "Installing the Python packages (each checked against its pinned hash)" \
        "$folder/bin/pip" install --quiet --disable-pip-version-check --require-hashes "${requirements[@]}"
    # shellcheck disable=SC2086 # KEEPLINE_SOURCE is one of two fixed words
    step "Installing Keepline" "$folder/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation ${EDITABLE---editable} "$here"
    printf '%s\n' "$wanted" >"$stamp"
}

asterisk() {
    tests/rig/asterisk-root.sh "$@"
}

# Everything that the rig needs: try, test and bench share it.
rig() {
    packages python3-venv espeak-ng sox age debootstrap debian-archive-keyring util-linux "$@"
    environment .venv run test
    asterisk --tolerate-stale-date
}

# --- verbs -------------------------------------------------------------------------------------------------------------------------------------------

try() {
    rig
    exec .venv/bin/python -m tests.rig.try_it "$@"
}

run_tests() {
    rig chromium shellcheck libfaketime strace gdb e2fsprogs openssl procps systemd
    step "Shell scripts (shellcheck)" shellcheck install.sh .ci/run tests/rig/*.sh
    step "Style (ruff)" .venv/bin/ruff check .
    step "Layout of the code (ruff format)" .venv/bin/ruff format --check .
    step "Types (mypy)" .venv/bin/mypy
    exec .venv/bin/python -m pytest "$@"
}

bench() {
    rig chromium
    exec .venv/bin/python -m tests.bench "$@"
}

main() {
    local verb=${1-}
    [ $# -eq 0 ] || shift
    case $verb in
    try) try "$@" ;;
    test) run_tests "$@" ;;
    bench) bench "$@" ;;
    install) install "$@" ;;
    -h | --help | help | "") usage ;;
    *)
        usage >&2
        fail "There is no verb \"$verb\"."
        ;;
    esac
}

main "$@"
