public import Core
import Outbound

/// Where a Qdrant server is, as `memories.qdrant_url` says it: `http://host:6333`, without a path.
public struct QdrantURL: SettingText {
    /// The URL without a slash at its end.
    let text: String

    public static var forms: String { "http://host:port or https://host:port" }

    public init(_ text: String) throws(Failure) {
        let url = try HTTPURL(text)
        guard url.target == "/" else {
            throw Failure.invalid(at: "", "A Qdrant server is named by its scheme, host and port alone.")
        }
        self.text = text.hasSuffix("/") ? String(text.dropLast()) : text
    }
}
