import ChangeLog
import Core

/// What some changes of the log mean to the index of a tenant.
struct IndexChanges {
    /// Items as they are now, or nil where one is gone, in the order of the changes.
    private(set) var items: [(key: ItemKey, item: Item?)] = []
    /// What was done and is not known yet.
    private(set) var interactions: [Interaction] = []
    /// What was done and stands in histories already.
    private(set) var known: [Interaction] = []
    /// What was taken back.
    private(set) var gone: [ForgottenInteractions.Sum] = []
    /// The items of what was taken back of users of whom nothing else is to be read: one for each interaction.
    private(set) var goneItems: [String: [ItemKey]] = [:]
    /// What was written of users besides what they did.
    private(set) var described: [String: JSONObject] = [:]
    /// Users of whom all is to be read anew: what was taken over does not say what is left.
    private(set) var users: Set<String> = []

    /// - parameter reads: which users were read anew, and when: of them it is known what was done before.
    /// - throws: ``Failure`` `corrupt_row`.
    init(_ changes: [Change], of tenant: Tenant, knowing reads: FreshReads) throws {
        // What clients tell under a type of ours, by events of their own, is nothing that was written.
        for change in changes where change.operation != .custom {
            guard let document = change.after ?? change.before else { continue }
            let fields = try StoredFields(document)
            switch (change.entityType, change.operation) {
            case (Item.entityType, let operation):
                let item = try Item(fields, of: tenant)
                items.append((item.key, operation == .delete ? nil : item))
            case (Interaction.entityType, .insert):
                let interaction = try Interaction(fields, of: tenant)
                if reads.include(interaction.user, at: change.position) {
                    known.append(interaction)
                } else {
                    interactions.append(interaction)
                }
            case (RecommendationUser.entityType, .insert), (RecommendationUser.entityType, .update):
                let user = try fields.text("user_id")
                if !reads.include(user, at: change.position) { described[user] = try fields.object("attributes") }
            case (Interaction.entityType, .delete):
                let interaction = try Interaction(fields, of: tenant)
                gone.append(
                    ForgottenInteractions.Sum(
                        item: interaction.item, weight: interaction.weight, time: interaction.time))
                if reads.include(interaction.user, at: change.position) { continue }
                if reads.mayHaveMissed(interaction.user, at: change.position) {
                    users.insert(interaction.user)
                } else {
                    goneItems[interaction.user, default: []].append(interaction.item)
                }
            case (ForgottenInteractions.entityType, .insert): gone += try ForgottenInteractions(fields).sums
            case (RecommendationUser.entityType, .delete):
                concern([try fields.text("user_id")], change.position, reads)
            case (UserMerge.entityType, .insert):
                concern([try fields.text("user_id"), try fields.text("from")], change.position, reads)
            default: continue
            }
        }
        goneItems = goneItems.filter { !users.contains($0.key) }
    }

    /// Has all be read anew of a user of whom something was taken back.
    mutating func readAll(of user: String) {
        users.insert(user)
        goneItems[user] = nil
    }

    private mutating func concern(_ names: [String], _ position: LogPosition, _ reads: FreshReads) {
        users.formUnion(names.filter { !reads.include($0, at: position) })
    }
}
