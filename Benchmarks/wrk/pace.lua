-- How many milliseconds the next request waits until it is due, so that RATE are sent in a second, however long answers take, as
-- long as a connection is free; nil when each connection asks again at once. What is late is sent at once.
local rate = tonumber(os.getenv("RATE") or "0")
if rate <= 0 then return nil end

local ffi = require("ffi")
ffi.cdef("typedef struct { long seconds, nanoseconds; } moment; int clock_gettime(int, moment *);")
local moment = ffi.new("moment")
local due

return function()
    ffi.C.clock_gettime(1, moment)
    local now = tonumber(moment.seconds) * 1e3 + tonumber(moment.nanoseconds) / 1e6
    due = (due or now) + 1e3 / rate
    return math.max(0, math.floor(due - now + 0.5))
end
