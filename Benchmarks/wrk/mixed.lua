-- What the clients of a shop do together: 80 % GET of an order, 10 % of a list (PATHS and LISTS name files of paths),
-- 5 % POST of an order of 3 lines, 5 % reservations of one unit of SKU. It tells how many of the last two it asked for.
local key = os.getenv("KEY")
local run = os.getenv("RUN")
local skus = tonumber(os.getenv("SKUS"))
local sku = os.getenv("SKU")
local gets, lists = {}, {}
local threads = {}
orders, reservations = 0, 0

function setup(thread)
    threads[#threads + 1] = thread
    thread:set("number", #threads)
end

local function read(file, requests)
    for line in io.lines(file) do
        requests[#requests + 1] = wrk.format("GET", line, { ["Authorization"] = "Bearer " .. key })
    end
end

function init(args)
    math.randomseed(tonumber(os.getenv("SEED") or "1") + number)
    read(os.getenv("PATHS"), gets)
    read(os.getenv("LISTS"), lists)
end

local function post(path, name, body)
    return wrk.format("POST", path, {
        ["Authorization"] = "Bearer " .. key,
        ["Content-Type"] = "application/json",
        ["Idempotency-Key"] = run .. "-" .. number .. "-" .. name,
    }, body)
end

local function post_order()
    orders = orders + 1
    local items = {}
    local first = math.random(skus - 3)
    for line = 0, 2 do
        items[line + 1] = string.format('{"sku":"SKU-%06d","quantity":%d}', first + line, math.random(3))
    end
    return post("/api/v1/orders", "order-" .. orders, '{"items":[' .. table.concat(items, ",") .. "]}")
end

local function reserve()
    reservations = reservations + 1
    return post("/api/v1/inventory/reserve", "reserve-" .. reservations, '{"sku":"' .. sku .. '","quantity":1}')
end

function request()
    local kind = math.random(100)
    if kind <= 80 then return gets[math.random(#gets)] end
    if kind <= 90 then return lists[math.random(#lists)] end
    if kind <= 95 then return post_order() end
    return reserve()
end

function done(summary, latency, requests)
    local sent = { orders = 0, reservations = 0 }
    for _, thread in ipairs(threads) do
        sent.orders = sent.orders + thread:get("orders")
        sent.reservations = sent.reservations + thread:get("reservations")
    end
    local more = string.format(" orders=%d reservations=%d", sent.orders, sent.reservations)
    dofile(os.getenv("REPORT"))(summary, latency, more)
end
