/// A thing that counts its updates, so that two clients cannot overwrite each other unknowingly.
public protocol Versioned {
    /// 1 when it is made, one more with each update. It is the `ETag` of the thing.
    var version: Int64 { get }
}
