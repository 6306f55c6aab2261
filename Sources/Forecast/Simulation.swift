public import Domain

/// What a play of the Simulator came to. Hours count from its begin.
public struct Simulation: Sendable, Codable, Equatable {
    public struct Sample: Sendable, Codable, Equatable {
        public var hour: Double
        public var bufferHours: Double
        public var health: BufferHealth
        /// The backend asked last; nil before the first.
        public var backend: String?
    }

    public struct StateChange: Sendable, Codable, Equatable {
        public var hour: Double
        public var health: BufferHealth
    }

    public struct Handover: Sendable, Codable, Equatable {
        public var hour: Double
        /// Nil at the beginning.
        public var from: String?
        public var to: String
        public var bufferHours: Double
    }

    /// Hours played.
    public var hours = 0.0
    public var startHours: Double
    /// On the Buffer at the end.
    public var bufferHours: Double
    public var lowestHours: Double
    public var samples: [Sample] = []
    /// When each state begins, the first at 0.
    public var states: [StateChange] = []
    /// When another backend takes over, the first at 0.
    public var handovers: [Handover] = []
    /// When nothing was left for the first time.
    public var emptiedAt: Double?
    /// Hours in which the Buffer was empty and something else had to play.
    public var emptyHours = 0.0
    /// Hours off the air, of a station that leaves it when the Buffer is depleted.
    public var deadAirHours = 0.0
    /// Hours of music each backend made.
    public var composedHours: [String: Double] = [:]

    init(startHours: Double) {
        self.startHours = startHours
        bufferHours = startHours
        lowestHours = startHours
    }
}
