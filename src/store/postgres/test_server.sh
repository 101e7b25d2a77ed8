# Starts a server in a folder of its own, for as long as standard input is open. $1: the folder; $2: where the server's programs are.
set -eu
cd "$1"
as=
# The server refuses root.
if [ "$(id -u)" = 0 ]; then
  user=postgres
  id "$user" >/dev/null 2>&1 || user=nobody
  chown "$user" .
  as="setpriv --reuid=$(id -u "$user") --regid=$(id -g "$user") --clear-groups"
fi
$as "$2/initdb" -D data -U ade -A trust -E UTF8 --locale=C --no-sync >log 2>&1
$as "$2/postgres" -D data -c listen_addresses= -c unix_socket_directories="$1" -c fsync="$3" -c max_connections=400 >>log 2>&1 &
server=$!
read -r _ || true
kill -INT "$server"
wait "$server" || true
cd /
rm -rf "$1"
