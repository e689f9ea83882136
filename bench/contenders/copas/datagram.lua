-- The peer "Copas" for datagrams: the original, on LuaJIT.

local copas = require "copas"
local socket = require "socket"

local server = assert(socket.udp())
assert(server:setsockname("127.0.0.1", 0))
copas.addserver(server, function(skt)
  while true do
    local data, ip, port = copas.receivefrom(skt, 8192)
    if data then copas.sendto(skt, data, ip, port) end
  end
end)
print((select(2, server:getsockname())))
io.stdout:flush()
copas.loop()
