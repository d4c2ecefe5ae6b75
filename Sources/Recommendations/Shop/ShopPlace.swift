import ChangeLog
import Core

/// Where it is noted that an item was made of a product.
struct ShopPlace: Sendable, Hashable {
    let tenant: Tenant
    /// The id of the product.
    let product: String

    init(_ tenant: Tenant, _ product: String) { (self.tenant, self.product) = (tenant, product) }

    /// Reads what ``bytes`` wrote; nil of anything else.
    init?(_ bytes: [UInt8]) throws {
        guard case .array(let parts) = try JSONParser.parse(bytes), parts.count == 2,
            case .number(let digits) = parts[0], let number = Int64(digits), case .string(let product) = parts[1]
        else { return nil }
        self.init(Tenant(number), product)
    }

    var bytes: [UInt8] { JSONWriter.bytes(of: JSONValue.array([.integer(tenant.number), .string(product)])) }
}
