-- GET of random paths, one a line in the file that PATHS names. The requests are made once, so that the load generator
-- spends its time on sending them.
local requests = {}

function init(args)
    math.randomseed(tonumber(os.getenv("SEED") or "1"))
    wrk.headers["Authorization"] = "Bearer " .. os.getenv("KEY")
    for line in io.lines(os.getenv("PATHS")) do
        requests[#requests + 1] = wrk.format("GET", line)
    end
end

function request()
    return requests[math.random(#requests)]
end

function done(summary, latency, requests)
    dofile(os.getenv("REPORT"))(summary, latency)
end
