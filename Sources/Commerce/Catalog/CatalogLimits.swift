/// How much the catalogue takes of each thing. Lengths are in characters.
public enum CatalogLimits {
    /// The length of a sku.
    public static let sku = 1...100
    /// The length of the name of a product or variant.
    public static let name = 1...200
    /// The length of a description.
    public static let description = 0...20_000
    /// The length of an identifier that another system gave.
    public static let externalID = 1...128
    /// The number of tags of a product.
    public static let tags = 0...50
    /// The length of a tag.
    public static let tag = 1...64
    /// The number of attributes of a product.
    public static let attributes = 100
    /// The size of the attributes of a product as JSON, in bytes.
    public static let attributeBytes = 16_384
    /// The number of options of a variant, such as size and colour.
    public static let options = 10
    /// The length of an option's name.
    public static let optionName = 1...64
    /// The length of an option's value.
    public static let optionValue = 1...200
    /// The number of variants of a product beside the default one.
    public static let variants = 100
    /// The number of rows of a bulk upsert.
    public static let bulkRows = 1...1000
    /// The number of hits of a search.
    public static let hits: ClosedRange<Int64> = 1...100
    /// The number of hits of a search that does not say how many.
    public static let hitsDefault: Int64 = 20
}
