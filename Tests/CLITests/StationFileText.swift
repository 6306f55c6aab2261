import Config

enum StationFileText {
    static func parse(_ text: String) throws -> StationConfig { try StationConfig.parse(text, fileName: "test.toml") }
}
