public import Commerce

/// The routes of every resource. Each resource has a function in a file of its own, for example `productRoutes(_:)`.
public enum Routes {
    /// The routes of orders and stock, but for the search of products, which needs an index of its own.
    public static func commerce(_ commerce: Commerce) -> [Route] {
        productRoutes(commerce) + variantRoutes(commerce) + customerRoutes(commerce) + locationRoutes(commerce)
            + inventoryRoutes(commerce) + orderRoutes(commerce) + paymentRoutes(commerce) + shipmentRoutes(commerce)
            + returnRoutes(commerce)
    }
}
