import Core
import NIOSSL

extension NIOSSLContext {
    /// What connections to the outside world are encrypted with: TLS 1.2 or later, with certificates that are checked.
    ///
    /// - throws: ``Failure`` `tls_settings_invalid` when the file of authorities cannot be read.
    static func outbound(_ settings: SettingsValues) throws(Failure) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        let file = settings[OutboundSettings.tlsCertificateAuthorities]
        if !file.isEmpty { configuration.additionalTrustRoots = [.file(file)] }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw Failure(
                .invalid, code: "tls_settings_invalid",
                "outbound.tls_ca_file \"\(file)\" cannot be read. Name a PEM file of certificates.", cause: error)
        }
    }
}
