-- Requests one after the other, as the lines of the file that REQUESTS names say: the method, the path, the body. After the
-- last comes the first again. The requests are made once, so that the load generator spends its time on sending them. With RATE so
-- many are sent in a second, however long answers take, as long as a connection is free; otherwise each connection asks again at
-- once.
local requests = {}
local place = 0
local rate = tonumber(os.getenv("RATE") or "0")

function init(args)
    wrk.headers["Authorization"] = "Bearer " .. os.getenv("KEY")
    wrk.headers["Content-Type"] = "application/json"
    for line in io.lines(os.getenv("REQUESTS")) do
        local method, path, body = line:match("^(%S+) (%S+) ?(.*)$")
        requests[#requests + 1] = wrk.format(method, path, nil, body ~= "" and body or nil)
    end
end

function request()
    place = place % #requests + 1
    return requests[place]
end

if rate > 0 then
    local ffi = require("ffi")
    ffi.cdef("typedef struct { long seconds, nanoseconds; } moment; int clock_gettime(int, moment *);")
    local moment = ffi.new("moment")
    local due

    -- How many milliseconds the next request waits until it is due. What is late is sent at once.
    function delay()
        ffi.C.clock_gettime(1, moment)
        local now = tonumber(moment.seconds) * 1e3 + tonumber(moment.nanoseconds) / 1e6
        due = (due or now) + 1e3 / rate
        return math.max(0, math.floor(due - now + 0.5))
    end
end

function done(summary, latency, requests)
    dofile(os.getenv("REPORT"))(summary, latency)
end
