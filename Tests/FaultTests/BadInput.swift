import Core
import TestKit

/// Requests that no client should send.
struct BadInput: Sendable {
    let name: String
    let body: [UInt8]
    var headers: [String] = []

    init(_ name: String, _ text: String, headers: [String] = []) {
        self.init(name, Array(text.utf8), headers: headers)
    }

    init(_ name: String, _ body: [UInt8], headers: [String] = []) {
        self.name = name
        self.body = body
        self.headers = headers
    }

    /// Bodies that are wrong at every route.
    static let bodies: [BadInput] = [
        BadInput("nothing", ""),
        BadInput("cut off", #"{"a":"#),
        BadInput("no JSON", "hello"),
        BadInput("two values", "{}{}"),
        BadInput("array", "[]"),
        BadInput("array of arrays", "[[],[]]"),
        BadInput("null", "null"),
        BadInput("number", "1e400"),
        BadInput("unknown field", #"{"no_such_field":1}"#),
        BadInput("duplicate members", #"{"sku":"a","sku":"b"}"#),
        BadInput("deep arrays", String(repeating: "[", count: 10_000)),
        BadInput("deep objects", String(repeating: #"{"a":"#, count: 10_000)),
        BadInput(
            "deep and closed",
            #"{"a":"# + String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000) + "}"),
        BadInput("invalid UTF-8", [UInt8](#"{"name":""#.utf8) + [0xFF, 0xC0, 0x80] + [UInt8](#""}"#.utf8)),
        BadInput("lone surrogate", #"{"name":"\ud800"}"#),
        BadInput("raw control", [UInt8](#"{"name":""#.utf8) + [0, 1, 2] + [UInt8](#""}"#.utf8)),
        BadInput("wrong content type", #"{"sku":"a"}"#, headers: ["Content-Type: text/plain"]),
        BadInput("form", "sku=a", headers: ["Content-Type: application/x-www-form-urlencoded"]),
        BadInput("compressed", #"{"sku":"a"}"#, headers: ["Content-Encoding: gzip"]),
    ]

    /// Values that are wrong at most fields.
    static let values: [String] = [
        "-1", "0", "1e400", "-1e400", "1" + String(repeating: "0", count: 30), "-9223372036854775809", "0.000000000001",
        "null", "true", "[]", "{}", "[null]", #""""#, #""\u0000""#, #""\ud800\udc00\ud800""#,
        #""2026-13-45T99:99:99Z""#,
        "\"" + String(repeating: "x", count: 5_000) + "\"", #""' OR 1=1 --""#, #""NaN""#, #""-0""#, #""1e5""#,
        #"{"a":[{"b":null}]}"#, #""\u202e\ufeff""#,
    ]

    /// Fields of all routes, so that a wrong value meets the reader that it is wrong for.
    static let fields: [String] = [
        "sku", "name", "price", "currency", "tags", "attributes", "active", "tax_rate", "email", "addresses",
        "quantity",
        "delta", "location", "reference", "expires_in", "items", "lines", "customer_id", "reserve", "amount", "status",
        "carrier", "tracking_number", "order_id", "code", "priority", "scopes", "expires_at", "reorder_point", "reason",
        "shipping_address", "notes", "rows", "mode", "from", "to", "product_id", "unit_price", "point_id", "vector",
        "payload", "namespace", "points", "documents", "user_id", "query_vector", "query_text", "category", "limit",
        "min_score", "created_after", "cursor", "file_id", "group_key", "new_group_key", "vectors", "hnsw_config",
        "quantization_config", "metadata", "field_name", "field_schema", "batch", "filter", "key", "keys", "operations",
        "ids", "with_payload", "with_vector", "query", "prefetch", "using", "offset", "score_threshold", "params",
        "searches", "positive", "negative", "strategy", "order_by", "exact",
    ]

    /// Targets that are wrong, as they stand on the first line of a request.
    static let targets: [String] = [
        "/nothing", "/api/v1", "/api/v1/orders/", "//api/v1/orders", "/api/v1/orders/%00", "/api/v1/orders/%2F",
        "/api/v1/orders/%2e%2e%2fetc", "/api/v1/orders/%C0%AF", "/api/v1/orders/%FF", "/api/v1/orders/%",
        "/api/v1/orders/%zz",
        "/api/v1/orders/..", "/api/v1/../../etc/passwd", "/api/v1/inventory/%00", "/api/v1/inventory/%C0%80",
        "/api/v1/inventory/%ED%A0%80", "/api/v1/orders?limit=-1", "/api/v1/orders?limit=99999999999999999999",
        "/api/v1/orders?limit=abc", "/api/v1/orders?cursor=AAAA", "/api/v1/orders?cursor=%00",
        "/api/v1/orders?cursor=!!",
        "/api/v1/orders?page=0", "/api/v1/orders?page=9223372036854775807", "/api/v1/orders?page=100000&limit=100",
        "/api/v1/orders?nonsense=1", "/api/v1/orders?status=%FF", "/api/v1/orders?status=a&status=b",
        "/api/v1/orders?&&==&",
        "/api/v1/orders?sort_by=id%3Bdrop", "/api/v1/products/search?q=%00", "/api/v1/products/search?q=%22%22%22",
        "/api/v1/products/search?q=" + String(repeating: "a*%20", count: 2_000), "/api/v1/products/search",
        "/api/v1/products/search?q=NEAR(a%20b", "/api/v1/changes?after=-1", "/api/v1/changes?after=9223372036854775807",
        "/api/v1/changes?after=x", "/api/v1/changes?types=%00",
        "/api/v1/orders/" + String(repeating: "a", count: 20_000),
        "/api/v1/orders/00000000-0000-0000-0000-000000000000", "/metrics?x=%00",
        "/memories/%00", "/memories/%FF", "/memories/%", "/memories/user/-9223372036854775809",
        "/memories/a?namespace=%FF",
        "/memories/a?namespace=" + String(repeating: "n", count: 65), "/documents/stats/1e3", "/documents/groups/%00",
        "/collections/%FF", "/collections/%zz/points/1", "/collections/%00/points/1",
        "/collections/%2e%2e/points/%2e%2e",
        "/collections/a/points/-1", "/collections/a/points/18446744073709551616", "/collections/a?timeout=0",
        "/collections/a?timeout=99999999999999999999", "/collections/a/exists?wait=maybe", "/collections//points/1",
        "*", "http://other/api/v1/orders",
    ]

    /// Fields of a head that are wrong.
    static let headers: [String] = [
        "Idempotency-Key: " + String(repeating: "k", count: 10_000), "Idempotency-Key:", "If-Match: nonsense",
        "If-Match: \"99999999999999999999\"", "If-None-Match: \"", "Millrace-Position: -1", "Millrace-Position: x",
        "Millrace-Position: 99999999999999999999", "traceparent: 00-zz",
        "X-Request-Id: " + String(repeating: "r", count: 9_000),
        "Accept-Encoding: gzip;q=x", "Content-Length: -1", "Content-Length: 99999999999999999999999",
        "Content-Length: 1000000000000", "Transfer-Encoding: nonsense", "Last-Event-ID: x", "Connection: ,,,",
        "X-A: " + String(repeating: "a", count: 100_000), "Authorization: Basic x", "Expect: nonsense",
        "Range: bytes=9-1", ": no name", "Bad Name: x",
    ]
}
