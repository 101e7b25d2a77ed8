# shellcheck shell=bash
# Functions that .ci/run and .ci/nightly share; they source this file.

# Each crate is compiled only once here, and nobody debugs the result.
export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0

step() { echo; echo "== $* ($((SECONDS / 60)) min $((SECONDS % 60)) s)"; "$@"; }

# install PROGRAM PACKAGE: installs a program that some tests use; without it they say that they are skipped. LibreOffice opens
# written workbooks, zsh and fish complete command lines, npm makes a client for TypeScript, a browser goes through the console,
# the store is tried on a PostgreSQL server, promtool tries the alarms, and valgrind counts instructions.
install() {
  command -v "$1" >/dev/null && return
  local as_root=(sudo -n)
  [ "$(id -u)" != 0 ] || as_root=(env)
  if ! command -v apt-get >/dev/null; then
    echo "$1 is not here, and neither is apt-get: install it yourself, or its tests are skipped"
  elif ! "${as_root[@]}" true 2>/dev/null; then
    echo "$1 is not here: \`apt-get install $2\` as root installs it, or its tests are skipped"
  else
    { "${as_root[@]}" apt-get update -qq && "${as_root[@]}" apt-get install -y -qq --no-install-recommends "$2"; } >/dev/null 2>&1 \
      || echo "$2 could not be installed: its tests are skipped"
  fi
}

# Installs an S3 server for the tests of the object store. Azurite, of 190 MB, is tried only if it is there.
moto() {
  command -v moto_server >/dev/null && return
  local folder="${TMPDIR:-/tmp}/ade-ci-moto"
  { [ -x "$folder/bin/moto_server" ] || { python3 -m venv "$folder" && "$folder/bin/pip" install -q 'moto[server]==5.*'; }; } \
    && export ADE_TEST_MOTO="$folder/bin/moto_server" \
    || echo "moto could not be installed: the tests of S3 are skipped"
}
