import Core

/// A request that is made anew for every iteration, and what its answer must be like.
struct RequestTemplate: Sendable, Equatable {
    /// A value of the answer that later steps use.
    struct Saving: Sendable, Equatable {
        let pointer: String
        let index: Int
    }

    /// What reports call it.
    let name: String
    let method: String
    let path: Template
    let headers: [(name: String, value: Template)]
    let body: Template?
    let checks: [Check]
    let savings: [Saving]

    /// Whether the body of an answer has to be read.
    var needsBody: Bool { !savings.isEmpty || checks.contains { $0.needsBody } }
    /// Whether answers have no body whatever their header says (RFC 9110, section 9.3.2).
    var isHead: Bool { method == "HEAD" }
    /// Whether every iteration sends the same bytes.
    var isConstant: Bool {
        path.isConstant && (body?.isConstant ?? true) && headers.allSatisfy { $0.value.isConstant }
    }

    static func == (left: Self, right: Self) -> Bool {
        left.name == right.name && left.method == right.method && left.path == right.path && left.body == right.body
            && left.checks == right.checks && left.savings == right.savings
            && left.headers.elementsEqual(right.headers) { $0 == $1 }
    }

    /// The request as it goes over the connection (RFC 9112).
    ///
    /// - parameters:
    ///   - authority: the value of `Host`.
    ///   - basePath: what stands before each path.
    func render(
        _ iteration: inout Iteration, _ data: [DataSet], authority: String, basePath: String
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        bytes += method.utf8
        bytes += " \(basePath)".utf8
        path.render(&iteration, data, into: &bytes)
        bytes += " HTTP/1.1\r\nhost: \(authority)\r\n".utf8
        for header in headers {
            bytes += "\(header.name): ".utf8
            header.value.render(&iteration, data, into: &bytes)
            bytes += "\r\n".utf8
        }
        var content: [UInt8] = []
        body?.render(&iteration, data, into: &content)
        if body != nil { bytes += "content-length: \(content.count)\r\n".utf8 }
        bytes += "\r\n".utf8
        bytes += content
        return bytes
    }
}
