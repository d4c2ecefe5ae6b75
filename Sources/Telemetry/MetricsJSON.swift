import Core

/// Writes metrics as JSON, for programs that do not read the format of Prometheus.
///
/// `{"counters": […], "gauges": […], "histograms": […]}`; each entry has `name` and `labels`, and a `value` or `count`,
/// `sum`, `buckets` and the estimated quantiles `p50`, `p95`, `p99`. The last bucket's `le` is null: it has no bound.
public enum MetricsJSON {
    /// Every metric of a registry by ascending name.
    public static func bytes(of registry: MetricsRegistry) -> [UInt8] {
        let families = registry.collect()
        var json = JSONWriter(capacity: 16_384)
        json.object { json in
            json.key("counters")
            write(families, of: .counter, to: &json)
            json.key("gauges")
            write(families, of: .gauge, to: &json)
            json.key("histograms")
            write(families, of: .histogram, to: &json)
        }
        return json.bytes
    }

    private static func write(_ families: [any MetricFamily], of type: MetricType, to json: inout JSONWriter) {
        json.array { json in
            for family in families where family.type == type {
                for sample in family.samples {
                    json.object { json in
                        json.member("name", family.name)
                        json.key("labels")
                        json.object { json in
                            for (label, value) in zip(family.labels, sample.values) {
                                json.key(named: label)
                                json.value(value)
                            }
                        }
                        write(sample.series.reading, to: &json)
                    }
                }
            }
        }
    }

    private static func write(_ reading: MetricReading, to json: inout JSONWriter) {
        switch reading {
        case .count(let value): json.member("value", value)
        case .number(let value): json.member("value", value)
        case .distribution(let distribution):
            json.member("count", distribution.count)
            json.member("sum", distribution.sum)
            json.key("buckets")
            json.array { json in
                let bounds = distribution.bounds.map(Optional.some) + [nil]
                for (bound, count) in zip(bounds, distribution.cumulativeCounts) {
                    json.object { json in
                        json.member("le", bound)
                        json.member("count", count)
                    }
                }
            }
            json.member("p50", distribution.quantile(0.5))
            json.member("p95", distribution.quantile(0.95))
            json.member("p99", distribution.quantile(0.99))
        }
    }
}
