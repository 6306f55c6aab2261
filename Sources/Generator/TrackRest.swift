internal import Domain
internal import IPC

/// How long a generator waits after a track, and why.
struct TrackRest: Equatable {
    let seconds: Double
    /// What it says meanwhile.
    let words: String

    /// - Parameter tuning: what the supervisor allows; its rest comes on top of the Buffer's.
    init(health: BufferHealth, bands: HealthBands, tuning: WorkerTuning) {
        let extra = tuning.extraRestSeconds.isFinite ? max(0, tuning.extraRestSeconds) : 0
        seconds = bands.restSeconds(in: health) + extra
        words = "resting, the buffer is \(health.rawValue)" + (extra > 0 ? " and the processors are short" : "")
    }
}
