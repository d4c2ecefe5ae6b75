public import Core
import Foundation
import FoundationNetworking

/// Talks to a running server, as the command line does.
public struct ServerClient: Sendable {
    /// An answer: its status and its body.
    public struct Answer: Sendable {
        public let status: Int
        public let body: [UInt8]
    }

    /// How often a request is sent at most when the server is busy or cannot be reached.
    public static let attemptLimit = 5
    /// How long one attempt may take, in seconds.
    public static let timeout = 60

    private let base: URL
    private let key: String?
    let session: URLSession

    /// A client of the server at an address such as `http://127.0.0.1:8080`.
    ///
    /// - throws: ``Failure`` `invalid_server` when that is no address.
    public init(_ address: String, key: String?) throws {
        guard let url = URL(string: address), ["http", "https"].contains(url.scheme ?? ""), url.host != nil else {
            throw Failure(
                .invalid, code: "invalid_server",
                "\(address) is no address of a server. Give --server one such as http://127.0.0.1:8080.")
        }
        base = url
        self.key = key
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = TimeInterval(Self.timeout)
        session = URLSession(configuration: configuration)
    }

    /// Sends a request, again with the same key when the server is busy or cannot be reached.
    ///
    /// - parameter version: the version that the request is meant for (`If-Match`); nil for those that need none.
    /// - throws: ``Failure`` of the server's problem document, or `server_unreachable`.
    public func send(
        _ method: String, _ path: String, _ body: JSONValue? = nil, ifMatch version: Int64? = nil
    ) async throws -> Answer {
        let answer = try await answer(method, path, body, ifMatch: version)
        guard answer.status < 400 else { throw Self.failure(answer) }
        return answer
    }

    /// Sends a request and reads the answer as JSON.
    public func json(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> JSONObject {
        let answer = try await send(method, path, body)
        guard case .object(let object) = try JSONParser.parse(answer.body) else {
            throw Failure(.internal, code: "unexpected_answer", "\(base)\(path) did not answer with a JSON object.")
        }
        return object
    }

    /// Sends a request and returns whatever is answered, be it a failure.
    public func answer(
        _ method: String, _ path: String, _ body: JSONValue? = nil, ifMatch version: Int64? = nil
    ) async throws -> Answer {
        var request = try request(method, path, body, UUID().uuidString)
        if let version { request.setValue("\"\(version)\"", forHTTPHeaderField: "If-Match") }
        for attempt in 1... {
            let isLast = attempt == Self.attemptLimit
            do {
                let (answer, wait) = try await exchange(request)
                guard [429, 503].contains(answer.status), !isLast, method != "GET" else { return answer }
                try await Task.sleep(for: .seconds(min(wait ?? attempt, 30)))
            } catch let error as URLError where isLast || method == "GET" {
                throw unreachable(error)
            } catch is URLError {
                try await Task.sleep(for: .milliseconds(200 * attempt))
            }
        }
        throw Failure.internal("A loop without an end has ended.")
    }

    func request(
        _ method: String, _ path: String, _ body: JSONValue? = nil, _ key: String = UUID().uuidString
    ) throws -> URLRequest {
        guard let url = URL(string: path, relativeTo: base) else {
            throw Failure(.invalid, code: "invalid_server", "\(base)\(path) is no address.")
        }
        var request = URLRequest(url: url)
        request.httpMethod = method
        request.setValue("millrace/\(Version.current)", forHTTPHeaderField: "User-Agent")
        if let key = self.key { request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization") }
        if method == "POST" { request.setValue(key, forHTTPHeaderField: "Idempotency-Key") }
        if let body {
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
            request.httpBody = Data(JSONWriter.bytes(of: body))
        }
        return request
    }

    private func exchange(_ request: URLRequest) async throws -> (Answer, retryAfter: Int?) {
        let (data, response) = try await session.data(for: request)
        let http = response as? HTTPURLResponse
        let wait = http?.value(forHTTPHeaderField: "Retry-After").flatMap { Int($0) }
        return (Answer(status: http?.statusCode ?? 0, body: [UInt8](data)), wait)
    }

    func unreachable(_ error: (any Error)?) -> Failure {
        Failure(
            .unavailable, code: "server_unreachable",
            "\(base.absoluteString) cannot be reached: \(error?.localizedDescription ?? "no answer"). "
                + "Start it with `millrace serve`, or give --server its address.")
    }

    /// The failure that a problem document tells of.
    static func failure(_ answer: Answer) -> Failure {
        guard case .object(let problem)? = try? JSONParser.parse(answer.body) else {
            return Failure(.internal, code: "http_\(answer.status)", "The server answered \(answer.status).")
        }
        var errors: [Failure.FieldError] = []
        if case .array(let values)? = problem["errors"] {
            for case .object(let error) in values {
                errors.append(
                    .init(
                        pointer: error["pointer"]?.importText ?? "", message: error["detail"]?.importText ?? ""))
            }
        }
        let code = problem["code"]?.importText ?? "http_\(answer.status)"
        let message = problem["detail"]?.importText ?? problem["title"]?.importText ?? "The server refused."
        let details = problem.members.filter { !standardMembers.contains($0.name) }
        return Failure(kind(answer.status), code: code, message, errors: errors, details: details)
    }

    /// What every problem document may have.
    private static let standardMembers: Set = [
        "type", "title", "status", "detail", "instance", "code", "trace_id", "errors",
    ]

    private static func kind(_ status: Int) -> Failure.Kind {
        switch status {
        case 401: .unauthenticated
        case 403: .forbidden
        case 404: .notFound
        case 409: .conflict
        case 413: .tooLarge
        case 429: .tooManyRequests
        case 400..<500: .invalid
        case 503: .unavailable
        default: .internal
        }
    }
}
