public import FoundationEssentials

/// The one spelling of the station's JSON, on disk and on the wire: snake_case keys, sorted, no escaped slashes.
/// Property names avoid runs of capitals (`loudnessLufs`) so that the two spellings map onto each other.
public enum StationJSON {
    /// - Parameter pretty: spread over lines, for files people read.
    public static func encode(_ value: some Encodable, pretty: Bool = false) throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting =
            pretty ? [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes] : [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    public static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: data)
    }
}
