import Core

/// What a server of documents answers to `_bulk`: one item for each document, in their order.
enum BulkAnswer {
    /// What became of each document.
    ///
    /// - throws: ``Failure`` `bulk_answer_invalid` when the answer says nothing of some document.
    static func read(_ body: [UInt8], count: Int) throws(Failure) -> [Result<Void, Failure>] {
        guard case .object(let object)? = try? JSONParser.parse(body), case .array(let items)? = object["items"] else {
            throw .bulkAnswerInvalid("it has no items")
        }
        guard items.count == count else {
            throw .bulkAnswerInvalid("it has \(items.count) items for \(count) documents")
        }
        var results: [Result<Void, Failure>] = []
        for item in items { results.append(try result(of: item)) }
        return results
    }

    private static func result(of item: JSONValue) throws(Failure) -> Result<Void, Failure> {
        // An item is {"index": {"status": 201}}.
        guard case .object(let outer) = item, case .object(let object)? = outer.members.first?.value,
            case .number(let text)? = object["status"], let status = Int(text)
        else { throw .bulkAnswerInvalid("an item has no status") }
        switch status {
        case 200..<300: return .success(())
        case 408, 429, 500...599: return .failure(.documentDeferred(status, reason(object)))
        default: return .failure(.documentRefused(status, reason(object)))
        }
    }

    private static func reason(_ object: JSONObject) -> String {
        guard case .object(let error)? = object["error"] else { return "it does not say why" }
        let texts = ["type", "reason"].compactMap { if case .string(let text)? = error[$0] { text } else { nil } }
        return String(texts.joined(separator: ": ").prefix(500))
    }
}
