public import Domain
internal import Platform

extension BufferDirectory {
    /// The Buffer in figures. Counts what the files last, asks no clock, waits for nobody; cheap enough to poll.
    /// - Parameter previous: the state so far, for hysteresis; nil: the state that the last change to the Buffer left,
    ///   which is the same for every process.
    public func summary(previous: BufferHealth? = nil) throws(BufferError) -> BufferSummary {
        let snapshot = try files.snapshot()
        let buffer = files.paths.buffer
        let free = try onDisk(buffer) { () throws(SystemError) in try DiskSpace.freeBytes(at: buffer) }
        let hours = StationAudio.seconds(ofFrames: snapshot.readyFrames) / 3600
        return BufferSummary(
            health: rules.health.health(hours: hours, previous: previous ?? snapshot.marks.health), hours: hours,
            targetHours: rules.health.healthyHours, readyTracks: snapshot.readyCount, diskFreeBytes: free,
            notice: notice(snapshot.marks, free))
    }

    /// Seconds of music that wait on the Buffer.
    public func readySeconds() throws(BufferError) -> Double {
        try StationAudio.seconds(ofFrames: files.snapshot().readyFrames)
    }

    private func notice(_ marks: BufferMarks, _ freeBytes: Int) -> String? {
        let needed = rules.diskReserveBytes + rules.trackBytes
        if freeBytes < needed {
            return BufferError.waitingForDiskSpace(freeBytes: freeBytes, neededBytes: needed).description
        }
        guard let notice = marks.notice, marks.changes - notice.atChange <= Self.noticeLastsChanges else { return nil }
        return notice.words
    }

    /// A notice that nobody acted on is old news after about an hour of 60 s tracks.
    private static let noticeLastsChanges = 240
}
