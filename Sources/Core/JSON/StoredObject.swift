/// What an object of a client must keep to be stored.
///
/// Whatever stands in a table must be readable by ``JSONParser`` with what stands around it there and in the change
/// log. Each request keeps the parser's limits, but changes one after the other, or at a path, could make something
/// that passes them.
public enum StoredObject {
    /// How deeply objects and arrays may be nested, the object itself counted.
    public static let depthLimit = JSONParser.depthLimit - 16

    /// Checks an object.
    ///
    /// - parameters:
    ///   - size: how many bytes it has.
    ///   - limit: how many it may have.
    ///   - pointer: where it stands in the body of the request.
    /// - throws: ``Failure`` `invalid_request`.
    public static func check(_ object: JSONObject, size: Int, limit: Int, at pointer: String) throws {
        guard size <= limit else {
            throw Failure.invalid(at: pointer, "The object would have \(size) bytes and may have \(limit).")
        }
        guard object.isWithin(depth: depthLimit) else {
            throw Failure.invalid(
                at: pointer,
                "Objects and arrays may stand in each other \(depthLimit) levels deep, and an object may have "
                    + "\(JSONParser.memberLimit) members.")
        }
    }
}

extension JSONObject {
    /// Whether it is not nested more deeply, and no object in it has too many members.
    fileprivate func isWithin(depth: Int) -> Bool {
        depth > 0 && members.count <= JSONParser.memberLimit
            && members.allSatisfy { $0.value.isWithin(depth: depth - 1) }
    }
}

extension JSONValue {
    fileprivate func isWithin(depth: Int) -> Bool {
        switch self {
        case .object(let object): object.isWithin(depth: depth)
        case .array(let elements): depth > 0 && elements.allSatisfy { $0.isWithin(depth: depth - 1) }
        default: true
        }
    }
}
