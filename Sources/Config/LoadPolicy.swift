/// How soon generators stand back when the machine is short of processors.
public enum LoadPolicy: String, Sendable, Hashable, CaseIterable {
    /// Before the air notices anything, and for other programs' sake too.
    case gentle
    /// When the air begins to wait.
    case balanced
    /// Only when the air is late.
    case greedy
    /// Never; a generator keeps the niceness it was started with.
    case off
}
