/// How long and how often everything is measured.
struct Settings: Sendable {
    /// The pipelines: seconds before the first window, windows, seconds of each.
    var pipelineWarmUpSeconds = 15.0
    var pipelineWindows = 6
    var pipelineWindowSeconds = 30.0

    var synthSeconds = 60.0
    var synthRuns = 3

    /// Entries on the Buffer, and tracks appended and consumed there.
    var shelves = [(entries: 1_440, times: 100), (entries: 14_400, times: 40)]

    var killsOfEachWorker = 10

    var roundTrips = 2_000

    /// Supervisors beside each other: how long they rest before they are watched, and while they are; questions,
    /// kills and restarts of each.
    var supervisionSettleSeconds = 15.0
    var supervisionRestSeconds = 60.0
    var supervisionAsks = 60
    var supervisionKills = 30
    var supervisionRestarts = 1000

    var memorySeconds = 600.0
    /// From where growth counts.
    var memoryBaselineSeconds = 120.0
    /// Figures are medians of what was seen for so long.
    var memoryWindowSeconds = 30.0

    var admissionSeconds = 60.0
    var admissionTracks = 5

    static let full = Settings()

    /// Enough to see that everything runs; the figures are worth little.
    static let quick = Settings(
        pipelineWarmUpSeconds: 4, pipelineWindows: 2, pipelineWindowSeconds: 5, synthSeconds: 10, synthRuns: 1,
        shelves: [(entries: 1_440, times: 10), (entries: 14_400, times: 3)], killsOfEachWorker: 3, roundTrips: 2_000,
        supervisionSettleSeconds: 3, supervisionRestSeconds: 10, supervisionAsks: 10, supervisionKills: 3,
        supervisionRestarts: 40, memorySeconds: 30, memoryBaselineSeconds: 10, memoryWindowSeconds: 5,
        admissionSeconds: 10, admissionTracks: 1)
}
