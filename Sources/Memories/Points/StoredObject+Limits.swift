public import Core

extension StoredObject {
    /// How many bytes a payload has at most.
    public static var payloadLimit: Int { 8_388_608 }
    /// How many bytes the metadata of a collection and the options of an index have at most.
    public static var noteLimit: Int { 262_144 }
}
