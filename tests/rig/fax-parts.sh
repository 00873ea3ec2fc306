#!/usr/bin/env bash
# Gets this machine the fax programs of other people that the tests call with: Debian's own packages, fetched and checked by apt, unpacked beside the system.
# They are not installed: no service, no user, no mail server, no conflict with what is there, and nothing that needs root.
set -euo pipefail
export LC_ALL=C
umask 022        # what root makes here may run as nobody

packages=(iaxmodem hylafax-server hylafax-client)
arch=$(dpkg --print-architecture)
of_root=/var/cache/keepline

say() { printf 'fax programs: %s\n' "$*"; }

give_up() {
    say "$*" >&2
    exit 1
}

# The same folders as in fax_parts.py, in the same order.
default_folder() {
    local cache=${KEEPLINE_CACHE:-}
    if [ -z "$cache" ] && { [ "$(id -u)" = 0 ] || [ -e "$of_root/fax-parts-$arch/complete" ]; }; then
        cache=$of_root
    fi
    printf '%s/fax-parts-%s\n' "${cache:-${XDG_CACHE_HOME:-$HOME/.cache}/keepline}" "$arch"
}

fetch() { (cd "$1" && apt-get -q download "${packages[@]}" >"$1/log" 2>&1); }

# What is fetched comes from the package lists, which may be missing or old.
refresh() {
    say "refreshing the package lists"
    if [ "$(id -u)" = 0 ]; then
        apt-get -q update >/dev/null
    elif command -v sudo >/dev/null; then
        sudo -- apt-get -q update >/dev/null
    fi
}

main() {
    local folder building file
    folder=$(default_folder)
    building=$folder.building
    if [ -e "$folder/complete" ]; then
        say "there already: $folder"
        return
    fi
    mkdir -p "$(dirname "$folder")"
    exec 9>"$folder.lock"
    flock -n 9 || { say "waiting for another start to finish"; flock 9; }
    if [ -e "$folder/complete" ]; then return; fi
    rm -rf "$building"
    mkdir -p "$building/fetched"
    say "fetching ${packages[*]} from the mirror this machine uses"
    fetch "$building/fetched" || { refresh && fetch "$building/fetched"; } ||
        give_up "they could not be fetched: $(tail -n 3 "$building/fetched/log")"
    for file in "$building"/fetched/*.deb; do dpkg-deb -x "$file" "$building"; done
    (cd "$building/fetched" && printf '%s\n' *.deb) >"$building/complete"
    rm -rf "$building/fetched" "$folder"
    mv "$building" "$folder"
    say "ready in $folder"
}

main
