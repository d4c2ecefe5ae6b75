public import Core
import Outbound

/// Where texts are ranked by a model: the base of an API, as its clients are told it, or the endpoint itself.
public struct RankingURL: SettingText, Equatable {
    /// What requests are sent to.
    let endpoint: HTTPURL

    /// How an address is written.
    public static let forms = "http://host[:port]/v1 or https://…, to which /rerank is added unless it ends so"

    /// Reads an address.
    ///
    /// - throws: ``Failure`` `url_invalid` that says what would be right.
    public init(_ text: String) throws(Failure) { endpoint = try HTTPURL(base: text, resource: "/rerank") }
}
