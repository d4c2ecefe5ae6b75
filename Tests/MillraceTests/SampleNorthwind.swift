/// A shop of the form and the size of Northwind, with its order numbers.
enum SampleNorthwind {
    private static let numbers = 10_248...11_077
    private static let countries = [
        "Germany", "Germany", "Germany", "Germany", "France", "France", "France", "USA", "USA",
    ]
    private static let cities = ["Germany": "Berlin", "France": "Marseille", "USA": "Boise"]

    private static func country(_ number: Int) -> String {
        countries[(number - numbers.lowerBound) % countries.count]
    }

    /// Two of nine orders are large, and both go to Germany.
    private static func isLarge(_ number: Int) -> Bool { (number - numbers.lowerBound) % countries.count < 2 }

    static var largeGermanOrders: Int { numbers.count(where: isLarge) }

    /// The countries by their orders, as `sqlite3` prints them.
    static var ordersByCountry: String {
        Dictionary(grouping: numbers, by: country).mapValues(\.count).sorted { $0.value > $1.value }
            .map { "\($0.key)|\($0.value)\n" }.joined()
    }

    static var files: [(name: String, text: String)] {
        let customers = Set(countries).sorted().map { country in
            "\(country.uppercased()),\(country) Ltd,Anna Moss,Owner,Street 1,\(cities[country] ?? ""),,12209,"
                + "\(country),1,2"
        }
        let orders = numbers.map { number in
            let country = country(number)
            let shipped = number < numbers.upperBound - 10 ? "1996-07-16" : ""
            return "\(number),\(country.uppercased()),5,1996-07-04,1996-08-01,\(shipped),3,5,\(country) Ltd,Street 1,"
                + "\(cities[country] ?? ""),,12209,\(country)"
        }
        let lines = numbers.map { "\($0),1,14,\(isLarge($0) ? 12 : 1),0" }
        return [
            (
                "products.csv",
                "product_id,product_name,supplier_id,category_id,quantity_per_unit,unit_price,units_in_stock,"
                    + "units_on_order,reorder_level,discontinued\n1,Chai,8,1,10 boxes,14,500,0,10,0\n"
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
