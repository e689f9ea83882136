# The peer "redis-server", keeping nothing on disk. It can't choose a free port
# and tell which: the port is the argument.

echo "$1"
exec redis-server --port "$1" --bind 127.0.0.1 --save '' --appendonly no >/dev/null
