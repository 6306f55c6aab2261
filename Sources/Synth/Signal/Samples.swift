/// A fixed run of samples, zeroed when made: the only memory a generator owns, taken before the first sample is due.
final class Samples {
    let base: UnsafeMutablePointer<Float>
    let count: Int

    init(count: Int) {
        self.count = max(count, 1)
        base = UnsafeMutablePointer<Float>.allocate(capacity: self.count)
        base.initialize(repeating: 0, count: self.count)
    }

    deinit {
        base.deallocate()
    }

    func clear(_ frames: Int) {
        base.update(repeating: 0, count: min(frames, count))
    }
}
