-- An MQTT 3.1.1 client: subscribes, publishes "hello", prints what it gets.
local socket = require "socket"
local copas = require "copas"

-- A packet: its type and flags in a byte, its length in groups of seven bits.
local function packet(head, body)
  local length, rest = "", #body
  repeat
    local low = rest % 128
    rest = (rest - low) / 128
    length = length .. string.char(low + (rest > 0 and 128 or 0))
  until rest == 0
  return string.char(head) .. length .. body
end

-- A number of two bytes, and a text behind its length.
local function word(n) return string.char((n - n % 256) / 256, n % 256) end
local function text(s) return word(#s) .. s end

local function receivepacket(skt)
  local head = skt:receive(1)
  if head == nil then return nil end
  local length, factor = 0, 1
  repeat
    local byte = assert(skt:receive(1)):byte()
    length, factor = length + byte % 128 * factor, factor * 128
  until byte < 128
  if length > 65536 then error "a packet is too long" end
  local kind = head:byte()
  return (kind - kind % 16) / 16, length > 0 and assert(skt:receive(length)) or ""
end

local done = false

local function main()
  local skt = copas.wrap(socket.tcp())
  assert(copas.connect(skt.socket, "127.0.0.1", tonumber(arg[1] or 1883)))
  skt:send(packet(0x10, text "MQTT" .. "\4\2" .. word(60) .. text "porting"))
  local kind, body = receivepacket(skt)
  assert(kind == 2 and body:byte(2) == 0, "the broker refuses the connection")
  skt:send(packet(0x82, word(1) .. text "greetings" .. "\0"))
  while true do
    kind, body = receivepacket(skt)
    if kind == nil then break end
    if kind == 9 then -- subscribed
      skt:send(packet(0x30, text "greetings" .. "hello"))
    elseif kind == 3 then -- a message
      local size = body:byte(1) * 256 + body:byte(2)
      local topic, message = body:sub(3, 2 + size), body:sub(3 + size)
      print(topic .. ": " .. message)
      if message == "quit" then break end
    end
  end
  skt:send(packet(0xe0, ""))
  skt.socket:close()
end

copas.addthread(function()
  local ok, err = pcall(main)
  if not ok then io.stderr:write(tostring(err), "\n") end
  done = true
end)

repeat copas.step(0.1) until done
