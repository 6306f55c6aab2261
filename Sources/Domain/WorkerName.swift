/// What a worker process does.
public enum WorkerRole: String, Sendable, Hashable, Codable, CaseIterable {
    case encoder, feeder, generator, dashboard
}

/// A worker's name as an operator types it: `feeder`, or `generator/2` where there are several.
public struct WorkerName: Sendable, Hashable, Codable, CustomStringConvertible {
    public let role: WorkerRole
    /// From 1.
    public let index: Int

    public init(_ role: WorkerRole, index: Int = 1) {
        self.role = role
        self.index = index
    }

    /// Parses `role` or `role/index`; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, let role = WorkerRole(rawValue: String(first)), parts.count <= 2 else {
            return nil
        }
        let index = parts.count == 2 ? Int(parts[1]) : 1
        guard let index, index >= 1 else { return nil }
        self.init(role, index: index)
    }

    public var description: String { index == 1 ? role.rawValue : "\(role.rawValue)/\(index)" }
}
