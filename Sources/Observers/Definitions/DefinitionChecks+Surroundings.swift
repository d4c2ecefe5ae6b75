public import Expressions

extension DefinitionChecks {
    /// What a file of observers may refer to beside itself, for whoever checks one without a server. Its statements
    /// stand in the file.
    ///
    /// - parameters:
    ///   - lookups: the types of entities that can be looked up; nil when nobody knows.
    ///   - catalogs: the fields of known types of entities, by type.
    public init(lookups: Set<String>?, catalogs: [String: FieldCatalog] = [:]) {
        self.init(catalogs: catalogs, lookups: lookups) { [:] }
    }
}
