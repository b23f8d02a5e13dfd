#!/bin/sh
# What the tests need from the operating system: real databases, browsers, proxies and foreign clients.
# Installs what is missing where it may (root on Debian); says exactly what is missing elsewhere.
set -eu

missing=""
need() { # need PACKAGES COMMAND: the packages that bring a command
    command -v "$2" >/dev/null 2>&1 || test -x "/usr/sbin/$2" || missing="$missing $1"
}

set -- /usr/lib/postgresql/*/bin/postgres
test -x "$1" || need postgresql postgres
need redis-server redis-server
need sqlite3 sqlite3
need chromium chromium
need haproxy haproxy
need apache2 apache2
test -e /usr/lib/apache2/modules/mod_auth_openidc.so || missing="$missing libapache2-mod-auth-openidc"
need nodejs node
need npm npm
need openssl openssl
need prometheus promtool
need "gcc libc6-dev" cc
need golang-go go
test -e /usr/share/gocode/src/github.com/Masterminds/sprig || missing="$missing golang-github-masterminds-sprig-dev"

test -n "$missing" || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing for the tests:$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086 # a list of words
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
    exit 0
fi

echo "The tests need these Debian packages (or their like), and this user may not install them:" >&2
echo "    sudo apt-get install --no-install-recommends$missing" >&2
exit 1
