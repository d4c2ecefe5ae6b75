import Core
import TestKit
import Testing

@Suite struct JSONSchemaTests {
    private let document = """
        {"schemas": {
            "Named": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
            "Aged": {"allOf": [{"$ref": "#/schemas/Named"},
                {"type": "object", "properties": {"age": {"type": "integer", "minimum": 0}}}]}
        }}
        """

    private func mismatches(_ value: String, _ schema: String) throws -> [String] {
        func json(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8)) }
        return JSONSchema(in: try json(document)).mismatches(of: try json(value), try json(schema))
    }

    @Test(arguments: [
        (#""a""#, #"{"type": "string"}"#), ("null", #"{"type": ["string", "null"]}"#), ("2.0", #"{"type": "integer"}"#),
        ("1.5", #"{"type": "number", "minimum": 1.5, "maximum": 1.5}"#), (#""b""#, #"{"enum": ["a", "b"]}"#),
        ("[1, 2]", #"{"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}"#),
        (#""日本""#, #"{"type": "string", "minLength": 2, "maxLength": 2}"#),
        (#""59.98""#, #"{"pattern": "^[0-9]+\\.[0-9]{2}$"}"#),
        (#""0197f2a4-6c1e-7b3a-9d10-5f2f6f0c9a11""#, #"{"format": "uuid"}"#),
        (#""2026-11-21T09:30:00Z""#, #"{"format": "date-time", "description": "When"}"#),
        (#"{"name": "x"}"#, ##"{"$ref": "#/schemas/Named"}"##),
        (#"{"name": "x", "age": 3}"#, ##"{"$ref": "#/schemas/Aged"}"##),
        ("null", ##"{"oneOf": [{"$ref": "#/schemas/Named"}, {"type": "null"}]}"##),
        (#"{"any": 1}"#, #"{"type": "object"}"#),
        (#"{"a": 1, "b": 2}"#, #"{"properties": {"a": {"type": "integer"}}, "additionalProperties": true}"#),
        (#"{"b": "x"}"#, #"{"type": "object", "additionalProperties": {"type": "string"}}"#),
    ])
    func whatFitsHasNoMismatches(_ value: String, _ schema: String) throws {
        #expect(try mismatches(value, schema) == [])
    }

    @Test(arguments: [
        ("1", #"{"type": "string"}"#, #": 1 is not of type "string""#),
        ("1.5", #"{"type": "integer"}"#, #": 1.5 is not of type "integer""#),
        (#""c""#, #"{"enum": ["a", "b"]}"#, #": "c" is none of ["a","b"]"#),
        ("[1, \"x\"]", #"{"items": {"type": "integer"}}"#, #"/1: "x" is not of type "integer""#),
        ("[]", #"{"minItems": 1}"#, ": [] breaks minItems 1"), ("3", #"{"maximum": 2}"#, ": 3 breaks maximum 2"),
        (#""abc""#, #"{"maxLength": 2}"#, #": "abc" breaks maxLength 2"#),
        (#""59,98""#, #"{"pattern": "^[0-9]+$"}"#, ": 59,98 does not match ^[0-9]+$"),
        (#""7""#, #"{"format": "uuid"}"#, ": 7 is no UUID"),
        (#""today""#, #"{"format": "date-time"}"#, ": today is no time in RFC 3339"),
        ("1e30", #"{"format": "int64"}"#, ": 1e30 is no 64-bit integer"),
        (#"{}"#, ##"{"$ref": "#/schemas/Named"}"##, ": name is missing"),
        (
            #"{"name": "x", "size": 1}"#, ##"{"$ref": "#/schemas/Named"}"##,
            ": size is not a member that the schema names"
        ),
        (#"{"name": "x", "age": -1}"#, ##"{"$ref": "#/schemas/Aged"}"##, "/age: -1 breaks minimum 0"),
        (
            #"{"name": "x", "size": 1}"#, ##"{"$ref": "#/schemas/Aged"}"##,
            ": size is not a member that the schema names"
        ),
        (
            #"{"a": {"b": 1}}"#, #"{"properties": {"a": {"properties": {"b": {"type": "null"}}}}}"#,
            #"/a/b: 1 is not of type "null""#
        ),
        (
            #"{"b": 1}"#, #"{"type": "object", "additionalProperties": {"type": "string"}}"#,
            #"/b: 1 is not of type "string""#
        ),
        (
            #"{"a": 1}"#, #"{"type": "object", "additionalProperties": false}"#,
            ": a is not a member that the schema names"
        ),
        (
            "1", #"{"oneOf": [{"type": "integer"}, {"type": "number"}]}"#,
            ": 1 fits 2 schemas, where one is expected"
        ),
        ("1", #"{"oneOf": [{"type": "string"}]}"#, #": 1 is not of type "string""#),
        ("1", ##"{"$ref": "#/schemas/Nobody"}"##, ##": "#/schemas/Nobody" leads nowhere"##),
        ("1", #"{"not": {}}"#, ": the keyword not is not understood"),
        (#""x""#, #"{"format": "email"}"#, ": the format email is not understood"),
    ])
    func whatDoesNotFitIsNamed(_ value: String, _ schema: String, _ expected: String) throws {
        #expect(try mismatches(value, schema) == [expected])
    }
}
