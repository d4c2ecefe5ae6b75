-- Nine of ten requests ask what to recommend to a user, and one tells that a user did something with the first item that was
-- recommended last. USERS says how many there are. Each answer after that is held against it: an item that a user has
-- dealt with, as was answered before the question was sent, may not be in it. No user has two requests under way. How fast they are sent
-- is what pace.lua says.
local users = tonumber(os.getenv("USERS"))
local share = tonumber(os.getenv("WRITES") or "10")
local headers = {}
local busy, last, known = {}, {}, {}
local threads = {}
stale, writes, reads = 0, 0, 0

function setup(thread)
    threads[#threads + 1] = thread
end

function init(args)
    headers["Authorization"] = "Bearer " .. os.getenv("KEY")
    headers["Content-Type"] = "application/json"
    math.randomseed(1)
end

local function free_user()
    local user
    repeat user = math.random(0, users - 1) until not busy[user]
    return user
end

function request()
    local user = free_user()
    busy[user] = true
    if last[user] and math.random(100) <= share then
        writes = writes + 1
        return wrk.format("POST", "/api/v1/interactions", headers, string.format(
            '{"user_id":"user_%d","entity_id":"%s","entity_type":"product","interaction_type":"view"}', user, last[user]))
    end
    reads = reads + 1
    return wrk.format("GET", "/api/v1/recommendations/user/user_" .. user .. "?count=10", headers)
end

function response(status, headers, body)
    local user = tonumber(body:match('"user_id":"user_(%d+)"'))
    if not user then return end
    busy[user] = nil
    if body:find('"recommendations"', 1, true) then
        last[user] = nil
        -- What has a score is recommended; a reason may well name what the user has dealt with.
        for item in body:gmatch('"entity_id":"([^"]+)","entity_type":"[^"]*","score"') do
            last[user] = last[user] or item
            if known[user] and known[user][item] then stale = stale + 1 end
        end
    else
        known[user] = known[user] or {}
        known[user][body:match('"entity_id":"([^"]+)"')] = true
        last[user] = nil
    end
end

delay = dofile(os.getenv("PACE"))

function done(summary, latency, requests)
    local sums = { stale = 0, writes = 0, reads = 0 }
    for _, thread in ipairs(threads) do
        for name in pairs(sums) do sums[name] = sums[name] + thread:get(name) end
    end
    local more = string.format(" stale=%d writes=%d reads=%d", sums.stale, sums.writes, sums.reads)
    dofile(os.getenv("REPORT"))(summary, latency, more)
end
