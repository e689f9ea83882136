-- SHA-1 of a string as 20 bytes, for websocket.lua: needs LuaJIT's `bit`.
local bit = require "bit"
local band, bor, bxor, bnot = bit.band, bit.bor, bit.bxor, bit.bnot
local rol, tobit = bit.rol, bit.tobit

-- A number of 32 bits as four bytes, the highest first.
local function word(n)
  return string.char(
    band(bit.rshift(n, 24), 255), band(bit.rshift(n, 16), 255),
    band(bit.rshift(n, 8), 255), band(n, 255))
end

return function(text)
  local state = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 }
  text = text .. "\128" .. ("\0"):rep((55 - #text) % 64) ..
    "\0\0\0\0" .. word(#text * 8)
  for from = 1, #text, 64 do
    local w = {}
    for i = 0, 15 do
      local a, b, c, d = text:byte(from + 4 * i, from + 4 * i + 3)
      w[i] = bor(bit.lshift(a, 24), bit.lshift(b, 16), bit.lshift(c, 8), d)
    end
    for i = 16, 79 do
      w[i] = rol(bxor(w[i - 3], w[i - 8], w[i - 14], w[i - 16]), 1)
    end
    local a, b, c, d, e = unpack(state)
    for i = 0, 79 do
      local f, k
      if i < 20 then
        f, k = bor(band(b, c), band(bnot(b), d)), 0x5a827999
      elseif i < 40 then
        f, k = bxor(b, c, d), 0x6ed9eba1
      elseif i < 60 then
        f, k = bor(band(b, c), band(b, d), band(c, d)), 0x8f1bbcdc
      else
        f, k = bxor(b, c, d), 0xca62c1d6
      end
      a, b, c, d, e = tobit(rol(a, 5) + f + e + k + w[i]), a, rol(b, 30), c, d
    end
    for i, n in ipairs { a, b, c, d, e } do state[i] = tobit(state[i] + n) end
  end
  local bytes = ""
  for _, n in ipairs(state) do bytes = bytes .. word(n) end
  return bytes
end
