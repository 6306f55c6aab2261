import Buffer
import Domain
import FoundationEssentials

/// A Buffer whose tracks are pieces of the numbered signal. They overlap by the crossfade within a prompt, so that a
/// station that joins them rightly plays the signal through.
public struct NumberedBuffer {
    /// The station's directory: the Buffer is in `state` under it.
    public let root: String
    public var trackSeconds: Int
    public var promptSeconds: Int
    public var crossfadeSeconds: Double
    /// Room on its disk that is left alone; nil is the Buffer's own idea of it.
    public var diskReserveBytes: Int?

    public init(root: String, trackSeconds: Int = 20, promptSeconds: Int = 36_000, crossfadeSeconds: Double = 2) {
        self.root = root
        self.trackSeconds = trackSeconds
        self.promptSeconds = promptSeconds
        self.crossfadeSeconds = crossfadeSeconds
    }

    /// What a configuration has to say so that the station counts as the tracks do.
    public var sections: String {
        """
        [generator]
        count = 0
        track_seconds = \(trackSeconds)
        prompt_seconds = \(promptSeconds)
        [feeder]
        crossfade_seconds = \(crossfadeSeconds)
        """
    }

    /// Appends tracks for the next slots.
    /// - Parameters:
    ///   - begin: the index of the signal with which the first one begins.
    ///   - evergreen: the tracks have aired already, and lie in the evergreen library.
    /// - Returns: the indices of the signal that the tracks hold.
    @discardableResult
    public func append(tracks: Int, from begin: Int = 0, evergreen: Bool = false) throws -> Range<Int> {
        try FileManager.default.createDirectory(atPath: root + "/state", withIntermediateDirectories: true)
        var rules = BufferRules(trackSeconds: trackSeconds, promptSeconds: promptSeconds)
        if evergreen { rules.keepConsumed = 0 }
        if let diskReserveBytes { rules.diskReserveBytes = diskReserveBytes }
        let buffer = try BufferDirectory(root: root + "/state", rules: rules)
        let frames = trackSeconds * StationAudio.framesPerSecond
        let crossfade = StationAudio.frames(inSeconds: crossfadeSeconds)
        var next = begin
        var end = begin
        for _ in 0..<tracks {
            let slot = try buffer.reserve()
            try NumberedTrack.write(next..<next + frames, to: slot.stagedFile)
            _ = try buffer.commit(
                slot, frames: frames, title: "Numbered \(slot.number)",
                provenance: Provenance(backend: "numbered", seed: 0, renderSeconds: 0))
            end = next + frames
            next = end - (slot.number % (promptSeconds / trackSeconds) == 0 ? 0 : crossfade)
            if evergreen { try buffer.markConsumed(through: slot.number, airedAtWallSeconds: 0) }
        }
        return begin..<end
    }
}
