import Core
import Logging
import Search
import Telemetry
import TestKit

/// A text index in a directory of its own.
struct SearchFixture {
    let directory: TemporaryDirectory
    let index: TextIndex

    init(directory: TemporaryDirectory? = nil, _ documents: [TextDocument] = [], isBuilt: Bool = true) async throws {
        self.directory = try directory ?? TemporaryDirectory()
        // So small a cache that searches do look at the file.
        let settings = try SettingsRegistry(SearchSettings.all).values(from: [
            SettingsSource(name: "test", texts: ["search.page_cache": "1"])
        ])
        index = TextIndex(
            path: self.directory.file("text.sqlite"), settings: settings, metrics: MetricsRegistry(),
            logger: Logger(label: "test"))
        if isBuilt { try await build(documents) }
    }

    /// Makes the index of documents, a few at a time.
    func build(_ documents: [TextDocument], asOf position: Int64 = 1) async throws {
        try await index.rebuild(asOf: LogPosition(position)) { last in
            let start = documents.firstIndex { $0.key == last }.map { $0 + 1 } ?? 0
            return Array(documents[start...].prefix(max(2, documents.count / 4)))
        }
    }

    /// The numbers of the documents that fit, the best first.
    func search(_ text: String, limit: Int = 20, active: Bool? = nil, of tenant: Tenant = .first) async throws
        -> [UInt64]
    {
        try await index.search(TextQuery(text, limit: limit, active: active), of: tenant).map(\.id.low)
    }

    /// A document with a number for its identifier.
    static func document(
        _ number: UInt64, _ title: String, sku: String = "", tags: String = "", body: String = "",
        isActive: Bool = true, tenant: Tenant = .first
    ) -> TextDocument {
        TextDocument(
            key: TextDocument.Key(tenant: tenant, id: Identifier(high: 7, low: number)), sku: sku, title: title,
            tags: tags, body: body, isActive: isActive)
    }
}
