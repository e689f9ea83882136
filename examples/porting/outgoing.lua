-- Connects, and prints records of five bytes until one says "quit!".
local socket = require "socket"
local copas = require "copas"

local done = false

local function main()
  local skt = copas.wrap(socket.tcp())
  assert(copas.connect(skt.socket, "127.0.0.1", tonumber(arg[1] or 8080)))
  repeat
    local record, err, rest = skt:receive(5)
    print(record or err .. " after " .. #rest .. " bytes")
  until record == nil or record == "quit!"
  skt.socket:close()
end

copas.addthread(function()
  local ok, err = pcall(main)
  if not ok then io.stderr:write(tostring(err), "\n") end
  done = true
end)

-- Copas 1 loops for ever; from Copas 2 on, copas.loop() ends with the thread.
repeat copas.step(0.1) until done
