-- GET of random paths, one a line in the file that PATHS names. Every answer must be 200.
local paths = {}
for line in io.lines(os.getenv("PATHS")) do paths[#paths + 1] = line end
local key = os.getenv("KEY")
local failed = 0

function init(args)
    math.randomseed(tonumber(os.getenv("SEED") or "1"))
    wrk.headers["Authorization"] = "Bearer " .. key
end

function request()
    return wrk.format("GET", paths[math.random(#paths)])
end

function done(summary, latency, requests)
    dofile(os.getenv("REPORT"))(summary, latency)
end
