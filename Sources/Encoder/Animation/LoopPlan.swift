/// How a source's time becomes a whole number of two-second groups without a seam.
struct LoopPlan: Equatable {
    /// Times the source is played within one loop of the station.
    var plays: Int
    /// Seconds of the prepared loop: a multiple of `PictureFormat.keyframeSeconds`.
    var seconds: Int
    /// What every time stamp is multiplied with: above 1 plays slower.
    var stretch: Double

    /// The loop the station likes, and how long stills are held.
    static let likedSeconds = 8

    /// Cutting a loop breaks its seam, so it is repeated until the end falls near a keyframe and then played a
    /// little slower or faster, which nobody sees up to a few percent.
    /// - Parameter sourceSeconds: 0 for a still.
    static func plan(sourceSeconds: Double) -> LoopPlan {
        guard sourceSeconds > 0 else { return LoopPlan(plays: 1, seconds: likedSeconds, stretch: 1) }
        let group = PictureFormat.keyframeSeconds
        let ideal = max(Double(likedSeconds), sourceSeconds)
        let playsMax = max(1, Int((3 * Double(likedSeconds) / sourceSeconds).rounded()))
        // Bounded: a source of one millisecond would otherwise be tried a million times.
        let playsMin = max(1, min(playsMax, Int(Double(likedSeconds) / 2 / sourceSeconds)))
        var best = LoopPlan(plays: 1, seconds: likedSeconds, stretch: 1)
        var bestCost = Double.infinity
        for plays in playsMin...min(playsMax, playsMin + 1000) {
            let natural = sourceSeconds * Double(plays)
            let seconds = max(group, Int((natural / Double(group)).rounded()) * group)
            let stretch = Double(seconds) / natural
            // One percent of speed is worth four seconds of length.
            let cost = abs(stretch - 1) * 100 + abs(natural - ideal) / 4
            if cost < bestCost {
                bestCost = cost
                best = LoopPlan(plays: plays, seconds: seconds, stretch: stretch)
            }
        }
        return best
    }
}
