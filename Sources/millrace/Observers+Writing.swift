import ArgumentParser
import Core
import Server

extension Observers {
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes an observer from a file of JSON or YAML.",
            discussion: "A file with a list `observers`, as observers.file takes it, makes each of them.")

        @Argument(help: "The file; - for standard input.") var file: String
        @Option(help: "text or json") var format = Config.Format.text
        @OptionGroup var target: TargetOptions

        func run() async throws {
            let client = try target.client()
            for definition in try Self.definitions(in: InputDocument(file).value) {
                let made = try await client.json("POST", Observers.path, definition)
                format.print(.object(made), ["created \(made["name"].text) (\(made["id"].text))"])
            }
        }

        private static func definitions(in document: JSONValue) throws -> [JSONValue] {
            guard case .array(let definitions)? = document["observers"] else { return [document] }
            guard document["statements"] == nil else {
                throw Failure(
                    .invalid, code: "statements_not_allowed",
                    "Statements are taken from the file of observers.file only. Leave `statements` out.")
            }
            return definitions
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Deletes an observer. What it has not delivered yet is not delivered.")

        @Argument(help: "Its name or id.") var observer: String
        @Option(help: "text or json") var format = Config.Format.text
        @OptionGroup var target: TargetOptions

        func run() async throws {
            let client = try target.client()
            let path = RequestPath(Observers.path, observer).text
            let found = try await client.json("GET", path)
            _ = try await client.send("DELETE", path, ifMatch: Int64(found["version"].text))
            format.print(.object(found), ["deleted \(found["name"].text)"])
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets an observer rest where it stands. Nothing is lost: resume lets it go on from there.")

        @Argument(help: "Its name or id.") var observer: String
        @Option(help: "text or json") var format = Config.Format.text
        @OptionGroup var target: TargetOptions

        func run() async throws {
            let found = try await target.client().json("POST", RequestPath(Observers.path, observer, "pause").text)
            format.print(.object(found), ["\(found["name"].text) is \(found["status"].text)"])
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lets a paused observer go on from where it stands.")

        @Argument(help: "Its name or id.") var observer: String
        @Option(help: "text or json") var format = Config.Format.text
        @OptionGroup var target: TargetOptions

        func run() async throws {
            let found = try await target.client().json("POST", RequestPath(Observers.path, observer, "resume").text)
            format.print(.object(found), ["\(found["name"].text) is \(found["status"].text)"])
        }
    }
}
