/// What a backend is asked to compose: one of the station's prompts.
public struct Prompt: Sendable, Hashable, Codable {
    /// Place in the rotation, from 0.
    public let index: Int
    /// Short title, as a listener sees it.
    public let name: String
    /// The text a model is given.
    public let text: String

    public init(index: Int, name: String, text: String) {
        self.index = index
        self.name = name
        self.text = text
    }
}
