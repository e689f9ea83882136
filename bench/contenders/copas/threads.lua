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

-- The tools are modules of their own, which older releases do not have.
local function tool(name)
  local found, made = pcall(require, "copas." .. name)
  return found and made
end

local lock, semaphore, queue = tool("lock"), tool("semaphore"), tool("queue")

if lock then
  function tasks.lock(size)
    local one = lock.new(math.huge)
    for _ = 1, 100 do
      copas.addthread(function()
        for _ = 1, size / 100 do
          one:get()
          one:release()
        end
      end)
    end
  end
end

if semaphore then
  function tasks.semaphore(size)
    local one = semaphore.new(10, 10, math.huge)
    for _ = 1, 100 do
      copas.addthread(function()
        for _ = 1, size / 100 do
          one:take(1)
          one:give(1)
        end
      end)
    end
  end
end

if queue then
  function tasks.queue(size)
    local one = queue.new()
    for _ = 1, 10 do one:add_worker(function() pause(0) end) end
    copas.addthread(function()
      for n = 1, size do one:push(n) end
      one:finish(math.huge)
    end)
  end
end

if not pause or not tasks[name] then
  print(string.format('{"missing":"%s has no %s"}', copas._VERSION,
    pause and name or "pause()"))
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
