# The server of the case "cluster". It can't choose a free port and tell which:
# the port is the first argument, and the folder of its streams the second.

echo "$1"
exec nats-server -a 127.0.0.1 -p "$1" -js -sd "$2" >/dev/null 2>&1
