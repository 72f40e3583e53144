-- wrk script: sends the ready-made requests of a file, each ended by a NUL byte, in turn; at the end one line of JSON.
-- wrk ... -s requests.lua URL -- FILE [STEP [LENGTH]]
-- With a STEP above 0 each request has ten signs @ where its number belongs, which rises from STEP (ten digits).
-- With a LENGTH above 0 all requests have it, the NUL included, and are taken out of the mapped file: the first thread
-- already runs while the second one reads its list, and wrk's clock begins only after that.
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

local function mapped()
   at = at % count + 1
   return ffi.string(base + (at - 1) * length, length - 1)
end

local function map(path)
   ffi = require("ffi")
   ffi.cdef("int open(const char *, int, ...); long lseek(int, long, int);"
      .. "void *mmap(void *, size_t, int, int, int, long);")
   local file = ffi.C.open(path, 0)
   local size = ffi.C.lseek(file, 0, 2)
   base = ffi.cast("const char *", ffi.C.mmap(nil, size, 1, 1, file, 0)) -- to read, shared
   count = tonumber(size) / length
end

function init(args)
   step, length = tonumber(args[2] or "0"), tonumber(args[3] or "0")
   if length > 0 then
      map(args[1])
      at, request = number * math.floor(count / 2), mapped
      return
   end
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
