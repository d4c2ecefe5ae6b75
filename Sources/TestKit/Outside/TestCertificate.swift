import Core
import Foundation

/// A certificate that signs itself, for the names of a test, with its key, as `openssl` makes them.
public final class TestCertificate: Sendable {
    private let directory: TemporaryDirectory

    /// A certificate for names such as `receiver.test`, valid from now for a day. It is for 127.0.0.1 too.
    ///
    /// - throws: ``Failure`` `program_missing` when there is no `openssl`, `certificate_failed` when it makes none.
    public init(for names: [String]) throws {
        directory = try TemporaryDirectory()
        let alternatives = names.map { "DNS:\($0)" } + ["IP:127.0.0.1"]
        let result = try Command.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "1",
            "-subj", "/CN=\(names.first ?? "localhost")", "-addext",
            "subjectAltName=\(alternatives.joined(separator: ","))", "-keyout", directory.file("key.pem"), "-out",
            directory.file("certificate.pem"),
        ])
        guard result.status == 0 else {
            throw Failure(.internal, code: "certificate_failed", "openssl made no certificate: \(result.output)")
        }
    }

    /// The PEM file of the certificate, which is its own authority.
    public var path: String { directory.file("certificate.pem") }
    /// The PEM file of its key.
    public var keyPath: String { directory.file("key.pem") }
}
