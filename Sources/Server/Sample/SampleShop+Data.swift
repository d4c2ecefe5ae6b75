import Commerce

/// An order of the sample, and how far it has come.
struct SampleOrder: Sendable {
    let json: String
    var isPaid = false
    var moves: [OrderStatus] = []
}

/// What the sample shop sells, to whom, and what was ordered so far.
extension SampleShop {
    static let products = """
        {"products": [
            {"sku": "TEA-OOLONG", "name": "Oolong tea", "price": "12.50", "description": "Half-fermented leaves, 100 g",
             "tags": ["tea", "loose leaf"], "attributes": {"origin": "Taiwan"}},
            {"sku": "TEA-SENCHA", "name": "Sencha tea", "price": "9.90", "description": "Steamed green leaves, 100 g",
             "tags": ["tea", "loose leaf"], "attributes": {"origin": "Japan"}},
            {"sku": "TEA-CHAI", "name": "Masala chai", "price": "7.20", "description": "Black tea with spices, 20 bags",
             "tags": ["tea", "bags"]},
            {"sku": "COF-ESPRESSO", "name": "Espresso beans", "price": "14.00", "description": "Dark roast, 500 g",
             "tags": ["coffee", "beans"]},
            {"sku": "COF-FILTER", "name": "Filter coffee", "price": "11.40",
             "description": "Medium roast, ground, 500 g",
             "tags": ["coffee", "ground"]},
            {"sku": "POT-IRON", "name": "Cast iron teapot", "price": "59.98",
             "description": "Holds 0.8 l, with strainer",
             "tags": ["teapot", "iron"], "attributes": {"weight_g": "1650"}},
            {"sku": "POT-GLASS", "name": "Glass teapot", "price": "29.50", "description": "Holds 1.2 l, with strainer",
             "tags": ["teapot", "glass"]},
            {"sku": "CUP-WHITE", "name": "Porcelain cup", "price": "6.80", "description": "White, 0.2 l",
             "tags": ["cup"]},
            {"sku": "CUP-DOUBLE", "name": "Double-walled glass", "price": "8.95", "description": "Keeps hot, 0.25 l",
             "tags": ["cup", "glass"]},
            {"sku": "KET-GOOSE", "name": "Gooseneck kettle", "price": "74.00", "description": "Pours slowly, 0.9 l",
             "tags": ["kettle"]},
            {"sku": "MIL-HAND", "name": "Hand coffee mill", "price": "48.25", "description": "Conical burr, adjustable",
             "tags": ["coffee", "mill"]},
            {"sku": "CAKE-CREME", "name": "Crème brûlée mix", "price": "5.60", "description": "For four portions",
             "tags": ["sweet"], "active": false}
        ]}
        """

    static let counts = """
        {"counts": [
            {"sku": "TEA-OOLONG", "quantity": 40, "reorder_point": 10},
            {"sku": "TEA-SENCHA", "quantity": 35, "reorder_point": 10},
            {"sku": "TEA-CHAI", "quantity": 120, "reorder_point": 30},
            {"sku": "COF-ESPRESSO", "quantity": 60, "reorder_point": 20},
            {"sku": "COF-FILTER", "quantity": 8, "reorder_point": 20},
            {"sku": "POT-IRON", "quantity": 12, "reorder_point": 3},
            {"sku": "POT-GLASS", "quantity": 15, "reorder_point": 3},
            {"sku": "CUP-WHITE", "quantity": 200, "reorder_point": 50},
            {"sku": "CUP-DOUBLE", "quantity": 80, "reorder_point": 20},
            {"sku": "KET-GOOSE", "quantity": 6, "reorder_point": 2},
            {"sku": "MIL-HAND", "quantity": 9, "reorder_point": 3}
        ]}
        """

    static let customers = """
        {"customers": [
            {"external_id": "C-1", "name": "Ada Lindqvist", "email": "ada@example.com", "addresses": [
                {"type": "shipping", "is_default": true, "line1": "Bergvägen 8", "city": "Luleå",
                 "postal_code": "972 31",
                 "country": "SE"}]},
            {"external_id": "C-2", "name": "Bruno Keller", "email": "bruno@example.com", "addresses": [
                {"type": "shipping", "is_default": true, "line1": "Obere Gasse 5", "city": "Bern",
                 "postal_code": "3011",
                 "country": "CH"}]},
            {"external_id": "C-3", "name": "Chiara Conti", "email": "chiara@example.com", "company": "Bar Conti"}
        ]}
        """

    static let orders = [
        SampleOrder(
            json: """
                {"customer_external_id": "C-1", "shipping_amount": "4.90",
                 "items": [{"sku": "TEA-OOLONG", "quantity": 2}, {"sku": "POT-IRON", "quantity": 1}]}
                """),
        SampleOrder(
            json: """
                {"customer_external_id": "C-2", "items": [{"sku": "COF-ESPRESSO", "quantity": 3}]}
                """, isPaid: true, moves: [.confirmed, .processing]),
        SampleOrder(
            json: """
                {"customer_external_id": "C-3", "shipping_amount": "9.00",
                 "items": [{"sku": "CUP-WHITE", "quantity": 24}, {"sku": "MIL-HAND", "quantity": 1}]}
                """, isPaid: true, moves: [.confirmed, .processing, .shipped]),
        SampleOrder(
            json: """
                {"customer_external_id": "C-1", "items": [{"sku": "TEA-CHAI", "quantity": 5}]}
                """, isPaid: true, moves: [.processing, .shipped, .delivered]),
        SampleOrder(
            json: """
                {"customer_external_id": "C-2", "items": [{"sku": "KET-GOOSE", "quantity": 1}]}
                """, moves: [.cancelled]),
    ]
}
