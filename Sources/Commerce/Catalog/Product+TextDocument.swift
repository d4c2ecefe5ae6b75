import Core
import Search

extension Product {
    /// The product as the full-text index takes it: found by its name, its description, its tags, and by the skus and
    /// names of all of its variants. With it goes its image, to be shown with a hit.
    func document(of tenant: Tenant) -> TextDocument {
        TextDocument(
            key: .init(tenant: tenant, id: id),
            sku: allVariants.map(\.sku).joined(separator: " "),
            title: name,
            tags: tags.joined(separator: ", "),
            body: ([description] + variants.map(\.name)).compactMap { $0 }.joined(separator: "\n"),
            isActive: isActive,
            payload: ProductImage(self).stored)
    }
}
