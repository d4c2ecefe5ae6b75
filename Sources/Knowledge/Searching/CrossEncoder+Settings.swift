public import Core
public import Embedding
public import Logging
public import Telemetry

extension CrossEncoder {
    /// The one that the settings name (``RerankerSettings``); nil when they name no endpoint.
    ///
    /// - throws: ``Failure`` `reranker_key_invalid` for a key that cannot be sent, `tls_settings_invalid`.
    public convenience init?(
        settings: SettingsValues, metrics: MetricsRegistry, logger: Logger
    ) throws(Failure) {
        guard let url = settings[RerankerSettings.url].value else { return nil }
        var options = Options(url)
        options.format = settings[RerankerSettings.format]
        options.model = settings[RerankerSettings.model]
        options.key = settings[RerankerSettings.apiKey]
        options.timeout = .milliseconds(settings[RerankerSettings.timeout])
        options.batch = settings[RerankerSettings.batch]
        try self.init(options, settings: settings, metrics: metrics, logger: logger)
    }
}
