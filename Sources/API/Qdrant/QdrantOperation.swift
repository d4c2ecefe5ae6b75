import ChangeLog
import Core
import Memories
import Search

/// A change of points, as it stands in a request of its own or among others in a batch.
enum QdrantOperation: Sendable {
    case upsert([PointInput])
    case delete(QdrantSelection)
    case setPayload(JSONObject, at: PayloadPath?, QdrantSelection)
    case overwritePayload(JSONObject, QdrantSelection)
    case deletePayload([PayloadPath], QdrantSelection)
    case clearPayload(QdrantSelection)
    case updateVectors([PointInput])
    case deleteVectors([String], QdrantSelection)

    static func setPayload(_ fields: inout JSONFields) throws -> QdrantOperation {
        let key = fields.optionalString("key", length: 1...PayloadPath.lengthLimit)
        let path = try key.map { try PayloadPath($0, at: "/key") }
        return .setPayload(requiredPayload(&fields), at: path, try QdrantSelection(&fields))
    }

    static func overwritePayload(_ fields: inout JSONFields) throws -> QdrantOperation {
        fields.ignore("key")
        return .overwritePayload(requiredPayload(&fields), try QdrantSelection(&fields))
    }

    static func deletePayload(_ fields: inout JSONFields) throws -> QdrantOperation {
        let keys = fields.optionalStrings("keys", count: 0...1_000, length: 1...PayloadPath.lengthLimit)
        if fields.isMissing("keys") { fields.reject("keys", "This member is required.") }
        let paths = try (keys ?? []).enumerated().map { try PayloadPath($1, at: "/keys/\($0)") }
        return .deletePayload(paths, try QdrantSelection(&fields))
    }

    private static func requiredPayload(_ fields: inout JSONFields) -> JSONObject {
        if fields.isMissing("payload") { fields.reject("payload", "This member is required.") }
        return fields.optionalTree("payload") ?? JSONObject()
    }

    /// How many operations a batch may have.
    private static let batchLimit = 1_000

    /// The operations of a batch.
    static func list(_ request: APIRequest) throws -> [QdrantOperation] {
        var operations: [QdrantOperation]?
        try request.readJSON { reader in
            try reader.object { name, reader in
                guard name == "operations" else { throw reader.failure("There is no member of this name here.") }
                operations = try reader.list(limit: batchLimit) { try one(&$0) }
            }
        }
        guard let operations, !operations.isEmpty else {
            throw Failure.invalid(at: "/operations", "At least one operation is expected.")
        }
        return operations
    }

    private static func one(_ reader: inout JSONReader) throws -> QdrantOperation {
        var operation: QdrantOperation?
        try reader.object { name, reader in
            switch name {
            case "upsert": operation = .upsert(try QdrantPointsBody.points(of: &reader))
            case "update_vectors": operation = .updateVectors(try QdrantPointsBody.vectors(of: &reader))
            case "delete": operation = .delete(try read(&reader) { try QdrantSelection(&$0) })
            case "set_payload": operation = try read(&reader) { try setPayload(&$0) }
            case "overwrite_payload": operation = try read(&reader) { try overwritePayload(&$0) }
            case "delete_payload": operation = try read(&reader) { try deletePayload(&$0) }
            case "clear_payload": operation = .clearPayload(try read(&reader) { try QdrantSelection(&$0) })
            case "delete_vectors":
                operation = try read(&reader) { fields in
                    let names = fields.optionalStrings(
                        "vector", count: 1...CollectionDefinition.vectorLimit,
                        length: 0...CollectionDefinition.nameLimit)
                    return .deleteVectors(names ?? [], try QdrantSelection(&fields))
                }
            default: throw reader.failure("There is no operation of this name.")
            }
        }
        guard let operation else { throw reader.failure("An operation is expected.") }
        return operation
    }

    private static func read<T>(_ reader: inout JSONReader, _ body: (inout JSONFields) throws -> T) throws -> T {
        let pointer = reader.pointer
        let value = try reader.value()
        do { return try JSONFields.read(value, body) } catch let failure as Failure {
            throw failure.moved(below: pointer)
        }
    }
}

extension QdrantOperation {
    /// Whether an index says which points it changes.
    var isByFilter: Bool {
        switch self {
        case .upsert, .updateVectors: false
        case .delete(let selection), .setPayload(_, _, let selection), .overwritePayload(_, let selection),
            .deletePayload(_, let selection), .clearPayload(let selection), .deleteVectors(_, let selection):
            if case .filter = selection { true } else { false }
        }
    }
}

extension MemoryRole {
    /// The ids of a selection.
    ///
    /// - parameter mustExist: whether each id must be that of a point.
    func keys(
        of selection: QdrantSelection, in collection: PointCollection, _ unit: UnitOfWork, mustExist: Bool
    ) throws -> [PointKey] {
        switch selection {
        case .filter(let filter):
            return try self.keys(of: filter, in: collection, unit.transaction)
        case .keys(let keys):
            guard mustExist else { return keys }
            let found = try points.find(all: keys, of: collection, at: unit.now, in: unit.transaction)
            for key in keys where found[key] == nil { throw Points.notFound(key) }
            return keys
        }
    }

    /// Performs an operation.
    func perform(_ operation: QdrantOperation, in collection: PointCollection, _ unit: UnitOfWork) throws {
        switch operation {
        case .upsert(let inputs):
            let drafts = try inputs.map { try $0.draft(for: collection.definition) }
            try points.upsert(drafts, into: collection, in: unit)
        case .delete(let selection):
            let keys = try keys(of: selection, in: collection, unit, mustExist: false)
            if case .filter(let filter) = selection {
                try points.delete(keys, matching: filter, of: collection, in: unit)
            } else {
                try points.delete(keys, of: collection, in: unit)
            }
        case .setPayload(let changes, let path, let selection):
            try change(selection, in: collection, unit) { payload in
                path.map { payload.overlaying(changes, at: $0) } ?? payload.overlaid(with: changes)
            }
        case .overwritePayload(let payload, let selection):
            try change(selection, in: collection, unit) { _ in payload }
        case .deletePayload(let paths, let selection):
            try change(selection, in: collection, unit) { payload in paths.reduce(payload) { $0.removing($1) } }
        case .clearPayload(let selection):
            try change(selection, in: collection, unit) { _ in JSONObject() }
        case .updateVectors(let inputs): try update(inputs, of: collection, in: unit)
        case .deleteVectors(let names, let selection): try delete(names, of: selection, in: collection, unit)
        }
    }

    private func change(
        _ selection: QdrantSelection, in collection: PointCollection, _ unit: UnitOfWork,
        _ change: (JSONObject) throws -> JSONObject
    ) throws {
        let keys = try keys(of: selection, in: collection, unit, mustExist: true)
        try update(keys, of: selection, in: collection, unit) { point in
            try point.replacePayload(try change(try point.payloadObject()))
        }
    }

    /// Changes the points of a selection, and of a filter those that still fit it.
    private func update(
        _ keys: [PointKey], of selection: QdrantSelection, in collection: PointCollection, _ unit: UnitOfWork,
        withVectors: Bool = false, _ change: (inout Point) throws -> Void
    ) throws {
        if case .filter(let filter) = selection {
            try points.update(keys, matching: filter, of: collection, in: unit, change)
        } else {
            try points.update(keys, of: collection, withVectors: withVectors, in: unit, change)
        }
    }

    /// Puts vectors into points that are there.
    func update(_ inputs: [PointInput], of collection: PointCollection, in unit: UnitOfWork) throws {
        let prepared = try inputs.map { ($0.key, try $0.prepared(for: collection.definition)) }
        let byKey = Dictionary(prepared, uniquingKeysWith: { $1 })
        let keys = try keys(of: .keys(prepared.map(\.0)), in: collection, unit, mustExist: true)
        try points.update(keys, of: collection, withVectors: true, in: unit) { point in
            for element in byKey[point.key]?.elements ?? [] { point.setVector(element.components, at: element.place) }
        }
    }

    /// Takes vectors of some names out of points.
    func delete(
        _ names: [String], of selection: QdrantSelection, in collection: PointCollection, _ unit: UnitOfWork
    ) throws {
        let places = try names.map { try collection.definition.requirePlace(of: $0, at: "/vector") }
        let keys = try keys(of: selection, in: collection, unit, mustExist: false)
        try update(keys, of: selection, in: collection, unit, withVectors: true) { point in
            for place in places { point.removeVector(at: place) }
        }
    }
}

extension Failure {
    /// The same failure of a value that stands at a pointer within a larger one.
    func moved(below pointer: String) -> Failure {
        Failure(
            kind, code: code, message,
            errors: errors.map { FieldError(pointer: pointer + $0.pointer, message: $0.message) },
            details: details, retryAfter: retryAfter, cause: cause)
    }
}
