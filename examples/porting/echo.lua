-- Every line comes back; "quit" ends the conversation.
local socket = require "socket"
local copas = require "copas"

local server = assert(socket.bind("127.0.0.1", tonumber(arg[1] or 8080)))
print("Listening on 127.0.0.1:" .. select(2, server:getsockname()))
io.stdout:flush()

copas.addserver(server, function(skt)
  while true do
    local line = copas.receive(skt)
    if line == nil or line == "quit" then return end
    copas.send(skt, line .. "\n")
  end
end)

copas.loop()
