-- A request is some lines and an empty one; the answer says how long it was.
local socket = require "socket"
local copas = require "copas"

-- Written for LuaSocket's blocking sockets: only the next line is new.
local function handle(skt)
  skt = copas.wrap(skt)
  local lines, bytes = 0, 0
  while true do
    local line, err = skt:receive("*l")
    if err then return end
    if line == "" then break end
    lines, bytes = lines + 1, bytes + #line
  end
  skt:send(string.format("%d lines, %d bytes\n", lines, bytes))
end

local server = assert(socket.bind("127.0.0.1", tonumber(arg[1] or 8080)))
print("Listening on 127.0.0.1:" .. select(2, server:getsockname()))
io.stdout:flush()

-- In place of: while true do handle(server:accept()) end
copas.addserver(server, handle)
copas.loop()
