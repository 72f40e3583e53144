-- wrk script: sends the ready-made requests of a file, each ended by a NUL byte, in turn; at the end one line of JSON.
-- wrk ... -s requests.lua URL -- FILE
local threads = 0

function setup(thread)
   thread:set("number", threads)
   threads = threads + 1
end

function init(args)
   local file = assert(io.open(args[1], "rb"))
   list = {}
   for text in file:read("*a"):gmatch("([^%z]+)%z") do list[#list + 1] = text end
   file:close()
   count = #list
   -- Threads start in different places, so that they do not ask for the same device at the same time.
   at = number * math.floor(count / 2)
end

function request()
   at = at % count + 1
   return list[at]
end

function done(summary, latency)
   local e = summary.errors
   io.write(string.format('\nresult {"requests":%d,"us":%d,"bytes":%d,"p99_us":%d,"bad_status":%d,"errors":%d}\n',
      summary.requests, summary.duration, summary.bytes, latency:percentile(99), e.status,
      e.connect + e.read + e.write + e.timeout))
end
