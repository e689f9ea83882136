-- Every datagram is answered with its length and its text.
local socket = require "socket"
local copas = require "copas"

local server = socket.udp()
assert(server:setsockname("127.0.0.1", tonumber(arg[1] or 8080)))
print("Listening on 127.0.0.1:" .. select(2, server:getsockname()))
io.stdout:flush()

-- A datagram has no connection: the handler runs once, for all clients.
copas.addserver(server, function(skt)
  skt = copas.wrap(skt)
  while true do
    local data, ip, port = skt:receivefrom()
    if data then skt:sendto(#data .. " bytes: " .. data, ip, port) end
  end
end)

copas.loop()
