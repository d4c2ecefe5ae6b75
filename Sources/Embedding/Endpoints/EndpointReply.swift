import Core

/// What an answer of an endpoint comes to.
enum EndpointReply<Value: Sendable>: Sendable {
    /// What was asked for.
    case value(Value)
    /// What was sent is not acceptable, or there is too much of it: the status, and what the endpoint says.
    case refused(status: Int, reason: String)
    /// The endpoint has too much to do, and may say for how long.
    case busy(Failure, pause: Duration?)
    /// The endpoint is broken or out of reach, and may say for how long.
    case broken(Failure, pause: Duration?)
    /// Somebody must correct something first.
    case failed(Failure)

    /// How many characters of what the endpoint says are passed on.
    private static var reasonLength: Int { 200 }

    /// Reads an answer.
    ///
    /// - parameters:
    ///   - pause: what `Retry-After` says.
    ///   - value: reads the body of an answer that is none of failure.
    static func read(
        status: Int, body: [UInt8], pause: Duration?, terms: EndpointTerms,
        _ value: ([UInt8]) throws(Failure) -> Value
    ) -> Self {
        func unavailable(_ reason: String) -> Failure {
            terms.unavailable(reason, retryAfter: pause.map { Int($0.components.seconds) })
        }
        switch status {
        case 200..<300:
            do throws(Failure) {
                return .value(try value(body))
            } catch {
                return .failed(error)
            }
        case 400, 413, 422: return .refused(status: status, reason: reason(body))
        case 429: return .busy(unavailable("it answers 429"), pause: pause)
        case 408, 500...599: return .broken(unavailable("it answers \(status)"), pause: pause)
        // What is said of a key may show a part of it.
        case 401, 403: return .failed(terms.refused(status, ""))
        default: return .failed(terms.refused(status, reason(body)))
        }
    }

    /// What a request comes to that was not answered.
    static func unanswered(_ failure: Failure, terms: EndpointTerms) -> Self {
        switch failure.code {
        case "stopping", "cancelled": .failed(failure)
        case "response_too_large": .failed(terms.invalid("its answer is too large"))
        case "timeout": .broken(terms.timeout, pause: nil)
        // Where it is belongs to the log.
        default:
            .broken(terms.unavailable("it cannot be reached (\(failure.code))", cause: failure), pause: nil)
        }
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
