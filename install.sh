#!/usr/bin/env bash
# Sets up and starts Keepline. Every verb does all its own set-up, can be started again after an interruption, and says what it does.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here"

usage() {
    cat <<'TXT'
Keepline: voicemail and fax that only the practice's own people can open.

  ./install.sh try [--once]   the whole appliance on a real-parts line, without hardware; page on https://localhost:8443
                              --once: one call and one fax, each checked, then it ends and leaves nothing running
  ./install.sh test [ARGS]    every test, the real-parts ones included; ARGS go to pytest
  ./install.sh bench [NAME]   the measured figures, each beside its peer's; NAME: seal journal calls record greeting memory page
                              guessing turnaround fax
  ./install.sh install --ata ADDRESS [--box ADDRESS]
                              this machine becomes the box: users, program, Asterisk, units (asks for root). ADDRESS: where the
                              telephone adapter is on the practice's network, and this machine (found out when not given)
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

# Runs a long step (a program, not a function: it must be the one that is ended) in the background, shows that it goes on, and shows what it
# printed only when it failed.
step() {
    local what=$1 work started pid
    shift
    work=$(mktemp -d) # what an interrupted program forgets goes with it
    started=$SECONDS
    printf '%s ...' "$what"
    set -m # a group of its own: all of it can be ended, and tidies up when it is interrupted
    TMPDIR=$work "$@" >"$work/log" 2>&1 </dev/null &
    pid=$!
    set +m
    trap 'end_step "$pid" "$1"; rm -rf "$work"
        printf "\nInterrupted. Start it again: it goes on where it stopped.\n" >&2; exit 130' INT TERM
    while kill -0 "$pid" 2>/dev/null; do
        if [ -t 1 ]; then printf '\r%s ... %s s' "$what" "$((SECONDS - started))"; fi
        sleep 0.2
    done
    trap - INT TERM
    if wait "$pid"; then
        if [ -t 1 ]; then printf '\r%s ...' "$what"; fi
        printf ' done in %s s\n' "$((SECONDS - started))"
        rm -rf "$work"
    else
        printf '\n'
        tail -n 30 "$work/log" >&2
        rm -rf "$work"
        fail "That step failed: $what. The lines above say why. Mend it and start again: what is done is not done twice."
    fi
}

# Ends all of a step that began as process $1 with the program $2: as Ctrl-C would, and harder when that is not enough.
end_step() {
    local signal as_root=()
    if [ "$2" = sudo ]; then as_root=(sudo -n --); fi
    for signal in INT TERM; do # never KILL: what dpkg does must come to an end of its own
        "${as_root[@]}" kill -s "$signal" -- "-$1" 2>/dev/null || return 0
        for _ in {1..50}; do
            if ! "${as_root[@]}" kill -s 0 -- "-$1" 2>/dev/null; then return 0; fi
            sleep 0.2
        done
    done
}

# The Debian packages that a box needs.
runs_on=(python3-venv espeak-ng sox debootstrap debian-archive-keyring util-linux iproute2 systemd nftables)

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
    local missing=() name as_root=()
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
        as_root=(sudo --)
    fi
    step "Finishing what an interrupted installation of packages left" "${as_root[@]}" dpkg --configure -a
    step "Refreshing the package lists" "${as_root[@]}" apt-get -q update
    # a package's own service must not start by itself: what runs here is started, and ended, by us
    step "Installing ${#missing[@]} Debian packages" "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
        apt-get -q install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}"
}

# Makes the virtual environment $1 from the lock files named after it; does nothing when neither they nor the program have changed.
environment() {
    local folder=$1 python stamp wanted name requirements=() how=()
    shift
    python=$(find_python)
    for name in "$@"; do requirements+=(-r ".lock/$name.txt"); done
    if [ "$folder" = .venv ]; then how=(--editable); fi
    wanted=$({ "$python" --version; for name in "$@"; do cat ".lock/$name.txt"; done; cat setup.py; our_code "${how[@]}"; } | sha256sum)
    stamp=$folder/keepline.stamp
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && "$folder/bin/python" -P -c 'import appliance' 2>/dev/null; then
        say "Python packages: all there."
        return
    fi
    rm -f "$stamp"
    [ -x "$folder/bin/pip" ] || step "Making the Python environment" "$python" -m venv --clear "$folder"
    step "Installing the Python packages (each checked against its pinned hash)" \
        "$folder/bin/pip" install --quiet --disable-pip-version-check --require-hashes "${requirements[@]}"
    step "Installing Keepline" \
        "$folder/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation --force-reinstall "${how[@]}" "$here"
    printf '%s\n' "$wanted" >"$stamp"
}

# The TLS scanner needs an older cryptography than we do, so it lives in an environment of its own, below the tests' one.
scanner() {
    local folder=.venv/scan wanted
    wanted=$(sha256sum .lock/scan.txt)
    if [ "$(cat "$folder/keepline.stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
    rm -f "$folder/keepline.stamp"
    step "Making an environment for the TLS scanner" "$(find_python)" -m venv --clear "$folder"
    step "Installing the TLS scanner" "$folder/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r .lock/scan.txt
    printf '%s\n' "$wanted" >"$folder/keepline.stamp"
}

# What an environment holds a copy of: a newer program must replace it. An editable one reads it where it lies.
our_code() {
    if [ $# -eq 0 ]; then find appliance web -type f ! -path '*/__pycache__/*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum; fi
}

asterisk() {
    tests/rig/asterisk-root.sh "$@"
}

# Writes down what is installed now, for the environment $1 and the Asterisk in $2 (empty: the distribution's own); the rest are Debian packages.
bill_of_materials() {
    local venv=$1 root=$2 where=()
    shift 2
    if [ -d "$root/var/lib/dpkg" ]; then where=(--asterisk "$root"); fi
    step "Writing the list of parts" "$venv/bin/python" -P -m appliance.cli.main --settings /dev/null parts --make "${where[@]}" --debian "$@"
}

# Everything that the rig needs: try, test and bench share it.
rig() {
    packages "${runs_on[@]}" age gcc libc6-dev "$@"
    environment .venv run test
    asterisk --tolerate-stale-date
    bill_of_materials .venv "" "${runs_on[@]}"
    tests/rig/fax-parts.sh # iaxmodem, HylaFAX: unpacked, not installed, so that none of their services starts
}

# --- verbs -------------------------------------------------------------------------------------------------------------------------------------------

try() {
    rig
    exec .venv/bin/python -m tests.rig.try_it "$@"
}

run_tests() {
    rig chromium shellcheck libfaketime strace gdb e2fsprogs openssl procps systemd nftables iproute2 libnss3-tools libspandsp-dev libtiff-dev libtiff-tools efax xxd
    scanner
    step "Shell scripts (shellcheck)" shellcheck install.sh .ci/run tests/rig/*.sh
    step "Style (ruff)" .venv/bin/ruff check .
    step "Layout of the code (ruff format)" .venv/bin/ruff format --check .
    step "Types (mypy)" .venv/bin/mypy
    step "Dangerous code (bandit)" .venv/bin/bandit --quiet --recursive --configfile pyproject.toml appliance web setup.py
    if [ $# -gt 0 ]; then exec .venv/bin/python -m pytest "$@"; fi
    side_by_side
}

# Most tests wait for real time, some on the line, some at whole boxes and in browsers; the others, the page's and the rest, compute. All four side by
# side, each in order.
side_by_side() {
    local work log left pids=() failed=0 pytest=(.venv/bin/python -m pytest -p no:cacheprovider) real="rig or browser"
    work=$(mktemp -d)
    mkdir -m 1777 "$work/tmp" # the tests' own, to see what they leave; some of them act as other users
    chmod 755 "$work"
    export TMPDIR=$work/tmp
    set -m # else what runs beside could not be interrupted
    "${pytest[@]}" -m "$real" tests/web tests/whole >"$work/boxes" 2>&1 </dev/null &
    pids+=($!)
    # niced: soft modems lose calls when they have to wait
    nice -n 19 "${pytest[@]}" -m "not ($real)" tests/web >"$work/page" 2>&1 </dev/null &
    pids+=($!)
    nice -n 19 "${pytest[@]}" -m "not ($real)" --ignore tests/web >"$work/rest" 2>&1 </dev/null &
    pids+=($!)
    set +m
    trap 'for pid in "${pids[@]}"; do kill -INT -- "-$pid" 2>/dev/null && wait "$pid"; done; rm -rf "$work"' EXIT
    say "First the tests on the line; those of whole boxes and in the browser, and those without real parts, run beside them and are shown at the end."
    "${pytest[@]}" -m "$real" --ignore tests/web --ignore tests/whole || failed=$?
    for pid in "${pids[@]}"; do wait "$pid" || failed=$?; done
    trap - EXIT
    for log in boxes page rest; do cat "$work/$log"; done
    left=$(find "$TMPDIR" -mindepth 1 -maxdepth 1 ! -name 'pytest-of-*')
    rm -rf "$work"
    [ "$failed" -eq 0 ] || fail "Tests failed: the lines above say which."
    [ -z "$left" ] || fail "The tests passed, and have left something behind: $left"
}

bench() {
    rig chromium libspandsp-dev libtiff-dev efax
    exec .venv/bin/python -m tests.bench "$@"
}

install() {
    local ata='' box='' etc=/etc/keepline program=/opt/keepline file started given=("$@")
    while [ $# -gt 0 ]; do
        case $1 in
        --ata) ata=${2-} ;;
        --box) box=${2-} ;;
        *) fail "install does not know \"$1\". ./install.sh --help says what it takes." ;;
        esac
        [ -n "${2-}" ] || fail "$1 needs an address."
        shift 2
    done
    [ -n "$ata" ] || fail "Say where the telephone adapter is: ./install.sh install --ata 192.168.1.20 (its own page or label tells the address)."
    if [ "$(id -u)" -ne 0 ]; then
        say "Installing needs root; sudo may ask for your password."
        exec sudo -- "$here/install.sh" install "${given[@]}"
    fi
    local needs=("${runs_on[@]}" age avahi-daemon) # for backups; by which the practice's computers find the box's name
    packages "${needs[@]}"
    [ -n "$box" ] || box=$(ip -4 route get "$ata" 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p') || true
    [ -n "$box" ] || fail "This machine has no way to $ata. Connect it to the practice's network, or say --box ADDRESS."
    step "Making a user for each program" systemd-sysusers "$here/systemd/keepline.sysusers"
    mkdir -p "$program"
    environment "$program/venv" run
    asterisk --folder "$program/asterisk"
    bill_of_materials "$program/venv" "$program/asterisk/root" "${needs[@]}"
    say "Writing $etc"
    command install -d -m 755 "$etc" "$etc/asterisk" "$etc/asterisk/machine"
    command install -m 644 hardware/asterisk/*.conf "$etc/asterisk/"
    for file in hardware/asterisk/machine/*.conf; do asterisk_machine "$ata" "$box" <"$file" >"$etc/asterisk/machine/${file##*/}"; done
    keep_or_write "$etc/pins.toml" <hardware/pins.toml
    first_settings "$box" | keep_or_write "$etc/keepline.toml"
    command install -m 644 systemd/keepline.sysusers /usr/lib/sysusers.d/keepline.conf
    command install -m 644 systemd/keepline.tmpfiles /usr/lib/tmpfiles.d/keepline.conf
    systemd-tmpfiles --create keepline.conf
    command install -D -m 644 -t /etc/udev/rules.d hardware/udev/*.rules
    if [ -e /run/udev/control ]; then udevadm control --reload && udevadm trigger --action=change --subsystem-match=tty; fi
    sed "s|@ATA@|$ata|" systemd/keepline-firewall.nft >"$etc/firewall.nft"
    command install -m 644 systemd/*.service /etc/systemd/system/
    command install -d -m 755 /etc/systemd/system/keepline.service.d
    command install -m 644 systemd/keepline-fax.conf /etc/systemd/system/keepline.service.d/fax.conf
    give_pins "$program/venv/bin/python" "$etc/keepline.toml" /etc/systemd/system/keepline.service.d
    # the daemon may speak to this machine only, and Asterisk listens on this address of it
    printf '[Service]\nIPAddressAllow=%s\n' "$box" >/etc/systemd/system/keepline.service.d/address.conf
    ln -sf "$program/venv/bin/keepline" /usr/local/bin/keepline
    step "Speaking the prompts" keepline prompts
    systemctl enable --quiet keepline-firewall keepline keepline-page keepline-console keepline-asterisk
    start_units
    cat <<TXT

Keepline is installed$started. Next:
  1. keepline claim                shows the code that claims this box; type it on the page, at https://$box/claim. It makes the first person, an admin, and
                                   shows the recovery sheet once: print it. Without the page: keepline people add NAME
  2. keepline console --set-pin    sets the technician's PIN
  3. https://$(hostname).local/trust   on each computer and telephone: how it is told to trust the page, also under https://$box/trust;
     keepline fingerprint          what to compare before
  4. https://$(hostname).local         the page; log in, and call the practice's number
  Settings are in $etc/keepline.toml; \`keepline settings\` explains each. Set up the adapter as hardware/README.md shows.
TXT
}

# What differs from machine to machine in Asterisk's settings.
asterisk_machine() {
    local root=/opt/keepline/asterisk modules data
    modules=$(sed -n 's/^modules=//p' "$root/complete")
    data=$(sed -n 's/^data=//p' "$root/complete")
    case $modules in /*) ;; *) modules=$root/$modules data=$root/$data ;; esac
    sed -e "s|@ETC@|/etc/keepline/asterisk|; s|@MODULES@|$modules|; s|@DATA@|$data|" \
        -e "s|@STATE@|/var/lib/keepline-asterisk|; s|@RUN@|/run/keepline-asterisk|" \
        -e "s|@AGI_HOST@|127.0.0.1|; s|@AGI_PORT@|4573|; s|@BOX@|$2|; s|@SIP_PORT@|5060|; s|@ATA@|$1|"
}

first_settings() {
    cat <<TXT
# Keepline's settings. What is not set here has its default; \`keepline settings\` lists everything there is.

[practice]
name = "Our practice"
zone = "$(zone)"

[voice]
asterisk_host = "$1"

[page]
names = ["$(hostname).local", "$1", "localhost"]

[control]
page_user = "keepline-page"
console_user = "keepline-console"
TXT
}

# This machine's time zone, as /etc/localtime names it.
zone() {
    local name
    name=$(readlink -f /etc/localtime | sed -n 's|^/usr/share/zoneinfo/||p')
    printf '%s\n' "${name:-UTC}"
}

# For a daemon whose settings $2 (read by the Python $1) ask for lamps and lock button: the Pi's pins, in the folder $3 of its unit.
give_pins() {
    if "$1" -P -c 'import sys, pathlib, appliance.settings as s; sys.exit(s.read(pathlib.Path(sys.argv[1])).panel.board != "gpio")' "$2" 2>/dev/null; then
        command install -m 644 systemd/keepline-panel.conf "$3/panel.conf"
        say "Lamps and lock button: the daemon gets the pins."
    else
        rm -f "$3/panel.conf"
    fi
}

# A file that a person may have changed is never written over.
keep_or_write() {
    if [ -e "$1" ]; then
        cat >/dev/null
        say "$1 is kept as it is."
    else
        cat >"$1"
    fi
}

# Sets `started`, the words for whether it runs.
start_units() {
    if [ ! -d /run/systemd/system ]; then
        started=", and does not run yet: systemd does not run here. It starts when this machine starts with systemd"
        return
    fi
    started=" and runs"
    systemctl daemon-reload
    systemctl start avahi-daemon || say "avahi-daemon does not start: the page is found under its address only, not under $(hostname).local."
    step "Starting Keepline" systemctl restart keepline-firewall keepline keepline-page keepline-console keepline-asterisk
}

main() {
    local verb=${1-} word
    for word in "$@"; do
        case $word in -h | --help) usage && return ;; esac
    done
    [ $# -eq 0 ] || shift
    case $verb in
    try) try "$@" ;;
    test) run_tests "$@" ;;
    bench) bench "$@" ;;
    install) install "$@" ;;
    help | "") usage ;;
    *)
        usage >&2
        fail "There is no verb \"$verb\"."
        ;;
    esac
}

main "$@"
