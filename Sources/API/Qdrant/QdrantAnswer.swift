import Core

/// What Qdrant answers: a result with a status and the time that it took.
struct QdrantAnswer {
    private let start = ContinuousClock.now

    /// A result that a closure writes.
    func response(_ write: (inout JSONWriter) throws -> Void) rethrows -> APIResponse {
        var json = JSONWriter(capacity: 1_024)
        try json.object { json in
            json.key("result")
            try write(&json)
            json.member("status", "ok")
            json.member("time", (ContinuousClock.now - start) / .seconds(1))
        }
        return .json(json.bytes)
    }

    /// A result.
    func response(_ result: some JSONEncodable) -> APIResponse {
        response { $0.value(result) }
    }

    /// That an update took effect. It can be found in any case; the client is told whether it has asked to wait for
    /// that.
    func updated(_ update: QdrantUpdate) -> APIResponse { response(update) }
}

/// How Qdrant tells of a failure.
struct QdrantFailure: JSONEncodable {
    private let message: String

    init(_ failure: Failure) {
        let places = failure.errors.map { error in
            error.pointer.isEmpty ? error.message : "\(error.pointer): \(error.message)"
        }
        message = places.isEmpty ? failure.message : places.joined(separator: " ")
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("status", object: { $0.member("error", message) })
            json.member("time", 0.0)
        }
    }
}
