-- wrk script: sends the ready-made requests of a file, each ended by a NUL byte, in turn; at the end one line of JSON.
-- wrk ... -s requests.lua URL -- FILE [STEP]
-- With a STEP above 0 each request has ten signs @ where its number belongs, which rises from STEP (ten digits).
local threads = 0

function setup(thread)
   thread:set("number", threads)
   threads = threads + 1
end

local function read_list(path)
   local file = assert(io.open(path, "rb"))
   local all = {}
   for text in file:read("*a"):gmatch("([^%z]+)%z") do all[#all + 1] = text end
   file:close()
   return all
end

-- Each thread has devices of its own, so that what one of them reports has rising numbers.
local function split(all)
   heads, tails = {}, {}
   for i = 1 + number, #all, 2 do
      local first, last = all[i]:find("@@@@@@@@@@", 1, true)
      heads[#heads + 1] = all[i]:sub(1, first - 1)
      tails[#tails + 1] = all[i]:sub(last + 1)
   end
   count = #heads
end

local function plain()
   at = at % count + 1
   return list[at]
end

local function numbered()
   at = at % count + 1
   step = step + 1
   return heads[at] .. string.format("%.0f", step) .. tails[at]
end

function init(args)
   step = tonumber(args[2] or "0")
   local all = read_list(args[1])
   if step > 0 then
      split(all)
      at, request = 0, numbered
      return
   end
   list, count = all, #all
   -- Threads start in different places, so that they do not ask for the same device at the same time.
   at, request = number * math.floor(count / 2), plain
end

function request() end -- init chooses

function done(summary, latency)
   local e = summary.errors
   io.write(string.format('\nresult {"requests":%d,"us":%d,"bytes":%d,"p99_us":%d,"bad_status":%d,"errors":%d}\n',
      summary.requests, summary.duration, summary.bytes, latency:percentile(99), e.status,
      e.connect + e.read + e.write + e.timeout))
end
