-- POST of reservations of one unit of one sku, with an idempotency key each.
local key = os.getenv("KEY")
local run = os.getenv("RUN")
local sku = os.getenv("SKU")
local counter = 0
local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("number", threads)
end

function request()
    counter = counter + 1
    return wrk.format("POST", "/api/v1/inventory/reserve", {
        ["Authorization"] = "Bearer " .. key,
        ["Content-Type"] = "application/json",
        ["Idempotency-Key"] = run .. "-" .. number .. "-" .. counter,
    }, '{"sku":"' .. sku .. '","quantity":1}')
end

function done(summary, latency, requests)
    dofile(os.getenv("REPORT"))(summary, latency)
end
