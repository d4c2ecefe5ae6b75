-- POST of orders of 3 lines with an idempotency key each. SKUS is how many skus there are.
local key = os.getenv("KEY")
local run = os.getenv("RUN")
local skus = tonumber(os.getenv("SKUS"))
local counter = 0
local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("number", threads)
end

function init(args)
    math.randomseed(tonumber(os.getenv("SEED") or "1") + number)
end

function request()
    counter = counter + 1
    local items = {}
    local first = math.random(skus - 3)
    for line = 0, 2 do
        items[line + 1] = string.format('{"sku":"SKU-%06d","quantity":%d}', first + line, math.random(3))
    end
    local body = '{"items":[' .. table.concat(items, ",") .. "]}"
    return wrk.format("POST", "/api/v1/orders", {
        ["Authorization"] = "Bearer " .. key,
        ["Content-Type"] = "application/json",
        ["Idempotency-Key"] = run .. "-" .. number .. "-" .. counter,
    }, body)
end

function done(summary, latency, requests)
    dofile(os.getenv("REPORT"))(summary, latency)
end
