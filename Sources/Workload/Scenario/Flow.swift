/// What one user does, step by step. Each client of a closed loop runs through flows, and so does each arrival of an
/// open one.
public struct Flow: Sendable, Equatable {
    enum Step: Sendable, Equatable {
        case request(RequestTemplate)
        case pause(Duration)
    }

    /// What reports call it.
    public let name: String
    /// How often it is taken, beside the weights of the others.
    public let weight: Double
    let steps: [Step]
    /// How many values its steps save.
    let savedCount: Int

    /// The names of its requests.
    public var requestNames: [String] {
        steps.compactMap { if case .request(let request) = $0 { request.name } else { nil } }
    }
}
