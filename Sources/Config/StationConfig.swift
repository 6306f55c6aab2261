public import Domain

/// Everything `lofisup.toml` can say; a fresh value is the defaults.
public struct StationConfig: Sendable, Hashable {
    public var station = StationIdentity()
    public var generator = GeneratorConfig()
    public var buffer = BufferConfig()
    public var evergreen = EvergreenConfig()
    public var feeder = FeederConfig()
    public var encoder = EncoderConfig()
    /// Where the stream is sent, besides the local HLS that is always made.
    public var destinations: [Destination] = []
    public var dashboard = DashboardConfig()
    public var supervisor = SupervisorConfig()
    /// The rotation: 1...100 prompts, `index` from 0 in order.
    public var prompts = Prompt.stationDefaults

    public init() {}
}

/// `[station]`: what the station calls itself.
public struct StationIdentity: Sendable, Hashable {
    public var name = "lofisup"

    public init() {}
}
