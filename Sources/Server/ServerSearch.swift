import API
import ChangeLog
import Commerce
import Core
import Logging
import Search
import ServiceLifecycle
import Storage

/// The text indexes of a server: their files, the followers that feed them, and what is served and checked of them.
struct ServerSearch: Sendable {
    /// The file with the words of the products. It can be deleted at any time while the server does not run.
    static let productFileName = "product-text.sqlite"

    /// The routes that search.
    let routes: [Route]
    /// What must be well for the server to be ready.
    let checks: [ReadinessCheck]
    /// The followers.
    let services: [any Service]
    private let productIndex: TextIndex

    /// The indexes of a store. Their files are opened once the services run.
    init(_ store: Store, settings: SettingsValues, logger: Logger) {
        let products = store.commerce.products
        productIndex = TextIndex(
            path: store.directory.file(Self.productFileName), settings: settings, metrics: store.metrics, logger: logger
        )
        let follower = Follower(
            ProductTextProjection(productIndex, products, of: store.log), of: store.log, settings: settings,
            metrics: store.metrics, logger: logger)
        services = [follower]
        routes = Routes.productSearchRoutes(
            ProductSearch(productIndex, products, follower, of: store.log), follower,
            patience: .milliseconds(settings[APISettings.positionWait]))
        checks = [.following(follower, settings: settings) { [productIndex] in productIndex.isReady }]
    }

    /// Closes the files. The services must have stopped.
    func close() async {
        await productIndex.close()
    }
}
