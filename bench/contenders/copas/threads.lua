-- The peer "Copas" at what its threads do without sockets.

local copas = require "copas"

local pause = copas.pause or copas.sleep
local name, size = arg[1], tonumber(arg[2])

local tasks = {}

function tasks.switches(size)
  local threads = 100
  for _ = 1, threads do
    copas.addthread(function()
      for _ = 1, size / threads do pause(0) end
    end)
  end
end

function tasks.sleepers(size)
  for _ = 1, size do
    local seconds = math.random()
    copas.addthread(function() pause(seconds) end)
  end
end

if not pause then
  print(string.format('{"missing":"%s has no pause()"}', copas._VERSION))
  os.exit()
end

local function run(size)
  tasks[name](size)
  copas.loop()
end

run(math.ceil(size / 10))
local before = os.clock()
run(size)
print(string.format('{"operations":%d,"processor":%f}', size, os.clock() - before))
