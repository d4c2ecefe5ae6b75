import Core
import Testing

@Suite struct MergePatchTests {
    /// The test cases of RFC 7396, appendix A, whose target and patch are objects.
    @Test(arguments: [
        (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
        (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
        (#"{"a":"b"}"#, #"{"a":null}"#, "{}"),
        (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
        (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
        (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
        (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
        (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
        (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#),
        ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
    ])
    func aPatchIsMerged(target: String, patch: String, result: String) throws {
        guard case .object(let target) = try JSONParser.parse(Array(target.utf8)),
            case .object(let patch) = try JSONParser.parse(Array(patch.utf8))
        else { throw Failure.internal("The case has no objects.") }
        #expect(String(decoding: JSONWriter.bytes(of: target.merging(patch)), as: UTF8.self) == result)
    }
}
