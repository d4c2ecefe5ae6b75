import NIOCore
import NIOSSL

/// Whether a server is who it was asked for. NIOSSL has checked the chain by then; but it takes a certificate for the
/// *address* of the peer as good as one for its name, so whoever controls the name's address could show that.
enum PeerIdentity {
    /// Whether the certificate of a connection names the host. A host that is an address was compared by NIOSSL.
    static func isProven(of host: String, _ context: ChannelHandlerContext) -> Bool {
        if IPAddress(host) != nil { return true }
        guard let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate() else { return false }
        return certificate._subjectAlternativeNames().contains { name in
            name.nameType == .dnsName && covers(String(decoding: name.contents, as: UTF8.self), host)
        }
    }

    /// Whether a name of a certificate is that of a host (RFC 6125, section 6.4): the same, or a `*` in the place of
    /// its first label.
    static func covers(_ pattern: String, _ host: String) -> Bool {
        let pattern = pattern.lowercased()
        let host = host.last == "." ? String(host.dropLast()) : host
        guard pattern.hasPrefix("*.") else { return pattern == host }
        guard let dot = host.firstIndex(of: "."), dot > host.startIndex else { return false }
        return host[dot...] == pattern.dropFirst() && pattern.dropFirst(2).contains(".")
    }
}
