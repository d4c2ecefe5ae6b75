/// Words and relations in the form of WordNet's files, a few hundred of them.
enum SampleWordNet {
    /// The word that is like the query of the page, and one that has none of its words and is near.
    static let (nutria, mammal) = ("02365108", "01861778")
    private static let rodent = "02329401"

    private static let animals = [
        (mammal, "mammal, animal that gives milk to its young"),
        (rodent, "rodent, small mammal whose front teeth grow for as long as it lives"),
        (nutria, "nutria, coypu, rodent of South American rivers that is bred for its glossy fur"),
        ("02372326", "guinea pig, rodent without a tail that children keep"),
        ("02364840", "muskrat, rodent of North American swamps that is hunted for its fur"),
    ]

    /// Words that nobody looks for. The text of one is longer than a name may be.
    private static let others = (1...300).map { number in
        let text = "number\(number), what follows on number \(number - 1)"
        return ("\(90_000_000 + number)", number == 7 ? text + String(repeating: ", and so on", count: 40) : text)
    }

    /// How many words there are.
    static var wordCount: Int { animals.count + others.count }
    /// How many relations there are.
    static var relationCount: Int { relations.count }

    private static var relations: [String] {
        let kinds = animals.dropFirst().map { "\($0.0)\t_hypernym\t\($0.0 == rodent ? mammal : rodent)" }
        let orders = zip(others.dropFirst(), others).map { "\($0.0)\t_also_see\t\($1.0)" }
        return kinds + orders
    }

    static var files: [(name: String, text: String)] {
        let words = (animals + others).map { "\($0.0)\t\($0.1)" }
        return [("wordnet-nodes.tsv", words), ("wordnet-edges.tsv", relations)].map { name, lines in
            (name, lines.map { "\($0)\n" }.joined())
        }
    }
}
