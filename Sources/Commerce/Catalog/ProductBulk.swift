public import Core

/// What happens to the other rows of a bulk request when one is refused.
public enum BulkMode: String, CaseIterable, Sendable {
    /// All rows take effect, or none does.
    case atomic
    /// Each acceptable row takes effect.
    case perRow = "per_row"
}

/// A bulk upsert of products by their skus.
public struct ProductBulk: Sendable {
    /// What one row says: a patch of the product that has its sku, or everything that a new product needs.
    public struct Row: Sendable {
        /// What it says of the product.
        public let patch: ProductPatch
        /// What it says of further variants, each by its sku. Those that it does not name stay as they are.
        public let variants: [VariantPatch]

        /// A row in code.
        public init(_ patch: ProductPatch, variants: [VariantPatch] = []) {
            self.patch = patch
            self.variants = variants
        }

        /// Reads the members of a row.
        public init(_ fields: inout JSONFields) {
            fields.require("sku")
            patch = ProductPatch(&fields)
            variants =
                fields.optionalObjects("variants", count: 0...CatalogLimits.variants) { fields in
                    fields.require("sku")
                    return VariantPatch(&fields)
                } ?? []
        }
    }

    /// What happens to the other rows when one is refused.
    public let mode: BulkMode
    /// The rows, or what is wrong with them.
    public let rows: [Result<Row, Failure>]

    /// A bulk upsert in code.
    public init(mode: BulkMode, rows: [Result<Row, Failure>]) {
        self.mode = mode
        self.rows = rows
    }

    /// Reads the members of a bulk request: `mode` and `products`.
    public init(_ fields: inout JSONFields) throws {
        mode = fields.optionalChoice("mode", BulkMode.self) ?? .atomic
        fields.require("products")
        rows = try (fields.optionalValues("products", count: CatalogLimits.bulkRows) ?? []).map { value in
            do {
                return .success(try JSONFields.read(value) { Row(&$0) })
            } catch let failure as Failure {
                return .failure(failure)
            }
        }
    }

    /// Whether a row says anything of what a product cost, which not everybody may.
    public var namesCost: Bool {
        rows.contains { row in
            guard case .success(let row) = row else { return false }
            return row.patch.namesCost || row.variants.contains(where: \.namesCost)
        }
    }
}

/// What became of the rows of a bulk upsert.
public struct ProductBulkResult: Sendable, JSONEncodable {
    /// What became of one row.
    public enum Outcome: Sendable {
        case created(Product)
        case updated(Product)
        case unchanged(Product)
        case rejected(Failure)
    }

    /// The outcomes in the order of the rows.
    public internal(set) var outcomes: [Outcome] = []

    /// How many rows had an outcome of some name.
    public func count(_ name: String) -> Int {
        outcomes.count { $0.name == name }
    }

    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("created", count("created"))
            json.member("updated", count("updated"))
            json.member("unchanged", count("unchanged"))
            json.member("rejected", count("rejected"))
            json.key("results")
            json.array { json in
                for (index, outcome) in outcomes.enumerated() { outcome.write(to: &json, at: index) }
            }
        }
    }
}

extension ProductBulkResult.Outcome {
    /// The outcome in a word.
    public var name: String {
        switch self {
        case .created: "created"
        case .updated: "updated"
        case .unchanged: "unchanged"
        case .rejected: "rejected"
        }
    }

    fileprivate func write(to json: inout JSONWriter, at index: Int) {
        json.object { json in
            json.member("index", index)
            json.member("status", name)
            switch self {
            case .created(let product), .updated(let product), .unchanged(let product):
                json.member("id", product.id)
                json.member("sku", product.sku)
                json.member("version", product.version)
            case .rejected(let failure):
                json.member("code", failure.code)
                json.member("message", failure.message)
                json.key("errors")
                json.array { json in
                    for error in failure.errors {
                        json.object { json in
                            json.member("pointer", error.pointer)
                            json.member("message", error.message)
                        }
                    }
                }
            }
        }
    }
}
