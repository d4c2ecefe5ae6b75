import Core

/// What an answer of the endpoint comes to.
enum EmbeddingReply: Sendable {
    /// The vectors of all texts, in their order.
    case vectors([[Float]])
    /// One of the texts is not acceptable, or there are too many: the status, and what the endpoint says.
    case refused(status: Int, reason: String)
    /// The endpoint has too much to do, and may say for how long.
    case busy(Failure, pause: Duration?)
    /// The endpoint is broken or out of reach, and may say for how long.
    case broken(Failure, pause: Duration?)
    /// Somebody must correct something first.
    case failed(Failure)

    /// How many characters of what the endpoint says are passed on.
    private static let reasonLength = 200
    /// How many components a vector may have.
    private static let componentLimit = 65_536

    /// Reads an answer to a request with so many texts.
    ///
    /// - parameter pause: what `Retry-After` says.
    static func read(status: Int, body: [UInt8], pause: Duration?, count: Int) -> EmbeddingReply {
        switch status {
        case 200..<300:
            do throws(Failure) {
                return .vectors(try vectors(body, count: count))
            } catch {
                return .failed(error)
            }
        case 400, 413, 422: return .refused(status: status, reason: reason(body))
        case 429: return .busy(unavailable("it answers 429", pause), pause: pause)
        case 408, 500...599: return .broken(unavailable("it answers \(status)", pause), pause: pause)
        // What is said of a key may show a part of it.
        case 401, 403: return .failed(.embeddingRefused(status, ""))
        default: return .failed(.embeddingRefused(status, reason(body)))
        }
    }

    private static func unavailable(_ reason: String, _ pause: Duration?) -> Failure {
        .embeddingUnavailable(reason, retryAfter: pause.map { Int($0.components.seconds) })
    }

    /// The vectors of an answer `{"data":[{"index":0,"embedding":[…]}]}`, whose elements stand in any order.
    private static func vectors(_ body: [UInt8], count: Int) throws(Failure) -> [[Float]] {
        var vectors = [[Float]?](repeating: nil, count: count)
        var number = 0
        do {
            try body.withUnsafeBufferPointer { bytes in
                try JSONReader.read(bytes) { reader in
                    try reader.object { name, reader in
                        guard name == "data" else { return _ = try reader.value() }
                        try reader.array { reader in
                            let element = try element(&reader)
                            let place = element.index ?? number
                            number += 1
                            guard vectors.indices.contains(place), vectors[place] == nil else {
                                throw reader.failure("It has no place among the \(count) texts, or one that is taken.")
                            }
                            vectors[place] = element.vector
                        }
                    }
                }
            }
        } catch let failure as Failure {
            let places = failure.errors.map { "\($0.pointer): \($0.message)" }
            throw .embeddingInvalid((places.isEmpty ? [failure.message] : places).joined(separator: " "))
        } catch {
            throw .internal("An answer of the endpoint of embedding.url cannot be read.", cause: error)
        }
        guard number == count else { throw .embeddingInvalid("\(number) vectors came for \(count) texts") }
        return vectors.compactMap(\.self)
    }

    private static func element(_ reader: inout JSONReader) throws -> (index: Int?, vector: [Float]) {
        var index: Int?
        var vector: [Float]?
        try reader.object { name, reader in
            switch name {
            case "index":
                guard case .number(let text) = try reader.value(), let place = Int(text) else {
                    throw reader.failure("A whole number is expected.")
                }
                index = place
            case "embedding": vector = try reader.floats(limit: componentLimit)
            default: _ = try reader.value()
            }
        }
        guard let vector else { throw reader.failure("A vector is expected.", member: "embedding") }
        return (index, vector)
    }

    /// What an answer says is wrong: the message of `{"error":{"message":…}}`, or the beginning of what there is.
    private static func reason(_ body: [UInt8]) -> String {
        var text = String(decoding: body.prefix(4 * reasonLength), as: UTF8.self)
        if case .object(let object)? = try? JSONParser.parse(body) {
            switch object["error"] {
            case .object(let error)?:
                if case .string(let message)? = error["message"] { text = message }
            case .string(let message)?: text = message
            default: break
            }
        }
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return String(line.prefix(reasonLength))
    }
}

/// When to ask again after a failure that may pass: pauses grow, none is shorter than the endpoint asks for, and after
/// each there is time for an attempt before the deadline.
struct EmbeddingAttempts: Sendable {
    /// How long an attempt has at least.
    private static let shortestAttempt = Duration.milliseconds(250)

    private let deadline: ContinuousClock.Instant
    private var backoff = Backoff(shortest: .milliseconds(200), longest: .seconds(5))

    /// Attempts until a moment.
    init(until deadline: ContinuousClock.Instant) { self.deadline = deadline }

    /// How long to wait before the next attempt; nil when there is no time for one.
    ///
    /// - parameter asked: how long the endpoint asks to wait.
    mutating func pause(
        atLeast asked: Duration?, at now: ContinuousClock.Instant, using random: inout some RandomNumberGenerator
    ) -> Duration? {
        let pause = max(backoff.next(using: &random), asked ?? .zero)
        return now + pause + Self.shortestAttempt <= deadline ? pause : nil
    }
}
