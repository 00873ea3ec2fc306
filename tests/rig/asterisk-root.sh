#!/bin/bash
# Gets this machine an Asterisk that can be run as an ordinary user: the distribution's own package where there is one,
# otherwise a minimal Debian testing root, kept beside the system and never mixed with it.
#
# What it leaves in the folder: `run-asterisk` (starts it, as `nobody` when root asks) and `complete` (where its parts lie).
set -euo pipefail
export LC_ALL=C
umask 022        # what root makes here runs as nobody

suite=forky
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
oldest=1:18            # the first long-term release with AudioSocket in every build
arch=$(dpkg --print-architecture)
of_root=/var/cache/keepline
tolerate_stale_date=no
folder=

usage() {
    cat <<'END'
usage: asterisk-root.sh [--folder FOLDER] [--tolerate-stale-date]
  --folder FOLDER         where it is kept; default: $KEEPLINE_CACHE/asterisk-<arch>, in /var/cache/keepline for root,
                          in ~/.cache/keepline for everybody else, who also use what root has made there
  --tolerate-stale-date   a mirror whose package list is past its date is a warning; without this a person is asked
Signatures are checked in any case.
END
}

say() { printf 'asterisk: %s\n' "$*"; }

give_up() {
    printf 'asterisk: %s\n' "$*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

as_nobody() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
    else
        "$@"
    fi
}

default_folder() {
    local cache=${KEEPLINE_CACHE:-}
    if [ -z "$cache" ] && [ "$(id -u)" = 0 ]; then
        cache=$of_root     # root's home is closed to the user Asterisk runs as
    elif [ -z "$cache" ]; then
        cache=${XDG_CACHE_HOME:-$HOME/.cache}/keepline
    fi
    printf '%s/asterisk-%s\n' "$cache" "$arch"
}

# What has been made already: here or, for whoever may not make it themselves, by root.
is_complete() { [ -e "$1/complete" ] && as_nobody "$1/run-asterisk" -V >/dev/null 2>&1; }

use() { say "$(sed -n 's/^version=//p' "$1/complete") is there already: $1"; }

# Said before it starts: making it needs root.
ask_for_root() {
    if [ "$(id -u)" = 0 ]; then return; fi
    command -v sudo >/dev/null || give_up "making it needs root, and there is no sudo. Once, as root: $(readlink -f "$0") - then start again"
    say "making it needs root; sudo may ask for your password"
    sudo -v || give_up "sudo does not let you. Once, as root: $(readlink -f "$0") - then start again"
}

# The distribution's own package ---------------------------------------------------------------------------------------

packaged_version() {
    apt-cache policy asterisk 2>/dev/null | awk '$1 == "Candidate:" && $2 != "(none)" { print $2 }'
}

install_package() {
    local policy=/usr/sbin/policy-rc.d put=no
    if ! dpkg-query -W -f='${Status}' asterisk 2>/dev/null | grep -q 'install ok installed'; then
        say "installing the distribution's package"
        if [ ! -e "$policy" ]; then
            put=yes               # its own service must not start: Keepline starts Asterisk itself
            printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
            as_root chmod 755 "$policy"
        fi
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends asterisk >/dev/null
        if [ $put = yes ]; then as_root rm -f "$policy"; fi
        if command -v systemctl >/dev/null; then as_root systemctl disable --quiet asterisk.service 2>/dev/null || true; fi
    fi
    mkdir -p "$building"
    write_launcher "$building/run-asterisk" <<'END'
exec /usr/sbin/asterisk "$@"
END
    local modules=
    for modules in /usr/lib/*-linux-gnu/asterisk/modules /usr/lib/asterisk/modules; do
        if [ -e "$modules/app_audiosocket.so" ]; then break; fi
    done
    [ -e "$modules/app_audiosocket.so" ] || give_up "the distribution's package has no AudioSocket module"
    finish "$modules" /usr/share/asterisk
}

# Debian testing beside the system -------------------------------------------------------------------------------------

debian_mirror() {
    local mirror
    mirror=$(listed_mirror)
    if [ -z "$mirror" ]; then
        say "reading the package lists" >&2
        as_root apt-get update -qq >&2 || true
        mirror=$(listed_mirror)
    fi
    case $mirror in
    http://* | https://*) printf '%s\n' "$mirror" ;;
    '') give_up "this machine's package sources name no Debian mirror: add one, run apt-get update and start again" ;;
    *) give_up "the Debian mirror $mirror cannot be used: http or https is needed" ;;
    esac
}

listed_mirror() {
    # shellcheck disable=SC2016  # apt fills in the name; awk reads to the end: a reader that stops early would break the pipe
    apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Label: Debian' 'Created-By: Packages' |
        awk 'NR == 1'
}

# Whether the mirror's package list is signed (always asked for) and in date. Sets `date_options`.
check_date() {
    local options=() log=$work/date.log
    mkdir -p "$work/lists/partial" "$work/cache"
    # every component stands under the one signed list; this is a small one
    printf 'deb [signed-by=%s] %s %s non-free-firmware\n' "$keyring" "$mirror" "$suite" >"$work/testing.list"
    options=(-o "Dir::Etc::sourcelist=$work/testing.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/lists"
        -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root -o Acquire::Languages=none)
    date_options=(-o Acquire::Check-Date=true -o Acquire::Check-Valid-Until=true)      # whatever this machine's apt is told otherwise
    if apt-get "${options[@]}" "${date_options[@]}" update >"$log" 2>&1 && ! grep -q '^[EW]:' "$log"; then return; fi
    if ! grep -q 'is expired' "$log"; then
        cat "$log" >&2
        give_up "the list of Debian $suite cannot be had or its signature does not hold"
    fi
    permit_stale_date
    date_options=(-o Acquire::Check-Date=true -o Acquire::Check-Valid-Until=false)
    apt-get "${options[@]}" "${date_options[@]}" update >"$log" 2>&1 || {
        cat "$log" >&2
        give_up "the signature of Debian $suite's list does not hold"
    }
}

permit_stale_date() {
    local answer=
    say "warning: the mirror's list of Debian $suite is signed, but past its date: it may lack the latest corrections"
    if [ $tolerate_stale_date = yes ]; then return; fi
    if [ -t 0 ]; then
        read -r -p "asterisk: use it all the same? [y/N] " answer
        case $answer in y | Y | yes) return ;; esac
    fi
    give_up "not used. Try again later, or at a terminal, where you are asked, or run this script with --tolerate-stale-date"
}

bootstrap() {
    local options=(--variant=minbase --arch="$arch" --keyring="$keyring" --force-check-gpg "$suite" "$building/root" "$mirror")
    local scripts=/usr/share/debootstrap/scripts
    if [ ! -e $scripts/$suite ]; then options+=("$scripts/sid"); fi     # an older debootstrap does not know the name yet
    say "fetching a minimal Debian $suite ($arch)"
    as_root debootstrap "${options[@]}" 2>&1 | progress "$work/debootstrap.log" ||
        give_up "debootstrap failed: $(tail -n 3 "$work/debootstrap.log")"
    as_root touch "$building/base"
}

install_in_root() {
    local root=$building/root proxies=
    say "installing Asterisk in it"
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$root/usr/sbin/policy-rc.d" >/dev/null     # nothing is ever started in there
    as_root chmod 755 "$root/usr/sbin/policy-rc.d"
    as_root cp /etc/resolv.conf /etc/hosts "$root/etc/"
    proxies=$(apt-config dump --format '%f "%v";%n' | grep -i '^Acquire::https\?::Proxy' || true)
    printf '%s\n' "$proxies" | as_root tee "$root/etc/apt/apt.conf.d/99keepline" >/dev/null
    case $mirror in https://*) as_root install -D -m 644 /etc/ssl/certs/ca-certificates.crt -t "$root/etc/ssl/certs" ;; esac
    in_root dpkg --configure -a >"$work/apt.log" 2>&1 || true          # an earlier start may have been interrupted here
    { in_root apt-get -q "${date_options[@]}" update &&
        in_root apt-get -q -y --no-install-recommends -f install asterisk; } 2>&1 | progress "$work/apt.log" ||
        give_up "Asterisk could not be installed: $(tail -n 3 "$work/apt.log") Start it again: it goes on where it stopped."
}

in_root() {
    as_root chroot "$building/root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive \
        http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" "$@"
}

shrink() {
    local root=$building/root
    as_root rm -f "$root/etc/apt/apt.conf.d/99keepline" "$root/etc/resolv.conf" "$root/etc/hosts"
    # shellcheck disable=SC2016  # for the inner shell
    as_root sh -c 'cd "$1" && rm -rf var/cache/apt/* var/lib/apt/lists/* var/log/* var/cache/debconf/*-old usr/share/doc/* \
        usr/share/man/* usr/share/info/* usr/share/locale/* usr/share/lintian usr/share/asterisk/sounds/*' sh "$root"
    # nothing in there may gain rights
    as_root find "$root" -xdev -perm /6000 -type f -exec chmod a-s {} +
}

build_root() {
    local need
    for need in debootstrap setpriv; do
        command -v $need >/dev/null || [ -x /usr/sbin/$need ] || give_up "$need is missing: apt-get install debootstrap util-linux"
    done
    [ -e $keyring ] || give_up "Debian's keys are missing: apt-get install debian-archive-keyring"
    mirror=$(debian_mirror)
    say "this distribution has no asterisk package: taking Debian $suite's from the mirror this machine uses"
    check_date
    if [ -e "$building/base" ]; then
        say "going on where the last start was interrupted"
    else
        discard "$building"
        mkdir -p "$building"
        bootstrap
    fi
    install_in_root
    shrink
    write_launcher "$building/run-asterisk" <<'END'
root=$(dirname "$(readlink -f "$0")")/root
for lib in "$root"/usr/lib/*-linux-gnu; do break; done
for loader in "$lib"/ld-linux*.so.*; do break; done
export OPENSSL_CONF="$root/etc/ssl/openssl.cnf"      # the system's own may name parts of another version
exec "$loader" --argv0 asterisk --library-path "$lib:$lib/asterisk" "$root/usr/sbin/asterisk" "$@"
END
    local modules
    modules=$(cd "$building" && echo root/usr/lib/*-linux-gnu/asterisk/modules)
    as_root rm -f "$building/base"
    finish "$modules" root/usr/share/asterisk
}

# What both ways share -------------------------------------------------------------------------------------------------

# Asterisk never runs as root: the launcher drops to nobody when root starts it.
write_launcher() {
    {
        printf '#!/bin/sh\n# Made by Keepline. Runs Asterisk with the arguments given, never as root.\n'
        # shellcheck disable=SC2016  # for the launcher
        printf 'if [ "$(id -u)" = 0 ]; then\n    exec setpriv --reuid=nobody --regid=nogroup --clear-groups --no-new-privs "$0" "$@"\nfi\n'
        cat
    } | as_root tee "$1" >/dev/null
    as_root chmod 755 "$1"
}

finish() {
    local version
    version=$(as_nobody "$building/run-asterisk" -V) ||
        give_up "Asterisk does not run as an ordinary user from $folder: is one of its parent folders closed to others?"
    printf 'version=%s\nmodules=%s\ndata=%s\n' "$version" "$1" "$2" | as_root tee "$building/complete" >/dev/null
    as_root chown -R -h "$(id -u):$(id -g)" "$building"
    discard "$folder"
    mv "$building" "$folder"
    say "$version is ready in $folder ($(du -sm "$folder" | cut -f1) MB)"
}

discard() {
    local inside
    for inside in proc sys; do
        if mountpoint -q "$1/root/$inside"; then as_root umount "$1/root/$inside"; fi
    done
    if [ -e "$1" ]; then as_root rm -rf --one-file-system -- "$1"; fi
}

# Keeps all that is said in a log; shows a person that it goes on, with a line each hundred steps.
progress() {
    awk -v log_file="$1" '
        { print >log_file; fflush(log_file) }
        ++count % 100 == 0 { printf "asterisk:   ... %d steps, now: %s\n", count, substr($0, 1, 80); fflush() }'
}

main() {
    while [ $# -gt 0 ]; do
        case $1 in
        --folder) folder=${2:?"--folder needs a folder"}; shift ;;
        --tolerate-stale-date) tolerate_stale_date=yes ;;
        --help) usage; exit ;;
        *) usage >&2; exit 2 ;;
        esac
        shift
    done
    if [ -z "$folder" ] && [ -z "${KEEPLINE_CACHE:-}" ] && is_complete "$of_root/asterisk-$arch"; then
        use "$of_root/asterisk-$arch"
        return
    fi
    folder=${folder:-$(default_folder)}
    building=$folder.building
    date_options=()
    mkdir -p "$(dirname "$folder")"
    exec 9>"$folder.lock"
    flock -n 9 || { say "waiting for another start to finish"; flock 9; }
    if is_complete "$folder"; then
        use "$folder"
        return
    fi
    ask_for_root
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    trap 'printf "\nasterisk: interrupted. Start it again: it goes on where it stopped.\n" >&2; trap - EXIT; rm -rf "$work"; exit 130' INT TERM
    local version
    version=$(packaged_version)
    if [ -n "$version" ] && dpkg --compare-versions "$version" ge "$oldest"; then
        say "this distribution has an asterisk package ($version): using it"
        install_package
    else
        build_root
    fi
}

main "$@"
