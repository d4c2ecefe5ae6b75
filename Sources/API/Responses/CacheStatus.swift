import Caching
import HTTPTypes

/// How the cache took part in an answer, as `Cache-Status` tells it (RFC 9211).
enum CacheStatus: Sendable {
    /// It was in memory.
    case memory
    /// It was in Redis.
    case redis
    /// It was computed.
    case computed(isStored: Bool)
    /// It was computed for somebody else who asked at the same time.
    case shared(isStored: Bool)

    /// It was not asked, because the client has seen more than it has heard of.
    case bypass

    init(_ answer: Cache.Answer) {
        switch answer.source {
        case .memory: self = .memory
        case .redis: self = .redis
        case .computation: self = .computed(isStored: answer.isStored)
        case .sharedComputation: self = .shared(isStored: answer.isStored)
        }
    }

    /// The value of the field.
    var text: String {
        switch self {
        case .memory: "millrace; hit; detail=memory"
        case .redis: "millrace; hit; detail=redis"
        case .computed(isStored: true): "millrace; fwd=uri-miss; stored"
        case .computed(isStored: false): "millrace; fwd=uri-miss"
        case .shared(isStored: true): "millrace; fwd=uri-miss; stored; collapsed"
        case .shared(isStored: false): "millrace; fwd=uri-miss; collapsed"
        case .bypass: "millrace; fwd=bypass"
        }
    }
}

extension APIResponse {
    /// What the cache has kept, or keeps now, with status 200 and the `ETag` of its version.
    static func image(_ image: CachedImage, _ status: CacheStatus) -> APIResponse {
        var response = APIResponse.json(image.json, version: image.version)
        response.headers[.cacheStatus] = status.text
        return response
    }
}
