import Core
import Synchronization

/// A double of Elasticsearch and OpenSearch, since there is no package of the real ones to be had. It holds what is
/// sent against the documentation of `_bulk`, strictly. A ``WebhookReceiver`` listens for it, at the path `/search`.
public final class ElasticsearchDouble: Sendable {
    private struct State {
        var documents: [String: String] = [:]
        var complaints: [String] = []
    }

    private let state = Mutex(State())

    /// A double without documents.
    public init() {}

    /// The documents by `index/identifier`.
    public var documents: [String: String] { state.withLock { $0.documents } }
    /// What was wrong with requests.
    public var complaints: [String] { state.withLock { $0.complaints } }

    /// Stores what is well-formed; a document that has a member `status` gets that instead.
    public func answer(_ request: WebhookReceiver.Request) -> WebhookReceiver.Answer {
        guard request.method == "POST", request.path.hasPrefix("/search/_bulk?") else {
            return complain("\(request.method) \(request.path)")
        }
        guard request["content-type"] == "application/x-ndjson" else { return complain("no x-ndjson") }
        guard request.body.last == UInt8(ascii: "\n") else { return complain("the last line does not end") }
        let lines = request.text.dropLast().split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count.isMultiple(of: 2) else { return complain("an action without a document") }
        var items: [String] = []
        for index in stride(from: 0, to: lines.count, by: 2) {
            guard let item = store(lines[index + 1], by: lines[index]) else { return complain("\(lines[index])") }
            items.append(item)
        }
        return .status(200, body: #"{"items":[\#(items.joined(separator: ","))]}"#)
    }

    /// What is answered to one document; nil when it is not well-formed.
    private func store(_ document: Substring, by line: Substring) -> String? {
        guard case .object(let action)? = try? JSONParser.parse(Array(line.utf8)),
            action.members.map(\.name) == ["index"], case .object(let target)? = action["index"],
            case .string(let name)? = target["_index"], case .string(let id)? = target["_id"],
            case .object(let source)? = try? JSONParser.parse(Array(document.utf8))
        else { return nil }
        if case .number(let status)? = source["status"] {
            return #"{"index":{"status":\#(status),"error":{"type":"mapper","reason":"no"}}}"#
        }
        state.withLock { $0.documents["\(name)/\(id)"] = String(document) }
        return #"{"index":{"status":201}}"#
    }

    private func complain(_ text: String) -> WebhookReceiver.Answer {
        state.withLock { $0.complaints.append(text) }
        return .status(400, body: #"{"error":{"type":"illegal_argument_exception"},"status":400}"#)
    }
}
