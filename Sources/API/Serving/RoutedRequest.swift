/// A request whose head has arrived, and what stands at its method and path.
struct RoutedRequest: Sendable {
    let head: RequestHead
    let match: Router.Match
    /// How many bytes of body it may have.
    let bodyLimit: Int
}
