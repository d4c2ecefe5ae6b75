import Core
import HTTPTypes
import Memories
import Search

extension QdrantRoutes {
    /// Searching, scrolling and counting.
    func searchRoutes() -> [Route] {
        let path = "/collections/{collection}/points"
        return [
            search(.post, path + "/query") { request in
                let body = try request.readJSON { try QdrantQueryBody.query(&$0) }
                return { found, json in
                    try json.object { json in
                        json.key("points")
                        try body.write(found, to: &json)
                    }
                }
            },
            search(.post, path + "/query/batch") { request in
                let bodies = try request.readJSON { try QdrantQueryBody.list(&$0, QdrantQueryBody.query) }
                return { found, json in
                    try json.array { json in
                        for body in bodies {
                            try json.object { json in
                                json.key("points")
                                try body.write(found, to: &json)
                            }
                        }
                    }
                }
            },
            search(.post, path + "/search") { request in
                let body = try request.readJSON { try QdrantQueryBody.search(&$0) }
                return { found, json in try body.write(found, to: &json) }
            },
            search(.post, path + "/search/batch") { request in
                let bodies = try request.readJSON { try QdrantQueryBody.list(&$0, QdrantQueryBody.search) }
                return { found, json in
                    try json.array { json in
                        for body in bodies { try body.write(found, to: &json) }
                    }
                }
            },
            search(.post, path + "/recommend") { request in
                let body = try request.readJSON { try QdrantQueryBody.recommend(&$0) }
                return { found, json in try body.write(found, to: &json) }
            },
            look(.post, path + "/scroll") { request in
                let body = try request.readBody { try QdrantScrollBody(&$0) }
                return { found, json in try body.write(found, to: &json) }
            },
            look(.post, path + "/count") { request in
                let filter = try request.readOptionalBody { fields in
                    fields.ignore("shard_key")
                    _ = fields.optionalBool("exact")
                    return try fields.optionalFilter()
                }
                return { found, json in
                    let count = try found.count(filter)
                    json.object { $0.member("count", count) }
                }
            },
        ]
    }
}

/// The body of `points/scroll`: points by ascending id, or by the values of a field.
struct QdrantScrollBody: Sendable {
    private let start: PointKey?
    private let limit: Int
    private let filter: PayloadFilter?
    private let order: PointQuery.Order?
    private let payload: QdrantPayloadSelection
    private let vectors: QdrantVectorSelection

    init(_ fields: inout JSONFields) throws {
        fields.ignore("shard_key")
        start = try fields.value("offset").flatMap { value in
            value == .null ? nil : try QdrantSelection.key(value, at: "/offset")
        }
        limit = Int(fields.optionalInteger("limit", in: 1...Int64(PointQuery.limitBound)) ?? 10)
        filter = try fields.optionalFilter()
        order = try fields.value("order_by").flatMap { value in
            value == .null ? nil : try QdrantQueryReader.order(value, at: "/order_by")
        }
        payload = try QdrantPayloadSelection(fields.value("with_payload"), default: true)
        vectors = try QdrantVectorSelection(fields.value("with_vector"))
        if order != nil, start != nil {
            throw Failure.invalid(
                at: "/offset", "Points in the order of a field go on from start_from, not from an offset.")
        }
    }

    /// Writes a page, and the id that the next one begins with.
    func write(_ found: CollectionSearch, to json: inout JSONWriter) throws {
        try vectors.check(found.collection.definition)
        var rows: [(Point, PayloadOrderValue?)]
        var next: PointKey?
        if let order {
            var query = PointQuery(.ordered(order))
            query.operand = "/order_by"
            (query.filter, query.limit) = (filter, limit)
            rows = try found.run(query, withVectors: vectors.isShown).map { ($0.point, $0.hit.orderValue) }
        } else {
            let page = try found.page(from: start, limit: limit, filter: filter, withVectors: vectors.isShown)
            rows = page.points.map { ($0, nil) }
            next = page.next
        }
        try json.object { json in
            json.key("points")
            try json.array { json in
                for (point, value) in rows {
                    try json.object { json in
                        json.member("id", point.key)
                        try payload.write(point, to: &json)
                        vectors.write(point, found.collection.definition, to: &json)
                        if let value { json.member("order_value", value) }
                    }
                }
            }
            json.member("next_page_offset", next)
        }
    }
}
