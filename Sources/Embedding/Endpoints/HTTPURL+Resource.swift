import Core
import Outbound

extension HTTPURL {
    /// A resource below a base, which may be told with the resource at its end.
    ///
    /// - parameter resource: how its path ends: `/embeddings`.
    /// - throws: ``Failure`` `url_invalid` that says what would be right.
    init(base text: String, resource: String) throws(Failure) {
        let url = try HTTPURL(text)
        var path = url.target.prefix { $0 != "?" }
        let query = url.target[path.endIndex...]
        while path.last == "/" { path.removeLast() }
        if path.hasSuffix(resource) { path.removeLast(resource.count) }
        self = try HTTPURL("\(url.destination)\(path)\(resource)\(query)")
    }
}
