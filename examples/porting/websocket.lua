-- A WebSocket server: every message comes back.
local socket = require "socket"
local copas = require "copas"
local mime = require "mime"
local bit = require "bit"
local sha1 = require "sha1"

-- The key that the client has sent, or nil when it asks for something else.
local function receivekey(skt)
  local key
  while true do
    local line = skt:receive()
    if line == nil then return nil end
    if line == "" then return key end
    local name, value = line:match "^([^:]+):%s*(.-)%s*$"
    if name and name:lower() == "sec-websocket-key" then key = value end
  end
end

-- The kind and the payload of a frame; nil at the end, or for what is refused.
local function receiveframe(skt)
  local head = skt:receive(2)
  if head == nil then return nil end
  local kind, size = head:byte(1, 2)
  if kind < 128 or size < 128 then return nil end -- in pieces, or not masked
  size = size - 128
  if size == 127 then return nil end -- longer than 65535 bytes
  if size == 126 then
    local length = skt:receive(2)
    if length == nil then return nil end
    size = length:byte(1) * 256 + length:byte(2)
  end
  local mask = skt:receive(4)
  local data = mask and (size == 0 and "" or skt:receive(size))
  if data == nil then return nil end
  local bytes = {}
  for i = 1, size do
    local at = (i - 1) % 4 + 1
    bytes[i] = string.char(bit.bxor(data:byte(i), mask:byte(at)))
  end
  return kind - 128, table.concat(bytes)
end

local function sendframe(skt, kind, data)
  local length = #data < 126 and string.char(#data) or
    string.char(126, (#data - #data % 256) / 256, #data % 256)
  skt:send(string.char(128 + kind) .. length .. data)
end

local function handle(skt)
  skt = copas.wrap(skt)
  local key = receivekey(skt)
  if key == nil then
    skt:send "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"
    return
  end
  local accept = mime.b64(sha1(key .. "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
  skt:send("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n" ..
    "connection: upgrade\r\nsec-websocket-accept: " .. accept .. "\r\n\r\n")
  while true do
    local kind, data = receiveframe(skt)
    if kind == 1 or kind == 2 then -- text, bytes
      sendframe(skt, kind, data)
    elseif kind == 9 then -- ping, answered by pong
      sendframe(skt, 10, data)
    elseif kind == 8 then -- close
      sendframe(skt, 8, data)
      return
    elseif kind ~= 10 then
      return
    end
  end
end

local server = assert(socket.bind("127.0.0.1", tonumber(arg[1] or 8080)))
print("Listening on 127.0.0.1:" .. select(2, server:getsockname()))
io.stdout:flush()
copas.addserver(server, handle)
copas.loop()
