public import Core

/// A variant with the version of its product, which guards it against lost updates.
public struct VersionedVariant: Sendable, Versioned, JSONEncodable {
    /// The variant.
    public let variant: Variant
    public let version: Int64
    private let showsCost: Bool

    init(variant: Variant, version: Int64, showsCost: Bool = false) {
        self.variant = variant
        self.version = version
        self.showsCost = showsCost
    }

    /// The same, with what it cost when that may be seen.
    public func showingCost(_ showsCost: Bool) -> VersionedVariant {
        VersionedVariant(variant: variant, version: version, showsCost: showsCost)
    }

    public func write(to json: inout JSONWriter) { variant.write(to: &json, showsCost: showsCost) }
}

/// The variants of a product beside the default one as a list of their own, with the version that guards them.
public struct VariantList: Sendable, Versioned, JSONEncodable {
    private let product: Product
    private let showsCosts: Bool
    public var version: Int64 { product.version }

    /// The variants of a product.
    ///
    /// - parameter showsCosts: whether what they cost may be seen.
    public init(_ product: Product, showsCosts: Bool) {
        self.product = product
        self.showsCosts = showsCosts
    }

    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.key("items")
            json.array { json in
                for variant in product.variants { variant.write(to: &json, showsCost: showsCosts) }
            }
            json.member("next_cursor", String?.none)
        }
    }
}
