/// Several banks taking turns, so that one note rings into the next.
final class PartialVoices {
    private let banks: [PartialBank]
    private var next = 0
    private var residue = Residue()
    private let lanes: UnsafeMutablePointer<PartialBank.Lanes>
    private let laneLimit: Int

    init(voices: Int, maximumFrames: Int) {
        banks = (0..<max(voices, 1)).map { _ in PartialBank() }
        laneLimit = maximumFrames
        lanes = .allocate(capacity: maximumFrames)
        lanes.initialize(repeating: PartialBank.Lanes(), count: maximumFrames)
    }

    deinit {
        lanes.deallocate()
    }

    func start(_ recipe: PartialRecipe, hertz: Float, level: Float, damping: Float = 1) {
        let bank = banks[next]
        next = (next + 1) % banks.count
        if bank.isSounding { residue.absorb(bank.lastSample) }
        bank.start(recipe, hertz: hertz, level: level, damping: damping)
    }

    func render(adding out: UnsafeMutablePointer<Float>, frames: Int) {
        let count = min(frames, laneLimit)
        lanes.update(repeating: PartialBank.Lanes(), count: count)
        var any = false
        for bank in banks where bank.isSounding {
            bank.render(adding: lanes, frames: count)
            any = true
        }
        if any {
            for i in 0..<count { out[i] += lanes[i].sum() }
        }
        residue.render(adding: out, frames: count)
    }
}
