public import Domain

/// All that a decision about composing depends on, at one moment.
public struct Situation: Sendable, Equatable {
    /// Hours of music on the Buffer.
    public var hours: Double
    public var health: BufferHealth
    /// The chain, first choice first.
    public var backends: [BackendPace]
    /// What the load governor wants each generator to rest after each batch, beside the Buffer's own rest.
    public var extraRestSeconds: Double

    public init(hours: Double, health: BufferHealth, backends: [BackendPace], extraRestSeconds: Double = 0) {
        self.hours = hours.isFinite ? max(0, hours) : 0
        self.health = health
        self.backends = backends
        self.extraRestSeconds = extraRestSeconds.isFinite ? max(0, extraRestSeconds) : 0
    }

    public func pace(of name: String?) -> BackendPace? { backends.first { $0.name == name } }
}
