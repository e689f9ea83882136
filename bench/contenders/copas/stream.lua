-- The peer "Copas": the original, on LuaJIT.

local copas = require "copas"
local socket = require "socket"

-- Older releases have names in camel case.
local receivepartial = copas.receivepartial or copas.receivePartial

local jobs = {}

function jobs.lines(skt)
  while true do
    local line = copas.receive(skt)
    if not line then return end
    copas.send(skt, line .. "\n")
  end
end

function jobs.relay(skt)
  while true do
    local data, err, part = receivepartial(skt, 65536)
    data = data or part
    if data and #data > 0 then copas.send(skt, data) end
    if err and err ~= "timeout" then return end
  end
end

function jobs.storm(skt)
  local line = copas.receive(skt)
  if line then copas.send(skt, line .. "\n") end
end

local job = jobs[arg[1]]
local server = assert(socket.bind("127.0.0.1", 0, 4096))
copas.addserver(server, function(skt)
  skt:setoption("tcp-nodelay", true)
  job(skt)
  skt:close()
end)
print((select(2, server:getsockname())))
io.stdout:flush()
copas.loop()
