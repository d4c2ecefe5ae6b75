import Core
import Foundation
import Learning
import Search

/// The files in which what was learnt is kept over a restart, one for each tenant.
///
/// They are derived: one that is missing or damaged is passed over, and what stood in it is learnt anew. A model knows
/// items by their slots, so the keys of the slots stand before it.
struct ModelFiles: Sendable {
    private static let suffix = ".model"
    private static let failures = BlockFileFailures { path, reason in
        Failure(
            .unavailable, code: "model_file_not_written",
            "The model \(path) was not written: \(reason). It is used all the same, and learnt anew at the next start. "
                + "Make room for it.")
    } unusable: { path, reason in
        Failure(
            .internal, code: "model_file_unusable",
            "The model \(path) cannot be used: \(reason). It is learnt anew.")
    }

    private let directory: String

    /// The files of a directory, which is made when the first of them is written.
    init(directory: String) { self.directory = directory }

    /// A model as it was written.
    struct Stored {
        /// The items by their slots.
        let keys: [ItemKey]
        /// The model, without what items are like.
        let model: RecommendationModel
    }

    /// Writes what was learnt from what users did. Where nothing was learnt there is no file afterwards.
    ///
    /// - throws: ``Failure`` `model_file_not_written`.
    func write(_ model: RecommendationModel, _ catalog: Catalog, of tenant: Tenant) throws {
        guard let hybrid = model.hybrid else { return try remove(tenant) }
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw Self.failures.notWritten(directory, "\(error)")
        }
        let writer = try BlockFileWriter(path(tenant), Self.failures)
        var keys = JSONWriter()
        keys.object { json in
            json.member("name", model.name)
            json.member("changes", Int64(clamping: model.changeCount))
            json.key("keys")
            json.array { json in
                for slot in 0..<Int32(hybrid.itemCount) {
                    json.value(catalog[slot].key.type)
                    json.value(catalog[slot].key.id)
                }
            }
        }
        for part in [keys.bytes, hybrid.bytes] {
            try writer.write(UInt64(part.count))
            try part.withUnsafeBytes { try writer.write($0) }
        }
        try writer.finish()
    }

    /// Removes what was written of a tenant, if anything was.
    ///
    /// - throws: ``Failure`` `model_file_not_written`.
    func remove(_ tenant: Tenant) throws {
        let path = path(tenant)
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw Self.failures.notWritten(path, "\(error)")
        }
    }

    /// What was written last of a tenant; nil when nothing was.
    ///
    /// - throws: ``Failure`` `model_file_unusable`.
    func read(_ tenant: Tenant) throws -> Stored? {
        let path = path(tenant)
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let reader = try BlockFileReader(path, Self.failures)
        let head = try JSONParser.parse(try Self.part(reader))
        let hybrid = try HybridModel(bytes: try Self.part(reader))
        try reader.finish()
        guard case .object(let object) = head, case .string(let name)? = object["name"],
            case .number(let digits)? = object["changes"], let changeCount = UInt64(digits),
            case .array(let texts)? = object["keys"], texts.count == 2 * hybrid.itemCount
        else { throw reader.unusable("it does not say which items it is of") }
        let keys = try stride(from: 0, to: texts.count, by: 2).map { place in
            guard case (.string(let type), .string(let id)) = (texts[place], texts[place + 1]) else {
                throw reader.unusable("it does not say which items it is of")
            }
            return ItemKey(type, id)
        }
        return Stored(
            keys: keys, model: RecommendationModel(name: name, changeCount: changeCount, hybrid: hybrid))
    }

    private static func part(_ reader: BlockFileReader) throws -> [UInt8] {
        let size = try reader.read(UInt64.self)
        guard size <= partLimit else { throw reader.unusable("a part of it has an impossible length") }
        var bytes = [UInt8](repeating: 0, count: Int(size))
        try bytes.withUnsafeMutableBytes { try reader.read(into: $0) }
        return bytes
    }

    /// How many bytes a part has at most.
    private static let partLimit: UInt64 = 1 << 40

    /// The tenants of which there is a file.
    var tenants: [Tenant] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.filter { $0.hasSuffix(Self.suffix) }.compactMap { Int64($0.dropLast(Self.suffix.count)) }
            .map(Tenant.init).sorted { $0.number < $1.number }
    }

    private func path(_ tenant: Tenant) -> String { "\(directory)/\(tenant.number)\(Self.suffix)" }
}
