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
        checks = [Self.check(follower, productIndex, limit: Int64(settings[ServerSettings.readyLag]))]
    }

    /// Closes the files. The services must have stopped.
    func close() async {
        await productIndex.close()
    }

    private static func check(_ follower: Follower, _ index: TextIndex, limit: Int64) -> ReadinessCheck {
        ReadinessCheck(follower.name) {
            let lag = follower.lag
            let details: [JSONObject.Member] = [
                .init("position", .integer(follower.position.value)), .init("lag", .integer(lag)),
            ]
            guard index.isReady else {
                throw Failure(
                    .unavailable, code: "index_not_ready", "The index is being made anew; wait.", details: details)
            }
            guard lag <= limit else {
                throw Failure(
                    .unavailable, code: "follower_behind",
                    "The index is \(lag) changes behind the log, and server.ready_lag allows \(limit); wait.",
                    details: details)
            }
            return details
        }
    }
}
