/// SHA-256 as coreutils' `sha256sum` tells it: the station needs this one digest, for which a cryptographic library
/// would be a large dependency, and one written here would be code that nobody should have to trust.
public struct Checksum: Sendable {
    private let tool: Tool

    /// Finds `sha256sum`.
    /// - Parameter searchPath: directories between colons, as in PATH.
    /// - Throws: `.missing`.
    public init(searchPath: String) throws(ToolError) {
        tool = try Tool("sha256sum", searchPath: searchPath, package: "coreutils")
    }

    /// The digest in 64 lower-case hexadecimal digits. A descriptor is read from where it stands to its end, and
    /// stands there afterwards. Blocks.
    /// - Throws: `.failed` when the input cannot be read; otherwise as `Tool.run`, and `.unexpectedOutput`.
    public func sha256(
        of input: ToolInput, secondsMax: Double = 120, isCancelled: () -> Bool = { false }
    ) throws(ToolError) -> String {
        // Standard input rather than a name: sha256sum escapes odd names in its answer.
        let said = try tool.run([], input: input, limits: ToolLimits(seconds: secondsMax), isCancelled: isCancelled)
        let digest = String(said.stdoutText.prefix(64))
        guard digest.count == 64, digest.allSatisfy(\.isHexDigit) else {
            throw .unexpectedOutput(tool: tool.name, said: said.stdoutText)
        }
        return digest
    }
}
