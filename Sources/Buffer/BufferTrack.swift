public import Domain

/// One track of the Buffer or of the evergreen library, ready to be read.
public struct BufferTrack: Sendable, Hashable {
    /// Its place in the station's order; 0 for an evergreen track whose number is not known any more.
    public let number: Int
    public let promptIndex: Int
    public let positionInPrompt: Int
    public let title: String
    public let frames: Int
    public let provenance: Provenance?
    /// The file, to be opened with `WAVReader(path:format: .station)`.
    public let path: String

    public var seconds: Double { StationAudio.seconds(ofFrames: frames) }

    public init(
        number: Int, promptIndex: Int, positionInPrompt: Int, title: String, frames: Int, provenance: Provenance?,
        path: String
    ) {
        self.number = number
        self.promptIndex = promptIndex
        self.positionInPrompt = positionInPrompt
        self.title = title
        self.frames = frames
        self.provenance = provenance
        self.path = path
    }

    /// As `ctl` and the dashboard show it.
    public var upcoming: UpcomingTrack {
        UpcomingTrack(number: number, promptIndex: promptIndex, title: title, seconds: seconds)
    }
}

/// Where a committed track went.
public enum CommitOutcome: Sendable, Hashable {
    /// It waits for its turn.
    case ready(BufferTrack)
    /// The feeder had already passed its number; it went to the evergreen library.
    case evergreen(file: String)
    /// The feeder had already passed its number and no evergreen library is kept; the file was deleted.
    case deleted
}
