-- A program with a loop of its own counts; clients ask how far it is.
local socket = require "socket"
local copas = require "copas"

local count, stopped = 0, false

local server = assert(socket.bind("127.0.0.1", tonumber(arg[1] or 8080)))
print("Listening on 127.0.0.1:" .. select(2, server:getsockname()))
io.stdout:flush()

copas.addserver(server, function(skt)
  skt = copas.wrap(skt)
  while true do
    local line = skt:receive()
    if line == nil then return end
    if line == "stop" then stopped = true; return end
    skt:send("counted: " .. tostring(count > 0) .. "\n")
  end
end)

while not stopped do
  count = count + 1 -- the program's own work
  copas.step(0.01)
end
print "stopped"
