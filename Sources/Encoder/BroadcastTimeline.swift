internal import Domain

/// Puts the packets of one ffmpeg after another onto one timeline, so that everything downstream sees a single
/// stream whose time only grows, whatever happens to the process that encodes it.
///
/// Sound is the clock: packet n begins at n x 1024 frames. The first packet of an AAC encoder holds only the half
/// window before its first sample. It is dropped, and each new run is fed so that its first kept window begins where
/// the last complete window of the old run began; the two halves then overlap as if one encoder had made both.
///
/// That holds only if both encoders chose the same shape for that window, and one that has just begun takes the
/// beginning for an attack, for which it chooses short windows: 2 ms were audibly wrong. So a new run is fed some
/// sound that has been heard already, and the packets of that are dropped as well.
struct BroadcastTimeline {
    /// Frames in an AAC-LC packet.
    static let framesPerPacket = 1024

    /// Sound packets published since the station began.
    private(set) var audioPackets = 0
    /// Sound packets of the current run, the dropped one included.
    private(set) var runPackets = 0
    private var runOffset = 0
    private var packetsDropped = 1
    private var lastVideoMilliseconds = -1
    private var lastRaw = 0
    private var wraps = 0

    /// Frames of the current run's input that a listener has heard once its packets so far are decoded.
    var runFramesHeard: Int { max(0, (runPackets - 1) * Self.framesPerPacket) }
    /// The time of the next sound packet.
    var nextAudioMilliseconds: Int { Self.milliseconds(packets: audioPackets) }

    /// A new ffmpeg begins.
    /// - Parameter primingPackets: how many packets of sound that has been heard already it is fed first.
    mutating func beginRun(primingPackets: Int = 0) {
        runPackets = 0
        packetsDropped = 1 + primingPackets
        lastRaw = 0
        wraps = 0
        // ffmpeg's own time of the packet after the dropped ones, against the station's time for it.
        runOffset = nextAudioMilliseconds - Self.milliseconds(packets: packetsDropped)
    }

    /// The tag at its place on the timeline; nil for those that are dropped.
    mutating func place(_ tag: FlvTag) -> FlvTag? {
        var placed = tag
        switch tag.kind {
        case .script: placed.milliseconds = 0
        case _ where tag.isSequenceHeader: placed.milliseconds = 0
        case .audio:
            runPackets += 1
            if runPackets <= packetsDropped { return nil }
            placed.milliseconds = nextAudioMilliseconds
            audioPackets += 1
        case .video:
            // FLV's clock has 31 bits of milliseconds: 24.8 days.
            if tag.milliseconds < lastRaw - (1 << 30) { wraps += 1 }
            lastRaw = tag.milliseconds
            let time = tag.milliseconds + wraps << 31 + runOffset
            lastVideoMilliseconds = max(time, lastVideoMilliseconds + 1)
            placed.milliseconds = lastVideoMilliseconds
        }
        return placed
    }

    private static func milliseconds(packets: Int) -> Int {
        (packets * framesPerPacket * 1000 + StationAudio.framesPerSecond / 2) / StationAudio.framesPerSecond
    }
}
