-- Prints what a run measured as one line that the driver reads. Whatever else a script counted follows: " name=number".
return function(summary, latency, more)
    io.write(string.format(
        "RESULT requests=%d duration_us=%d p50_us=%d p99_us=%d p999_us=%d max_us=%d status=%d socket=%d%s\n",
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
        latency.max, summary.errors.status,
        summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout, more or ""))
end
