/// A shop of the form and the size of Northwind, with its order numbers.
enum SampleNorthwind {
    private static let numbers = 10_248...11_077
    private static let countries = [
        "Germany", "Germany", "Germany", "Germany", "France", "France", "France", "USA", "USA",
    ]
    private static let cities = ["Germany": "Berlin", "France": "Marseille", "USA": "Boise"]

    private static func country(_ number: Int) -> String { countries[place(number)] }

    /// The place of an order among nine that follow each other.
    private static func place(_ number: Int) -> Int { (number - numbers.lowerBound) % countries.count }

    /// Two of nine orders are large, and both go to Germany.
    private static func isLarge(_ number: Int) -> Bool { place(number) < 2 }

    /// In each country there are five customers, one of which orders nine times, then the next.
    private static func customer(_ number: Int) -> String {
        let name = "\(country(number).uppercased())\((number - numbers.lowerBound) / countries.count % 5)"
        // A customer of Northwind whom a page names.
        return name == "FRANCE0" ? "ANATR" : name
    }

    /// Eight days follow each other.
    private static func day(_ number: Int) -> String {
        let day = 4 + (number - numbers.lowerBound) * 8 / numbers.count
        return "1996-07-\(day < 10 ? "0" : "")\(day)"
    }

    /// The suppliers of products by their numbers.
    private static let suppliers = Dictionary(
        uniqueKeysWithValues: [(1, 8), (2, 7), (3, 7)] + (4...77).map { ($0, 1) })

    /// What else an order has a unit of, which is cheap: all of the rest in turn.
    private static func other(_ number: Int) -> Int { 4 + (number - numbers.lowerBound) * 31 % 74 }

    /// What an order is of first. Some customers buy one product of the supplier 7, some the other, some both or none.
    private static func product(_ number: Int) -> Int {
        switch (place(number), customer(number).last) {
        case (2, "1"), (5, "1"): 2
        case (3, "1"), (3, "3"): 3
        default: 1
        }
    }

    /// The customers who have bought what a supplier sells.
    static func buyers(ofSupplier supplier: Int) -> Set<String> {
        Set(numbers.filter { suppliers[product($0)] == supplier }.map(customer))
    }

    /// What a customer has bought.
    static func bought(by name: String) -> Set<Int> {
        Set(numbers.filter { customer($0) == name }.flatMap { [product($0), other($0)] })
    }

    /// How many products customers have bought, each once a day.
    static var purchases: Int {
        Set(numbers.flatMap { n in [product(n), other(n)].map { "\(customer(n)) \($0) \(day(n))" } }).count
    }

    /// The product that most orders are of.
    static var mostBought: Int {
        let counts = Dictionary(numbers.flatMap { [(product($0), 1), (other($0), 1)] }, uniquingKeysWith: +)
        return counts.max { $0.value < $1.value }?.key ?? 0
    }

    static var largeGermanOrders: Int { numbers.count(where: isLarge) }

    /// The countries by their orders, as `sqlite3` prints them.
    static var ordersByCountry: String {
        Dictionary(grouping: numbers, by: country).mapValues(\.count).sorted { $0.value > $1.value }
            .map { "\($0.key)|\($0.value)\n" }.joined()
    }

    static var files: [(name: String, text: String)] {
        let companies = Dictionary(numbers.map { (customer($0), country($0)) }) { first, _ in first }
        let customers = companies.sorted { $0.key < $1.key }.map { id, country in
            "\(id),\(id) Ltd,Anna Moss,Owner,Street 1,\(cities[country] ?? ""),,12209,\(country),1,2"
        }
        let products = suppliers.sorted { $0.key < $1.key }.map { id, supplier in
            "\(id),Chai \(id),\(supplier),\(id % 8 + 1),10 boxes,\(id < 4 ? 14 : id),500,0,10,0"
        }
        let orders = numbers.map { number in
            let country = country(number)
            let shipped = number < numbers.upperBound - 10 ? "1996-07-16" : ""
            return "\(number),\(customer(number)),5,\(day(number)),1996-08-01,\(shipped),3,5,\(country) Ltd,Street 1,"
                + "\(cities[country] ?? ""),,12209,\(country)"
        }
        let lines = numbers.flatMap { number in
            ["\(number),\(product(number)),14,\(isLarge(number) ? 12 : 1),0", "\(number),\(other(number)),2,1,0"]
        }
        return [
            (
                "products.csv",
                "product_id,product_name,supplier_id,category_id,quantity_per_unit,unit_price,units_in_stock,"
                    + "units_on_order,reorder_level,discontinued\n" + products.map { "\($0)\n" }.joined()
            ),
            (
                "customers.csv",
                "customer_id,company_name,contact_name,contact_title,address,city,region,postal_code,country,phone,"
                    + "fax\n" + customers.map { "\($0)\n" }.joined()
            ),
            (
                "orders.csv",
                "order_id,customer_id,employee_id,order_date,required_date,shipped_date,ship_via,freight,ship_name,"
                    + "ship_address,ship_city,ship_region,ship_postal_code,ship_country\n"
                    + orders.map { "\($0)\n" }.joined()
            ),
            (
                "order_details.csv",
                "order_id,product_id,unit_price,quantity,discount\n" + lines.map { "\($0)\n" }.joined()
            ),
        ]
    }
}
