-- Requests one after the other, as the lines of the file that REQUESTS names say: the method, the path, the body. After the
-- last comes the first again. The requests are made once, so that the load generator spends its time on sending them. How fast they
-- are sent is what pace.lua says.
local requests = {}
local place = 0

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

delay = dofile(os.getenv("PACE"))

function done(summary, latency, requests)
    dofile(os.getenv("REPORT"))(summary, latency)
end
