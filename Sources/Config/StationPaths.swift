/// Where the station keeps its files.
public struct StationPaths: Sendable, Hashable {
    public let configFile: String
    public let stateDirectory: String
    public let runtimeDirectory: String
    public let cacheDirectory: String

    /// The control socket.
    public var controlSocket: String { runtimeDirectory + "/lofisup.sock" }
    /// Where the encoder takes sound from the feeder.
    public var feedSocket: String { runtimeDirectory + "/feed.sock" }
    /// The local HLS.
    public var hlsDirectory: String { runtimeDirectory + "/hls" }
    /// The directory in which the Buffer makes `audio_buffer`.
    public var bufferDirectory: String { stateDirectory }
    public var playheadFile: String { stateDirectory + "/playhead.json" }
    /// Held by the one supervisor of this station.
    public var lockFile: String { runtimeDirectory + "/lofisup.lock" }
}
